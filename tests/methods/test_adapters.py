"""The methods that tune a base by an adapter: what they leave, what they compute, and what they keep."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from haoqi.core.errors import UserError
from haoqi.data.examples import Examples
from haoqi.evaluate.metrics.accuracy import accuracy
from haoqi.methods._adapters import AdapterTuning
from haoqi.methods.method import Job, methods, usual_methods
from haoqi.methods.work import Size
from haoqi.models.bases import Base, load_encoder
from haoqi.models.encoders.adapters.adapter import kinds
from haoqi.models.encoders.encoder import EncoderModel, collate
from haoqi.models.feature_store.store import FeatureStore
from haoqi.models.predictors.encoder import Encoder
from haoqi.tasks.outputs.one_label import OneLabel
from haoqi.tasks.task import Task
from haoqi.train.loop import checkpoint, loop

NAMES = [name for name in methods.names() if issubclass(methods.get(name), AdapterTuning)]  # type: ignore[arg-type]
QUICK: dict[str, Any] = {"epochs": 2, "batch_size": 4}
GOOD, BAD = "a quiet bright screen that i would buy again", "it arrived late broken and in the wrong colour"
TASK = Task(OneLabel(("bad", "good")), (accuracy(),), (GOOD, "good"))
EXAMPLES = Examples.of(
    [f"{GOOD if row % 2 else BAD} {'tomorrow ' * (row % 5)}" for row in range(12)],
    ["good" if row % 2 else "bad" for row in range(12)],
)

pytestmark = pytest.mark.usefixtures("plain_arithmetic")


def job(base: Base, folder: Path, **changes: Any) -> Job:
    given = {"train": EXAMPLES, "valid": EXAMPLES.take([0, 1, 2, 3]), "base": base, "seed": 0, **changes}
    return Job(task=TASK, store=FeatureStore(folder / "features"), **given)


def test_all_of_them_are_here() -> None:
    assert NAMES == ["adalora", "adapter", "bitfit", "dora", "ia3", "lora", "p_tuning", "prefix", "prompt"]


def test_a_search_tries_one_of_them_unless_others_are_named() -> None:
    assert set(NAMES) & set(usual_methods()) == {"lora"}


@pytest.mark.parametrize("name", NAMES)
def test_it_learns_beside_the_base_and_is_saved_alone(name: str, base: Base, tmp_path: Path, home: Path) -> None:
    """The base is nowhere in what is kept of a run; standing alone, or sharing a base, it gives the same scores."""
    predictor: Any = methods.build(name, **QUICK).fit(job(base, tmp_path))
    scores, adapter = predictor.scores(EXAMPLES), predictor.model.adapter
    start = load_encoder(base).state_dict()
    now = predictor.model.encoder.state_dict()
    changed = {key for key, value in start.items() if not torch.equal(value, now[key])}
    assert bool(changed) == adapter.kind.merges
    for standalone in (False, True):
        place = tmp_path / str(standalone)
        place.mkdir()
        predictor.save(place, standalone=standalone)
        loaded = Encoder.load(place, home / "cache")
        assert np.array_equal(loaded.scores(EXAMPLES), scores)
        np.testing.assert_allclose(Encoder.load(place, home / "cache", shared=True).scores(EXAMPLES), scores, atol=1e-5)
        again = loaded.model.adapter
        assert again is not None
        assert again.kind == adapter.kind
        assert all(torch.equal(value, adapter.weights[key]) for key, value in again.weights.items())
    alone = sum(path.stat().st_size for path in (tmp_path / "False").glob("*.safetensors"))
    assert alone < 4 * (adapter.count + 18) + 40 * 150  # numbers and their names


@pytest.mark.parametrize("name", NAMES)
def test_it_resumes_as_if_it_had_not_been_stopped(
    name: str, base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    method, straight = methods.build(name, **QUICK | {"epochs": 6}), job(base, tmp_path)
    expected, real, times = method.fit(straight).scores(EXAMPLES), checkpoint.write, [0]

    class Stopped(BaseException):
        """Stands for a killed process."""

    def write_and_stop(*given: Any) -> None:
        real(*given)
        times[0] += 1
        if times[0] == 12:  # amidst the pruning of triplets
            raise Stopped

    monkeypatch.setattr(loop, "_CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(checkpoint, "write", write_and_stop)
    with pytest.raises(Stopped):
        method.fit(dataclasses.replace(straight, folder=tmp_path / "checkpoint"))
    monkeypatch.setattr(checkpoint, "write", real)
    resumed = method.fit(dataclasses.replace(straight, folder=tmp_path / "checkpoint"))
    assert np.array_equal(resumed.scores(EXAMPLES), expected)


@pytest.mark.parametrize("name", ["lora", "adapter", "prefix"])
def test_it_learns_what_can_be_learnt_without_a_start(
    name: str, base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("haoqi.methods._adapters.start_head", lambda setup: None)
    settings = {"epochs": 8, "batch_size": 4, "learning_rate": 1e-2}
    predictor = methods.build(name, **settings).fit(job(base, tmp_path))
    assert (np.asarray(predictor.scores(EXAMPLES)).argmax(axis=1) == np.arange(12) % 2).all()


@pytest.mark.parametrize("rank", [2, 3])
def test_adalora_keeps_as_many_triplets_as_it_may(rank: int, base: Base, tmp_path: Path) -> None:
    method = methods.build("adalora", epochs=8, batch_size=4, rank=rank, learning_rate=1e-2)
    adapter = method.fit(job(base, tmp_path)).model.adapter  # type: ignore[attr-defined]
    ranks = [len(value) for name, value in adapter.weights.items() if name.endswith(".values")]
    assert sum(ranks) <= 12 * rank  # six linear layers in each of two layers
    assert adapter.kind.rank == rank + 1
    assert all(value.all() for name, value in adapter.weights.items() if name.endswith(".values"))


@pytest.mark.parametrize("name", [name for name in NAMES if hasattr(methods.build(name), "layers")])
def test_below_the_lowest_layer_that_learns_states_are_kept(name: str, base: Base, tmp_path: Path) -> None:
    """They are computed once, in 16 bits, and nothing of the layers below is computed while it learns."""
    given = job(base, tmp_path)
    fitted: Any = methods.build(name, **QUICK, layers=1).fit(given)
    assert all(key.startswith("encoder.layer.1.") for key in fitted.model.adapter.weights)
    small = FeatureStore(tmp_path / "small", limit_bytes=0, memory_bytes=0)
    recomputed = methods.build(name, **QUICK, layers=1).fit(dataclasses.replace(given, store=small))
    np.testing.assert_allclose(fitted.scores(EXAMPLES), recomputed.scores(EXAMPLES), atol=5e-3)
    size = Size(train_rows=1000, valid_rows=100, tokens=30.0, labels=2, layers=6, width=384, vocabulary=30000)
    work, whole = (methods.build(name, layers=layers).work(size) for layers in (2, 0))  # type: ignore[attr-defined]
    assert work.states is not None
    assert work.states.below == 4
    assert work.fit.training < 0.4 * whole.fit.training


def test_no_gradient_of_a_frozen_weight_is_computed(tiny_base: str) -> None:
    """A pass there and two back is what a layer costs that learns whole; one back where the weights are frozen."""
    from transformers import BertConfig, BertModel

    config = BertConfig(
        hidden_size=64, num_hidden_layers=3, num_attention_heads=2, intermediate_size=128, vocab_size=99
    )
    batch = collate([np.arange(1, 33, dtype=np.int32)] * 4, "cpu")

    def operations(kind: str | None, **settings: Any) -> tuple[int, int]:
        model = EncoderModel(BertModel(config, add_pooling_layer=False), 2, pooling="mean")
        torch.nn.init.normal_(model.head.weight)
        if kind is not None:
            kinds.build(kind, **settings).attach(model.encoder, list(range(1, 50)))
        with FlopCounterMode(display=False) as there:
            loss = model(batch).square().sum()
        with FlopCounterMode(display=False) as back:
            loss.backward()
        return there.get_total_flops(), back.get_total_flops()

    forward, backward = operations(None)
    assert 1.9 < backward / forward < 2.1
    for kind in ("biases", "scaling"):
        assert operations(kind)[1] < 1.15 * forward, kind
    for kind, settings in (("low_rank", {"rank": 1}), ("adaptive_rank", {"rank": 1}), ("bottleneck", {"width": 1})):
        there, back = operations(kind, **settings)
        assert there < 1.15 * forward, kind
        assert back < 1.3 * forward, kind
    assert operations("prefix", tokens=1)[1] < 1.25 * forward
    assert operations("prompt", tokens=1)[1] < 1.25 * forward


def test_soft_prompts_leave_room_for_texts(base: Base, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="come before"):
        methods.build("prompt", tokens=100).fit(
            job(dataclasses.replace(base, card=dataclasses.replace(base.card, max_tokens=110)), tmp_path)
        )
    predictor: Any = methods.build("prompt", tokens=100, epochs=1).fit(job(base, tmp_path))
    assert predictor.reader.max_tokens == 28
    assert np.isfinite(predictor.scores(Examples.of(["so long " * 200]))).all()


def test_a_training_that_learns_nothing_is_noted(base: Base, tmp_path: Path) -> None:
    noted: list[str] = []
    texts = [f"{GOOD if row % 4 < 2 else BAD}" for row in range(12)]
    noise = Examples.of(texts, EXAMPLES.labels)
    methods.build("bitfit", epochs=4, batch_size=4).fit(job(base, tmp_path, train=noise, note=noted.append))
    assert len(noted) == 1
    assert "fit.learnt_nothing" in str(noted[0]) or "never did better" in str(noted[0])
