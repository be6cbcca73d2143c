"""Label more texts: what the learning curve says they bring, and which of them say most.

The curve is fitted in the run (Viering and Loog, 2023, arXiv:2103.10948). Its gain is that of texts drawn as those that
are there were; texts chosen for their doubt (Lewis and Gale, 1994, arXiv:cmp-lg/9407020) usually bring more, and
nothing is promised for it.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from haoqi.core.config import Range
from haoqi.evaluate.advice import ChosenRow, NextStep
from haoqi.evaluate.counts import counts_by_label, f1_by_label
from haoqi.explore.advice.next_steps import next_steps
from haoqi.explore.advice.next_steps._choice import spread, unsure
from haoqi.explore.advice.next_steps._step_parts import row_of, sampled, step
from haoqi.explore.advice.run_end import RunEnd

POINT = 0.01
"""How many texts a gain of one point takes is told, too."""

_LOOKED_AT = 2000
_NAMED = 3


@next_steps.register
@dataclass(frozen=True)
class LabelMore:
    """How many."""

    count: Annotated[int, Range(1, 10_000)] = 50
    """Texts to label."""

    def suggest(self, run_end: RunEnd) -> NextStep:
        """Return the step, with texts where some lie there without a label, else with the labels that need more."""
        more = self.count * run_end.plan.share
        curve = run_end.learning_curve.curve
        draws = curve.gains(more, run_end.rng("label more"), start=run_end.rows)
        train = run_end.context.splits.train
        places = sampled(train.texts)
        seconds = run_end.human_seconds([train.texts[at] for at in places], [train.labels[at] for at in places])
        rows, labels = _chosen(run_end, self.count), weakest_labels(run_end)
        evidence = {
            "count": len(rows) or self.count,
            "rows": round(run_end.rows),
            "passes": run_end.learning_curve.passes,
            "measured_by": run_end.learning_curve.plan.words() if run_end.learning_curve.plan else "",
            "point_rows": curve.needed(POINT, start=run_end.rows) if run_end.score <= 1 - POINT else None,
            "labels": labels,
            "seconds_each": seconds,
        }
        reason = "label_more_chosen" if rows else "label_more_labels" if labels else "label_more"
        costs = {"human_seconds": self.count * seconds, "compute_seconds": run_end.refit_seconds(more)}
        return step("label_more", reason, draws, evidence, rows=rows, **costs)


def weakest_labels(run_end: RunEnd) -> list[str]:
    """Return the labels that more texts would help most: much is wrong with them, and they have few."""
    diagnostics, task = run_end.diagnostics, run_end.context.task
    if not task.output.kind.has_classes:
        return []  # numbers have no labels
    totals = counts_by_label(diagnostics.judged.labels, diagnostics.predictions.labels, task.labels).sum(axis=0)
    scores, true, known = f1_by_label(np.asarray(totals, dtype=np.float64).ravel())
    size = len(task.labels)
    need = np.where(known, (1 - scores) / np.sqrt(np.maximum(true, 1.0)), 0.0)[:size]
    order = np.argsort(-need, kind="stable")[: min(_NAMED, max(1, size // 2))]
    return [task.labels[place] for place in order if need[place] > 0]


def _chosen(run_end: RunEnd, count: int) -> tuple[ChosenRow, ...]:
    """Return the unlabelled texts to label first; none where there are none, or asking the model takes too long."""
    unlabelled = run_end.context.splits.unlabelled
    if unlabelled is None:
        return ()
    places = np.sort(run_end.rng("unlabelled").permutation(len(unlabelled))[:_LOOKED_AT])
    pool = unlabelled.take(places)
    answers = run_end.diagnostics.ask(pool)
    if answers is None:
        return ()
    doubt = unsure(answers, run_end.context.task.output.kind)
    best = spread(doubt, run_end.diagnostics.embeddings(pool.texts), count)
    return tuple(row_of(pool, place, answers.labels[place], float(doubt[place])) for place in best)
