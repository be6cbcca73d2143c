"""A teacher's answers are learnt beside the labels, each as far as it is likely."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from haoqi.core.errors import UserError
from haoqi.data.answers import ONE_CLASS, SEVERAL_CLASSES
from haoqi.data.examples import Examples
from haoqi.data.recipes import RecipeTools, follow
from haoqi.data.recipes.distil import Distil
from haoqi.tasks.words import words_of

KINDS = {"label": ONE_CLASS, "labels": SEVERAL_CLASSES}

LABELS = ("a", "b")
OWN = np.array([[0.8, 0.2], [0.3, 0.7], [0.99, 0.01]], np.float32)


def tools_of(output: str, other: Examples | None = None, **rest: Any) -> RecipeTools:
    def unasked(*_: object) -> np.ndarray:
        raise AssertionError("the teacher answers")

    def teacher(examples: Examples, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        return OWN[: len(examples)], np.tile(np.array([[0.4, 0.6]], np.float32), (len(texts), 1))

    return RecipeTools(
        KINDS[output], LABELS, 0, words_of, unasked, unasked, teacher=rest.get("teacher", teacher), unlabelled=other
    )


def shares(found: Examples, label: str) -> dict[str, float]:
    """Return how much of each text's weight is for a label."""
    held, whole = defaultdict(float), defaultdict(float)
    for text, given, weight in zip(found.texts, found.labels, found.counting, strict=True):
        whole[text] += weight
        held[text] += weight * (label == given or (isinstance(given, tuple) and label in given))
    return {text: held[text] / whole[text] for text in whole}


def test_each_label_counts_as_far_as_teacher_and_person_say() -> None:
    examples = Examples.of(["one", "two", "three"], ["a", "a", "b"])
    found = Distil(trust=0.5).apply(examples, tools_of("label"))
    # Half of each row is for its label; what is nearly sure is learnt as sure.
    assert shares(found, "a") == pytest.approx({"one": 0.5 + 0.4, "two": 0.5 + 0.15, "three": 0.5})
    assert found.counting.sum() == pytest.approx(3)
    assert set(found.ids) == {0, 1, 2}


def test_sets_of_labels_give_each_label_its_own_probability() -> None:
    examples = Examples.of(["one", "two", "three"], [("a", "b"), ("a",), ("b",)])
    found = Distil(trust=1.0).apply(examples, tools_of("labels"))
    assert shares(found, "a") == pytest.approx({"one": 0.8, "two": 0.3, "three": 1.0})
    assert shares(found, "b") == pytest.approx({"one": 0.2, "two": 0.7, "three": 0.0})


def test_unlabelled_texts_are_taught_too_and_count_less() -> None:
    examples = replace(Examples.of(["one", "two"], ["a", "b"]), weights=[2.0, 1.0])
    other = replace(Examples.of([f"more {number}" for number in range(9)]), ids=list(range(10, 19)))
    found = Distil(weight=0.25, most=2.0).apply(examples, tools_of("label", other))
    taught = {number for number in found.ids if number >= 10}
    assert len(taught) == 4
    assert found.counting.sum() == pytest.approx(2 + 1 + 4 * 0.25)


def test_without_a_teacher_it_says_so() -> None:
    with pytest.raises(UserError, match="needs a plan that it learns from"):
        follow([("distil", ())], Examples.of(["one"], ["a"]), tools_of("label", teacher=None))
