"""Tags of a sentence as a chain in which I-X follows only B-X or I-X: the best path, and how probable spans are.

Tags stand in the order of `tag_names`: O, then B and I of every type. Every tag but I may follow every
other, so a step costs as many operations as there are tags, not their square, and many sentences take
each step together. Viterbi (1967) for the path, forward-backward (Baum et al., 1970) for the marginals.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.evaluate.metric import Array
from haoqi.tasks.outputs.probability import log_softmax

# An answer a model calls impossible stays conceivable, so that some path always has a probability.
LEAST = 1e-30
# Sentences of like length that are worked on together.
TOGETHER = 256


@dataclass(frozen=True)
class Chain:
    """One sentence, decoded.

    The probability of a path is the product of its words' probabilities, over the sum of this product
    for all possible paths.
    """

    tags: npt.NDArray[np.int64]
    """The most probable possible path, shape (words,)."""
    confidence: float
    """Probability of this path."""
    step: Array
    """Log probability of word t's tag, less the log scale of step t, shape (words, tags)."""
    leave: Array
    """Log (scaled) probability of what follows word t, if no span goes on there, shape (words,)."""

    def span_probability(self, first: int, last: int, kind: int) -> float:
        """Return the probability, over all paths, that words first to last (inclusive) are one span of a type.

        Args:
            first: place of the span's first word.
            last: place of its last word.
            kind: place of its type.
        """
        inner = self.step[first + 1 : last + 1, 2 + 2 * kind].sum()
        return float(min(np.exp(self.step[first, 1 + 2 * kind] + inner + self.leave[last]), 1.0))


def decode_chains(scores: Sequence[npt.NDArray[Any]], temperature: float = 1.0) -> list[Chain]:
    """Return every sentence decoded, in order.

    Args:
        scores: logits of each sentence, shape (words, tags); words may be 0.
        temperature: what logits are divided by.
    """
    found: list[Chain] = [_empty(one) for one in scores]
    for rows, block, lengths in _blocks(scores):
        with np.errstate(divide="ignore"):
            logs = np.log(np.maximum(np.exp(log_softmax(block, temperature)), LEAST))
        paths = best_paths(logs, lengths)
        step, leave, total = _marginals(logs, lengths)
        for place, row in enumerate(rows):
            length = int(lengths[place])
            tags = paths[place, :length]
            weight = logs[place, np.arange(length), tags].sum() - total[place]
            found[row] = Chain(tags, float(min(np.exp(weight), 1.0)), step[place, :length], leave[place, :length])
    return found


def best_paths(logs: Array, lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the most probable possible path of each sentence.

    Args:
        logs: log probabilities, shape (sentences, words, tags).
        lengths: words of each sentence that count, shape (sentences,), none of them 0.

    Returns:
        Shape (sentences, words); what lies beyond a sentence's length means nothing.
    """
    count, width, tags = logs.shape
    back = np.zeros((count, width, tags), dtype=np.int64)
    best = logs[:, 0].copy()
    best[:, 2::2] = -np.inf
    for t in range(1, width):
        top = best.argmax(axis=1)
        before = np.repeat(best.max(axis=1)[:, None], tags, axis=1)
        back[:, t] = top[:, None]
        begun, within = best[:, 1::2], best[:, 2::2]
        before[:, 2::2] = np.maximum(begun, within)
        back[:, t, 2::2] = np.arange(1, tags, 2) + (within > begun)
        going = (t < lengths)[:, None]
        best = np.where(going, before + logs[:, t], best)
    paths = np.zeros((count, width), dtype=np.int64)
    current = best.argmax(axis=1)
    every = np.arange(count)
    for t in range(width - 1, -1, -1):
        inside = t < lengths
        paths[:, t] = np.where(inside, current, 0)
        if t:
            current = np.where(inside, back[every, t, current], current)
    return paths


def _marginals(logs: Array, lengths: npt.NDArray[np.int64]) -> tuple[Array, Array, Array]:
    """Return `Chain.step` and `Chain.leave` of each sentence, and the log of the sum over all paths."""
    count, width, tags = logs.shape
    chances = np.exp(logs)
    scale = np.ones((count, width))
    state = np.zeros((count, tags))
    for t in range(width):
        arriving = np.ones((count, tags))
        arriving[:, 2::2] = state[:, 1::2] + state[:, 2::2]
        arriving *= chances[:, t]
        going = t < lengths
        scale[:, t] = np.where(going, arriving.sum(axis=1), 1.0)
        state = np.where(going[:, None], arriving / scale[:, t, None], state)
    leave = np.ones((count, width))
    after = np.ones((count, tags))
    for t in range(width - 2, -1, -1):
        onward = chances[:, t + 1] * after / scale[:, t + 1, None]
        free = onward[:, :1].sum(axis=1) + onward[:, 1::2].sum(axis=1)
        staying = np.repeat(free[:, None], tags, axis=1)
        staying[:, 1::2] += onward[:, 2::2]
        staying[:, 2::2] += onward[:, 2::2]
        going = t + 1 < lengths
        leave[:, t] = np.where(going, free, 1.0)
        after = np.where(going[:, None], staying, 1.0)
    logs_of_scale = np.log(scale)
    return logs - logs_of_scale[:, :, None], np.log(np.maximum(leave, LEAST)), logs_of_scale.sum(axis=1)


def _blocks(
    scores: Sequence[npt.NDArray[Any]],
) -> Iterator[tuple[list[int], Array, npt.NDArray[np.int64]]]:
    """Yield rows of like length with their scores, padded with 0, and their lengths; empty sentences are left out."""
    order = sorted((row for row, one in enumerate(scores) if len(one)), key=lambda row: len(scores[row]))
    for first in range(0, len(order), TOGETHER):
        rows = order[first : first + TOGETHER]
        lengths = np.array([len(scores[row]) for row in rows], dtype=np.int64)
        block = np.zeros((len(rows), int(lengths[-1]), scores[rows[0]].shape[1]))
        for place, row in enumerate(rows):
            block[place, : lengths[place]] = scores[row]
        yield rows, block, lengths


def _empty(scores: npt.NDArray[Any]) -> Chain:
    return Chain(np.zeros(0, dtype=np.int64), 1.0, np.zeros(scores.shape), np.zeros(0))
