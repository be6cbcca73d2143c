from pathlib import Path

import numpy as np
import pytest

from haoqi.models.bases import Base, resolve
from haoqi.models.encoders.embedder import Embedder
from haoqi.models.feature_store.store import FeatureStore

TEXTS = ["The battery died.", "", "这本书很好", "word " * 400, "short"]


@pytest.fixture(scope="module")
def base(tiny_base: str, tmp_path_factory: pytest.TempPathFactory) -> Base:
    return resolve(tiny_base, tmp_path_factory.mktemp("cache"))


def test_vectors_are_those_of_the_store(base: Base, tmp_path: Path) -> None:
    store = FeatureStore(tmp_path)
    np.testing.assert_allclose(Embedder(base)(TEXTS), store.embeddings(base, TEXTS), atol=1e-5)


def test_vectors_have_length_one_and_the_order_asked_for(base: Base) -> None:
    embed = Embedder(base)
    vectors = embed(TEXTS)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(embed(TEXTS[::-1])[::-1], vectors, atol=1e-5)


def test_without_a_store_nothing_is_kept(base: Base, tmp_path: Path) -> None:
    Embedder(base)(TEXTS)
    assert list(tmp_path.iterdir()) == []
    Embedder(base, FeatureStore(tmp_path))(TEXTS)
    assert list(tmp_path.rglob("*.safetensors"))


def test_no_texts_have_no_vectors(base: Base) -> None:
    assert Embedder(base)([]).shape == (0, base.card.width)


def test_progress_counts_to_the_end(base: Base) -> None:
    heard: list[int] = []
    Embedder(base)(TEXTS, heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == len(TEXTS)
