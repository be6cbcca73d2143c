"""Advice at the end of a run: every next step with its gain and cost, ranked, and kept in the ledger."""

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from haoqi.core.deadline import OutOfTimeError, after, ended_after, until
from haoqi.core.events import Note, Stage
from haoqi.core.say import restored, say
from haoqi.data.answers import CLASSES
from haoqi.data.examples import Examples
from haoqi.evaluate.advice import Advice, ChosenRow, NextStep, bounded, ranked, rounded
from haoqi.explore.advice.next_steps import next_steps
from haoqi.explore.advice.run_end import RunEnd
from haoqi.explore.costs.closing_costs import most_advice_seconds
from haoqi.explore.record.history import History
from haoqi.explore.setup.context import SearchContext

KIND = "advice"
"""Of its entry in the ledger."""


def advise(context: SearchContext, history: History, left: float | None = None) -> Advice | None:
    """Return the next steps of a run with a champion; None where a person wants none, or stops it.

    What was recorded for the history as it is holds: a run taken up again says the same.

    Args:
        context: what the experiments share.
        history: what was run.
        left: seconds that it may take at most; None: `advice_seconds`, as they are predicted.
    """
    if not context.settings.advice_seconds:
        return None
    if (known := history.last(KIND)) is not None and known.body["after"] == _mark(history):
        return _read(restored(known.body), known.timing, context)
    context.listen(Stage("advising", say("advice.stage")))
    begun = time.perf_counter()
    try:
        context.check_stop()
        seconds = most_advice_seconds(context, left)
        deadline = None if left is None else after(seconds)
        run_end = RunEnd(context.heard(until(deadline)), history, seconds, deadline)
        steps, failed = suggested(run_end)
    except KeyboardInterrupt:
        context.listen(Note(say("advice.stopped"), warning=True))
        return None
    for name, reason in failed.items():
        context.listen(Note(say("advice.failed", name=name.replace("_", " "), reason=reason), warning=True))
    steps = [bounded(step, run_end.score, context.task.metric.merits) for step in steps]
    order = ranked([rounded(step) for step in steps], context.settings.worth)
    facts = {"metric": context.task.metric.name, "score": _digits(run_end.score), "worth": context.settings.worth}
    body = {"after": _mark(history), **facts, "steps": [_without_texts(step) for step in order], "failed": failed}
    entry = history.note(KIND, body, seconds=time.perf_counter() - begun)
    return _read(restored(entry.body), entry.timing, context)


def suggested(run_end: RunEnd) -> tuple[list[NextStep], dict[str, str]]:
    """Return every step that something can be said of, and why of others nothing can.

    Once its time is over, the other steps are taken from what is known already.
    """
    found: list[NextStep] = []
    failed: dict[str, str] = {}
    task = run_end.context.task
    for name in next_steps.names():
        if not getattr(next_steps.get(name), "accepts", CLASSES).takes(task.output.kind, pairs=task.pairs):
            continue
        try:
            left = None if run_end.deadline is None else max(0.01, run_end.deadline - time.perf_counter())
            try:
                with ended_after(left):
                    step = next_steps.build(name).suggest(run_end)
                found.append(step)
            except OutOfTimeError:
                run_end = run_end.without_new_fits
                found.append(next_steps.build(name).suggest(run_end))
        except Exception as error:  # whatever one runs into, the others are suggested
            failed[name] = (" ".join(str(error).split()) or type(error).__name__)[:300]
    return found, failed


def _mark(history: History) -> list[Any]:
    """Return what advice depends on: how far the run is, and which experiment is champion."""
    return [len(history.experiments), len(history.lesson_verdicts), history.found().number]


def _without_texts(step: NextStep) -> dict[str, Any]:
    """Return a step as the ledger keeps it: the data are in the run's folder, and rows have numbers."""
    return {**asdict(step), "rows": [{**asdict(row), "text": ""} for row in step.rows]}


def _read(body: Mapping[str, Any], timing: Mapping[str, Any], context: SearchContext) -> Advice:
    """Return the advice of an entry, with the texts of its rows."""
    texts = _texts(context)
    steps = [
        NextStep(**{**one, "rows": tuple(ChosenRow(**{**row, "text": texts[row["row"]]}) for row in one["rows"])})
        for one in body["steps"]
    ]
    facts = {name: body[name] for name in ("metric", "score", "worth")}
    metric = context.task.metric
    facts |= {"score": metric.shown(facts["score"]), "greater_is_better": metric.greater_is_better}
    return Advice(steps=tuple(steps), seconds=timing.get("seconds", 0.0), **facts)


def _texts(context: SearchContext) -> dict[int, str]:
    """Return the text of each row that can be chosen, as it came; the test split is not among them."""
    splits = context.splits
    parts: list[Examples] = [part for part in (splits.train, splits.valid, splits.unlabelled) if part is not None]
    return {row: text for part in parts for row, text in zip(part.ids, part.originals or part.texts, strict=True)}


def _digits(value: float) -> float:
    return float(f"{value:.6g}")
