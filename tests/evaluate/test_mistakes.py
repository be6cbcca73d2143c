"""Mistakes: the surest come first, every confusion has its turn, and a span says what is wrong with it."""

import numpy as np

from haoqi.data.examples import Examples, Span
from haoqi.evaluate.mistakes import AROUND, LONGEST, kinds_of_wrong_spans, mistakes, shown_text
from haoqi.evaluate.predictions import Predictions

TEXT = "Ann Lee met Bo in New York today"
ANN, BO, CITY = Span(0, 7, "PER"), Span(12, 14, "PER"), Span(18, 26, "LOC")


def _of_spans(true: tuple[Span, ...], given: tuple[Span, ...], text: str = TEXT) -> tuple[Examples, Predictions]:
    sure = tuple(0.9 - 0.1 * place for place in range(len(given)))
    return Examples.of([text], [true]), Predictions([given], np.array([0.4]), span_confidence=[sure])


def test_right_answers_are_no_mistakes_and_the_surest_wrong_one_leads() -> None:
    examples = Examples.of(list("uvwx"), ["a", "a", "b", "a"])
    found = mistakes(examples, Predictions(["a", "b", "a", "b"], np.array([0.99, 0.6, 0.7, 0.9])))
    assert [(one.id, one.true, one.predicted, one.confidence) for one in found] == [
        (3, "a", "b", 0.9),
        (2, "b", "a", 0.7),
        (1, "a", "b", 0.6),
    ]


def test_rare_confusions_have_their_turn() -> None:
    examples = Examples.of([str(row) for row in range(12)], ["a"] * 10 + ["b", "c"])
    answers = ["b"] * 10 + ["c", "a"]
    found = mistakes(examples, Predictions(answers, np.linspace(0.99, 0.3, 12)), limit=4)
    assert [(one.true, one.predicted) for one in found] == [("a", "b"), ("b", "c"), ("c", "a"), ("a", "b")]


def test_order_of_several_labels_is_nothing() -> None:
    examples = Examples.of(["t", "u"], [("a", "b"), ("a",)])
    found = mistakes(examples, Predictions([("b", "a"), ()], np.array([0.9, 0.8])))
    assert [(one.id, one.true, one.predicted) for one in found] == [(1, ("a",), ())]


def test_each_wrong_span_says_what_is_wrong() -> None:
    cut, other, both = Span(18, 21, "LOC"), Span(12, 14, "ORG"), Span(0, 3, "ORG")
    invented = Span(27, 32, "LOC")
    cases = {
        "missed": ((ANN,), ()),
        "invented": ((), (invented,)),
        "boundary": ((CITY,), (cut,)),
        "type": ((BO,), (other,)),
        "boundary and type": ((ANN,), (both,)),
    }
    for kind, (true, given) in cases.items():
        (found,) = mistakes(*_of_spans(true, given))
        assert (found.kind, found.true, found.predicted) == (kind, true, given)


def test_kinds_count_right_and_wrong_spans_once() -> None:
    examples, predictions = _of_spans((ANN, BO, CITY), (ANN, Span(18, 21, "LOC"), Span(22, 26, "LOC")))
    assert kinds_of_wrong_spans(examples, predictions) == {
        "right": 1,
        "missed": 1,
        "invented": 0,
        "boundary": 2,  # two halves of one name
        "type": 0,
        "boundary and type": 0,
    }


def test_long_texts_are_cut_around_the_span() -> None:
    text = "x" * 5000 + " " + TEXT + " " + "y" * 5000
    true = Span(5001, 5008, "PER")
    (found,) = mistakes(*_of_spans((true,), (), text))
    (span,) = found.true
    assert found.text[span.start : span.end] == "Ann Lee"
    assert len(found.text) <= 7 + 2 * AROUND
    (whole,) = mistakes(Examples.of([text], ["a"]), Predictions(["b"], np.array([0.5])))
    assert len(whole.text) == LONGEST


def test_of_a_long_text_the_marked_stretches_are_shown_with_their_marks() -> None:
    from haoqi.data.entity_marks import parse_marks

    text = "word " * 400 + "<e1>rain</e1> and <e2>flood</e2>" + " word" * 400
    shown = shown_text(Examples.of([text, "<e1>a</e1> <e2>b</e2>"]), 0)
    assert len(shown) < 400
    assert parse_marks(shown).entities == ("rain", "flood")
    assert (shown[0], shown[-1]) == ("…", "…")
    assert shown_text(Examples.of(["<e1>a</e1> <e2>b</e2>"]), 0) == "<e1>a</e1> <e2>b</e2>"
