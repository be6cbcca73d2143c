import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

from haoqi.data.examples import Examples
from haoqi.methods._embedded import NEVER, RIDGE_STRENGTHS, best_ridge, fit_linear, logistic_loss
from haoqi.methods.work import Size, embedded

RNG = np.random.default_rng(0)
VECTORS = RNG.normal(3.0, [1.0, 5.0, 0.1, 1.0], (90, 4)).astype(np.float32)
CLASSES = (VECTORS[:, 0] > 3).astype(int) + (VECTORS[:, 1] > 3)


@pytest.mark.parametrize("labels", [2, 3])
def test_probabilities_are_those_of_scikit_learn_on_standardised_vectors(labels: int) -> None:
    classes = np.minimum(CLASSES, labels - 1)
    directions, intercept = fit_linear(VECTORS, classes[:, None] == np.arange(labels), True, 0.5)
    standard = (VECTORS - VECTORS.mean(axis=0)) / np.maximum(VECTORS.std(axis=0), VECTORS.std(axis=0).mean() / 10)
    peer = LogisticRegression(C=0.5, tol=1e-6, max_iter=1000).fit(standard, classes)
    found = log_softmax(VECTORS @ directions + intercept, axis=1)
    np.testing.assert_allclose(np.exp(found), peer.predict_proba(standard), atol=0.01)


def test_labels_that_do_not_exclude_each_other_are_learnt_each_for_itself() -> None:
    targets = np.stack([VECTORS[:, 0] > 3, VECTORS[:, 1] > 3], axis=1)
    directions, intercept = fit_linear(VECTORS, targets, False, 10.0)
    assert ((VECTORS @ directions + intercept > 0) == targets).mean() > 0.95


def test_label_without_examples_is_as_good_as_ruled_out() -> None:
    directions, intercept = fit_linear(VECTORS, CLASSES[:, None] == np.arange(5), True, 1.0)
    assert (VECTORS @ directions + intercept).argmax(axis=1).max() == 2
    assert (intercept[3:] == NEVER).all()
    everything = np.ones((90, 1), bool)
    assert (
        VECTORS @ fit_linear(VECTORS, everything, False, 1.0)[0] + fit_linear(VECTORS, everything, False, 1.0)[1] > 0
    ).all()


def test_unit_that_never_moves_is_no_obstacle() -> None:
    still = np.concatenate([VECTORS, np.full((90, 1), 7.0, np.float32)], axis=1)
    directions, intercept = fit_linear(still, CLASSES[:, None] == np.arange(3), True, 1.0)
    assert np.isfinite(directions).all()
    assert np.isfinite(intercept).all()


def test_loss_is_small_only_for_the_right_labels() -> None:
    targets = np.eye(2, dtype=bool)
    right = np.array([[5.0, -5.0], [-5.0, 5.0]], np.float32)
    for exclusive in (True, False):
        assert logistic_loss(right, targets, exclusive) < 0.01
        assert logistic_loss(-right, targets, exclusive) > 4
        assert logistic_loss(0 * right, targets, exclusive) == pytest.approx(np.log(2))


def test_work_stops_growing_where_texts_are_cut() -> None:
    short, long, longer = (
        embedded(Size(1, 1, tokens, 2, layers=6, width=384), 100).forward for tokens in (50.0, 256.0, 5000.0)
    )
    assert short < long == longer


def test_many_labels_of_few_examples_are_learnt_without_a_word() -> None:
    vectors = np.random.default_rng(0).normal(size=(24, 8)).astype(np.float32)
    found, _ = fit_linear(vectors, np.eye(20, dtype=bool)[np.arange(24) % 20], True, 1.0)  # warnings are errors here
    assert found.shape == (8, 20)


def test_numbers_are_followed_as_closely_as_the_texts_explain_them() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(400, 60)).astype(np.float32)
    explained = (vectors @ rng.normal(size=60)).astype(np.float32)
    noise = rng.normal(size=400).astype(np.float32)
    train = Examples.of([""] * 400)
    assert best_ridge(vectors, explained, train) == max(RIDGE_STRENGTHS)
    assert best_ridge(vectors, noise, train) == min(RIDGE_STRENGTHS)
