import dataclasses
import os
import pickle
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from haoqi.models.bases import Base, load_encoder, load_tokenizer, resolve
from haoqi.models.encoders import placement
from haoqi.models.encoders import tokens as tokenizing
from haoqi.models.encoders.tokens import read_texts
from haoqi.models.feature_store import store as features
from haoqi.models.feature_store.store import FeatureStore

TEXTS = ["A quiet, bright screen.", "It arrived late", "这个酒店的房间很大", "", "A quiet, bright screen."]
WIDTH = 8


@pytest.fixture(autouse=True)
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute in 32 bits, whatever this machine is fastest in."""
    monkeypatch.setattr(placement, "probed", placement.Placement)


@pytest.fixture
def base(tiny_base: str) -> Base:
    return resolve(tiny_base, Path())


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return FeatureStore(tmp_path)


class Computed:
    """How many texts were cut, embedded, and put through lower layers."""

    def __init__(self) -> None:
        self.cut: list[str] = []
        self.embedded = 0
        self.states: list[int] = []
        """The layer of each text."""


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> Computed:
    """Return what is computed from now on."""
    done, cut, embed, states = Computed(), tokenizing.read_texts, features._embed, features._states

    def cutting(tokenizer: Any, texts: Sequence[str], *rest: Any) -> Any:
        done.cut += texts
        return cut(tokenizer, texts, *rest)

    def embedding(base: Base, tokens: Sequence[Any], progress: Any) -> Iterator[Any]:
        done.embedded += len(tokens)
        return embed(base, tokens, progress)

    def entering(base: Base, layer: int, tokens: Sequence[Any], progress: Any) -> Iterator[Any]:
        done.states += [layer] * len(tokens)
        return states(base, layer, tokens, progress)

    monkeypatch.setattr(tokenizing, "read_texts", cutting)
    monkeypatch.setattr(features, "_embed", embedding)
    monkeypatch.setattr(features, "_states", entering)
    return done


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


def test_no_text_is_computed_twice(store: FeatureStore, base: Base, computed: Computed) -> None:
    first = store.embeddings(base, TEXTS)
    assert sorted(computed.cut) == sorted(set(TEXTS))
    assert computed.embedded == len(set(TEXTS))
    again = FeatureStore(store.folder).embeddings(base, [*reversed(TEXTS), "new"])
    assert computed.cut[-1:] == ["new"]
    assert computed.embedded == len(computed.cut) == len(set(TEXTS)) + 1
    assert np.array_equal(again[:-1], first[::-1])


def test_plans_share_tokens_embeddings_and_states(store: FeatureStore, base: Base, computed: Computed) -> None:
    unique = len(set(TEXTS))
    store.embeddings(base, TEXTS)
    first = store.hidden(base, 1, TEXTS)
    assert (len(computed.cut), computed.embedded, computed.states) == (unique, unique, [1] * unique)
    for same in (store, FeatureStore(store.folder), FeatureStore(store.folder, memory_bytes=0)):
        same.embeddings(base, TEXTS)
        again = same.hidden(base, 1, TEXTS)
        assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))
    assert (len(computed.cut), computed.embedded, computed.states) == (unique, unique, [1] * unique)


def test_folds_find_what_other_folds_computed(store: FeatureStore, base: Base, computed: Computed) -> None:
    texts = ["screen " * (number + 1) for number in range(9)]
    for fold in range(3):
        rest = [text for number, text in enumerate(texts) if number % 3 != fold]
        whole = store.embeddings(base, rest)
        store.hidden(base, 1, rest)
    assert computed.embedded == len(computed.states) == len(computed.cut) == 9
    assert np.allclose(whole, [alone(base, text) for text in rest], atol=1e-5)


def test_another_base_has_embeddings_of_its_own_and_shares_tokens(
    store: FeatureStore, base: Base, computed: Computed
) -> None:
    other = dataclasses.replace(base, fingerprint="other")
    for one in (base, other):
        store.embeddings(one, TEXTS[:1])
        store.hidden(one, 1, TEXTS[:1])
    assert (computed.embedded, computed.states) == (2, [1, 1])
    assert computed.cut == TEXTS[:1]


def test_another_layer_has_states_of_its_own(store: FeatureStore, base: Base, computed: Computed) -> None:
    for layer in (1, 2, 1):
        store.hidden(base, layer, TEXTS[:1])
    assert computed.states == [1, 2]


def test_tokens_are_those_of_the_tokenizer(store: FeatureStore, base: Base, computed: Computed) -> None:
    tokenizer = load_tokenizer(base)
    for limit, prefix in ((64, ""), (4, ""), (64, "query: ")):
        expected = read_texts(tokenizer, TEXTS, limit, prefix)
        for _ in range(2):
            found = store.tokenize(base, TEXTS, limit, prefix)
            assert [row.tolist() for row in found] == [row.tolist() for row in expected]
            assert {row.dtype for row in found} == {np.dtype(np.int32)}
    assert len(computed.cut) == 3 * len(set(TEXTS))


def test_tokens_are_found_by_the_next_process(store: FeatureStore, base: Base, computed: Computed) -> None:
    first = store.tokenize(base, TEXTS, 64)
    again = FeatureStore(store.folder).tokenize(base, TEXTS, 64)
    assert [row.tolist() for row in first] == [row.tolist() for row in again]
    assert len(computed.cut) == len(set(TEXTS))


def test_a_text_that_is_no_unicode_has_a_place(
    store: FeatureStore, base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokenizing, "read_texts", lambda *given: [np.array([1, 2], np.int32)])
    assert store.tokenize(base, ["\ud800"], 64)[0].tolist() == [1, 2]


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
    assert store.embeddings(base, []).shape == (0, WIDTH)
    assert store.states(base, 1, []) == []
    assert store.tokenize(base, [], 64) == []


def test_a_killed_process_loses_only_what_was_under_way(
    store: FeatureStore, base: Base, computed: Computed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "_EMBEDDING_BYTES_PER_SHARD", 1)
    many = [f"screen {number}" for number in range(6)]

    def stop(done: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("haoqi.models.encoders.batch_order.BATCH_TOKENS", 1)
    with pytest.raises(KeyboardInterrupt):
        store.embeddings(base, many, stop)
    FeatureStore(store.folder).embeddings(base, many)
    assert computed.embedded == len(many) + len(many) - 1


def test_a_damaged_file_is_computed_again(store: FeatureStore, base: Base, computed: Computed) -> None:
    first = store.embeddings(base, TEXTS)
    for path in store.folder.rglob("*.safetensors"):
        os.truncate(path, path.stat().st_size - 4)
    again = FeatureStore(store.folder).embeddings(base, TEXTS)
    assert np.array_equal(again, first)
    assert computed.embedded == 2 * len(set(TEXTS))
    FeatureStore(store.folder).embeddings(base, TEXTS)
    assert computed.embedded == 2 * len(set(TEXTS))


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_hidden_states_are_what_enters_a_layer_to_eleven_binary_digits(
    store: FeatureStore, base: Base, layer: int
) -> None:
    found = store.hidden(base, layer, TEXTS)
    for text, states in zip(TEXTS, found, strict=True):
        ids = torch.tensor([load_tokenizer(base).encode(text).ids])
        with torch.inference_mode():
            expected = load_encoder(base)(input_ids=ids, output_hidden_states=True).hidden_states[layer][0]
        assert states.dtype == np.float16
        assert np.allclose(states, expected.numpy(), rtol=2**-11, atol=1e-5)


def test_states_leave_the_shared_base_whole_even_where_they_are_broken_off(store: FeatureStore, base: Base) -> None:
    before = store.embeddings(base, TEXTS[:1])

    def stop(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as broken:
        store.states(base, 1, [np.arange(5, dtype=np.int32)], stop)
    elsewhere = FeatureStore(store.folder / "elsewhere")
    assert np.array_equal(elsewhere.embeddings(base, TEXTS[:1]), before)
    assert broken.tb is not None  # what was under way is still alive


def rows_of(count: int, length: int = 5) -> list[np.ndarray]:
    """Return tokens of texts that differ from one another."""
    return [np.array([2, *range(6 + row, 4 + row + length), 3], np.int32) for row in range(count)]


def on_disk(store: FeatureStore) -> int:
    return sum(path.stat().st_size for path in store.folder.rglob("*.safetensors"))


def test_what_has_room_nowhere_is_computed_and_not_kept(store: FeatureStore, base: Base, computed: Computed) -> None:
    none = FeatureStore(store.folder / "none", limit_bytes=10, memory_bytes=10)
    rows = rows_of(3)
    assert not none.fits(base, 1, rows)
    for _ in range(2):
        found = none.states(base, 1, [*rows, rows[0]])
        assert all(
            np.array_equal(one, other)
            for one, other in zip(found, store.states(base, 1, [*rows, rows[0]]), strict=True)
        )
    assert computed.states == [1] * 9
    assert on_disk(none) == 0


def test_what_has_room_in_memory_only_is_kept_there(store: FeatureStore, base: Base, computed: Computed) -> None:
    small = dataclasses.replace(store, limit_bytes=0, memory_bytes=10_000)
    assert small.fits(base, 1, rows_of(3))
    first = small.states(base, 1, rows_of(3))
    assert all(np.array_equal(one, other) for one, other in zip(first, small.states(base, 1, rows_of(3)), strict=True))
    assert len(computed.states) == 3
    assert on_disk(small) == 0


def test_states_that_were_used_least_recently_leave_the_disk_for_new_ones(
    store: FeatureStore, base: Base, computed: Computed
) -> None:
    store.states(base, 1, rows_of(3))
    size = on_disk(store)
    store = FeatureStore(store.folder, limit_bytes=2 * size + size // 2, memory_bytes=0)
    for layer in (2, 0, 2, 1):  # the third has no room before layer 1 has left, the last none before layer 0 has
        assert store.fits(base, layer, rows_of(3))
        states = store.states(base, layer, rows_of(3))
        assert len(states) == 3
        for path in store.folder.glob(f"{base.fingerprint}-layer-{layer}/*"):
            age_all(store, path)
        assert on_disk(store) <= store.limit_bytes
    assert computed.states == [1] * 3 + [2] * 3 + [0] * 3 + [1] * 3
    left = {path.parent.name.rpartition("-")[2] for path in store.folder.rglob("*.safetensors")}
    assert left == {"1", "2"}


def age_all(store: FeatureStore, newest: Path) -> None:
    """Make every other file older, since clocks of file systems are coarse."""
    for path in store.folder.rglob("*.safetensors"):
        if path != newest:
            facts = path.stat()
            os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns - 10**9))


def test_states_never_drive_out_embeddings_or_tokens(store: FeatureStore, base: Base, computed: Computed) -> None:
    store.embeddings(base, TEXTS)
    kept = on_disk(store)
    full = FeatureStore(store.folder, limit_bytes=kept + 10, memory_bytes=0)
    assert not full.fits(base, 1, rows_of(3))
    full.states(base, 1, rows_of(3))
    full.embeddings(base, TEXTS)
    assert (computed.embedded, on_disk(full)) == (len(set(TEXTS)), kept)


def test_embeddings_drive_out_states(store: FeatureStore, base: Base, computed: Computed) -> None:
    store.states(base, 1, rows_of(20))
    full = FeatureStore(store.folder, limit_bytes=on_disk(store) + 10, memory_bytes=0)
    full.states(base, 1, rows_of(20))
    assert len(computed.states) == 20
    full.embeddings(base, TEXTS)
    assert not any("-layer-" in str(path) for path in store.folder.rglob("*.safetensors"))
    full.states(base, 1, rows_of(20))
    assert len(computed.states) == 40
    assert on_disk(full) <= full.limit_bytes


def test_a_store_crosses_to_another_process_without_what_it_holds(store: FeatureStore, base: Base) -> None:
    store.embeddings(base, ["screen " * 50])
    sent = pickle.dumps(store)
    assert len(sent) < 1000
    assert pickle.loads(sent) == store
