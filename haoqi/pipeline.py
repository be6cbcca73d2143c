"""The spine: from a file of labelled text to a released model, on one page."""

from pathlib import Path

from haoqi import data, tasks
from haoqi.core.deadline import OutOfTimeError, after, ended_after
from haoqi.core.errors import UserError
from haoqi.core.events import Ended, Listen, Note, Released, Stage, silent
from haoqi.core.folder import write_atomic
from haoqi.core.ledger import Ledger
from haoqi.data.labelled import labelled
from haoqi.data.raw import Raw
from haoqi.data.settings import DataSettings
from haoqi.evaluate import report
from haoqi.evaluate.advice import Advice
from haoqi.evaluate.evidence import Evidence
from haoqi.evaluate.report.steps import hints_of, in_words
from haoqi.explore import reflect, tell, trial
from haoqi.explore.advise import advise
from haoqi.explore.choose import next_step, shortest_left, why_ended
from haoqi.explore.clock import Clock
from haoqi.explore.closing import compile_seconds
from haoqi.explore.costs import Costs
from haoqi.explore.history import History
from haoqi.explore.jury import jury_of
from haoqi.explore.lab import Lab, check, lab_of
from haoqi.explore.opened import opened
from haoqi.explore.refit import final_model
from haoqi.models import releases
from haoqi.models.compiled import Compiled
from haoqi.models.releases import Release, Tell
from haoqi.models.trim import smaller
from haoqi.run import Run
from haoqi.story import story_of
from haoqi.train.processes import kept_processes

STOPPED = "stopped"
"""Why a search ended that the person stopped: what follows is to be quick."""


def improve(run: Run, listen: Listen = silent, raw: Raw | None = None, *, begun: float | None = None) -> Release:
    """Look for a better model until the budget is spent, then release the best one.

    The same run taken up again goes on where it was, whether it was killed or had ended. Ctrl-C ends the
    search in order: what was found so far is released.

    Args:
        run: what to learn from, and for how long.
        listen: is told of everything that happens.
        raw: the rows, where the caller has them in memory already.
        begun: when its minutes began, by `time.perf_counter`; None: now.

    Raises:
        UserError: if the data, the settings or the disk do not allow it.
    """
    clock = Clock() if begun is None else Clock(begun=begun)
    listen(Stage("reading", run.data.source))
    raw = raw or data.read(run.data)
    task, why = tasks.resolve(run.task, raw)
    for line in (*raw.facts.lines(), why):
        listen(Note(line))
    check(run.explore, task)
    with opened(run.folder(raw.fingerprint), fresh=run.fresh) as place, kept_processes():
        listen(Stage("preparing", "cleaning, duplicates, splits"))
        prepared = data.prepare(raw, task.output.read, run.data, seed=run.seed, folder=place / "data")
        history = History(Ledger(run.ledger or place / "ledger.sqlite"), f"{run.release_name}/{place.name}")
        clock = Clock(history.spent_seconds, clock.begun)
        task = tasks.build(task.name, task.output.vocabulary(prepared.splits.train.labels))
        cleaned = run.data.clean and raw.shape == "labels"
        shared = {"run": history.run, "seed": run.seed, "cleaned": cleaned, "compiles": run.compile, "listen": listen}
        lab = lab_of(run.explore, task, prepared, place, **shared)
        begin(run, raw, lab, history)
        listen(Stage("exploring", f"{task.name}, by {task.metric.name}"))
        ended = search(lab, history, clock)
        listen(Ended(ended, clock.spent, run.explore.budget_seconds, shortest_left(lab, history)))
        return release(run, lab, history, ended, clock=clock)


def begin(run: Run, raw: Raw, lab: Lab, history: History) -> None:
    """Record what is about to be learnt from what, once, and keep the resolved settings beside it."""
    write_atomic(lab.folder / "run.yaml", run.as_yaml())
    if history.last("begin") is None:
        splits = lab.splits
        counts = {"train": len(splits.train), "valid": len(splits.valid), "test": len(splits.test)}
        known = {"name": run.release_name, "task": lab.task.name, "labels": list(lab.task.labels), "seed": run.seed}
        history.note("begin", {**known, "data": raw.fingerprint, "rows": counts, "bases": list(lab.bases)})


def search(lab: Lab, history: History, clock: Clock) -> str:
    """Try plan after plan, each judged against the champion, and return why it ended.

    It ends when the budget is spent, nothing is left to try, or the person stops it.
    """
    court = trial.court_of(lab)
    tell.resumed(lab, history, clock)
    try:
        if history.unjudged:
            history.judge(court.verdict(history, history.unjudged), spent=clock.spent)
        reflect.ponder(lab, history, lambda: clock.spent)
        while step := next_step(lab, history, clock.spent):
            tell.trying(lab, history, step)
            experiment = history.add(trial.run(step, lab), spent=clock.spent)
            verdict = court.verdict(history, experiment)
            history.judge(verdict, spent=clock.spent)
            tell.tried(lab, history, clock)
            reflect.ponder(lab, history, lambda: clock.spent)
            if verdict.decision != "close":
                trial.forget_models(lab, history)
    except KeyboardInterrupt:
        lab.listen(Note("stopped by you; what was found so far is released", warning=True))
        return STOPPED
    return why_ended(lab, history, clock.spent)


def release(run: Run, lab: Lab, history: History, ended: str, *, clock: Clock) -> Release:
    """Let the champion learn from all but the test split, score it on that, once, and publish it with its evidence.

    Next steps and the report come with it.
    """
    champion = history.found()
    name = run.release_name
    published = next(
        (r for r in releases.list_releases(name) if r.facts.get("origin") == lab.origin(champion.plan)), None
    )
    if published is None:
        left = clock.left(lab.settings.budget_seconds)
        final = final_model(champion, lab, history, left, stopped=ended == STOPPED)
        lab.listen(Stage("releasing", "the test split is scored, once"))
        with smaller(
            final, lab.splits, lab.folder, lab.listen, deadline=_end_of_trimming(lab, history, clock)
        ) as model:
            tested = trial.judged(lab.task, lab.splits.test, model.predict(lab.splits.test), run.seed)
            evidence = {"test": tested.to_plain(), "valid": trial.evidence_of(champion, lab).to_plain()}
            published = releases.publish(model, evidence, name)
    if run.compile and published.facts.get("base"):
        _compile(published, lab, history, clock)
    if (known := history.last("release")) is None or known.body["experiment"] != champion.number:
        scores = published.evidence["test"]["scores"]
        told = {"experiment": champion.number, "version": published.version, "scores": scores}
        history.note("release", {**told, "learnt_from": published.facts.get("learnt_from")})
    costs = Costs.of(lab, history.experiments, timed=lab.settings.budget_seconds is not None)
    if (advice := advise(lab, history, costs.left_to_advise(clock.left(lab.settings.budget_seconds)))) is not None:
        advice.write(published.folder)
    story = story_of(run, lab, history, release=published, ended=ended, advice=advice)
    path = report.write(story, published.folder / "report.html")
    lab.listen(_released(published, lab, path, advice))
    return published


def evaluate(ref: str, settings: DataSettings, listen: Listen = silent) -> Evidence:
    """Score a release on labelled examples that it has not seen.

    Args:
        ref: a release, such as "reviews" or "reviews@2".
        settings: where the examples come from.

    Raises:
        UserError: if there is no such release, or the data do not fit its task.
    """
    model = releases.load(ref)
    listen(Stage("reading", settings.source))
    raw = data.read(settings)
    examples = labelled(raw, model.task.output.read, settings)
    listen(Stage("predicting", f"{len(examples):,} examples"))
    return trial.judged(model.task, examples, model.predict(examples))


def compile(
    ref: str, settings: DataSettings | None = None, tell: Tell = lambda line: None, *, glance: bool = True
) -> Compiled:
    """Measure in which form a release computes fastest on this machine, and compute it so from now on.

    Args:
        ref: a release, such as "reviews" or "reviews@2".
        settings: where labelled examples come from that judge the forms; None: the validation examples of its run.
        tell: is told what is being done.
        glance: whether an answer may come from the beginning of a long text, where that leaves no doubt.

    Raises:
        UserError: if there is no such release, nothing of it can be compiled, or the examples are not there.
    """
    release = releases.get(ref)
    if settings is None:
        with jury_of(release) as jury:
            return releases.compile(ref, jury.examples, tell, glance=glance, learnt=jury.learnt, stand_in=jury.stand_in)
    raw = data.read(settings)
    return releases.compile(ref, labelled(raw, release.task.output.read, settings), tell, glance=glance)


def _end_of_trimming(lab: Lab, history: History, clock: Clock) -> float | None:
    """Return the deadline of making a release smaller: the test split, next steps and the report come after it.

    It is not begun where it is believed to take longer.
    """
    if lab.settings.budget_seconds is None:
        return None
    costs, plan = Costs.of(lab, history.experiments, timed=True), history.found().plan
    left = (clock.left(lab.settings.budget_seconds) or 0.0) - costs.closing_seconds(None) - costs.judging_seconds(plan)
    return after(left if costs.trimming_seconds(plan) <= left else 0.0)


def _compile(published: Release, lab: Lab, history: History, clock: Clock) -> None:
    """Compile what was published, unless it was before or the minutes do not allow it; it is good without that too."""
    if published.compiled is not None:
        return
    costs = Costs.of(lab, history.experiments, timed=lab.settings.budget_seconds is not None)
    left, by_hand = (
        costs.left_to_compile(clock.left(lab.settings.budget_seconds)),
        f"haoqi compile {published.reference}",
    )
    needed = compile_seconds(lab, costs.rates, history.found().plan)
    if left is not None and needed > left:
        lab.listen(
            Note(f"not compiled: that takes some {needed:.0f} s, for which the minutes leave no time; {by_hand}")
        )
        return
    lab.listen(Stage("compiling", "forms of the model are timed, and judged by validation examples"))
    try:
        with ended_after(left):
            lab.listen(Note(compile(published.reference).words))
    except OutOfTimeError:
        lab.listen(Note(f"not compiled: it took longer than the minutes leave time for; {by_hand}", warning=True))
    except UserError as error:
        lab.listen(Note(f"not compiled: {error.what}"))
    except KeyboardInterrupt:
        lab.listen(Note("not compiled: stopped by you", warning=True))


def _released(published: Release, lab: Lab, path: Path, advice: Advice | None) -> Released:
    metric = lab.task.metric.name
    score, low, high = Evidence.from_plain(published.evidence["test"]).scores[metric]
    hints = () if advice is None else tuple(map(in_words, hints_of(advice)))
    place = (published.name, published.version, str(published.folder))
    return Released(*place, metric, score, low, high, str(path), hints)
