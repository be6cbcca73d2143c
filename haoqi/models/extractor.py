"""Triples out of raw text: the entities that one model finds, and the relations that another sees between them."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.entity_marks import MarkedText
from haoqi.data.relation_names import directed, relation_of
from haoqi.evaluate.predictions import Predictions
from haoqi.models.lexical.sentences import sentence_offsets
from haoqi.models.model import Model
from haoqi.models.predict_distinct import predict_distinct
from haoqi.models.predictor import Progress
from haoqi.tasks.words import word_offsets

Within = Literal["sentence", "text"]


@dataclass(frozen=True)
class Mention:
    """An entity where it stands: text[start:end], counted in characters."""

    start: int
    end: int
    text: str
    label: str
    """Its type."""
    confidence: float
    """Probability that it is one, of this type, in [0, 1]."""

    def to_plain(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        facts = {"start": self.start, "end": self.end, "label": self.label, "text": self.text}
        return {**facts, "confidence": round(self.confidence, 6)}


@dataclass(frozen=True)
class Triple:
    """A relation between two entities of one text."""

    head: Mention
    relation: str
    """Its name, without the direction, which head and tail say."""
    tail: Mention
    relation_confidence: float
    """Probability of the relation between the two, if they are entities, in [0, 1]."""

    @property
    def confidence(self) -> float:
        """Probability of all of it: of both entities and of the relation, taken to be independent."""
        return self.head.confidence * self.tail.confidence * self.relation_confidence

    def to_plain(self) -> dict[str, Any]:
        """Return what JSON can hold: flat, as a row of a table has it too."""
        return {
            "head": self.head.text,
            "head_type": self.head.label,
            "relation": self.relation,
            "tail": self.tail.text,
            "tail_type": self.tail.label,
            "confidence": round(self.confidence, 6),
            "head_start": self.head.start,
            "head_end": self.head.end,
            "tail_start": self.tail.start,
            "tail_end": self.tail.end,
        }

    def __str__(self) -> str:
        """Return the triple as a person reads it."""
        return f"{self.head.text} ({self.head.label}) | {self.relation} | {self.tail.text} ({self.tail.label})"


@dataclass(frozen=True)
class Extraction:
    """What was found in one text."""

    triples: tuple[Triple, ...]
    """In the order of their heads in the text."""
    entities: tuple[Mention, ...]
    """All that were found, those in no triple included."""


@dataclass(frozen=True)
class _Question:
    """Two entities of a text, and what the second model is asked about them."""

    row: int
    first: Mention
    second: Mention
    marked: str


@dataclass(frozen=True)
class Extractor:
    """Finds entities, asks which relation holds between each two that stand near each other, and keeps those that do.

    Where the labels of relations say the direction, as in Cause-Effect(e2,e1), two entities are asked about once, the
    first in the text as e1; else both ways round, of which the surer answer counts where both name one relation.
    """

    entities: Model
    """Of a task that finds spans, such as `entities`."""
    relations: Model
    """Of a task on two marked stretches: `relations`."""
    within: Within = "sentence"
    """Whether two entities are asked about that stand in one sentence, or anywhere in one text."""
    most_words: int | None = 60
    """Words between two entities at most; None: any number."""
    least: float = 0.0
    """Triples of less confidence are left out, in [0, 1]."""
    _directed: bool = field(init=False, repr=False, default=True)

    def __post_init__(self) -> None:
        check_models(self.entities, self.relations)
        object.__setattr__(self, "_directed", directed(self.relations.task.labels))

    def __call__(self, text: str) -> tuple[Triple, ...]:
        """Return the triples of one text."""
        return self.extract([text])[0].triples

    def stream(self, texts: Iterable[str], batch: int = 64) -> Iterator[tuple[str, Extraction]]:
        """Yield each text and what is found in it, in order, holding no more than a batch of them at a time."""
        if isinstance(texts, str):
            self.entities.predict(texts)  # says what is wrong
        waiting = iter(texts)
        while chunk := list(islice(waiting, batch)):
            yield from zip(chunk, self.extract(chunk), strict=True)

    def extract(self, texts: Sequence[str], progress: Progress | None = None) -> list[Extraction]:
        """Return what is found in each of some texts, in order.

        Args:
            texts: raw, without marks.
            progress: called with the number of texts done so far, the relations being half of the work.

        Raises:
            UserError: if the texts are not a list of text.
        """
        half = None if progress is None else lambda done: progress(done // 2)
        found = predict_distinct(self.entities, texts, half)
        mentions = [_mentions(text, found, row) for row, text in enumerate(texts)]
        questions = [
            question
            for row, (text, own) in enumerate(zip(texts, mentions, strict=True))
            for question in self._questions(row, text, own)
        ]
        by_row: list[list[Triple]] = [[] for _ in texts]
        for row, triple in self._answered(questions):
            by_row[row].append(triple)
        if progress is not None:
            progress(len(texts))
        return [
            Extraction(tuple(sorted(own, key=lambda one: (one.head.start, one.tail.start))), tuple(all_of))
            for own, all_of in zip(by_row, mentions, strict=True)
        ]

    def _questions(self, row: int, text: str, mentions: Sequence[Mention]) -> Iterator[_Question]:
        """Yield each two entities that are near enough, the first in the text as the first, or both ways round."""
        if len(mentions) < 2:
            return
        ordered = sorted(mentions, key=lambda one: (one.start, one.end))
        sentences = sentence_offsets(text, ((one.start, one.end) for one in ordered))
        begins = [start for start, _ in sentences]
        inside = [max(0, bisect_right(begins, one.start) - 1) for one in ordered]
        words = [start for start, _ in word_offsets(text)]
        for place, first in enumerate(ordered):
            for other in range(place + 1, len(ordered)):
                second = ordered[other]
                apart = bisect_left(words, second.start) - bisect_left(words, first.end)
                far = self.most_words is not None and apart > self.most_words
                if far or (self.within == "sentence" and inside[place] != inside[other]):
                    break  # all that follow are farther
                edges = (begins[inside[place]], sentences[inside[other]][1])
                yield _Question(row, first, second, _marked(text, edges, first, second))
                if not self._directed:
                    yield _Question(row, second, first, _marked(text, edges, second, first))

    def _answered(self, questions: Sequence[_Question]) -> list[tuple[int, Triple]]:
        """Return the triples that questions come to, each with the row of its text."""
        if not questions:
            return []
        answers = predict_distinct(self.relations, [one.marked for one in questions])
        assert answers.confidence is not None
        best: dict[tuple[Any, ...], tuple[int, Triple]] = {}
        for question, label, sure in zip(questions, answers.labels, answers.confidence.tolist(), strict=True):
            relation = relation_of(str(label))
            if relation is None:
                continue
            ends = (question.first, question.second) if relation.forward else (question.second, question.first)
            triple = Triple(ends[0], relation.name, ends[1], float(sure))
            both = frozenset({(one.start, one.end, one.label) for one in ends})
            key = (question.row, both, relation.name)
            if triple.confidence >= self.least and (key not in best or best[key][1].confidence < triple.confidence):
                best[key] = (question.row, triple)
        return list(best.values())


def check_models(entities: Model, relations: Model) -> None:
    """Raise UserError unless one model finds entities and the other names relations between two of them."""
    if not entities.task.output.kind.of_words:
        raise UserError(
            say("extract.no_entities", task=entities.task.name or entities.task.output.name),
            say("extract.no_entities.hint"),
        )
    if not relations.task.output.kind.of_marks:
        raise UserError(
            say("extract.no_relations", task=relations.task.name or relations.task.output.name),
            say("extract.no_relations.hint"),
        )


def _mentions(text: str, found: Predictions, row: int) -> list[Mention]:
    sure = found.span_confidence
    chances = sure[row] if sure is not None else (1.0,) * len(found.labels[row])
    pairs = zip(found.labels[row], chances, strict=True)
    return [Mention(one.start, one.end, text[one.start : one.end], one.label, float(chance)) for one, chance in pairs]


def _marked(text: str, edges: tuple[int, int], first: Mention, second: Mention) -> str:
    """Return the sentences of two entities with these marked."""
    begin, end = min(edges[0], first.start, second.start), max(edges[1], first.end, second.end)
    places = [(one.start - begin, one.end - begin) for one in (first, second)]
    return str(MarkedText(text[begin:end], places[0], places[1]))
