"""Labels that are probably wrong, by what models answer that were not fitted on them.

Where a row has one label, the share of wrong labels is estimated, and with it each row's chance to have one
(`_noise.py`); the likeliest are named while at least `EXPECTED` of them should be wrong. Where it may have several,
confident learning decides (Northcutt et al., 2021, arXiv:1911.00068, JAIR 70): a label is suspect where a model is as
sure of the contrary as it usually is of rows where that holds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from haoqi.core.config import Range
from haoqi.core.say import say
from haoqi.data.answers import CLASSES_OF_EXAMPLES, Accepts, AnswerKind
from haoqi.data.examples import Examples, Indices
from haoqi.data.recipes import Floats, RecipeTools
from haoqi.data.recipes._noise import Noise, noise_of
from haoqi.data.recipes._rows import percent, sparing

_LEAST = 1e-7

EXPECTED = 0.55
"""Of the labels that are named, the share expected to be wrong, at least."""

GENEROUS = 1.25
"""Where a model says which labels are wrong, but not how many: how many are named for each that is believed wrong. If
three of five that are named are wrong, three of four of the wrong ones are named."""


@dataclass(frozen=True)
class Suspects:
    """Rows whose labels are doubted, the most doubtful first."""

    rows: Indices
    """Positions, shape (n,)."""
    instead: list[Any]
    """The label that the model would give each."""
    doubt: npt.NDArray[np.float64]
    """How likely the given label is wrong, in [0, 1], shape (n,)."""
    noise: Noise | None = None
    """What is believed of all labels, where a row has one."""


@dataclass(frozen=True)
class Doubting:
    """Which labels a recipe doubts."""

    accepts: ClassVar[Accepts] = CLASSES_OF_EXAMPLES
    needs: ClassVar[frozenset[str]] = frozenset({"held_out"})

    share: Annotated[float | None, Range(0.001, 0.5)] = None
    """Of the rows, the most suspect ones; where not said, those of which most should be wrong."""

    def told(self, key: str) -> str:
        """Return what is done to the suspects as a sentence, which has another form where their share was said."""
        return say(f"{key}_most", share=percent(self.share)) if self.share else say(key)


def find(examples: Examples, tools: RecipeTools, share: float | None) -> Suspects:
    """Return the suspects of some examples; the last row of a label is never one.

    Args:
        examples: with one label each, or several.
        tools: its held-out probabilities decide.
        share: of the rows, how many at most, the most doubtful ones; None: as many as are mostly wrong.
    """
    if not len(examples):
        return Suspects(np.zeros(0, np.int64), [], np.zeros(0))
    judge = _one if tools.kind.one_class else _several
    judged = judge(examples, tools.labels, tools.held_out(examples))
    order = np.argsort(-judged.doubt, kind="stable")
    order = order[judged.against[order]]
    order = order[judged.named[order]] if share is None else order[: round(share * len(examples))]
    rows = np.array(sparing(examples, order, tools.kind), np.int64)
    return Suspects(rows, [judged.instead(int(row)) for row in rows], judged.doubt[rows], judged.noise)


def reranked(examples: Examples, tools: RecipeTools, found: Suspects, remembered: Floats) -> Suspects:
    """Return a quarter more suspects than labels are believed wrong, those first that a better model contradicts most.

    Args:
        examples: with one label each.
        tools: knows the labels.
        found: what held-out answers say; how many and how likely they are wrong is still theirs.
        remembered: what the model remembers of the rows that it learnt, kept from following wrong labels, shape
            (n, labels): it knows which labels are wrong, but not how many.
    """
    if found.noise is None or not found.noise.evident:
        return found
    agreed, rival = _agreed(remembered, _given(examples, tools.labels))
    order = np.argsort(agreed, kind="stable")
    order = order[: min(len(examples), round(GENEROUS * found.noise.share * len(examples)))]
    rows = np.array(sparing(examples, order, tools.kind), np.int64)
    return Suspects(rows, [tools.labels[int(rival[row])] for row in rows], found.noise.wrong[rows], found.noise)


def _agreed(answers: Floats, given: Indices) -> tuple[npt.NDArray[np.float64], Indices]:
    """Return by how much each label is likelier than all others, in log-odds, and the likeliest other, shapes (n,)."""
    every, others = np.arange(len(given)), np.maximum(answers.astype(np.float64), _LEAST)
    own = others[every, given]
    others[every, given] = 0.0
    rival = others.argmax(axis=1)
    return np.log(own) - np.log(others[every, rival]), rival


def trusted(
    examples: Examples, kind: AnswerKind, labels: tuple[str, ...], probabilities: Floats
) -> npt.NDArray[np.float64]:
    """Return how far each row's label is to be believed by models that are asked again, in [0, 1], shape (n,).

    Where wrong labels are not evident all are believed.
    """
    judged = (_one if kind.one_class else _several)(examples, labels, probabilities)
    if judged.noise is None:
        return np.where(judged.named, 0.0, 1.0)
    return 1.0 - judged.doubt if judged.noise.evident else np.ones(len(examples))


def chances(examples: Examples, tools: RecipeTools) -> npt.NDArray[np.float64] | None:
    """Return the chance of each label to be a row's right one, shape (n, labels); None where none are evidently wrong.

    Args:
        examples: with one label each.
        tools: its held-out probabilities decide.
    """
    if not len(examples):
        return None
    probabilities = tools.held_out(examples).astype(np.float64)
    given, every = _given(examples, tools.labels), np.arange(len(examples))
    noise = noise_of(probabilities, given)
    if not noise.evident:
        return None
    others = probabilities.copy()
    others[every, given] = 0.0
    others *= (noise.wrong / np.maximum(others.sum(axis=1), 1e-12))[:, None]
    others[every, given] = 1 - noise.wrong
    return others


@dataclass(frozen=True)
class _Judged:
    """What answers say of each row."""

    against: npt.NDArray[np.bool_]
    """Whether anything speaks against its label."""
    named: npt.NDArray[np.bool_]
    """Whether it is among the suspects where nobody says how many there should be."""
    doubt: npt.NDArray[np.float64]
    """How likely its label is wrong, in [0, 1]."""
    instead: Callable[[int], Any]
    noise: Noise | None = None


def _one(examples: Examples, labels: tuple[str, ...], probabilities: Floats) -> _Judged:
    """Judge rows that have one label."""
    given, every = _given(examples, labels), np.arange(len(examples))
    noise = noise_of(probabilities, given)
    others = probabilities.astype(np.float64)
    own = others[every, given]
    others[every, given] = -1.0
    rival = others.argmax(axis=1)
    order = np.argsort(-noise.wrong, kind="stable")
    expected = np.cumsum(noise.wrong[order]) / np.arange(1, len(order) + 1)
    named = np.zeros(len(examples), bool)
    named[order[: int((expected >= EXPECTED).sum())]] = True  # the mean of ever smaller chances only falls
    against = others[every, rival] > own
    return _Judged(against, named, noise.wrong, lambda row: labels[int(rival[row])], noise)


def _given(examples: Examples, labels: tuple[str, ...]) -> Indices:
    """Return the number of each row's label, shape (n,)."""
    place = {label: number for number, label in enumerate(labels)}
    return np.array([place[label] for label in examples.labels], np.int64)


def _several(examples: Examples, labels: tuple[str, ...], probabilities: Floats) -> _Judged:
    """Judge rows that have any number of labels, each label a question of its own."""
    given = np.array([[label in held for label in labels] for held in examples.labels], bool)
    chances = probabilities.astype(np.float64)
    own = np.where(given, chances, 1 - chances)
    doubted = np.zeros(given.shape, bool)
    for state in (False, True):
        of_state = chances if state else 1 - chances
        count = np.maximum((given == state).sum(axis=0), 1)
        threshold = np.where(given == state, of_state, 0.0).sum(axis=0) / count
        threshold = np.where((given == state).any(axis=0), threshold, 2.0)
        doubted |= (given != state) & (of_state >= threshold) & (of_state > own)
    worst = own.min(axis=1)

    def instead(row: int) -> tuple[str, ...]:
        turned = doubted[row] if doubted[row].any() else own[row] == worst[row]
        return tuple(label for label, holds in zip(labels, given[row] ^ turned, strict=True) if holds)

    named = np.asarray(doubted.any(axis=1), bool)
    return _Judged(worst < 1, named, 1 - worst, instead)
