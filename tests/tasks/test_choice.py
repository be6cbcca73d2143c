"""A task is guessed from its labels, and what cannot be learnt is refused in two lines."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from haoqi import tasks
from haoqi.core.errors import UserError
from haoqi.data.examples import Examples, Span


@dataclass(frozen=True)
class Rows:
    """A source's rows, as much of them as a task looks at."""

    examples: Examples
    shape: str = "labels"


def _rows(
    labels: list[Any], shape: str = "labels", texts: list[str] | None = None, pairs: list[str] | None = None
) -> Rows:
    examples = Examples.of(texts or [f"text {row}" for row in range(len(labels))], labels)
    return Rows(replace(examples, pairs=pairs), shape)


@pytest.mark.parametrize(
    ("labels", "task"),
    [
        (["pos", "neg", "pos"], "sentiment"),
        (["Positive", "Negative", "Neutral"], "sentiment"),
        (["好评", "差评"], "sentiment"),
        (["正面", "负面", "中性"], "sentiment"),
        (["sport", "tech", "sport"], "classification"),
        (["0", "1"], "classification"),
        ([0.0, 1.0, float("nan")], "classification"),
        ([["a"], ["a", "b"]], "multilabel"),
        (["R&D; other", "sales", "legal"], "classification"),
        (["pos", "pos"], "classification"),
        (["1", "2", "3", "4", "5"] * 9, "classification"),
        ([f"{row / 4}" for row in range(9)], "regression"),
        (list(range(40)), "regression"),
        (["1,200", "3,400.5", "-7", "0.25", "12", "88", None], "regression"),
        ([*map(str, range(60)), "great"], "regression"),
        ([*map(str, range(60)), "great", "good"], "classification"),
    ],
)
def test_task_is_guessed_from_the_labels(labels: list[Any], task: str) -> None:
    name, reason = tasks.guess(_rows(labels))
    assert name == task
    assert reason.startswith(f"{task}, because")


@pytest.mark.parametrize(
    ("labels", "task"),
    [
        (["entailment", "neutral", "contradiction"] * 3, "entailment"),
        (["0", "1"] * 5, "paraphrase"),
        (["same", "different"] * 5, "paraphrase"),
        ([f"{row / 5}" for row in range(26)], "similarity"),
        (["0", "1", "2"] * 5, "entailment"),
    ],
)
def test_task_of_two_texts_is_guessed_from_the_labels(labels: list[Any], task: str) -> None:
    name, reason = tasks.guess(_rows(labels, pairs=["other"] * len(labels)))
    assert name == task
    assert reason.startswith(f"{task}, because there are two texts")


def test_a_task_of_one_text_has_two_read_as_one() -> None:
    rows = _rows(["pos", "neg"] * 4, pairs=["other"] * 8)
    assert tasks.needs_one_text("sentiment", rows)
    assert not tasks.needs_one_text("entailment", rows)
    assert not tasks.needs_one_text("sentiment", _rows(["pos", "neg"]))
    assert tasks.needs_one_text(None, _rows([["a"], ["b", "a"]], pairs=["x", "y"]))


def test_classes_that_are_numbers_are_offered_as_numbers() -> None:
    _, reason = tasks.resolve(None, _rows(["1", "2", "3", "4", "5"] * 4))
    assert "--task regression" in reason
    assert "--task regression" not in tasks.resolve(None, _rows(["0", "1"] * 4))[1]


def test_a_few_cells_that_hold_no_number_are_left_to_preparing_and_more_are_refused() -> None:
    numbers: list[Any] = [row / 4 for row in range(100)]
    assert tasks.resolve("regression", _rows([*numbers, "great", "good"]))[0].name == "regression"
    with pytest.raises(UserError, match=r"rows 101, 102, 103.*great is no number"):
        tasks.resolve("regression", _rows([*numbers, "great", "good", "bad"]))


def test_labelled_stretches_are_entities() -> None:
    assert tasks.guess(_rows([[Span(0, 4, "X")]], shape="spans"))[0] == "entities"


def test_vocabulary_comes_from_the_data() -> None:
    task, reason = tasks.resolve(None, _rows(["tech", "sport", None, "sport", ""]))
    assert (task.name, task.labels) == ("classification", ("sport", "tech"))
    assert "one of 2 labels" in reason
    said, reason = tasks.resolve("topic", _rows(["tech", "sport"]))
    assert (said.name, reason) == ("topic", "topic, as said")
    assert "matches" in said.descriptions["sport"]


def test_span_types_come_from_the_data_and_overlaps_are_told() -> None:
    spans = [(Span(0, 4, "B"), Span(2, 6, "A")), (Span(0, 4, "B"),)]
    task, reason = tasks.resolve(None, _rows(spans, shape="spans"))
    assert (task.name, task.labels) == ("entities", ("A", "B"))
    assert "1 row has overlapping spans" in reason


@pytest.mark.parametrize(
    ("name", "rows", "problem"),
    [
        ("entities", _rows(["a", "b"]), "needs labelled stretches of text"),
        ("sentiment", _rows([()], shape="spans"), "needs one label column"),
        (None, _rows(["a"] * 20), "every row is labelled 'a'"),
        (None, _rows([None, "", float("nan")]), "no row has a label"),
        (None, _rows([f"kind {row}" for row in range(50)]), "all 50 labels are different"),
        (None, _rows(["a"] * 20, pairs=["b"] * 20), "every row is labelled 'a'"),
        ("regression", _rows(["2.5"] * 20), "every row has the number 2.5"),
        ("similarity", _rows(["1", "2"] * 9), "needs two texts"),
        ("topic", _rows(["a", "b"] * 9, pairs=["b"] * 18), "reads one text"),
        (
            "classification",
            _rows([["a"], ["b"]]),
            "2 of 2 rows have a label that cannot be read (rows 1, 2): the label is a list",
        ),
        ("multilabel", _rows([[], []]), "no row names any label"),
        (None, _rows([(Span(0, 99, "X"),)], shape="spans"), "(row 1): the span 0-99 (X) does not lie within"),
        (None, _rows([[(3, 1, "X")]], shape="spans"), ".* is not a span|the span 3-1"),
        (None, _rows([(), ()], shape="spans"), "no row names any label"),
        ("sentimnt", _rows(["a", "b"]), "there is no task sentimnt"),
    ],
)
def test_what_cannot_be_learnt_is_refused(name: str | None, rows: Rows, problem: str) -> None:
    pattern = problem if ".*" in problem else problem.replace("(", r"\(").replace(")", r"\)")
    with pytest.raises(UserError, match=pattern) as caught:
        tasks.resolve(name, rows)
    assert caught.value.hint


def test_unknown_task_is_answered_with_the_nearest() -> None:
    with pytest.raises(UserError) as caught:
        tasks.build("sentimnt", ("a", "b"))
    assert "did you mean sentiment?" in caught.value.hint


def test_description_for_no_label_is_refused() -> None:
    with pytest.raises(UserError, match="'x', which is no label"):
        tasks.build("classification", ("a", "b"), {"x": "?"})


def test_damaged_description_of_a_task_is_refused() -> None:
    for plain in ({}, {"name": "sentiment"}, {"name": "sentiment", "labels": 3}):
        with pytest.raises(UserError, match="damaged"):
            tasks.from_plain(plain)


def test_a_task_is_read_as_releases_have_always_described_it() -> None:
    plain = {"name": "classification", "labels": ["b", "a"], "descriptions": {"a": "the first letter"}}
    task = tasks.from_plain(plain)
    assert (task.output.width, task.labels) == (2, ("b", "a"))
    assert tasks.as_plain(task) == plain
    number = {"name": "regression", "labels": [], "descriptions": {}}
    assert tasks.as_plain(tasks.from_plain(number)) == number


SCORES = [f"{row % 71 / 10}" for row in range(300)]


@pytest.mark.parametrize(
    ("name", "labels", "pairs", "rather"),
    [
        ("sentiment", SCORES, False, "--task regression"),
        ("classification", [float(one) for one in SCORES], False, "--task regression"),
        ("multilabel", SCORES, False, "--task regression"),
        ("entailment", SCORES, True, "--task similarity"),
    ],
)
def test_many_numbers_that_are_learnt_as_classes_are_warned_of(
    name: str, labels: list[Any], pairs: bool, rather: str
) -> None:
    rows = _rows(labels, pairs=["other"] * len(labels) if pairs else None)
    task, why = tasks.resolve(name, rows)
    [warning] = tasks.doubts(task, rows)
    assert "71 different numbers" in warning and rather in warning
    assert "numbers" not in why


@pytest.mark.parametrize(
    ("name", "labels"),
    [("sentiment", ["1", "2", "3", "4", "5"] * 9), ("topic", ["a", "b"] * 9), ("regression", SCORES)],
)
def test_stars_names_and_numbers_that_are_learnt_as_such_are_not(name: str, labels: list[Any]) -> None:
    rows = _rows(labels)
    assert tasks.doubts(tasks.resolve(name, rows)[0], rows) == ()
