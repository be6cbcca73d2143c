import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.linear_model import Ridge as Peer

from haoqi.data.examples import Examples
from haoqi.methods.ridge import _solve
from tests.methods.test_tfidf import CHINESE, ENGLISH, LABELS, answers, fit


@pytest.mark.parametrize("texts", [ENGLISH, CHINESE])
def test_what_was_learnt_is_known(texts: list[str]) -> None:
    assert answers(fit(texts, LABELS, method="ridge", strength=3.0), texts) == LABELS


def test_it_is_the_closed_form_of_least_squares_with_a_penalty() -> None:
    rng = np.random.default_rng(0)
    table, wanted = rng.normal(size=(40, 6)), rng.normal(size=(40, 3))
    weights = rng.random(40) + 0.5
    found, intercept = _solve(csr_array(table), wanted, 0.5, weights)
    peer = Peer(alpha=2.0, solver="cholesky").fit(table, wanted, weights)
    np.testing.assert_allclose(found, peer.coef_.T, atol=1e-3)
    np.testing.assert_allclose(intercept, peer.intercept_, atol=1e-3)


def test_for_numbers_it_is_what_tfidf_is_with_that_penalty() -> None:
    numbers = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    one, other = (fit(ENGLISH, numbers, "regression", method=name, strength=0.5) for name in ("ridge", "tfidf"))
    asked = Examples.of(ENGLISH)
    np.testing.assert_allclose(np.asarray(one.scores(asked)), np.asarray(other.scores(asked)), atol=1e-2)
