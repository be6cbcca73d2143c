"""Whitening takes what all vectors share, stretches what hardly differs, and leaves few vectors nearly as they are."""

import numpy as np
import pytest

from haoqi.retrieval.whitening import POWER, Floats, Whitening

RNG = np.random.default_rng(0)


def normal(vectors: Floats) -> Floats:
    found: Floats = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return found


def test_spreads_become_a_power_of_what_they_were() -> None:
    scales = np.array([8.0, 4.0, 2.0, 1.0])
    vectors = (RNG.normal(size=(40_000, 4)) * scales + 3).astype(np.float32)
    whitening = Whitening.of(vectors)
    found = ((vectors - whitening.centre) @ whitening.transform).std(axis=0)
    wanted = scales ** (1 - POWER)
    assert np.sort(found / found.min()) == pytest.approx(np.sort(wanted / wanted.min()), rel=0.02)
    assert (vectors - whitening.centre).mean(axis=0) == pytest.approx(np.zeros(4), abs=0.01)
    assert np.linalg.norm(whitening(vectors[:9]), axis=1) == pytest.approx(np.ones(9), abs=1e-5)


def test_what_all_share_no_longer_hides_what_they_are() -> None:
    texts = RNG.normal(size=(500, 32))
    crowded = normal(texts + 20 * np.eye(32)[0])
    asked = normal(texts + 20 * np.eye(32)[0] + 0.3 * RNG.normal(size=texts.shape))
    whitening = Whitening.of(crowded)
    plain = asked @ crowded.T
    clear = whitening(asked) @ whitening(crowded).T
    assert plain.min() > 0.7
    assert abs(clear.mean()) < 0.2
    assert (clear.argmax(axis=1) == np.arange(500)).mean() >= (plain.argmax(axis=1) == np.arange(500)).mean()


@pytest.mark.parametrize("count", [0, 1, 3])
def test_few_vectors_are_hardly_touched(count: int) -> None:
    vectors = normal(RNG.normal(size=(count, 384)))
    whitening = Whitening.of(vectors)
    asked = normal(RNG.normal(size=(5, 384)))
    assert np.abs(whitening(asked) @ whitening(vectors).T - asked @ vectors.T).max(initial=0.0) < 0.05
