"""A cascade: a fast form answers every text, and a faithful one answers those again whose confidence margin is small.

As in Viola and Jones (2001, "Rapid object detection using a boosted cascade of simple features"): most inputs are
easy, and only the others are worth the slower stage.
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np

from haoqi.core.mutex import Mutex
from haoqi.data.examples import Examples
from haoqi.evaluate.metric import Array
from haoqi.models.predictor import Predictor, Progress
from haoqi.tasks.task import Scores

COVERAGE = 0.99
"""Share of the texts whose margin shrinks by no more than the margin that is fitted on them."""

Margins = Callable[[Scores, Scores | None], Array]
"""Of some scores and, where they are others, of the scores whose answers are meant: see `Output.margins`."""


@dataclass(frozen=True)
class DeferralRule:
    """When a stage defers a text to the next one, as it was fitted for two forms of one release."""

    margin: float
    """Texts with a smaller confidence margin are deferred; in logits."""
    share: float
    """Share of the texts that it was fitted on that are deferred."""
    alone: bool = True
    """Whether a single text goes through the first stage, too; else to the second at once."""


@dataclass(frozen=True)
class Cascade:
    """One predictor, computed in two stages."""

    first: Predictor
    """Computes every text."""
    second: Predictor
    """Computes those that are deferred, all of them together."""
    margins: Margins
    rule: DeferralRule

    @property
    def thread_safe(self) -> bool:
        """Whether several threads may call it at once: where both stages allow it."""
        return self.first.thread_safe and self.second.thread_safe

    def scores(self, examples: Examples, progress: Progress | None = None) -> Scores:
        """Return logits for every example, in order; a row or array is wholly by the first stage or by the second."""
        if len(examples) == 1 and not self.rule.alone:
            return self.second.scores(examples, progress)
        report, accepted = progress or (lambda done: None), 1.0 - self.rule.share
        found = self.first.scores(examples, lambda done: report(int(done * accepted)))
        margins = self.margins(found, None)
        rows = np.flatnonzero(~(margins >= self.rule.margin))  # so that what is not a number is deferred, too
        if len(rows):
            begun = int(len(examples) * accepted)
            pace = (len(examples) - begun) / len(rows)
            again = self.second.scores(examples.take(rows), lambda done: report(begun + int(done * pace)))
            found = _replace_rows(found, rows.tolist(), again)
        report(len(examples))
        return found

    def save(self, folder: Path, *, standalone: bool) -> None:
        """Write the uncompiled predictor, as either stage does: forms stay with the release."""
        self.first.save(folder, standalone=standalone)

    @classmethod
    def load(cls, folder: Path, cache: Path) -> "Cascade":
        """Raise TypeError: what `save` wrote is read by the class of the uncompiled predictor."""
        raise TypeError("a cascade is saved as its uncompiled predictor")


@dataclass(frozen=True)
class LazyStage:
    """A stage of a cascade that is loaded when it is first called: most texts never reach the later ones."""

    uncompiled: Predictor
    """Computes in its place where it cannot be loaded, or gives other numbers than when it was chosen."""
    open: Callable[[], Predictor]
    mutex: Mutex = field(default_factory=Mutex, repr=False, compare=False)
    """Lets one thread load it, or call what is not thread-safe; the stages of one predictor share it."""

    thread_safe: ClassVar[bool] = True

    @cached_property
    def loaded(self) -> Predictor:
        """The predictor that computes."""
        try:
            return self.open()
        except Exception:  # whatever is the matter, the uncompiled predictor answers as it should
            return self.uncompiled

    def scores(self, examples: Examples, progress: Progress | None = None) -> Scores:
        """Return logits for every example, in order."""
        with self.mutex:
            loaded = self.loaded
        with nullcontext() if loaded.thread_safe else self.mutex:
            return loaded.scores(examples, progress)

    def save(self, folder: Path, *, standalone: bool) -> None:
        """Write the uncompiled predictor: forms stay with the release."""
        self.uncompiled.save(folder, standalone=standalone)

    @classmethod
    def load(cls, folder: Path, cache: Path) -> "LazyStage":
        """Raise TypeError: what `save` wrote is read by the class of the uncompiled predictor."""
        raise TypeError("a stage of a cascade is saved as its uncompiled predictor")


def unwrap(predictor: Predictor) -> Predictor:
    """Return the predictor whose class reads what `save` wrote."""
    while isinstance(predictor, Cascade | LazyStage):
        predictor = predictor.first if isinstance(predictor, Cascade) else predictor.uncompiled
    return predictor


def fit_margin(margins: Margins, fast: Scores, uncompiled: Scores) -> float:
    """Return the margin above which a fast form hardly ever gives another answer than the uncompiled model.

    An answer changes where its margin shrinks by more than there was of it. How much margins shrink is measured on
    every text, not only on the few whose answers change, and hardly depends on how large they are.

    Args:
        margins: of the release.
        fast: scores of some texts by the fast form.
        uncompiled: scores of the same texts by the uncompiled model.
    """
    shrunk = margins(fast, None) - margins(uncompiled, fast)
    shrunk = shrunk[np.isfinite(shrunk)]  # texts without words have an infinite margin
    return max(0.0, float(np.quantile(shrunk, COVERAGE, method="higher"))) if len(shrunk) else 0.0


def _replace_rows(scores: Scores, rows: list[int], by: Scores) -> Scores:
    if isinstance(scores, np.ndarray):
        found = scores.copy()
        found[rows] = by
        return found
    replaced = dict(zip(rows, by, strict=True))
    return [replaced.get(row, one) for row, one in enumerate(scores)]
