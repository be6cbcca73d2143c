"""From raw text to triples, with two models that answer by a rule."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from haoqi import tasks
from haoqi.core.errors import UserError
from haoqi.data.entity_marks import parse_marks
from haoqi.data.examples import Examples
from haoqi.models.extractor import Extractor
from haoqi.models.model import Model, turn_round
from haoqi.tasks.words import word_offsets

TYPES = {"Ann": "PER", "Bob": "PER", "Acme": "ORG", "Oslo": "LOC"}


@dataclass
class ByName:
    """Finds the names of TYPES."""

    thread_safe: bool = True

    def scores(self, examples: Examples, progress: Any = None) -> list[Any]:
        found = []
        for text in examples.texts:
            table = np.full((len(word_offsets(text)), 7), -9.0, np.float32)
            table[:, 0] = 0.0
            for row, (start, end) in enumerate(word_offsets(text)):
                kind = TYPES.get(text[start:end])
                if kind is not None:
                    table[row, 1 + 2 * ("LOC", "ORG", "PER").index(kind)] = 9.0
            found.append(table)
        return found


@dataclass
class ByVerb:
    """Says works_for where that stands between, forwards or backwards, and remembers what it was asked."""

    labels: tuple[str, ...]
    thread_safe: bool = True
    asked: list[str] = field(default_factory=list)

    def scores(self, examples: Examples, progress: Any = None) -> Any:
        self.asked += examples.texts
        found = np.zeros((len(examples), len(self.labels)), np.float32)
        for row, text in enumerate(examples.texts):
            marked = parse_marks(text)
            between = marked.text[slice(*marked.between)]
            if "works for" in between:
                forward = marked.first < marked.second
                found[row, 0 if forward or "(" not in self.labels[0] else 1] = 3.0 if forward else 2.0
            else:
                found[row, -1] = 4.0
        return found


DIRECTED = ("works_for(e1,e2)", "works_for(e2,e1)", "Other")
PLAIN = ("works_for", "no_relation")


def extractor(labels: Sequence[str], **settings: Any) -> tuple[Extractor, ByVerb]:
    verb = ByVerb(tuple(labels))
    entities = Model(tasks.build("entities", ("LOC", "ORG", "PER")), ByName())  # type: ignore[arg-type]
    relations = Model(tasks.build("relations", tuple(labels)), verb)  # type: ignore[arg-type]
    return Extractor(entities, relations, **settings), verb


def test_triples_have_head_relation_tail_places_and_an_honest_confidence() -> None:
    found, verb = extractor(DIRECTED)
    text = "Today Ann works for Acme . Bob likes Oslo ."
    [triple] = found(text)
    assert str(triple) == "Ann (PER) | works_for | Acme (ORG)"
    assert (text[triple.head.start : triple.head.end], text[triple.tail.start : triple.tail.end]) == ("Ann", "Acme")
    sure = float(np.exp(3) / (np.exp(3) + 2))
    assert triple.relation_confidence == pytest.approx(sure, abs=1e-5)
    assert triple.confidence == pytest.approx(sure * triple.head.confidence * triple.tail.confidence)
    assert triple.head.confidence > 0.99
    # Two entities of one sentence, once, and the sentence alone.
    assert verb.asked == ["Today <e1>Ann</e1> works for <e2>Acme</e2> .", "<e1>Bob</e1> likes <e2>Oslo</e2> ."]


def test_labels_without_a_direction_are_asked_both_ways_and_the_surer_counts() -> None:
    found, verb = extractor(PLAIN)
    [triple] = found("Ann works for Acme")
    assert (triple.head.text, triple.tail.text) == ("Ann", "Acme")
    assert verb.asked == ["<e1>Ann</e1> works for <e2>Acme</e2>", "<e2>Ann</e2> works for <e1>Acme</e1>"]


def test_other_sentences_only_where_wanted_and_never_too_far() -> None:
    text = "Ann is here. She works for Acme"
    assert extractor(DIRECTED)[0](text) == ()
    whole, verb = extractor(DIRECTED, within="text")
    assert len(whole(text)) == 1
    assert verb.asked == ["<e1>Ann</e1> is here. She works for <e2>Acme</e2>"]
    assert extractor(DIRECTED, within="text", most_words=5)[0](text) == ()
    assert len(extractor(DIRECTED, within="text", most_words=6)[0](text)) == 1


def test_little_confidence_is_left_out() -> None:
    assert extractor(DIRECTED, least=0.95)[0]("Ann works for Acme") == ()


def test_texts_stay_in_order_and_none_is_lost() -> None:
    found, _ = extractor(DIRECTED)
    texts = ["nothing", "Ann works for Acme", "", "Bob works for Oslo", "Ann works for Acme"]
    counts = [(text, len(one.triples), len(one.entities)) for text, one in found.stream(texts, batch=2)]
    assert counts == [(texts[0], 0, 0), (texts[1], 1, 2), ("", 0, 0), (texts[3], 1, 2), (texts[4], 1, 2)]


def test_a_release_of_another_task_is_refused() -> None:
    found, _ = extractor(DIRECTED)
    with pytest.raises(UserError, match="a model of the task relations, which finds none"):
        Extractor(found.relations, found.relations)
    with pytest.raises(UserError, match="a model of the task entities, which names none"):
        Extractor(found.entities, found.entities)
    with pytest.raises(UserError, match="a list of texts is needed"):
        list(found.stream("Ann works for Acme"))


def test_the_same_is_answered_in_the_other_direction_when_the_marks_are_exchanged() -> None:
    found, verb = extractor(DIRECTED)
    texts = [
        "<e1>Ann</e1> works for <e2>Acme</e2>",
        "<e2>Ann</e2> works for <e1>Acme</e1>",
        "<e2>a</e2> saw <e1>b</e1>",
    ]
    answers = found.relations.predict(texts)
    assert answers.labels == ["works_for(e1,e2)", "works_for(e2,e1)", "Other"]
    assert answers.confidence is not None
    assert answers.confidence[0] == answers.confidence[1]
    assert verb.asked == ["<e1>Ann</e1> works for <e2>Acme</e2>"] * 2 + ["<e1>a</e1> saw <e2>b</e2>"]
    assert np.array_equal(
        turn_round(np.array([[1.0, 2.0, 3.0]]), np.array([0]), ("R(e1,e2)", "S(e1,e2)", "S(e2,e1)")), [[1.0, 3.0, 2.0]]
    )
