"""Recheck the most suspect labels: wrong ones that are put right count more than new ones.

How many of the suspects should be wrong is estimated from out-of-fold probabilities (`data/recipes/_noise.py`), where
the belief starts. Where a text may have several labels nothing estimates it, and the belief starts at what
people found of those that confident learning flagged in ten well-known data sets, 51 % (Northcutt, Athalye and Mueller,
2021, arXiv:2103.14749). A lesson about suspects that was confirmed or refuted in the run moves it. Where a share e of
labels of two kinds is wrong, n examples teach as much as n (1 - 2e)^2 right ones (Angluin and Laird, 1988,
doi:10.1007/BF00116829), so one label put right is as good as four new texts; with k kinds as 2k / (k - 1).
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from haoqi.core.config import Range
from haoqi.evaluate.advice import ChosenRow, NextStep
from haoqi.explore.advice.next_steps import next_steps
from haoqi.explore.advice.next_steps._step_parts import row_of, step
from haoqi.explore.advice.run_end import RunEnd
from haoqi.explore.beliefs.surrogate import Floats
from haoqi.explore.reflection.label_errors import find_label_errors

USUAL = 0.51
"""The share of suspects that are wrong where nothing estimates it."""

BEGUN, MOVED = 4.0, 3.0
"""What is believed of it at first counts as so many labels that were looked at, and the lesson's verdict as so many."""

_DRAWS = 4000
# Nothing is believed of all suspects alike.
_LEAST = 0.01


@next_steps.register
@dataclass(frozen=True)
class RecheckLabels:
    """How many."""

    count: Annotated[int, Range(1, 10_000)] = 30
    """Labels to look at again, at most."""

    def suggest(self, run_end: RunEnd) -> NextStep:
        """Return the step with the rows to look at, the most suspect first."""
        if run_end.context.task.output.kind.of_words:
            return step("recheck_labels", "recheck_spans", None, {"count": self.count})
        found = find_label_errors(run_end.diagnostics)
        if found is None:
            return step("recheck_labels", "recheck_untold", None, {"count": self.count})
        train = run_end.context.splits.train
        places = found.rows[: self.count].tolist()
        evidence = {"count": len(places), "suspects": len(found.rows), "rows": len(train), "verdict": _verdict(run_end)}
        if not places:
            return step("recheck_labels", "recheck_none", np.zeros(1), {**evidence, "count": self.count})
        share, reason = USUAL, "recheck_labels"
        if found.noise is not None:
            share, reason = float(found.doubt[: self.count].mean()), "recheck_estimated"
            evidence["expected"] = round(share * len(places))
        rows: tuple[ChosenRow, ...] = tuple(
            row_of(train, place, instead, float(doubt))
            for place, instead, doubt in zip(places, found.instead, found.doubt, strict=False)
        )
        seconds = run_end.human_seconds([row.text for row in rows], [train.labels[place] for place in places])
        costs = {"human_seconds": len(rows) * seconds, "compute_seconds": run_end.refit_seconds()}
        draws = self._gains(run_end, len(rows), share)
        return step("recheck_labels", reason, draws, evidence, rows=rows, **costs)

    def _gains(self, run_end: RunEnd, count: int, share: float) -> Floats:
        """Return draws of the gain: as many new texts as the labels that turn out wrong are worth.

        Args:
            run_end: the run, whose learning curve says what a text is worth.
            count: labels that are looked at.
            share: of them, those that should be wrong, before the lesson's verdict.
        """
        rng, curve = run_end.rng("suspects"), run_end.learning_curve.curve
        kinds = max(2, len(run_end.context.task.labels)) if run_end.context.task.output.kind.one_class else 2
        worth = 2 * kinds / (kinds - 1)
        wrong = rng.binomial(count, rng.beta(*believed(share, _verdict(run_end)), _DRAWS))
        parts = [
            curve.gains(worth * n, rng, start=run_end.rows)[:times] if n else np.zeros(times)
            for n, times in zip(*(side.tolist() for side in np.unique(wrong, return_counts=True)), strict=True)
        ]
        return np.concatenate(parts)


def believed(share: float, verdict: str) -> tuple[float, float]:
    """Return the beta distribution of the share of suspects that are wrong: labels seen wrong, and right.

    >>> believed(0.5, "confirmed")
    (5.0, 2.0)
    """
    share = min(1 - _LEAST, max(_LEAST, share))
    return BEGUN * share + MOVED * (verdict == "confirmed"), BEGUN * (1 - share) + MOVED * (verdict == "refuted")


def _verdict(run_end: RunEnd) -> str:
    """Return what became of the lesson that labels are wrong; "" where it was not tested."""
    keys = {lesson.key for lesson in run_end.history.lessons if lesson.kind == "suspect_labels"}
    found = [one.decision for one in run_end.history.lesson_verdicts if one.lesson in keys]
    return found[-1] if found else ""
