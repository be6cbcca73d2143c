"""A linear-chain conditional random field over word features."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from haoqi.core.folder import read_json, write_json
from haoqi.data.examples import Examples
from haoqi.models.arrays import load_arrays, save_arrays
from haoqi.models.lexical.sparse_rows import SparseRows
from haoqi.models.lexical.word_features import word_features
from haoqi.models.predictor import Progress, predictors
from haoqi.tasks.task import Scores
from haoqi.tasks.words import words_of

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

# Texts whose features are held at once, and texts of like length that take each step together.
BATCH, TOGETHER = 1024, 256


@predictors.register
@dataclass(frozen=True)
class Tagger:
    """Scores of a word: the log probability of each tag, given the whole text."""

    thread_safe: ClassVar[bool] = True

    features: tuple[str, ...]
    weights: Floats
    """What each feature adds to each tag, shape (features, tags)."""
    transitions: Floats
    """What a tag (row) adds to the tag after it, shape (tags, tags)."""

    def scores(self, examples: Examples, progress: Progress | None = None) -> Scores:
        """Return log marginals per word, one array of shape (words, tags) per text.

        What the tags say about each other is in them already, by the forward-backward algorithm.
        """
        words, found = words_of(examples), list[Floats]()
        for start in range(0, len(examples), BATCH):
            texts = examples.texts[start : start + BATCH]
            pairs = zip(texts, words[start : start + BATCH], strict=True)
            found += log_marginals(self._emissions([word_features(*pair) for pair in pairs]), self.transitions)
            if progress is not None:
                progress(start + len(texts))
        return found

    def save(self, folder: Path, *, standalone: bool) -> None:
        """Write features.json and arrays.safetensors; there is no base, so every folder stands alone."""
        write_json(folder / "features.json", list(self.features))
        save_arrays(folder / "arrays.safetensors", {"weights": self.weights, "transitions": self.transitions})

    @classmethod
    def load(cls, folder: Path, cache: Path) -> "Tagger":
        """Return what `save` wrote."""
        arrays = load_arrays(folder / "arrays.safetensors")
        return cls(tuple(read_json(folder / "features.json")), arrays["weights"], arrays["transitions"])

    def _emissions(self, texts: Sequence[list[list[str]]]) -> list[Floats]:
        """Return the sum of the weights of each word's features, shape (words, tags) per text."""
        words = [word for text in texts for word in text]
        known = [[number for one in word if (number := self._numbers.get(one)) is not None] for word in words]
        edges = np.cumsum([0, *map(len, known)])
        columns = np.fromiter(chain.from_iterable(known), np.int32, int(edges[-1]))
        table = SparseRows(np.ones(len(columns), np.float32), columns, edges, (len(words), len(self.features)))
        cuts = np.cumsum([len(text) for text in texts])[:-1]
        return np.split((table @ self.weights).astype(np.float32), cuts)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {feature: number for number, feature in enumerate(self.features)}


def log_marginals(emissions: Sequence[Floats], transitions: Floats) -> list[Floats]:
    """Return each word's log probability of each tag, over all ways to tag its text (Baum et al., 1970).

    Args:
        emissions: for each text what its words say, shape (words, tags); words may be 0.
        transitions: what a tag (row) says about the next (column), shape (tags, tags).
    """
    found: list[Floats] = [np.zeros_like(one) for one in emissions]
    for rows in _alike(np.array([len(one) for one in emissions], np.int64)):
        lengths = np.array([len(emissions[row]) for row in rows])
        block = np.zeros((len(rows), lengths.max(), transitions.shape[0]))
        for place, row in enumerate(rows):
            block[place, : lengths[place]] = emissions[row]
        logs = _both_ways(block, lengths, transitions.astype(np.float64))
        for place, row in enumerate(rows):
            found[row] = logs[place, : lengths[place]].astype(np.float32)
    return found


def _alike(lengths: Rows) -> Iterator[Rows]:
    """Yield the texts with words in groups of like length."""
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] > 0]
    for start in range(0, len(order), TOGETHER):
        yield order[start : start + TOGETHER]


def _both_ways(block: npt.NDArray[np.float64], lengths: Rows, transitions: npt.NDArray[np.float64]) -> Any:
    """Return log marginals of padded texts: forward messages, backward messages, their sum made a distribution."""
    forward, backward = block.copy(), np.zeros_like(block)
    for word in range(1, block.shape[1]):
        forward[:, word] += _step(forward[:, word - 1], transitions)
    for word in range(block.shape[1] - 2, -1, -1):
        inside = (word + 1 < lengths)[:, None]
        behind = _step(block[:, word + 1] + backward[:, word + 1], transitions.T)
        backward[:, word] = np.where(inside, behind, 0.0)
    logs = forward + backward
    logs -= logs.max(axis=2, keepdims=True)
    return logs - np.log(np.exp(logs).sum(axis=2, keepdims=True))


def _step(messages: npt.NDArray[np.float64], transitions: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return log sums over the tag before, shape (texts, tags): a product of matrices between exponentials."""
    top, peak = messages.max(axis=1, keepdims=True), transitions.max()
    sums = np.maximum(np.exp(messages - top) @ np.exp(transitions - peak), 1e-300)
    found: npt.NDArray[np.float64] = np.log(sums) + top + peak
    return found
