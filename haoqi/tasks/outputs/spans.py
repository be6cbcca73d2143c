"""Labelled spans of a text: tags on words, decoded so that no impossible sequence is ever given."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.data.answers import SPANS
from haoqi.data.examples import Examples, Label, Span
from haoqi.evaluate.metric import Array, Metric
from haoqi.evaluate.predictions import Predictions
from haoqi.evaluate.tags import spans_to_tags, tag_names
from haoqi.tasks.outputs.cells import read_spans
from haoqi.tasks.outputs.chain import Chain, decode_chains
from haoqi.tasks.outputs.probability import class_loss, fit_temperature, leads, thinned
from haoqi.tasks.task import Scores
from haoqi.tasks.words import Words, words_of


@dataclass(frozen=True)
class Spans:
    """Answers that are stretches of the text, each with a type; they begin and end at words and never overlap."""

    name = "spans"
    kind = SPANS

    classes: tuple[str, ...] = ()
    """The span types, in the order of a model's scores."""

    def read(self, raw: object) -> Label:
        """Return a cell as spans in order; whether they fit their text is seen where they are read.

        Raises:
            ValueError: if the cell is blank or not a list of (start, end, label).
        """
        return read_spans(raw)

    def vocabulary(self, labels: Iterable[Label]) -> tuple[str, ...]:
        """Return the span types that occur, sorted."""
        found = {span[2] for label in labels if isinstance(label, tuple) for span in label}
        return tuple(sorted(map(str, found)))

    @property
    def width(self) -> int:
        """One score per tag: O, and B and I for each type."""
        return len(tag_names(self.classes))

    def targets(self, examples: Examples) -> list[npt.NDArray[np.int64]]:
        """Return the tag of each of the words of `words_of`, one array of shape (words,) per example.

        Use `split_at_spans` on the examples first, so that no span ends inside a word.

        Raises:
            ValueError: if an example is unlabelled or a span's type is none of the output's.
        """
        found = []
        for row, (words, spans) in enumerate(zip(words_of(examples), examples.labels, strict=True)):
            if spans is None:
                raise ValueError(f"example {examples.ids[row]} is unlabelled")
            strange = next((span[2] for span in spans if span[2] not in self.classes), None)
            if strange is not None:
                raise ValueError(f"the span type {strange!r} is not one of the task's {len(self.classes)} labels")
            found.append(spans_to_tags(spans, words, self.classes))
        return found

    def decode(self, scores: Scores, examples: Examples, **calibration: Any) -> Predictions:
        """Return the spans of the most probable possible tags of each example's words.

        The confidence is the probability of exactly these tags; each span has its own probability too,
        summed over all ways to tag the rest.

        Raises:
            ValueError: if a score array does not have one row per word and one column per tag.
        """
        words, width = words_of(examples), self.width
        given = [_checked(one, len(row), width) for one, row in zip(scores, words, strict=True)]
        chains = decode_chains(given, float(calibration.get("temperature", 1.0)))
        answers = [_spans(chain, row, self.classes) for chain, row in zip(chains, words, strict=True)]
        return Predictions(
            labels=[tuple(span for span, _ in answer) for answer in answers],
            confidence=np.array([chain.confidence for chain in chains], dtype=np.float64),
            span_confidence=[tuple(chance for _, chance in answer) for answer in answers],
        )

    def margins(self, scores: Scores, *, answered: Scores | None = None, **calibration: Any) -> Array:
        """Return the least lead of a word's likeliest tag in each example, shape (n,); infinite where no word is.

        What tags say about each other is left out, so that this is near the truth, not beyond doubt.
        """
        pairs = zip(scores, scores if answered is None else answered, strict=True)
        return np.array([leads(*pair).min(initial=np.inf) for pair in pairs], dtype=np.float64)

    def calibrate(self, scores: Scores, examples: Examples, metric: Metric | None = None) -> dict[str, Any]:
        """Return the temperature under which the right tags of words are likeliest."""
        pairs = [
            (np.asarray(one, dtype=np.float64), spans_to_tags(spans, words, self.classes))
            for one, words, spans in zip(scores, words_of(examples), examples.labels, strict=True)
            if spans is not None and len(words)
        ]
        if not pairs:
            return {"temperature": 1.0}
        given = np.concatenate([one for one, _ in pairs])
        targets = np.concatenate([tags for _, tags in pairs])
        few = thinned(len(targets), given.shape[1])
        given, targets = given[few], targets[few]
        return {"temperature": fit_temperature(lambda temperature: class_loss(given, targets, temperature))}

    def same(self, one: Label, other: Label, **calibration: Any) -> bool:
        """Return whether two answers are equal."""
        return one == other

    def show(self, label: Label, text: str) -> str:
        """Return each span's text with its type."""
        if not isinstance(label, tuple) or not label:
            return "(none)"
        return ", ".join(f"{text[span.start : span.end]} ({span.label})" for span in label if isinstance(span, Span))


def overlapping(spans: Iterable[Sequence[Any]]) -> bool:
    """Return whether two spans share a character; of such, tags can hold only the first and longest."""
    ordered = sorted((span[0], span[1]) for span in spans)
    return any(before[1] > after[0] for before, after in pairwise(ordered))


def _checked(scores: npt.NDArray[np.float32], words: int, width: int) -> npt.NDArray[np.float32]:
    if scores.shape != (words, width):
        raise ValueError(f"scores of shape {scores.shape} for {words} words and {width} tags")
    return scores


def _spans(chain: Chain, words: Words, types: tuple[str, ...]) -> list[tuple[Span, float]]:
    """Return the spans of a decoded sentence, each with its probability."""
    found = []
    for first in np.flatnonzero(chain.tags % 2):
        kind = (int(chain.tags[first]) - 1) // 2
        last = int(first)
        while last + 1 < len(words) and chain.tags[last + 1] == 2 + 2 * kind:
            last += 1
        span = Span(words[first][0], words[last][1], types[kind])
        found.append((span, chain.span_probability(int(first), last, kind)))
    return found
