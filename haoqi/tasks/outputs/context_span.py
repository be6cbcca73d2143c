"""A stretch of a context, or no answer: the likeliest start and end, against the score of having none.

A model gives two logits for each word of the context, of beginning and of ending the answer there, and two before them
of there being none (Devlin et al., 2019, arXiv:1810.04805). The likeliest start and end that are in order and not too
far apart are answered where they lead having none by enough; by how much, is fitted on examples that the model was not
trained on (Rajpurkar et al., 2018, arXiv:1806.03822).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.core.say import say
from haoqi.data.answers import CONTEXT_SPAN
from haoqi.data.examples import Examples, Label, Span
from haoqi.evaluate.metric import Array, Metric
from haoqi.evaluate.metrics.answer_f1 import answer_f1
from haoqi.evaluate.predictions import Predictions
from haoqi.tasks.outputs.cells import is_blank, read_spans
from haoqi.tasks.outputs.probability import fit_temperature
from haoqi.tasks.task import Scores
from haoqi.tasks.words import Words, context_words

LONGEST = 30
"""Words of an answer at most, where nothing was fitted."""

ALWAYS = -1e9
"""The lead that an answer needs over none where every question has one."""

# Answers that are longer than all but this share of the right ones are hardly ever right.
_SHORTER = 0.95
# Examples that the temperature is fitted on.
_MOST_FITTED = 400
# Thresholds whose score is so near to the best, in examples, may each be it; the one in their middle is taken.
_NEAR = 0.5


@dataclass(frozen=True)
class ContextSpan:
    """Answers that are a stretch of the context of a question, word by word, or none."""

    name = "context span"
    kind = CONTEXT_SPAN
    width = 2

    def read(self, raw: object) -> Label:
        """Return a cell as the right answers of one question, each (start, end, text) in its context; () for none.

        Reading a source has placed its answers; what is still a text there does not stand in the context.

        Raises:
            ValueError: if the cell is blank, or holds no such places.
        """
        if is_blank(raw):
            raise ValueError(say("cell.empty"))
        if isinstance(raw, str) or (isinstance(raw, Sequence) and any(isinstance(one, str) for one in raw)):
            shown = raw if isinstance(raw, str) else next(one for one in raw if isinstance(one, str))
            raise ValueError(say("cell.not_in_context", cell=shown[:60]))
        return read_spans(raw)

    def targets(self, examples: Examples) -> list[npt.NDArray[np.int64]]:
        """Return the places of the right answers among the rows of the scores, shape (answers, 2) per example.

        Row 0 stands for no answer, and row n for word n of the context, from 1. An answer that begins or ends within a
        word has the whole of it.

        Raises:
            ValueError: if an example is unlabelled, or an answer lies outside of its context.
        """
        found = []
        for row, (words, label) in enumerate(zip(context_words(examples), examples.labels, strict=True)):
            if label is None:
                raise ValueError(f"example {examples.ids[row]} is unlabelled")
            places = [_place(span, words) for span in label]
            if any(place is None for place in places):
                raise ValueError(f"an answer of example {examples.ids[row]} lies outside of its context")
            found.append(np.array(places or [(0, 0)], np.int64).reshape(-1, 2))
        return found

    def decode(self, scores: Scores, examples: Examples, **calibration: Any) -> Predictions:
        """Return the answer to each question, or none, with its probability among all stretches and none.

        Raises:
            ValueError: if a score array does not have one row per word of the context and one before them.
        """
        contexts = examples.contexts or [""] * len(examples)
        temperature, longest, least = _fitted(calibration)
        labels: list[tuple[Span, ...]] = []
        confidence = np.zeros(len(examples))
        for row, (one, words) in enumerate(zip(scores, context_words(examples), strict=True)):
            table = _Table.of(_checked(one, len(words)), longest, least)
            answered = table.lead > 0
            confidence[row] = math.exp(table.log_chance(table.best if answered else table.none, temperature))
            labels.append((_span(table.start, table.end, words, contexts[row]),) if answered else ())
        return Predictions(labels, confidence=np.minimum(confidence, 1.0))

    def margins(self, scores: Scores, *, answered: Scores | None = None, **calibration: Any) -> Array:
        """Return half of what the answer leads all others by, shape (n,): two scores make up each of them.

        Infinite where there is no word.
        """
        _, longest, least = _fitted(calibration)
        pairs = zip(scores, scores if answered is None else answered, strict=True)
        return np.array([_margin(np.asarray(one), np.asarray(meant), longest, least) for one, meant in pairs], float)

    def calibrate(self, scores: Scores, examples: Examples, metric: Metric | None = None) -> dict[str, Any]:
        """Return the temperature, how long answers may be, and by how much one must lead having none.

        Args:
            scores: one array per example.
            examples: with right answers; unlabelled ones are left out.
            metric: what the lead is chosen for; None: `answer_f1`.
        """
        rows = [row for row, label in enumerate(examples.labels) if label is not None]
        if not rows:
            return {"temperature": 1.0, "longest": LONGEST, "threshold": 0.0}
        known, given = examples.take(rows), [np.asarray(scores[row], np.float64) for row in rows]
        targets = self.targets(known)
        longest = _longest(targets)
        threshold = self._threshold([_Table.of(one, longest) for one in given], known, metric or answer_f1())
        few = np.unique(np.linspace(0, len(given) - 1, _MOST_FITTED).astype(int)).tolist()
        pairs = [(_Table.of(given[at], longest, threshold), targets[at]) for at in few]
        temperature = fit_temperature(lambda heat: _loss(pairs, heat))
        return {"temperature": temperature, "longest": longest, "threshold": threshold}

    def same(self, one: Label, other: Label, **calibration: Any) -> bool:
        """Return whether two answers are equal."""
        return one == other

    def show(self, label: Label, text: str) -> str:
        """Return the answer as the context has it."""
        return (
            "; ".join(dict.fromkeys(str(span[2]) for span in label))
            if isinstance(label, tuple) and label
            else say("answer.none")
        )

    def _threshold(self, tables: Sequence["_Table"], examples: Examples, metric: Metric) -> float:
        """Return the lead over none from which on answers score best by a metric; `tables` are without any."""
        if all(examples.labels):
            return ALWAYS
        rows = zip(tables, context_words(examples), examples.contexts or (), strict=True)
        best = [(_span(table.start, table.end, words, text),) if words else () for table, words, text in rows]
        leads = np.array([table.lead for table in tables])
        order = np.argsort(-leads, kind="stable")
        nothing: list[tuple[Span, ...]] = [()] * len(examples)
        kept, left = (
            metric.count(examples, Predictions(labels), _NoLabels()).toarray()[order] for labels in (best, nothing)
        )
        totals = left.sum(axis=0) + np.vstack([np.zeros(kept.shape[1]), np.cumsum(kept - left, axis=0)])
        merits = metric.merit(totals)
        edges = np.clip([leads.max() + 2.0, *leads[order], leads.min() - 2.0], -1e8, 1e8)
        between = (edges[:-1] + edges[1:]) / 2  # when none was answered, the surest one, ...
        near = np.flatnonzero(merits >= merits.max() - _NEAR / len(examples))
        return round(float(np.median(between[near])), 4)


@dataclass(frozen=True)
class _NoLabels:
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Table:
    """The scores of all stretches that an answer may be, and of none."""

    spans: Array
    """Of the stretch that begins at a word and has so many more, shape (words, longest); -inf beyond the last."""
    none: float
    """With what an answer must lead it by, so that it competes as an equal."""

    @classmethod
    def of(cls, scores: npt.NDArray[Any], longest: int, least: float = 0.0) -> "_Table":
        given = np.asarray(scores, np.float64)
        words, none = len(given) - 1, float(given[0].sum()) + least
        within = min(longest, words)
        if not words:
            return cls(np.zeros((0, 0)), none)
        ends = np.pad(given[1:, 1], (0, within - 1), constant_values=-np.inf)
        return cls(given[1:, :1] + np.lib.stride_tricks.sliding_window_view(ends, within), none)

    @property
    def best(self) -> float:
        """The score of the likeliest stretch; -inf where there is no word."""
        return float(self.spans.max(initial=-np.inf))

    @property
    def lead(self) -> float:
        """By how much the likeliest stretch leads having none."""
        return self.best - self.none

    @property
    def start(self) -> int:
        """The first word of the likeliest stretch, from 0."""
        return int(self.spans.argmax() // self.spans.shape[1])

    @property
    def end(self) -> int:
        """Its last word."""
        return self.start + int(self.spans.argmax() % self.spans.shape[1])

    def log_chance(self, score: float, temperature: float) -> float:
        """Return the log probability of what has a score."""
        top = max(self.best, self.none)
        total = np.exp((self.spans - top) / temperature).sum() + math.exp((self.none - top) / temperature)
        return (score - top) / temperature - math.log(total)

    def score_of(self, place: Sequence[int]) -> float:
        """Return the score of a stretch, by its rows among the scores; -inf where it is too long."""
        start, end = int(place[0]), int(place[1])
        if not start:
            return self.none
        return float(self.spans[start - 1, end - start]) if end - start < self.spans.shape[1] else -math.inf


def _fitted(calibration: Any) -> tuple[float, int, float]:
    """Return the temperature, the longest answer and the lead that an answer needs."""
    found = calibration.get("temperature", 1.0), calibration.get("longest", LONGEST), calibration.get("threshold", 0.0)
    return float(found[0]), int(found[1]), float(found[2])


def _place(span: Sequence[Any], words: Words) -> tuple[int, int] | None:
    """Return the rows of the words that a stretch begins and ends in, from 1; None where it touches none."""
    touched = [row for row, (start, end) in enumerate(words, 1) if start < span[1] and span[0] < end]
    return (touched[0], touched[-1]) if touched else None


def _span(start: int, end: int, words: Words, context: str) -> Span:
    first, last = words[start][0], words[end][1]
    return Span(first, last, context[first:last])


def _longest(targets: Iterable[npt.NDArray[np.int64]]) -> int:
    """Return how many words all but a few of the right answers have at most; of several right ones the shortest."""
    lengths = [int((places[:, 1] - places[:, 0]).min()) + 1 for places in targets if places[0, 0]]
    return int(np.quantile(lengths, _SHORTER, method="higher")) if lengths else LONGEST


def _loss(pairs: Sequence[tuple[_Table, npt.NDArray[np.int64]]], temperature: float) -> float:
    """Return the mean negative log probability of right answers, a little drawn towards any stretch being right.

    As for classes two pseudo-examples are added that could be anything, so that few examples cannot claim certainty.

    Args:
        pairs: scores, and the places of the right answers.
        temperature: what the scores are divided by.
    """
    doubt, total = 2.0 / (len(pairs) + 2.0), 0.0
    for table, places in pairs:
        chances = [math.exp(max(-50.0, table.log_chance(table.score_of(place), temperature))) for place in places]
        anything = table.spans[np.isfinite(table.spans)]
        mean = float(anything.mean()) if anything.size else table.none
        total -= (1.0 - doubt) * math.log(min(1.0, sum(chances)))
        total -= doubt * max(-50.0, table.log_chance(mean, temperature))
    return total / len(pairs)


def _margin(scores: Array, meant: Array, longest: int, least: float) -> float:
    table, wanted = _Table.of(scores, longest, least), _Table.of(meant, longest, least)
    if not table.spans.size:
        return math.inf
    if wanted.lead <= 0:
        return -table.lead / 2
    spans = table.spans.copy()
    place = np.unravel_index(int(wanted.spans.argmax()), spans.shape)
    own = float(spans[place])
    spans[place] = -np.inf
    return (own - max(float(spans.max()), table.none)) / 2


def _checked(scores: npt.NDArray[np.float32], words: int) -> npt.NDArray[np.float32]:
    if scores.shape != (words + 1, 2):
        raise ValueError(f"scores of shape {scores.shape} for {words} words of a context")
    return scores
