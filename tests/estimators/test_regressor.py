import copy
import pickle
from typing import Any

import numpy as np
import pandas
import pytest
from sklearn.base import clone, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import estimator_checks

import haoqi
from haoqi import TextRegressor
from haoqi.core.errors import UserError

WORDS = {"awful": 1.0, "bad": 2.0, "fair": 3.5, "good": 4.0, "lovely": 5.5}
THINGS = ("battery", "screen", "coffee", "hotel", "film", "book", "train", "camera", "soup", "lamp", "song", "tea")
TEXTS = [f"the {thing} was {word}" for thing in THINGS for word in WORDS]
NUMBERS = [number for _ in THINGS for number in WORDS.values()]


def quick(**settings: Any) -> TextRegressor:
    """Return a regressor that learns in a moment."""
    return TextRegressor(**{"steps": 1, "methods": "tfidf", **settings})


@pytest.fixture(scope="module")
def fitted() -> TextRegressor:
    return quick().fit(TEXTS, NUMBERS)


# Those of scikit-learn's checks that need no matrix of numbers; the others give numbers where texts are needed.
@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_estimator_cloneable,
        estimator_checks.check_estimator_tags_renamed,
        estimator_checks.check_valid_tag_types,
        estimator_checks.check_estimator_repr,
        estimator_checks.check_no_attributes_set_in_init,
        estimator_checks.check_mixin_order,
        estimator_checks.check_set_params,
        estimator_checks.check_get_params_invariance,
        estimator_checks.check_parameters_default_constructible,
    ],
    ids=lambda check: check.__name__,
)
def test_scikit_learn_s_own_checks_pass(check: Any) -> None:
    check("TextRegressor", quick())


def test_scikit_learn_takes_it_for_a_regressor() -> None:
    assert is_regressor(quick())


def test_a_fit_changes_no_parameter_and_returns_itself() -> None:
    model = quick(methods=["tfidf"])
    before = model.get_params()
    assert model.fit(TEXTS, NUMBERS) is model
    assert model.get_params() == before


def test_it_predicts_floats_near_the_right_ones(fitted: TextRegressor) -> None:
    found = fitted.predict(["the chair was awful", "the chair was lovely"])
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, [1.0, 5.5], atol=0.8)
    assert fitted.score(TEXTS, NUMBERS) > 0.9


def test_intervals_hold_the_right_number_nine_times_of_ten(fitted: TextRegressor) -> None:
    within = fitted.predict_interval(TEXTS)
    assert within.shape == (len(TEXTS), 2)
    np.testing.assert_allclose(within.mean(axis=1), fitted.predict(TEXTS), atol=1e-5)
    held = (within[:, 0] <= NUMBERS) & (within[:, 1] >= NUMBERS)
    assert held.mean() >= 0.9
    assert (within[:, 1] - within[:, 0] < 4.5).all(), "not so wide that it says nothing"


def test_no_texts_have_no_answers(fitted: TextRegressor) -> None:
    assert fitted.predict([]).shape == (0,)
    assert fitted.predict_interval([]).shape == (0, 2)


@pytest.mark.parametrize(
    "numbers",
    [
        np.array(NUMBERS, dtype=np.float32),
        np.array(NUMBERS)[:, None],
        pandas.Series(NUMBERS),
        pandas.array(NUMBERS, dtype="Float64"),
        [str(number) for number in NUMBERS],
    ],
    ids=["array", "column", "series", "nullable", "words"],
)
def test_arrays_and_series_are_numbers_too(numbers: Any, fitted: TextRegressor) -> None:
    np.testing.assert_allclose(quick().fit(TEXTS, numbers).predict(TEXTS), fitted.predict(TEXTS))


def test_whole_numbers_that_look_like_classes_are_numbers_here() -> None:
    stars = [int(number) for number in NUMBERS]
    found = quick().fit(TEXTS, stars).predict(["the chair was lovely"])
    assert 4 < found[0] < 6


def test_before_a_fit_it_says_so() -> None:
    for ask in (quick().predict, quick().predict_interval):
        with pytest.raises(NotFittedError):
            ask(TEXTS)


def test_a_clone_is_not_fitted_and_has_the_same_parameters(fitted: TextRegressor) -> None:
    copied = clone(fitted)
    assert copied.get_params() == fitted.get_params()
    assert not hasattr(copied, "model_")


def test_it_survives_pickle_and_copy_with_the_same_answers(fitted: TextRegressor) -> None:
    for again in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted)):
        np.testing.assert_allclose(again.predict_interval(TEXTS), fitted.predict_interval(TEXTS))
        assert again.get_params() == fitted.get_params()


def test_it_works_in_pipelines_searches_and_cross_validation() -> None:
    lower = FunctionTransformer(lambda texts: [text.lower() for text in texts])
    chain = make_pipeline(lower, quick())
    assert chain.fit(TEXTS, NUMBERS).predict(["THE CHAIR WAS AWFUL"])[0] < 2
    assert cross_val_score(quick(), TEXTS, NUMBERS, cv=2).min() > 0.5
    search = GridSearchCV(quick(), {"methods": ["majority", "tfidf"]}, cv=2).fit(TEXTS, NUMBERS)
    assert search.best_params_ == {"methods": "tfidf"}


def test_under_a_name_it_is_released() -> None:
    model = quick(name="strengths").fit(TEXTS, NUMBERS)
    found = haoqi.predict("strengths", TEXTS)
    np.testing.assert_allclose(found.labels, model.predict(TEXTS))
    np.testing.assert_allclose(found.intervals, model.predict_interval(TEXTS))


@pytest.mark.parametrize(
    ("texts", "numbers", "what"),
    [
        ("one text", [1.0], "is one text"),
        ([], [], "found no texts"),
        (TEXTS, NUMBERS[:-1], "differ in length"),
        (TEXTS, None, "TextRegressor requires y to be passed, but the target y is None"),
        (TEXTS, [2.5] * len(TEXTS), "is 2.5 everywhere"),
        (TEXTS, ["good", *NUMBERS[1:]], r"y must be numbers, but y\[0\] is 'good'"),
        (TEXTS[:3], [1.0, 2.0, float("inf")], "contains infinity"),
        (TEXTS[:2], [1.0, float("nan")], "every text needs an answer"),
        (TEXTS[:2], pandas.array([1.5, None], dtype="Float64"), "every text needs an answer"),
        (TEXTS[:2], np.zeros((2, 2)), r"has shape \(2, 2\)"),
    ],
)
def test_bad_input_is_a_value_error_in_words(texts: Any, numbers: Any, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        quick().fit(texts, numbers)


def test_a_task_without_numbers_is_refused() -> None:
    with pytest.raises(UserError, match="cannot learn the task sentiment") as refused:
        quick(task="sentiment").fit(TEXTS, NUMBERS)
    assert "regression, similarity" in refused.value.hint
