"""A run of Haoqi in a home of its own, whose champions of several moments answer the test texts afterwards.

The models of experiments are kept by hard links while it runs, which takes it no time; when it has ended, the champion
of each reading is known from the ledger, and its model answers outside the clock: fitted on all examples, as a release
at that moment would have been, where the run could have ended so long before, and else as it was judged.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """Return what each reading's champion answers to the test texts, and the seconds of the run.

    Args:
        asked: source, settings (of a run, by name), test (texts; None: those of the run's own test split), readings
            (seconds since its beginning; the last one is the release), case (a data set that the prior is to know
            nothing of: what ships was measured on those of the benches).
    """
    return at_home(_answer, asked)


def at_home(answer: Callable[[dict[str, Any], Path], dict[str, Any]], asked: dict[str, Any]) -> dict[str, Any]:
    """Return what is answered in a home of its own, with the bases that were fetched before, libraries imported."""
    import sklearn.linear_model  # noqa: F401 - imports are not counted
    import transformers.models.bert.modeling_bert  # noqa: F401 - what the peers import when they are imported

    from haoqi.core import folder

    known = folder.cache()
    with tempfile.TemporaryDirectory() as home:
        known.mkdir(parents=True, exist_ok=True)
        (Path(home) / "cache").symlink_to(known, target_is_directory=True)
        os.environ["HAOQI_HOME"] = home
        return answer(asked, Path(home))


def _answer(asked: dict[str, Any], home: Path) -> dict[str, Any]:
    from haoqi import pipeline
    from haoqi.explore.beliefs import transfer_prior
    from haoqi.models.model import load
    from haoqi.run import run_of

    known = transfer_prior._shipped()
    strange = {name: facts for name, facts in known["cases"].items() if name != asked.get("case")}
    transfer_prior._shipped = lambda: {**known, "cases": strange}  # type: ignore[assignment]
    kept = home / "kept"

    def listen(event: Any) -> None:
        if type(event).__name__ == "Tried":
            _keep(home, kept)

    run = run_of(asked["source"], compile=False, name="bench", **asked["settings"])
    begun = time.perf_counter()
    release = pipeline.improve(run, listen)
    seconds = time.perf_counter() - begun
    context, history = opened(run)
    test = context.splits.test.texts if asked.get("test") is None else asked["test"]
    told = []
    for at in asked["readings"]:
        final = at == max(asked["readings"])
        best = history.found() if final else champion_at(history, at)
        if best is None:
            told.append({"at": at, "plan": None, "answers": None})
            continue
        model = load(release.folder) if final else model_at(at, best, context, history, kept)
        told.append(read_at(at, best, model, context, test))
    facts = {**facts_of(history), "lessons": _lessons(history)}
    return {"seconds": seconds, "readings": told, "suspects": _suspects(context, history), **facts}


def read_at(at: float, best: Any, model: Any, context: Any, test: Sequence[str]) -> dict[str, Any]:
    """Return what is told of a reading: which plan was champion, and what its model answers."""
    plan = {"number": best.number, "plan": best.plan.words(), "valid": best.score}
    plan["learnt_from"] = model.facts.get("learnt_from", len(context.splits.train))
    return {"at": at, **plan, "answers": list(model.predict(list(test)).labels)}


def facts_of(history: Any) -> dict[str, Any]:
    """Return how many plans were tried, each with its score and its seconds, and which were champions."""
    tried = [[e.plan.words(), e.score and round(e.score, 4), round(e.seconds, 1)] for e in history.experiments]
    return {"experiments": len(tried), "tried": tried, "crowned": _crowned(history)}


def opened(run: Any) -> tuple[Any, Any]:
    """Return the context and the history of a run, whether it has ended or is yet to begin."""
    from haoqi import data, tasks
    from haoqi.core.ledger import Ledger
    from haoqi.explore.record.history import History
    from haoqi.explore.setup.context import build_context

    raw = data.read(run.data)
    task, _ = tasks.resolve(run.task, raw)
    place = run.folder(raw.fingerprint)
    prepared = data.prepare(raw, task.output.read, run.data, seed=run.seed, folder=place / "data")
    history = History(Ledger(place / "ledger.sqlite"), f"{run.release_name}/{place.name}")
    task = tasks.learn_classes(task, prepared.splits.train.labels)
    cleaned = run.data.clean and raw.shape == "labels"
    return build_context(run.explore, task, prepared, place, run=history.run, seed=run.seed, cleaned=cleaned), history


def champion_at(history: Any, seconds: float) -> Any:
    """Return the experiment that was champion so long after the beginning, or None."""
    number = None
    for entry in history.ledger.entries(history.run):
        if entry.kind == "verdict" and entry.timing.get("spent", 0.0) <= seconds:
            number = entry.body["champion"]
    return None if number is None else history.experiments[number - 1]


def _keep(home: Path, kept: Path) -> None:
    """Link the models that lie in the run's folder, so that they outlive it."""
    for model in home.glob("runs/*/*/experiments/*/model"):
        where = kept / model.parent.name
        if not where.exists():
            shutil.copytree(model, where, copy_function=os.link)


def model_at(at: float, best: Any, context: Any, history: Any, kept: Path) -> Any:
    """Return what a run would have released that was to end at a moment: refitted only where there was time for it."""
    from haoqi.explore.experiments.final_fit import final_model
    from haoqi.explore.experiments.model_store import load_model
    from haoqi.models.model import load

    if context.folds or not best.cut:
        begun = time.perf_counter()
        model = final_model(best, context, history, None)
        before = champion_at(history, at - (time.perf_counter() - begun))
        if context.folds or (before is not None and before.number == best.number):
            return model
    where = kept / f"{best.plan.key}-{best.plan.seed}"
    return load(where) if where.exists() else load_model(best, context)


def _crowned(history: Any) -> list[list[Any]]:
    """Return each new champion: seconds since the beginning, number, validated score."""
    found: list[list[Any]] = []
    for entry in history.ledger.entries(history.run):
        number = entry.body.get("champion") if entry.kind == "verdict" else None
        if number is not None and (not found or found[-1][1] != number):
            found.append([round(entry.timing.get("spent", 0.0), 2), number, entry.body["score"]])
    return found


def _lessons(history: Any) -> list[list[Any]]:
    """Return the kind of each lesson and what became of it."""
    decided = {one.lesson: one.decision for one in history.lesson_verdicts}
    return [[one.kind, decided.get(key)] for key, one in {one.key: one for one in history.lessons}.items()]


def _suspects(context: Any, history: Any) -> list[int] | None:
    """Return the rows in the source whose labels were suspect where a lesson says so; None: no lesson said it."""
    if not any(lesson.kind == "suspect_labels" for lesson in history.lessons):
        return None
    from haoqi.explore.reflection.champion_diagnostics import ChampionDiagnostics
    from haoqi.explore.reflection.label_errors import find_label_errors

    found = find_label_errors(ChampionDiagnostics(context, history))  # the held-out answers lie in the run's folder
    return None if found is None else [context.splits.train.ids[row] for row in found.rows.tolist()]
