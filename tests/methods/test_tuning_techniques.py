"""What may be done against learning examples by heart, as the gradient methods do it."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from haoqi import tasks
from haoqi.core.config import settings_of
from haoqi.core.errors import UserError
from haoqi.data.examples import Examples
from haoqi.methods import _tuning
from haoqi.methods.method import Job, methods
from haoqi.methods.work import Size
from haoqi.models.bases import Base
from haoqi.models.feature_store.store import FeatureStore
from haoqi.models.model import Model
from haoqi.models.releases import releases
from haoqi.train.loop import checkpoint, loop
from haoqi.train.loop.early_stopping import ENDED_EARLY
from haoqi.train.loop.step import Order, Stepper
from haoqi.train.objectives.shared_dropout import Hiding
from haoqi.train.techniques import Techniques
from haoqi.train.unfreezing import layer_of
from tests.methods.test_tuning import EXAMPLES, QUICK, flat, job, resolve_encoder

NAMES = ("full", "top_layers", "lora")
TECHNIQUES: dict[str, dict[str, Any]] = {
    "focal": {"focal": 2.0},
    "r-drop": {"r_drop": 1.0},
    "mixup": {"mixup": 0.4},
    "fgm": {"adversarial": "fgm"},
    "freelb": {"adversarial": "freelb", "adversarial_steps": 2},
    "average": {"average": 0.5},
    "ema": {"ema": 0.8},
    "contrast": {"contrast": 0.5},
    "unfreezing": {"unfreezing": 0.5},
    "lion": {"optimizer": "lion", "schedule": "inverse_sqrt", "warmup": 0.2},
    "muon": {"optimizer": "muon", "layer_decay": 0.8},
    "all": {"focal": 1.0, "r_drop": 1.0, "mixup": 0.4, "adversarial": "freelb", "average": 0.5, "contrast": 0.3},
}


pytestmark = pytest.mark.usefixtures("plain_arithmetic")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("technique", TECHNIQUES)
def test_it_learns_what_can_be_learnt(name: str, technique: str, base: Base, tmp_path: Path) -> None:
    settings = {**QUICK[name], "epochs": 6, "learning_rate": 1e-3}
    if (name, technique) == ("top_layers", "unfreezing"):
        settings["layers"] = 2  # a single one would have nobody to wait for
    plain, fitted = (
        methods.build(name, **settings, **given).fit(job(base, tmp_path)) for given in ({}, TECHNIQUES[technique])
    )
    scores = flat(fitted, EXAMPLES["label"])
    assert (scores.argmax(axis=1) == np.arange(12) % 2).all()
    assert not np.allclose(scores, flat(plain, EXAMPLES["label"]), atol=1e-6)


@pytest.mark.parametrize("kind", ["labels", "spans"])
def test_several_labels_and_words_are_learnt_the_same_way(kind: str, base: Base, tmp_path: Path) -> None:
    for technique, given in TECHNIQUES.items():
        fitted = methods.build("top_layers", **QUICK["top_layers"], **given).fit(job(base, tmp_path, kind))
        assert np.isfinite(flat(fitted, EXAMPLES[kind])).all(), technique


@pytest.mark.parametrize("technique", ["r-drop", "fgm"])
def test_kept_states_and_recomputed_ones_give_nearly_the_same_model(technique: str, base: Base, tmp_path: Path) -> None:
    method = methods.build("top_layers", **QUICK["top_layers"], **TECHNIQUES[technique])
    kept = method.fit(job(base, tmp_path, "spans"))
    small = FeatureStore(tmp_path / "small", limit_bytes=0, memory_bytes=0)
    recomputed = method.fit(dataclasses.replace(job(base, tmp_path, "spans"), store=small))
    assert np.allclose(flat(kept, EXAMPLES["spans"]), flat(recomputed, EXAMPLES["spans"]), atol=5e-3)


def test_a_table_that_is_trained_learns_only_what_the_texts_use_though_it_is_attacked(
    base: Base, tmp_path: Path
) -> None:
    settings = {"freeze_embeddings": False, "epochs": 1, **TECHNIQUES["all"]}
    before = resolve_encoder(base).get_input_embeddings().weight.detach()
    fitted: Any = methods.build("full", **settings).fit(job(base, tmp_path))
    after = fitted.model.encoder.get_input_embeddings().weight.detach()
    moved = (after - before).abs().sum(dim=1).nonzero().flatten().tolist()
    assert moved
    assert set(moved) <= {0, *(int(piece) for row in fitted.reader.read(EXAMPLES["label"]).ids for piece in row)}


@pytest.mark.parametrize("name", NAMES)
def test_a_resumed_fit_equals_one_that_was_not_stopped(
    name: str, base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memories: list[Any] = []
    method, straight = methods.build(name, **QUICK[name], **TECHNIQUES["all"]), doubted(job(base, tmp_path))
    straight = dataclasses.replace(straight, remember=memories.append)
    expected, real, written = flat(method.fit(straight), EXAMPLES["label"]), checkpoint.write, 0

    class Stopped(BaseException):
        """Stands for a killed process."""

    def write_and_stop(*given: Any) -> None:
        nonlocal written
        real(*given)
        written += 1
        if written == 4:  # of six steps: the mean has begun
            raise Stopped

    monkeypatch.setattr(loop, "_CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(checkpoint, "write", write_and_stop)
    with pytest.raises(Stopped):
        method.fit(dataclasses.replace(straight, folder=tmp_path / "checkpoint"))
    monkeypatch.setattr(checkpoint, "write", real)
    resumed = method.fit(dataclasses.replace(straight, folder=tmp_path / "checkpoint"))
    assert np.array_equal(flat(resumed, EXAMPLES["label"]), expected)
    first, second = memories
    assert first.shape == (len(straight.train), 2)
    assert np.array_equal(first, second)


def doubted(given: Job) -> Job:
    """Return the job with beliefs that speak against every label."""
    beliefs = [(6.0, 1.0) if row % 2 else (1.0, 6.0) for row in range(len(given.train))]
    return dataclasses.replace(given, train=dataclasses.replace(given.train, beliefs=beliefs))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_believed_of_a_label_counts_beside_it(name: str, base: Base, tmp_path: Path) -> None:
    method = methods.build(name, **{**QUICK[name], "epochs": 8, "learning_rate": 1e-3})
    plain = job(base, tmp_path, valid=EXAMPLES["label"].take([]))  # else the best weights stay, and not the last
    given, held = (flat(method.fit(one), EXAMPLES["label"]) for one in (plain, doubted(plain)))
    assert given[0].argmax() == 0
    assert held[0, 0] - held[0, 1] < given[0, 0] - given[0, 1] - 0.01


def test_what_is_fitted_has_no_trace_of_what_hid_its_states(base: Base, tmp_path: Path) -> None:
    fitted: Any = methods.build("full", **QUICK["full"], r_drop=1.0).fit(job(base, tmp_path))
    kinds = {type(module) for module in fitted.model.modules()}
    assert nn.Dropout in kinds
    assert Hiding not in kinds


def test_passes_that_cannot_differ_are_refused_before_anything_is_trained(base: Base, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="dropout is 0"):
        methods.build("full", r_drop=1.0, dropout=0.0).fit(job(base, tmp_path))


def test_parts_count_how_often_a_row_is_computed(base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    real = torch.nn.Linear.forward

    def count(self: Any, inputs: torch.Tensor) -> torch.Tensor:
        if self.training and inputs.ndim == 3:
            seen.append(inputs.shape[0] * inputs.shape[1])
        return real(self, inputs)

    monkeypatch.setattr(torch.nn.Linear, "forward", count)
    settings = {"epochs": 1, "batch_size": 12, "max_tokens": 16, "r_drop": 1.0}
    from haoqi.methods import full

    monkeypatch.setattr(full, "TrainSettings", lambda **given: _tuning.TrainSettings(batch_tokens=64, **given))
    methods.build("full", **settings).fit(job(base, tmp_path, valid=EXAMPLES["label"].take([])))
    assert max(seen) <= 64


@pytest.mark.parametrize("name", NAMES)
def test_techniques_cost_what_they_compute_and_an_explorer_does_not_vary_them(name: str) -> None:
    size = Size(train_rows=1000, valid_rows=100, tokens=30.0, labels=2, layers=6, width=384, vocabulary=30000)

    def training(**given: Any) -> float:
        return methods.build(name, **given).work(size).fit.training

    times = {
        "r_drop": {"r_drop": 1.0},
        "fgm": TECHNIQUES["fgm"],
        "freelb": {"adversarial": "freelb"},
        "mixup": {"mixup": 1.0},
    }
    found = {key: training(**given) / training() for key, given in times.items()}
    assert found == pytest.approx({"r_drop": 2.0, "fgm": 2.0, "freelb": 3.0, "mixup": 1.0})
    new = {field.name for field in dataclasses.fields(Techniques)} - {"label_smoothing"}
    known = {setting.name: setting.limits for setting in settings_of(methods.get(name))}  # type: ignore[attr-defined]
    assert new <= known.keys()
    assert not any(limits.search for setting in new if (limits := known[setting]) is not None)


def ended_early(notes: list[Any]) -> list[Any]:
    """Return those notes that say that a fit ended early; labels that mean nothing are noted, too."""
    return [note for note in notes if note.key in ENDED_EARLY]


def test_a_fit_that_cannot_beat_the_champion_ends_early_and_says_so(base: Base, tmp_path: Path) -> None:
    notes: list[str] = []
    rows = EXAMPLES["label"].take([row % 12 for row in range(72)])
    wrong = dataclasses.replace(rows, labels=[["bad", "good"][row // 2 % 2] for row in range(72)])
    method = methods.build("full", **{**QUICK["full"], "epochs": 4, "learning_rate": 3e-5})
    given = job(base, tmp_path, train=wrong, valid=EXAMPLES["label"], note=notes.append)
    method.fit(given)
    assert ended_early(notes) == []
    first, again = (method.fit(dataclasses.replace(given, to_beat=0.99)) for _ in range(2))
    assert np.array_equal(flat(first, rows), flat(again, rows))
    notes = ended_early(notes)
    assert notes[0] == notes[1]
    assert "0.990 is to be beaten" in notes[0]


NAMED = {
    "label": ("classification", ("good", "bad")),
    "labels": ("multilabel", ("bad", "good")),
    "spans": ("entities", ("LOC", "PER")),
}


def released(base: Base, tmp_path: Path, kind: str = "label") -> str:
    """Return the folder of a model whose labels come in another order, where the order is free."""
    name, labels = NAMED[kind]
    task = tasks.build(name, labels)
    given = dataclasses.replace(job(base, tmp_path, kind), task=task)
    predictor = methods.build("top_layers", **{**QUICK["top_layers"], "epochs": 8, "learning_rate": 1e-3}).fit(given)
    Model(task, predictor).save(tmp_path / "teacher")
    return str(tmp_path / "teacher")


@pytest.mark.parametrize("kind", ["label", "labels", "spans"])
def test_a_student_of_wrong_labels_follows_its_teacher(kind: str, base: Base, tmp_path: Path, home: Path) -> None:
    teacher, right = released(base, tmp_path, kind), EXAMPLES[kind]
    wrong = dataclasses.replace(right, labels=[right.labels[(row + 1) % len(right)] for row in range(len(right))])
    given = job(base, tmp_path, kind, train=wrong, valid=Examples.of([]))
    settings = {"epochs": 30, "batch_size": 4, "learning_rate": 3e-3, "head_start": False}  # beyond what is searched
    taught = {"teacher": teacher, "teacher_share": 1.0, "teacher_temperature": 1.0}
    students: list[Any] = [methods.get("full")(**settings, **how).fit(given) for how in ({}, taught)]  # type: ignore[attr-defined]
    model = releases.load(teacher)
    known = model.scores(right)
    known = known if isinstance(known, np.ndarray) else np.concatenate(list(known))
    if kind == "label":
        known = known[:, [1, 0]]
    gaps = [float(np.abs(flat(one, right) - known).mean()) for one in students]
    assert gaps[1] < 0.6 * gaps[0]


def test_a_teacher_of_another_question_is_refused(base: Base, tmp_path: Path, home: Path) -> None:
    teacher = released(base, tmp_path)
    method = methods.build("top_layers", **QUICK["top_layers"], teacher=teacher)
    with pytest.raises(UserError, match="answers another question: good, bad where LOC, PER is learnt"):
        method.fit(job(base, tmp_path, "spans"))
    with pytest.raises(UserError, match="nothing"):
        dataclasses.replace(method, teacher="nothing").fit(job(base, tmp_path))


def test_two_means_at_once_are_refused(base: Base, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="average and ema"):
        methods.build("full", average=0.5, ema=0.9).fit(job(base, tmp_path))


@pytest.mark.parametrize("name", NAMES)
def test_layers_that_wait_stay_until_their_time(
    name: str, base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learnt: list[tuple[float, set[int | None]]] = []

    def step(self: Stepper, order: Order, real: Any = Stepper.update) -> None:
        own = {layer_of(one) for one, weight in self.weights.items() if weight.grad is not None}
        learnt.append((order.share, own))
        real(self, order)

    monkeypatch.setattr(Stepper, "update", step)
    settings = {**QUICK[name], "epochs": 4, **({"layers": 2} if name == "top_layers" else {})}
    methods.build(name, **settings, unfreezing=0.5).fit(job(base, tmp_path))
    assert all(own == {None, 1} for share, own in learnt if share < 0.25)
    assert all(own == {None, 0, 1} for share, own in learnt if share >= 0.25)
    assert {share < 0.25 for share, _ in learnt} == {True, False}
