from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from haoqi.data.examples import Examples
from haoqi.models.encoders import embedder
from haoqi.models.encoders.pair_features import Pairing, pair_places
from haoqi.models.predictors import embedding_neighbours
from haoqi.models.predictors.embedding_neighbours import EmbeddingNeighbours

KNOWN = np.array([[1, 0], [0.98, 0.2], [0, 1], [0.2, 0.98]], np.float32)
TARGETS = np.array([[1, 0], [1, 0], [0, 1], [1, 1]], bool)


class Angles(embedder.Embedder):
    """Reads a text as an angle in degrees."""

    def __call__(self, texts: Any, progress: Any = None) -> Any:
        angles = np.radians([float(text) for text in texts])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def neighbours(count: int, reach: float = 0.1, exclusive: bool = True) -> EmbeddingNeighbours:
    reader = Angles(None)  # type: ignore[arg-type]
    return EmbeddingNeighbours(reader, KNOWN.astype(np.float16), TARGETS, count, reach, exclusive)


def scores(predictor: EmbeddingNeighbours, *angles: int) -> Any:
    return np.asarray(predictor.scores(Examples.of([str(angle) for angle in angles])))


def test_one_neighbour_gives_its_own_label() -> None:
    assert list(scores(neighbours(1), 5, 89).argmax(axis=1)) == [0, 1]


def test_nearer_neighbours_weigh_more_the_shorter_the_reach() -> None:
    wide, narrow = scores(neighbours(4, reach=1.0), 90), scores(neighbours(4, reach=0.01), 90)
    assert narrow[0, 1] - narrow[0, 0] > wide[0, 1] - wide[0, 0]


def test_several_labels_are_voted_for_one_by_one() -> None:
    assert ((scores(neighbours(1, exclusive=False), 78, 0) > 0) == [[True, True], [True, False]]).all()


def test_more_neighbours_than_known_texts_are_all_of_them() -> None:
    assert np.array_equal(scores(neighbours(4), 30), scores(neighbours(100), 30))


def test_blocks_do_not_change_the_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = scores(neighbours(2), *range(0, 90, 7))
    monkeypatch.setattr(embedding_neighbours, "SIMILARITIES", 8)
    np.testing.assert_allclose(scores(neighbours(2), *range(0, 90, 7)), whole, atol=1e-6)


def test_label_that_no_neighbour_has_is_unlikely_but_never_ruled_out() -> None:
    found = scores(neighbours(1), 0)
    assert np.isfinite(found).all()
    assert found[0, 0] - found[0, 1] > 0.5


PAIRS = Examples(texts=["0", "0", "0", "60"], labels=[None] * 4, ids=[1, 2, 3, 4], pairs=["5", "80", "40", "60"])


def of_pairs(pairing: Pairing) -> EmbeddingNeighbours:
    """Return neighbours that know the pairs by how many degrees their texts are apart."""
    reader = Angles(None)  # type: ignore[arg-type]
    known = pair_places(reader.examples(PAIRS, pairing), pairing).astype(np.float16)
    return EmbeddingNeighbours(
        reader, known, np.array([[5], [80], [40], [0]], np.float32), 1, 0.1, False, None, pairing
    )


def pair(one: str, other: str) -> Examples:
    return replace(Examples.of([one]), pairs=[other])


@pytest.mark.parametrize("pairing", ["symmetric", "ordered"])
def test_the_nearest_pair_is_the_one_whose_texts_are_as_far_apart(pairing: Pairing) -> None:
    found = [of_pairs(pairing).scores(pair("10", other)).item() for other in ("12", "52", "88")]  # type: ignore[union-attr]
    assert found == [5, 40, 80]


def test_which_texts_a_pair_has_counts_only_where_their_order_does() -> None:
    ask = pair("60", "60")
    assert of_pairs("ordered").scores(ask) == [[0]]
    assert np.array_equal(of_pairs("symmetric").scores(ask), of_pairs("symmetric").scores(ask.exchanged()))
