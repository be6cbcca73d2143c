"""A cascade: a quick form answers every text, and a faithful one answers those again that it is in doubt about.

As in Viola and Jones (2001, "Rapid object detection using a boosted cascade of simple features"): most inputs are
easy, and only the others are worth the slower look.
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

COVERED = 0.99
"""Of the texts that a margin is fitted on: so many moved by no more than the margin when they were computed quickly."""

Margins = Callable[[Scores, Scores | None], Array]
"""Of some scores and, where they are others, of the scores whose answers are meant: see `Output.margins`."""


@dataclass(frozen=True)
class Doubt:
    """When an answer is doubtful, as it was fitted for two forms of one release."""

    margin: float
    """Answers that are nearer to another one are doubtful; in logits."""
    share: float
    """Of the texts that it was fitted on, how many are."""
    alone: bool = True
    """Whether one text that comes alone is asked of the quick form first, too; else of the other one at once."""


@dataclass(frozen=True)
class Cascade:
    """One predictor, computed by two forms."""

    first: Predictor
    """Asked for every text."""
    second: Predictor
    """Asked again for those that are doubtful, all of them together."""
    margins: Margins
    doubt: Doubt

    @property
    def thread_safe(self) -> bool:
        """Whether several threads may ask it at once: where both forms may be."""
        return self.first.thread_safe and self.second.thread_safe

    def scores(self, examples: Examples, progress: Progress | None = None) -> Scores:
        """Return logits for every example, in order; a row or array is wholly by the first form or by the second."""
        if len(examples) == 1 and not self.doubt.alone:
            return self.second.scores(examples, progress)
        told, sure = progress or (lambda done: None), 1.0 - self.doubt.share
        found = self.first.scores(examples, lambda done: told(int(done * sure)))
        near = self.margins(found, None)
        rows = np.flatnonzero(~(near >= self.doubt.margin))  # so that what is not a number is doubtful, too
        if len(rows):
            begun = int(len(examples) * sure)
            pace = (len(examples) - begun) / len(rows)
            again = self.second.scores(examples.take(rows), lambda done: told(begun + int(done * pace)))
            found = _replaced(found, rows.tolist(), again)
        told(len(examples))
        return found

    def save(self, folder: Path, *, standalone: bool) -> None:
        """Write the master, as either predictor does: forms stay with the release."""
        self.first.save(folder, standalone=standalone)

    @classmethod
    def load(cls, folder: Path, cache: Path) -> "Cascade":
        """Raise TypeError: what `save` wrote is read by the class of the master."""
        raise TypeError("a cascade is saved as its master")


@dataclass(frozen=True)
class Deferred:
    """A look of a cascade that is opened when it is first asked: for most texts the later ones never are."""

    master: Predictor
    """Answers in its place where it cannot be opened, or is not what it was."""
    open: Callable[[], Predictor]
    mutex: Mutex = field(default_factory=Mutex, repr=False, compare=False)
    """Lets one thread open it, or ask what may be asked by one alone; looks of one master have the same."""

    thread_safe: ClassVar[bool] = True

    @cached_property
    def opened(self) -> Predictor:
        """What answers."""
        try:
            return self.open()
        except Exception:  # whatever is the matter, the master answers as it should
            return self.master

    def scores(self, examples: Examples, progress: Progress | None = None) -> Scores:
        """Return logits for every example, in order."""
        with self.mutex:
            opened = self.opened
        with nullcontext() if opened.thread_safe else self.mutex:
            return opened.scores(examples, progress)

    def save(self, folder: Path, *, standalone: bool) -> None:
        """Write the master: forms stay with the release."""
        self.master.save(folder, standalone=standalone)

    @classmethod
    def load(cls, folder: Path, cache: Path) -> "Deferred":
        """Raise TypeError: what `save` wrote is read by the class of the master."""
        raise TypeError("a look of a cascade is saved as its master")


def saved_as(predictor: Predictor) -> Predictor:
    """Return the predictor whose class reads what `save` wrote."""
    while isinstance(predictor, Cascade | Deferred):
        predictor = predictor.first if isinstance(predictor, Cascade) else predictor.master
    return predictor


def fitted(margins: Margins, quick: Scores, right: Scores) -> float:
    """Return the margin above which a quick form hardly ever gives another answer than the master.

    An answer changes where its margin shrinks by more than there was of it. How much margins shrink is seen in every
    text, not only in the few whose answers change, and hardly depends on how large they are.

    Args:
        margins: of the release.
        quick: scores of some texts by the quick form.
        right: scores of the same texts by the master.
    """
    shrunk = margins(quick, None) - margins(right, quick)
    shrunk = shrunk[np.isfinite(shrunk)]  # texts without words are never in doubt
    return max(0.0, float(np.quantile(shrunk, COVERED, method="higher"))) if len(shrunk) else 0.0


def _replaced(scores: Scores, rows: list[int], by: Scores) -> Scores:
    if isinstance(scores, np.ndarray):
        found = scores.copy()
        found[rows] = by
        return found
    put = dict(zip(rows, by, strict=True))
    return [put.get(row, one) for row, one in enumerate(scores)]
