import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from haoqi.core.errors import UserError
from haoqi.data.examples import Examples, Span
from haoqi.evaluate.metrics.accuracy import accuracy
from haoqi.evaluate.metrics.entity_f1 import entity_f1
from haoqi.evaluate.metrics.micro_f1 import micro_f1
from haoqi.methods.method import Job, methods
from haoqi.methods.work import Size
from haoqi.models.bases import Base
from haoqi.models.feature_store.store import FeatureStore
from haoqi.models.predictor import Predictor
from haoqi.models.predictors.encoder import Encoder
from haoqi.tasks.outputs.many_labels import ManyLabels
from haoqi.tasks.outputs.one_label import OneLabel
from haoqi.tasks.outputs.spans import Spans
from haoqi.tasks.task import Task
from haoqi.train.loop import checkpoint, loop

NAMES = ("full", "top_layers", "lora", "setfit")
QUICK: dict[str, dict[str, Any]] = {
    "full": {"epochs": 2, "batch_size": 4},
    "top_layers": {"epochs": 2, "batch_size": 4, "layers": 1},
    "lora": {"epochs": 2, "batch_size": 4, "rank": 2},
    "setfit": {"epochs": 2, "batch_size": 8},
}
GOOD, BAD = "a quiet bright screen that i would buy again", "it arrived late broken and in the wrong colour"
TEXTS = [f"{GOOD if row % 2 else BAD} {'tomorrow ' * (row % 5)}" for row in range(12)]
TASKS = {
    "label": Task(OneLabel(("bad", "good")), (accuracy(),), (GOOD, "good")),
    "labels": Task(ManyLabels(("bad", "good")), (micro_f1(),), (GOOD, ("good",))),
    "spans": Task(Spans(("LOC", "PER")), (entity_f1(),), ("Ann", (Span(0, 3, "PER"),))),
}
EXAMPLES = {
    "label": Examples.of(TEXTS, ["good" if row % 2 else "bad" for row in range(12)]),
    "labels": Examples.of(TEXTS, [[("good",), ("bad",), ("bad", "good"), ()][row % 4] for row in range(12)]),
    "spans": Examples.of(
        ["Peter flew to Paris .", "The film won .", "London , Paris", ""] * 3,
        [(Span(0, 5, "PER"), Span(14, 19, "LOC")), (), (Span(0, 6, "LOC"), Span(9, 14, "LOC")), ()] * 3,
    ),
}
CASES = [(name, kind) for name in NAMES for kind in sorted(TASKS) if (name, kind) != ("setfit", "spans")]


pytestmark = pytest.mark.usefixtures("plain_arithmetic")


def job(base: Base, folder: Path, kind: str = "label", **changes: Any) -> Job:
    examples = EXAMPLES[kind]
    given = {"train": examples, "valid": examples.take([0, 1, 2, 3]), "base": base, "seed": 0, **changes}
    return Job(task=TASKS[kind], store=FeatureStore(folder / "features"), **given)


def flat(predictor: Predictor, examples: Examples) -> np.ndarray:
    scores = predictor.scores(examples)
    return scores if isinstance(scores, np.ndarray) else np.concatenate(list(scores))


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_the_same_job_gives_the_same_predictor_which_survives_the_disk(
    name: str, kind: str, base: Base, tmp_path: Path, home: Path
) -> None:
    method, examples = methods.build(name, **QUICK[name]), EXAMPLES[kind]
    before = torch.get_rng_state()
    fitted, again = (method.fit(job(base, tmp_path, kind)) for _ in range(2))
    assert torch.equal(before, torch.get_rng_state())
    scores = flat(fitted, examples)
    assert np.isfinite(scores).all()
    assert np.array_equal(scores, flat(again, examples))
    task = TASKS[kind]
    assert len(task.output.decode(fitted.scores(examples), examples)) == len(examples)
    for standalone in (False, True):
        folder = tmp_path / str(standalone)
        folder.mkdir()
        fitted.save(folder, standalone=standalone)
        loaded = Encoder.load(folder, home / "cache")
        assert np.array_equal(flat(loaded, examples), scores)
        assert standalone == (folder / "tokenizer.json").exists()


@pytest.mark.parametrize("name", NAMES)
def test_it_learns_what_can_be_learnt(name: str, base: Base, tmp_path: Path) -> None:
    settings = {**QUICK[name], "epochs": 6, "learning_rate": 5e-4 if name == "setfit" else 1e-3}
    predictor = methods.build(name, **settings).fit(job(base, tmp_path))
    scores = flat(predictor, EXAMPLES["label"])
    assert (scores.argmax(axis=1) == np.arange(12) % 2).all()


@pytest.mark.parametrize("name", NAMES)
def test_order_and_company_do_not_change_a_score(name: str, base: Base, tmp_path: Path) -> None:
    predictor, examples = methods.build(name, **QUICK[name]).fit(job(base, tmp_path)), EXAMPLES["label"]
    rows = [7, 3, 0, 11]
    assert np.allclose(flat(predictor, examples.take(rows)), flat(predictor, examples)[rows], atol=1e-5)


@pytest.mark.parametrize("name", ["full", "top_layers"])
def test_what_is_frozen_stays_as_it_was_and_is_not_copied(name: str, base: Base, tmp_path: Path) -> None:
    predictor: Any = methods.build(name, **QUICK[name]).fit(job(base, tmp_path))
    plain: Any = resolve_encoder(base)
    now = predictor.model.encoder.state_dict()
    changed = {key for key, value in plain.state_dict().items() if not torch.equal(value, now[key])}
    assert changed <= predictor.tuned
    assert changed
    assert not any(key.startswith("embeddings.") for key in changed)
    if name == "top_layers":
        assert not any(key.startswith("encoder.layer.0.") for key in changed)
    predictor.save(tmp_path, standalone=False)
    from safetensors import safe_open

    with safe_open(tmp_path / "model.safetensors", "np") as file:
        assert set(file.keys()) == set(predictor.tuned)


def test_an_embedding_table_that_is_trained_learns_only_what_the_texts_use(base: Base, tmp_path: Path) -> None:
    before = resolve_encoder(base).get_input_embeddings().weight.detach()
    fitted: Any = methods.build("full", freeze_embeddings=False, epochs=1).fit(job(base, tmp_path))
    after = fitted.model.encoder.get_input_embeddings().weight.detach()
    moved = (after - before).abs().sum(dim=1).nonzero().flatten().tolist()
    read = {0, *(int(piece) for row in fitted.reader.read(EXAMPLES["label"]).ids for piece in row)}
    assert after.shape == before.shape
    assert moved
    assert set(moved) <= read


def resolve_encoder(base: Base) -> Any:
    from haoqi.models.bases import load_encoder

    return load_encoder(base)


def test_kept_states_and_recomputed_ones_give_nearly_the_same_model(base: Base, tmp_path: Path) -> None:
    method = methods.build("top_layers", **QUICK["top_layers"])
    kept = method.fit(job(base, tmp_path, "spans"))
    small = FeatureStore(tmp_path / "small", limit_bytes=0, memory_bytes=0)
    recomputed = method.fit(dataclasses.replace(job(base, tmp_path, "spans"), store=small))
    one, other = flat(kept, EXAMPLES["spans"]), flat(recomputed, EXAMPLES["spans"])
    assert np.allclose(one, other, atol=5e-3)


def test_long_texts_are_tagged_in_windows(base: Base, tmp_path: Path) -> None:
    predictor: Any = methods.build("full", epochs=1, max_tokens=16).fit(job(base, tmp_path, "spans"))
    examples = Examples.of(["Peter flew to Paris . " * 20, "London"])
    scores = predictor.scores(examples)
    assert [len(rows) for rows in scores] == [100, 1]
    assert all(len(ids) <= 16 for ids in predictor.reader.read(examples).ids)


def test_without_validation_examples_it_trains_to_the_end(base: Base, tmp_path: Path) -> None:
    for name in NAMES:
        predictor = methods.build(name, **QUICK[name]).fit(job(base, tmp_path, valid=Examples.of([])))
        assert flat(predictor, EXAMPLES["label"]).shape == (12, 2)


@pytest.mark.parametrize("name", NAMES)
def test_a_resumed_fit_equals_one_that_was_not_stopped(
    name: str, base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    method, straight = methods.build(name, **QUICK[name]), job(base, tmp_path)
    expected, real = flat(method.fit(straight), EXAMPLES["label"]), checkpoint.write

    class Stopped(BaseException):
        """Stands for a killed process."""

    def write_and_stop(*given: Any) -> None:
        real(*given)
        raise Stopped

    monkeypatch.setattr(loop, "_CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(checkpoint, "write", write_and_stop)
    with pytest.raises(Stopped):
        method.fit(dataclasses.replace(straight, folder=tmp_path / "checkpoint"))
    monkeypatch.setattr(checkpoint, "write", real)
    resumed = method.fit(dataclasses.replace(straight, folder=tmp_path / "checkpoint"))
    assert np.array_equal(flat(resumed, EXAMPLES["label"]), expected)


@pytest.mark.parametrize("name", NAMES)
def test_work_grows_with_what_there_is_to_do(name: str) -> None:
    size = Size(train_rows=1000, valid_rows=100, tokens=30.0, labels=2, layers=6, width=384, vocabulary=30000)
    method = methods.build(name)

    def operations(method: Any, **change: Any) -> float:
        work = method.work(dataclasses.replace(size, **change))
        return work.fit.training + work.fit.forward + work.score.forward

    done = operations(method)
    assert done > 0
    for change in ({"valid_rows": 1000}, {"tokens": 60.0}, {"train_rows": 1500}):
        assert operations(method, **change) > done
    assert operations(methods.build(name, epochs=8)) > done
    assert operations(method, layers=12) > done
    assert sum(method.work(size).fit.counts) < sum(method.work(dataclasses.replace(size, labels=20)).fit.counts)


@pytest.mark.parametrize("damage", ["missing", "short", "facts", "newer", "other base"])
def test_a_damaged_predictor_is_said_plainly(damage: str, base: Base, tmp_path: Path, home: Path) -> None:
    methods.build("full", **QUICK["full"]).fit(job(base, tmp_path)).save(tmp_path, standalone=False)
    facts = (tmp_path / "predictor.json").read_text()
    if damage == "missing":
        (tmp_path / "model.safetensors").unlink()
    elif damage == "short":
        (tmp_path / "head.safetensors").write_bytes((tmp_path / "head.safetensors").read_bytes()[:-3])
    else:
        changed = {
            "facts": facts.replace('"pooling"', '"polling"'),
            "newer": facts.replace('"format": 1', '"format": 99'),
            "other base": facts.replace(base.fingerprint, "0" * 32),
        }
        (tmp_path / "predictor.json").write_text(changed[damage])
    with pytest.raises(UserError):
        Encoder.load(tmp_path, home / "cache")
