from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.data.examples import Examples
from haoqi.models.lexical.word_features import word_features
from haoqi.models.predictors.tagger import Tagger, log_marginals


def by_enumeration(emissions: Any, transitions: Any) -> Any:
    """Return log marginals by summing over every path."""
    words, tags = emissions.shape
    sums = np.zeros((words, tags))
    for path in product(range(tags), repeat=words):
        score = sum(emissions[word, tag] for word, tag in enumerate(path))
        score += sum(transitions[pair] for pair in pairwise(path))
        sums[np.arange(words), path] += np.exp(score)
    return np.log(sums / sums[0].sum())


@given(lengths=st.lists(st.integers(0, 5), min_size=1, max_size=5), tags=st.integers(1, 3), seed=st.integers(0, 99))
def test_marginals_are_those_of_summing_over_all_paths(lengths: list[int], tags: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    emissions = [rng.normal(0, 2, (length, tags)).astype(np.float32) for length in lengths]
    transitions = rng.normal(0, 2, (tags, tags)).astype(np.float32)
    for found, given_emissions in zip(log_marginals(emissions, transitions), emissions, strict=True):
        assert found.shape == given_emissions.shape
        if len(found):
            np.testing.assert_allclose(found, by_enumeration(given_emissions, transitions), atol=1e-4)


def test_marginals_stay_finite_where_weights_are_huge() -> None:
    transitions = np.array([[0.0, -900.0], [-900.0, 0.0]], np.float32)
    found = log_marginals([np.array([[500.0, -500.0], [-500.0, 500.0]] * 30, np.float32)], transitions)[0]
    assert np.isfinite(found).all()


@pytest.fixture
def tagger() -> Tagger:
    weights = np.array([[1.0, 0.0, 0.0], [0.0, 9.0, 0.0]], np.float32)
    transitions = np.array([[0.0, 0.0, -9.0], [0.0, 0.0, 1.5], [0.0, 0.0, 0.0]], np.float32)
    return Tagger(("", "w=ann"), weights, transitions)


def test_a_tag_is_weighed_by_the_word_and_by_the_tag_before(tagger: Tagger) -> None:
    scores = tagger.scores(Examples.of(["Ann Lee spoke", "spoke Lee"]))
    assert [list(np.argmax(one, axis=1)) for one in scores] == [[1, 2, 0], [0, 0]]
    assert all(np.allclose(np.exp(one).sum(axis=1), 1, atol=1e-5) for one in scores)


def test_tagger_is_the_same_after_a_round_trip(tagger: Tagger, tmp_path: Path) -> None:
    tagger.save(tmp_path, standalone=True)
    again, asked = Tagger.load(tmp_path, tmp_path), Examples.of(["Ann Lee spoke", "", "a"])
    for one, other in zip(tagger.scores(asked), again.scores(asked), strict=True):
        assert np.array_equal(one, other)


def test_words_of_the_source_are_what_is_scored(tagger: Tagger) -> None:
    asked = Examples(["AnnLee"], [None], [0], words=[((0, 3), (3, 6))])
    (scores,) = tagger.scores(asked)
    assert list(np.argmax(scores, axis=1)) == [1, 2]
    assert "w=ann" in word_features("AnnLee", ((0, 3), (3, 6)))[0]
