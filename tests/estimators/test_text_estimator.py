"""Pairs of texts, in both estimators."""

import pickle
from typing import Any

import numpy as np
import pandas
import polars
import pyarrow
import pytest
from sklearn.model_selection import cross_val_score

from haoqi import TextClassifier, TextRegressor
from haoqi.core.errors import UserError
from haoqi.estimators._text_estimator import read_texts

THINGS = ("battery", "screen", "coffee", "hotel", "film", "book", "train", "camera", "soup", "lamp", "song", "tea")
PAIRS = [
    (f"the {one} was fine", f"the {one if same else other} was fine")
    for one, other in zip(THINGS, THINGS[1:] + THINGS[:1], strict=True)
    for same in (True, False)
] + [
    (f"a {one} for you", f"my {one if same else other}")
    for one, other in zip(THINGS, THINGS[2:] + THINGS[:2], strict=True)
    for same in (True, False)
]
SAME = ["same", "different"] * (len(PAIRS) // 2)
LIKENESS = [5.0 if label == "same" else 1.0 for label in SAME]


def regressor(**settings: Any) -> TextRegressor:
    """Return a regressor that learns in a moment."""
    return TextRegressor(**{"steps": 1, "methods": "tfidf", **settings})


def classifier(**settings: Any) -> TextClassifier:
    """Return a classifier that learns in a moment."""
    return TextClassifier(**{"steps": 1, "methods": "tfidf", **settings})


@pytest.fixture(scope="module")
def alike() -> TextRegressor:
    return regressor().fit(PAIRS, LIKENESS)


FORMS = {
    "lists": [list(pair) for pair in PAIRS],
    "array": np.array(PAIRS),
    "objects": np.array(PAIRS, dtype=object),
    "pandas": pandas.DataFrame(PAIRS, columns=["one", "other"]),
    "polars": polars.DataFrame(PAIRS, schema=["one", "other"], orient="row"),
    "arrow": pyarrow.table({"one": [one for one, _ in PAIRS], "other": [other for _, other in PAIRS]}),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_pairs_are_read_from_lists_arrays_and_frames(form: Any) -> None:
    assert read_texts(form) == PAIRS


def test_two_texts_are_no_pair() -> None:
    assert read_texts(["the lamp", "the soup"]) == ["the lamp", "the soup"]
    assert read_texts([("the lamp", "the soup")]) == [("the lamp", "the soup")]


def test_a_regressor_of_pairs_learns_how_like_they_are(alike: TextRegressor) -> None:
    assert alike.model_.task.name == "similarity"
    found = alike.predict(PAIRS)
    assert np.mean(found[::2]) > np.mean(found[1::2]) + 1
    assert alike.predict_interval(PAIRS).shape == (len(PAIRS), 2)
    again = pickle.loads(pickle.dumps(alike))
    np.testing.assert_allclose(again.predict(FORMS["pandas"]), found)


def test_a_classifier_of_pairs_learns_classes_of_them() -> None:
    model = classifier().fit(PAIRS, SAME)
    assert model.model_.task.name == "entailment"
    assert model.score(PAIRS, SAME) > 0.9
    np.testing.assert_allclose(model.predict_proba(PAIRS).sum(axis=1), 1.0)
    assert classifier(task="paraphrase").fit(PAIRS, SAME).model_.task.name == "paraphrase"


def test_pairs_are_cut_for_cross_validation() -> None:
    for form in (PAIRS, FORMS["array"], FORMS["pandas"]):
        assert cross_val_score(classifier(task="paraphrase"), form, SAME, cv=2).shape == (2,)


@pytest.mark.parametrize(
    ("X", "what"),
    [
        ([PAIRS[0], "one text"], r"list of pairs of texts, but X\[1\] is 'one text'"),
        ([PAIRS[0], ("one", "two", "three")], r"X\[1\] is \['one', 'two', 'three'\]"),
        ([PAIRS[0], ("one", None)], r"X\[1\] is \['one', None\]"),
        (["one text", PAIRS[0]], r"list of texts, but X\[1\]"),
        (pandas.DataFrame({"one": ["a", "b"], "other": ["c", None]}), r"X\[1\] is \['b', None\]"),
        (pandas.DataFrame({"one": ["a", "b"]}), r"has shape \(2, 1\)"),
    ],
)
def test_what_is_no_list_of_pairs_is_a_value_error(X: Any, what: str) -> None:  # noqa: N803
    with pytest.raises(ValueError, match=what):
        regressor().fit(X, [1.0, 2.0])


def test_texts_for_a_model_of_pairs_and_the_other_way_round_are_value_errors(alike: TextRegressor) -> None:
    with pytest.raises(ValueError, match="fitted on pairs of texts, but X holds texts"):
        alike.predict(["the lamp", "the soup"])
    alone = classifier().fit([one for pair in PAIRS for one in pair], [*SAME, *SAME])
    with pytest.raises(ValueError, match="fitted on texts, but X holds pairs of texts"):
        alone.predict(PAIRS)


def test_a_task_of_the_other_number_of_texts_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="the task regression is of texts, but X holds pairs of texts"):
        regressor(task="regression").fit(PAIRS, LIKENESS)
    with pytest.raises(ValueError, match="the task entailment is of pairs of texts, but X holds texts"):
        classifier(task="entailment").fit([one for one, _ in PAIRS], SAME)


def test_a_task_with_several_labels_is_none_of_a_classifier_s() -> None:
    with pytest.raises(UserError, match="TextClassifier cannot learn the task multilabel"):
        classifier(task="multilabel").fit([one for one, _ in PAIRS], SAME)
    with pytest.raises(UserError, match="no task similarty") as unknown:
        regressor(task="similarty").fit(PAIRS, LIKENESS)
    assert "similarity" in unknown.value.hint
