"""Static embeddings: a table from a base, and texts as sums of its rows."""

from pathlib import Path

import numpy as np
import pytest

from haoqi import methods, tasks
from haoqi.data.examples import Examples
from haoqi.methods.method import Job
from haoqi.models.bases import Base, load_tokenizer
from haoqi.models.encoders import static_table
from haoqi.models.encoders.static_embedder import StaticEmbedder
from haoqi.models.encoders.static_table import distil_table, telling
from haoqi.models.encoders.tokens import read_texts
from haoqi.models.feature_store.store import FeatureStore
from haoqi.models.predictors.static_linear import StaticLinear

TEXTS = ["the match was late", "a telescope found water", "the bank fell", ""]


def table_of(base: Base, folder: Path, width: int = 8) -> np.ndarray:  # type: ignore[type-arg]
    tokens = read_texts(load_tokenizer(base), TEXTS, 64)
    return distil_table(base, FeatureStore(folder), tokens, counting=np.ones(len(TEXTS)), width=width)


def test_a_text_is_the_sum_of_its_tokens_brought_to_length_one(base: Base, tmp_path: Path) -> None:
    table = table_of(base, tmp_path)
    found = StaticEmbedder(load_tokenizer(base), table)(TEXTS)
    for text, vector in zip(TEXTS, found, strict=True):
        ids = load_tokenizer(base).encode(text, add_special_tokens=False).ids
        total = table[ids].astype(np.float32).sum(axis=0)
        np.testing.assert_allclose(vector, total / max(np.linalg.norm(total), 1e-9), atol=1e-5)


def test_special_tokens_count_nothing_and_common_tokens_less_than_rare_ones() -> None:
    counts = np.array([9.0, 9.0, 500.0, 0.0, 0.0, 0.0] + [0.0] * 5000)
    weights = telling(counts, [0, 1])
    assert weights[0] == weights[1] == 0
    assert 0 < weights[2] < weights[3] < weights[5000] < 1


def test_tokens_that_are_not_computed_are_guessed_from_the_input_table(
    base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = table_of(base, tmp_path / "whole").astype(np.float32)
    monkeypatch.setattr(static_table, "MOST_COMPUTED", 150)
    asked: list[int] = []
    store = FeatureStore(tmp_path / "part")
    tokens = read_texts(load_tokenizer(base), TEXTS, 64)
    part = distil_table(base, store, tokens, counting=np.ones(len(TEXTS)), width=8, progress=asked.append)
    assert max(asked) < len(whole)
    assert part.shape == whole.shape and np.isfinite(part).all()
    occurring = np.unique(np.concatenate(tokens))
    assert np.setdiff1d(occurring, np.arange(150)).size  # those of the texts are computed, wherever they stand


def test_a_second_table_of_a_base_computes_nothing(base: Base, tmp_path: Path) -> None:
    store, tokens = FeatureStore(tmp_path), read_texts(load_tokenizer(base), TEXTS, 64)
    heard: list[int] = []
    first, second = (
        distil_table(base, store, tokens, counting=np.ones(4), width=8, progress=heard.append) for _ in range(2)
    )
    assert np.array_equal(first, second)
    assert heard.count(max(heard)) == 1


def test_scores_are_the_same_to_the_last_bit_after_a_round_trip_without_the_base(base: Base, tmp_path: Path) -> None:
    examples = Examples.of(TEXTS * 4, ["sport", "tech", "money", "tech"] * 4)
    job = Job(tasks.build("topic", ("money", "sport", "tech")), examples, examples, 0, FeatureStore(tmp_path), base)
    predictor = methods.build("static", width=8).fit(job)
    (tmp_path / "model").mkdir()
    predictor.save(tmp_path / "model", standalone=False)
    again = StaticLinear.load(tmp_path / "model", tmp_path / "no-cache")
    assert np.array_equal(again.scores(examples), predictor.scores(examples))
    assert again.embedder.table.shape[1] == 8
