"""Sums of predictors: bases are read once, sums of sums are taken apart, and what is on disk is the same."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from haoqi.data.examples import Examples
from haoqi.models.bases import Base, resolve
from haoqi.models.encoders.embedder import Embedder
from haoqi.models.encoders.pair_features import pair_width
from haoqi.models.predictor import Predictor
from haoqi.models.predictors.blend import Blend
from haoqi.models.predictors.constant import Constant
from haoqi.models.predictors.embedding_linear import EmbeddingLinear

ASKED = Examples.of(["Ann scored twice", "a telescope 好", ""])


@pytest.fixture(scope="module")
def bases(tiny_base: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Base, Base]:
    """Return two bases with weights of their own."""
    import shutil

    from safetensors.numpy import load_file, save_file

    other = tmp_path_factory.mktemp("other") / "tiny"
    shutil.copytree(tiny_base, other)
    weights = load_file(other / "model.safetensors")
    save_file({name: value[::-1].copy() for name, value in weights.items()}, other / "model.safetensors")
    cache = tmp_path_factory.mktemp("cache")
    return resolve(tiny_base, cache), resolve(str(other), cache)


def linear(base: Base, seed: int) -> EmbeddingLinear:
    rng = np.random.default_rng(seed)
    return EmbeddingLinear(Embedder(base), rng.normal(size=(8, 2)).astype(np.float32), np.zeros(2, np.float32))


def test_a_sum_of_sums_scores_as_the_sum_of_its_members(bases: tuple[Base, Base]) -> None:
    one, two, three = linear(bases[0], 1), linear(bases[1], 2), linear(bases[0], 3)
    inner = Blend((one, two), np.array([0.5, 2.0], np.float32), np.array([0.1, -0.1], np.float32))
    both = Blend.of([inner, three], [0.25, 0.75], 2)
    assert len(both.members) == 3
    wanted = 0.25 * np.asarray(inner.scores(ASKED)) + 0.75 * np.asarray(three.scores(ASKED))
    np.testing.assert_allclose(np.asarray(both.scores(ASKED)), wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("standalone", [True, False])
def test_several_bases_lie_on_disk_once_each(bases: tuple[Base, Base], standalone: bool, tmp_path: Path) -> None:
    members: list[Predictor] = [linear(bases[0], 1), linear(bases[1], 2), linear(bases[0], 3)]
    blend = Blend.of(members, [1.0, 1.0, 1.0], 2)
    blend.save(tmp_path, standalone=standalone)
    assert len(list(tmp_path.rglob("base.json"))) == 2
    again = Blend.load(tmp_path, tmp_path / "no-cache")
    heard: list[int] = []
    np.testing.assert_allclose(again.scores(ASKED, heard.append), blend.scores(ASKED), rtol=1e-4, atol=1e-5)
    assert heard[-1] == len(ASKED)


def test_a_base_that_members_share_reads_every_text_once(
    bases: tuple[Base, Base], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    asked = Embedder.__call__

    def counting(self: Embedder, texts: list[str], progress: object = None) -> object:
        read.append(len(texts))
        return asked(self, texts)

    monkeypatch.setattr(Embedder, "__call__", counting)
    Blend.of([linear(bases[0], 1), linear(bases[0], 2), linear(bases[1], 3)], [1.0, 1.0, 1.0], 2).scores(ASKED)
    assert read == [len(ASKED)] * 2


def test_a_form_computes_the_base_that_most_members_ask_and_no_other(bases: tuple[Base, Base]) -> None:
    blend = Blend.of([linear(bases[0], 1), linear(bases[1], 2), linear(bases[0], 3)], [1.0, 1.0, 1.0], 2)
    assert blend.graph() is not None

    def compute(*arguments: object) -> object:
        raise AssertionError("only the first base is computed by the form")

    quick = blend.with_compute(compute)  # type: ignore[arg-type]
    forms = [one.embedder.compute for one in quick.members if isinstance(one, EmbeddingLinear)]
    assert forms == [compute, None, compute]


def test_without_a_base_there_is_nothing_to_compile_and_progress_still_ends() -> None:
    plain = Blend.of([Constant(np.array([0.0, 1.0], np.float32))], [2.0], 2)
    heard: list[int] = []
    assert plain.graph() is None
    np.testing.assert_allclose(plain.scores(ASKED, heard.append), [[0.0, 2.0]] * 3)
    assert heard == [3]


def test_two_texts_are_read_by_all_members(bases: tuple[Base, Base]) -> None:
    rng = np.random.default_rng(0)
    embedder = Embedder(bases[0])
    width = pair_width(8, "symmetric")
    members = [
        EmbeddingLinear(embedder, rng.normal(size=(width, 2)).astype(np.float32), np.zeros(2, np.float32), "symmetric")
        for _ in range(2)
    ]
    blend = Blend.of(members, [0.5, 1.5], 2)
    asked = replace(ASKED, pairs=["a goal", "", "stars"])
    wanted = 0.5 * np.asarray(members[0].scores(asked)) + 1.5 * np.asarray(members[1].scores(asked))
    np.testing.assert_allclose(np.asarray(blend.scores(asked)), wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(np.asarray(blend.scores(asked.exchanged())), wanted, rtol=1e-5, atol=1e-6)
