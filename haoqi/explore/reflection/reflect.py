"""Reflection: what the champion's failures teach, as lessons that experiments confirm or refute.

A lesson is a claim about why the champion fails, the evidence for it, and plans that change one thing of the
champion's. It is confirmed only if the paired test of such a plan against the champion's says so; several plans
of a lesson share its alpha, and each verdict says how many tests the run has made so far.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
from scipy.sparse import csr_array

from haoqi.core import seeds
from haoqi.core.deadline import OutOfTimeError, after, until
from haoqi.core.events import Note
from haoqi.core.quantities import p_value, signed
from haoqi.core.say import named, say
from haoqi.data.answers import CLASSES
from haoqi.evaluate.comparison import Comparison, average, compare
from haoqi.evaluate.counts import share
from haoqi.evaluate.metric import Metric, Statistics
from haoqi.explore.experiments.results import pool_statistics
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.record.claims import measured_in
from haoqi.explore.record.history import History
from haoqi.explore.record.lessons import ALPHA, BRIER, Lesson, LessonVerdict, decide_lesson
from haoqi.explore.reflection.champion_diagnostics import DIAGNOSTICS_SECONDS, DIAGNOSTICS_SHARE, ChampionDiagnostics
from haoqi.explore.reflection.reflections import reflections
from haoqi.explore.scheduling.next_proposal import opening_over, out_of_steps, trains_next
from haoqi.explore.setup.context import SearchContext

AGAIN = 5
"""After so many experiments under one champion there is another reflection where no lesson is open."""

UNPROVEN = 0.1
"""Of the time left, times the success rate of its kind, a test may take where remedies have seldom helped."""

OVERTIME = 1.5
"""Looks that take longer than they were predicted to are ended after so many times what all may take."""

LEAST_SECONDS = 3.0
"""With less time than this left no lesson could be tested."""


def update_lessons(context: SearchContext, history: History, spent: Callable[[], float]) -> None:
    """Record verdicts of lessons that were tested, and new lessons where it is time to look for some.

    What is recorded follows from the history alone, so doing it again after a run was stopped adds nothing twice.

    Args:
        context: what the experiments share.
        history: what is known; it is added to.
        spent: tells the seconds spent so far.
    """
    if not context.settings.reflect or history.champion is None or history.unjudged is not None:
        return
    budget = context.settings.budget_seconds
    left = None if budget is None else budget - spent()
    limit = None if left is None else OVERTIME * min(DIAGNOSTICS_SECONDS, DIAGNOSTICS_SHARE * max(0.0, left))
    diagnostics = ChampionDiagnostics(context.heard(until(after(limit))), history, left)
    for lesson, over in _under_test(history):
        found = _judged(lesson, diagnostics, context)
        if over or found.decision == "confirmed":
            history.conclude(found, spent=spent())
            context.listen(Note(in_words(lesson, found, context.task.metric)))
    if _due(context, history, left):
        _look(context, diagnostics, spent)
    elif _due_early(context, history, left):
        _look(context, diagnostics, spent, _early())


def find_lessons(diagnostics: ChampionDiagnostics) -> list[Lesson]:
    """Return what is to be learnt from the champion now and was not said before, the best for its time first."""
    return _ranked(diagnostics, _reflected(diagnostics, reflections.names())[0])


def judge_lesson(lesson: Lesson, diagnostics: ChampionDiagnostics) -> LessonVerdict:
    """Return whether a lesson's tests confirm or refute it, or leave it undecided.

    Each plan that was run is compared, in the lesson's measure and on the same examples, with the plan that it
    derives from, by the paired test of `evaluate.compare`; the lesson's alpha is shared among all its plans.
    """
    history = diagnostics.history
    against = history.seeds_of(lesson.parent)
    tried = [experiments for plan in lesson.plans if (experiments := _runs(history, plan))]
    found = [_compared(lesson, [e for e in one if e.score is not None], against, diagnostics) for one in tried]
    missing: list[Comparison | None] = [None] * (len(lesson.plans) - len(tried))
    alpha = ALPHA / max(1, len(lesson.plans))
    decision, place = decide_lesson([*found, *missing], lesson.gain, alpha)
    tests = _tests(history) + len(tried)
    comparison = None if place is None else found[place]
    if place is None or comparison is None:
        return LessonVerdict(lesson.key, decision, None, None, tests=tests)
    return LessonVerdict(
        lesson.key,
        decision,
        tried[place][0].number,
        against[0].number,
        difference=_short(comparison.difference),
        low=_short(comparison.low),
        high=_short(comparison.high),
        p_value=_short(comparison.p_value),
        alpha=_short(alpha),
        tests=tests,
    )


def in_words(lesson: Lesson, found: LessonVerdict, metric: Metric) -> str:
    """Return what became of a lesson on one line: whether a remedy helped; the observation was measured and stands.

    Args:
        lesson: the observation, and the plans against it.
        found: what their tests said.
        metric: the task's first.
    """
    if found.difference is None or found.p_value is None:
        return say("lesson.told.unjudged", claim=lesson.claim)
    difference = found.difference if lesson.measure == BRIER else metric.shown(found.difference)
    facts = {"difference": signed(difference), "p": p_value(found.p_value)}
    measure = say(measured_in(lesson.measure), metric=named("metric", metric.name))
    return say(f"lesson.told.{found.decision}", claim=lesson.claim, measure=measure, **facts)


def _judged(lesson: Lesson, diagnostics: ChampionDiagnostics, context: SearchContext) -> LessonVerdict:
    """Return the verdict of a lesson; where its test cannot be evaluated it stays undecided, and the run goes on."""
    try:
        return judge_lesson(lesson, diagnostics)
    except Exception as error:  # whatever a measure runs into
        context.listen(Note(say("lesson.told.broken", reason=_reason(error), claim=lesson.claim), warning=True))
        return LessonVerdict(lesson.key, "undecided", None, None, tests=_tests(diagnostics.history))


def _early() -> tuple[str, ...]:
    """Return the reflections before the first training, which is costly and whose recipe can follow them."""
    return tuple(name for name in reflections.names() if getattr(reflections.get(name), "early", False))


def _look(
    context: SearchContext, diagnostics: ChampionDiagnostics, spent: Callable[[], float], some: Sequence[str] = ()
) -> None:
    """Look for lessons, by some reflections or else by all, and record them, and at last that it was done."""
    begun, history = time.perf_counter(), diagnostics.history
    found, failed = _reflected(diagnostics, some or reflections.names())
    for name, reason in failed.items():
        context.listen(Note(say("reflection.failed", name=name, reason=reason), warning=True))
    new = _ranked(diagnostics, found)
    for lesson in new:
        history.learn(lesson, spent=spent())
        context.listen(Note(say("lesson.told.raised", claim=lesson.claim)))
    best = history.found()
    counts = {"after": len(history.experiments), "lessons": len(history.lessons)}
    body = {**counts, "champion": best.plan.key, "failed": failed, "asked": list(some)}
    history.add_reflection(body, seconds=time.perf_counter() - begun, spent=spent())


def _due(context: SearchContext, history: History, left: float | None) -> bool:
    """Return whether it is time to look for lessons: the opening is over, and the champion is new or none is open."""
    best, last = history.champion, history.last("reflection")
    if best is None or best.plan.made_of:  # its members were looked at when they were champion
        return False
    if (
        out_of_steps(context, history)
        or not opening_over(context, history, left)
        or not _time_to_think(context, history, left)
    ):
        return False
    if last is None or last.body.get("asked") or last.body["champion"] != best.plan.key:
        return True
    looked = [id(lesson) for lesson in history.lessons[: last.body["lessons"]]]  # later ones: it was stopped midway
    waiting = any(id(lesson) in looked for lesson in history.open_lessons)
    return not waiting and len(history.experiments) - last.body["after"] >= AGAIN


def _due_early(context: SearchContext, history: History, left: float | None) -> bool:
    """Return whether to look, once, before the first training, for what its recipe can follow."""
    if (
        history.last("reflection") is not None
        or out_of_steps(context, history)
        or not _time_to_think(context, history, left)
    ):
        return False
    return trains_next(context, history, left)


def _time_to_think(context: SearchContext, history: History, left: float | None) -> bool:
    budget = context.settings.budget_seconds
    if budget is None or left is None:
        return True
    return left >= LEAST_SECONDS and history.thought_seconds <= DIAGNOSTICS_SHARE * budget


def _reflected(diagnostics: ChampionDiagnostics, names: Sequence[str]) -> tuple[list[Lesson], dict[str, str]]:
    """Return what reflections say, and why some could not."""
    found: list[Lesson] = []
    failed: dict[str, str] = {}
    for asks, name in product((False, True), names):
        try:
            reflection = reflections.build(name)
            if not getattr(reflection, "accepts", CLASSES).takes(
                diagnostics.task.output.kind, pairs=diagnostics.task.pairs
            ):
                continue
            found += reflection.reflect(diagnostics) if reflection.asks == asks else []
        except OutOfTimeError:
            continue  # as one that finds nothing: another look may have the time
        except Exception as error:  # whatever a reflection runs into, the search goes on without it
            failed[name] = _reason(error)
    return found, failed


def _reason(error: Exception) -> str:
    """Return what an exception says on one line, or else what it is."""
    return (" ".join(str(error).split()) or type(error).__name__)[:300]


def _ranked(diagnostics: ChampionDiagnostics, found: list[Lesson]) -> list[Lesson]:
    """Return lessons that are new, with their untried plans, by expected gain per second of the first test."""
    history = diagnostics.history
    concluded = {one.lesson for one in history.lesson_verdicts}
    raised = {(one.key, one.parent.key) for one in history.lessons}
    tried = {experiment.plan.key for experiment in history.experiments}
    new: list[Lesson] = []
    for lesson in found:
        plans = tuple(plan for plan in lesson.plans if plan.key not in tried and _deserves(lesson, plan, diagnostics))
        if plans and lesson.key not in concluded and (lesson.key, lesson.parent.key) not in raised:
            new.append(replace(lesson, plans=plans))
    return sorted(new, key=lambda one: (-one.gain / max(0.1, diagnostics.estimate_seconds(one.plans[0])), one.key))


def _deserves(lesson: Lesson, plan: Plan, diagnostics: ChampionDiagnostics) -> bool:
    """Return whether a plan may take its time: of a kind whose remedies have seldom helped it must be short."""
    believed = diagnostics.success_rate(lesson.kind)
    if believed >= 1 or diagnostics.left_seconds is None:
        return True
    return diagnostics.estimate_seconds(plan) <= UNPROVEN * believed * diagnostics.left_seconds


def _under_test(history: History) -> list[tuple[Lesson, bool]]:
    """Return lessons whose tests have begun, and whether they are over: all run, or there is another champion."""
    if history.verdicts and history.verdicts[-1].decision == "close":
        return []  # another seed comes first
    concluded = {one.lesson for one in history.lesson_verdicts}
    best, last = history.champion, history.experiments[-1]
    found: dict[str, tuple[Lesson, bool]] = {}
    for lesson in history.lessons:
        tried = [plan for plan in lesson.plans if _runs(history, plan)]
        over = len(tried) == len(lesson.plans) or (best is not None and best.plan.key != lesson.parent.key)
        fresh = any(plan.key == last.plan.key for plan in tried)
        if tried and (over or fresh) and lesson.key not in concluded:
            found[lesson.key] = (lesson, over)
    return list(found.values())


def _short(number: float) -> float:
    """Return a number to six digits, so that equal runs write equal ledgers."""
    return float(f"{number:.6g}")


def _runs(history: History, plan: Plan) -> list[Experiment]:
    """Return the experiments with a plan, failed ones too."""
    return [experiment for experiment in history.experiments if experiment.plan.key == plan.key]


def _tests(history: History) -> int:
    return max((one.tests for one in history.lesson_verdicts), default=0)


def _compared(
    lesson: Lesson, mine: list[Experiment], theirs: Sequence[Experiment], diagnostics: ChampionDiagnostics
) -> Comparison | None:
    """Return the paired test of a lesson's plan against the one it derives from, None where either has no answers."""
    if not mine or not theirs:
        return None
    first, second = (_statistics(lesson, runs, diagnostics) for runs in (mine, theirs))
    if first is None or second is None:
        return None
    rng = seeds.generator(diagnostics.context.seed, "lesson", lesson.key, mine[0].number)
    if lesson.measure == BRIER:
        return compare(first, second, share, rng=rng)
    return diagnostics.task.metric.compare(first, second, rng=rng)


def _statistics(lesson: Lesson, runs: Sequence[Experiment], diagnostics: ChampionDiagnostics) -> "Statistics | None":
    """Return what a plan's runs did per example in a lesson's measure; None where there is no time to find out."""
    if lesson.measure == "metric":
        return pool_statistics(runs, diagnostics.context)
    if lesson.measure == BRIER:
        tables = [_honesty(run, diagnostics) for run in runs]
        return None if any(table is None for table in tables) else average([t for t in tables if t is not None])
    model = diagnostics.model_of(runs[0])
    changed, _ = diagnostics.probe(lesson.measure, lesson.words)
    if model is None or not len(changed):
        return None
    return diagnostics.task.metric.count(changed, model.predict(changed), diagnostics.task)


def _honesty(run: Experiment, diagnostics: ChampionDiagnostics) -> "Statistics | None":
    """Return 1 less the Brier score of each judged example, halved so that it lies in [0, 1], and 1: shape (n, 2)."""
    found, output = diagnostics.answers(run).probabilities, diagnostics.task.output
    if found is None:
        return None
    targets = np.asarray(output.targets(diagnostics.judged), dtype=np.float64)
    truth = targets if targets.ndim == 2 else (targets[:, None] == np.arange(output.width)).astype(np.float64)
    missed = ((found - truth) ** 2).sum(axis=1)
    return csr_array(np.column_stack([1.0 - missed / (2 if targets.ndim == 1 else output.width), np.ones(len(missed))]))
