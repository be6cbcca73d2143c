import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from haoqi.models import features
from haoqi.models.bases import Base, load_encoder, load_tokenizer, resolve
from haoqi.models.features import FeatureStore

TEXTS = ["A quiet, bright screen.", "It arrived late", "这个酒店的房间很大", "", "A quiet, bright screen."]


@pytest.fixture
def base(tiny_base: str) -> Base:
    return resolve(tiny_base, Path())


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return FeatureStore(tmp_path)


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the texts that were computed, in the order they were asked for."""
    asked: list[str] = []
    real = features._embed

    def counting(base: Base, texts: list[str], progress: Any) -> Iterator[Any]:
        asked.extend(texts)
        return real(base, texts, progress)

    monkeypatch.setattr(features, "_embed", counting)
    return asked


def alone(base: Base, text: str) -> np.ndarray:
    """Return a text's embedding, computed the plain way."""
    ids = torch.tensor([load_tokenizer(base).encode(text).ids])
    with torch.inference_mode():
        mean = load_encoder(base)(input_ids=ids).last_hidden_state[0].mean(dim=0)
    return np.asarray((mean / mean.norm()).numpy())


def test_embeddings_are_means_of_length_one_in_order(store: FeatureStore, base: Base) -> None:
    found = store.embeddings(base, TEXTS)
    assert found.dtype == np.float32
    assert np.allclose(found, [alone(base, text) for text in TEXTS], atol=1e-5)


def test_no_text_is_computed_twice(store: FeatureStore, base: Base, computed: list[str]) -> None:
    first = store.embeddings(base, TEXTS)
    assert sorted(computed) == sorted(set(TEXTS))
    again = FeatureStore(store.folder).embeddings(base, [*reversed(TEXTS), "new"])
    assert computed[-1:] == ["new"]
    assert len(computed) == len(set(TEXTS)) + 1
    assert np.array_equal(again[:-1], first[::-1])


def test_another_base_has_embeddings_of_its_own(store: FeatureStore, base: Base, computed: list[str]) -> None:
    store.embeddings(base, TEXTS[:1])
    store.embeddings(dataclasses.replace(base, fingerprint="other"), TEXTS[:1])
    assert len(computed) == 2


def test_a_prefix_belongs_to_the_text(store: FeatureStore, base: Base) -> None:
    prefixed = dataclasses.replace(base, card=dataclasses.replace(base.card, prefix="query: "), fingerprint="prefixed")
    assert np.allclose(store.embeddings(prefixed, ["late"])[0], alone(base, "query: late"), atol=1e-5)


def test_progress_counts_what_was_there(store: FeatureStore, base: Base) -> None:
    store.embeddings(base, TEXTS[:2])
    heard: list[int] = []
    store.embeddings(base, TEXTS[:4], heard.append)
    assert heard[-1] == 4
    assert heard == sorted(heard)


def test_nothing_asked_is_nothing_given(store: FeatureStore, base: Base) -> None:
    assert store.embeddings(base, []).shape == (0, 8)
    assert store.states(base, 1, []) == []


def test_a_killed_process_loses_only_what_was_under_way(
    store: FeatureStore, base: Base, computed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "_EMBEDDINGS_PER_SHARD", 1)
    many = [f"screen {number}" for number in range(6)]

    def stop(done: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("haoqi.models.forward.BATCH_TOKENS", 1)
    with pytest.raises(KeyboardInterrupt):
        store.embeddings(base, many, stop)
    store.embeddings(base, many)
    assert len(computed) == len(many) + len(many) - 1


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_hidden_states_are_what_enters_a_layer(store: FeatureStore, base: Base, layer: int) -> None:
    found = store.hidden(base, layer, TEXTS)
    for text, states in zip(TEXTS, found, strict=True):
        ids = torch.tensor([load_tokenizer(base).encode(text).ids])
        with torch.inference_mode():
            expected = load_encoder(base)(input_ids=ids, output_hidden_states=True).hidden_states[layer][0]
        assert states.dtype == np.float16
        assert np.allclose(states, expected.numpy(), atol=5e-3)


def test_hidden_states_come_from_disk_the_second_time(
    store: FeatureStore, base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store.hidden(base, 1, TEXTS)
    monkeypatch.setattr(features, "_states", None)
    again = FeatureStore(store.folder).hidden(base, 1, TEXTS)
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))


def test_beyond_the_limit_hidden_states_are_computed_and_not_kept(store: FeatureStore, base: Base) -> None:
    small = dataclasses.replace(store, limit_bytes=10)
    kept = store.hidden(base, 1, TEXTS[:1])
    assert not small.fits(base, 1, [np.arange(5, dtype=np.int32)])
    found = dataclasses.replace(small, folder=store.folder / "other").hidden(base, 1, TEXTS[:1])
    assert np.array_equal(kept[0], found[0])
    assert list((store.folder / "other").rglob("*.safetensors")) == []
