"""The story of a run for its report, told from the ledger and the run's folder."""

import shlex
from dataclasses import asdict, replace
from importlib.metadata import PackageNotFoundError, version

from haoqi.core.flat import as_flat
from haoqi.core.say import say
from haoqi.evaluate.advice import Advice
from haoqi.evaluate.evidence import Evidence
from haoqi.explore.experiments.results import pool_statistics
from haoqi.explore.plans.plan import Experiment
from haoqi.explore.promotion.retest import read_retest
from haoqi.explore.promotion.selection_bias import selection_bias
from haoqi.explore.record import knowledge_curve
from haoqi.explore.record.history import History
from haoqi.explore.record.lessons import ALPHA
from haoqi.explore.reflection.reflections import reflections
from haoqi.explore.setup.context import SearchContext
from haoqi.models.releases.promotion import Promotion
from haoqi.models.releases.releases import Release
from haoqi.report.story import PairedTest, RaisedLesson, Story
from haoqi.run import Run

_PACKAGES = ("haoqi", "torch", "transformers", "scikit-learn", "numpy", "optuna")
_COMPARED = 40


def tell_story(
    run: Run,
    context: SearchContext,
    history: History,
    *,
    release: Release,
    ended: str,
    advice: Advice | None = None,
    promotion: Promotion | None = None,
) -> Story:
    """Return all that the report of a run says.

    Args:
        run: what was asked for.
        context: what the experiments shared.
        history: what was tried.
        release: what was published.
        ended: why the search ended, as `Story.ended` has it.
        advice: what could be done next.
        promotion: which version answers to the name; None: this one.
    """
    best = history.found()
    entries = history.ledger.entries(history.run)
    valid = Evidence.from_plain(release.evidence["valid"])
    return Story(
        name=release.name,
        task=context.task,
        champion=best,
        test=Evidence.from_plain(release.evidence["test"]),
        valid=replace(valid, folds=valid.folds or context.folds),  # releases of earlier versions do not say
        experiments=tuple(_told(one, context) for one in history.experiments),
        verdicts=tuple(history.verdicts),
        curve=tuple(knowledge_curve.knowledge_curve(entries)),
        comparisons=_comparisons(best, context, history),
        lessons=_lessons(history),
        alpha=ALPHA,
        card=asdict(context.card),
        version=release.version,
        created=release.created,
        corrected=_corrected(best, context, history),
        folds=context.folds,
        learnt_from=int(release.facts.get("learnt_from", 0)),
        ended=ended,
        advice=advice,
        promotion={} if promotion is None else asdict(promotion),
        notes=(
            *context.card.notes,
            *(
                say("notes.experiment", number=e.number, note=note.words())
                for e in history.experiments
                for note in e.notes
            ),
        ),
        command=_command(run),
        settings=run.as_yaml(),
        digest=history.ledger.verify(history.run),
        packages=_versions(),
        seed=run.seed,
        hardware=context.hardware.words,
    )


def _told(experiment: Experiment, context: SearchContext) -> Experiment:
    """Return an experiment without a belief that no score of the deciding metric can bear out.

    Beliefs are about shares of 1: of a metric of which less is better they say nothing.
    """
    least, most = context.task.metric.merits
    if experiment.expected is None or least <= experiment.expected <= most:
        return experiment
    return replace(experiment, expected=None, doubt=0.0)


def _lessons(history: History) -> tuple[RaisedLesson, ...]:
    """Return every lesson once, as it was raised last, with its verdict where it has one."""
    reflections.bring_words(lesson.kind for lesson in history.lessons)
    verdicts = {verdict.lesson: verdict for verdict in history.lesson_verdicts}
    raised, concluded = (_moments(history, kind) for kind in ("lesson", "lesson_verdict"))
    tested: dict[str, list[int]] = {}
    for experiment in history.experiments:
        if experiment.role == "reflect" and (key := _tested_lesson(experiment, history)) is not None:
            tested.setdefault(key, []).append(experiment.number)
    return tuple(
        RaisedLesson(lesson, verdicts.get(key), raised.get(key), concluded.get(key), tuple(tested.get(key, ())))
        for key, lesson in {lesson.key: lesson for lesson in history.lessons}.items()
    )


def _tested_lesson(experiment: Experiment, history: History) -> str | None:
    """Return the key of the lesson that an experiment tested, None where it is not known."""
    plans = ((lesson.key, plan) for lesson in history.lessons for plan in lesson.plans)
    return next((key for key, plan in plans if plan.key == experiment.plan.key), None)


def _moments(history: History, kind: str) -> dict[str, int]:
    """Return after which experiment each lesson was first raised, or its verdict fell, by the lesson's key."""
    found: dict[str, int] = {}
    made = 0
    for entry in history.ledger.entries(history.run):
        made += entry.kind == "experiment"
        if entry.kind == kind:
            found.setdefault(entry.body["key" if kind == "lesson" else "lesson"], made)
    return found


def _corrected(best: Experiment, context: SearchContext, history: History) -> float:
    """Return the champion's score less the price of choosing it by the examples that it is scored on."""
    return (best.score or 0.0) - selection_bias(best, history.experiments, context, "report")


def _comparisons(best: Experiment, context: SearchContext, history: History) -> tuple[PairedTest, ...]:
    """Return the paired test of the champion against every other plan, the best ones where there are many.

    Those that a retest has seen are compared by what it saw, as far as that is there.
    """
    mine = pool_statistics(history.seeds_of(best.plan), context)
    others = [
        e for e in history.experiments if e.score is not None and e.plan.seed == 0 and e.plan.key != best.plan.key
    ]
    others.sort(key=lambda e: e.score or 0.0, reverse=True)
    found = []
    for other in others[:_COMPARED]:
        again = read_retest(best.plan, other.plan, context)
        pair = again or (mine, pool_statistics(history.seeds_of(other.plan), context))
        test = context.task.metric.compare(*pair, rng=context.generator("report", other.number))
        found.append(PairedTest(other.number, test, retested=again is not None))
    return tuple(found)


def _command(run: Run) -> str:
    """Return the command line that repeats a run: the source, and every setting that is not as it comes."""
    usual = as_flat(Run(type(run.data)(run.data.source)))
    words = ["haoqi", "improve", run.data.source]
    for name, value in as_flat(run).items():
        if name in ("source", "fresh") or value == usual[name]:
            continue
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            words += [f"--{flag}", ",".join(map(str, value)) if isinstance(value, list) else str(value)]
    return shlex.join(words)


def _versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
