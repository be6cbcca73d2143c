from typing import Any

import numpy as np
import pytest

from haoqi.data.examples import Examples
from haoqi.models.encoders import embedder
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
