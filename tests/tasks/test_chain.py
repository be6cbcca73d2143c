"""Decoding of tags equals counting over every possible sequence, and never gives an impossible one."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.evaluate.metric import Array
from haoqi.tasks.outputs.chain import decode_chains
from haoqi.tasks.outputs.probability import softmax

TYPES = 2
TAGS = 1 + 2 * TYPES


def _possible(tags: Any) -> bool:
    pairs = zip([0, *tags], tags, strict=False)
    return all(not (tag and tag % 2 == 0) or before in (tag, tag - 1) for before, tag in pairs)


def _every_path(scores: Array) -> dict[tuple[int, ...], float]:
    """Return every possible sequence of tags with its probability, by going through all."""
    chances = softmax(scores)
    weights = {
        tags: float(np.prod([chances[place, tag] for place, tag in enumerate(tags)]))
        for tags in product(range(TAGS), repeat=len(scores))
        if _possible(tags)
    }
    return {tags: weight / sum(weights.values()) for tags, weight in weights.items()}


def _holds(tags: tuple[int, ...], first: int, last: int, kind: int) -> bool:
    begin, inside = 1 + 2 * kind, 2 + 2 * kind
    if tags[first] != begin or any(tag != inside for tag in tags[first + 1 : last + 1]):
        return False
    return last + 1 == len(tags) or tags[last + 1] != inside


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(0, 10_000))
def test_path_and_probabilities_equal_those_of_all_sequences(lengths: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = [rng.normal(scale=2, size=(length, TAGS)) for length in lengths]
    for chain, one in zip(decode_chains(scores), scores, strict=True):
        paths = _every_path(one)
        assert chain.confidence == pytest.approx(max(paths.values()))
        assert paths[tuple(map(int, chain.tags))] == pytest.approx(max(paths.values()))
        for first in range(len(one)):
            for last in range(first, len(one)):
                for kind in range(TYPES):
                    expected = sum(chance for tags, chance in paths.items() if _holds(tags, first, last, kind))
                    assert chain.span_probability(first, last, kind) == pytest.approx(expected, abs=1e-12)


@given(st.integers(0, 10_000), st.sampled_from([1.0, 30.0, 1e4]))
def test_no_scores_whatever_give_an_impossible_sequence(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    scores = [rng.normal(scale=scale, size=(int(rng.integers(0, 40)), TAGS)).astype(np.float32) for _ in range(8)]
    scores[0][rng.random(scores[0].shape) < 0.3] = -np.inf
    scores[1][rng.random(scores[1].shape) < 0.3] = np.nan
    for chain, one in zip(decode_chains(scores), scores, strict=True):
        assert len(chain.tags) == len(one)
        assert _possible(tuple(map(int, chain.tags)))
        assert 0.0 <= chain.confidence <= 1.0


def test_model_that_is_sure_of_an_impossible_tag_still_gets_an_answer() -> None:
    """Every word is called I of the first type: the likeliest possible reading begins with its B."""
    scores = np.full((3, TAGS), -1000.0)
    scores[:, 2] = 1000.0
    scores[0, 1] = -900.0
    (chain,) = decode_chains([scores])
    assert chain.tags.tolist() == [1, 2, 2]
    assert np.isfinite(chain.step).all()


def test_sentences_of_all_lengths_together_are_decoded_as_each_alone() -> None:
    rng = np.random.default_rng(5)
    scores = [rng.normal(scale=3, size=(int(length), TAGS)) for length in rng.integers(0, 60, size=600)]
    together = decode_chains(scores, temperature=1.7)
    for row in range(0, 600, 37):
        (alone,) = decode_chains([scores[row]], temperature=1.7)
        assert alone.tags.tolist() == together[row].tags.tolist()
        assert alone.confidence == pytest.approx(together[row].confidence)
