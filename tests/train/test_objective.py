"""What a batch costs under each technique, and that parts, weights and company mean what they should."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from haoqi.methods._tuning import without_dropout
from haoqi.models.bases import load_encoder, resolve
from haoqi.models.encoders.embedding_rows import gathered
from haoqi.models.encoders.encoder import Batch, EncoderModel
from haoqi.models.encoders.model_input import Reading
from haoqi.train.objectives.adversarial import Adversary
from haoqi.train.objectives.losses import label_gap, label_loss, labels_gap, labels_loss
from haoqi.train.objectives.objective import Given, Objective, doubled, pairs
from haoqi.train.objectives.shared_dropout import hidden, learning_layers

LENGTHS = [4, 9, 6, 9, 5, 7]
IDS = torch.randint(5, 90, (6, 9), generator=torch.Generator().manual_seed(0))
TARGETS = torch.tensor([0, 1, 2, 1, 0, 2])
ROWS = torch.tensor([1.0, 2.0, 0.5, 1.0, 3.0, 1.0])
FGM, FREELB = Adversary(0, 0.1), Adversary(0, 0.1, 3, starts_at_random=True)
PLAIN = Objective(label_loss(), label_gap)


@pytest.fixture
def model(tiny_base: str, home: Path) -> EncoderModel:
    found = EncoderModel(without_dropout(load_encoder(resolve(tiny_base, home / "cache"))), 3, pooling="mean")
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        found.head.weight.normal_()
    return found.train()


def batch(rows: list[int], targets: Tensor = TARGETS, weights: Tensor | None = ROWS) -> Given:
    lengths = torch.tensor([LENGTHS[row] for row in rows])
    ids = IDS[rows, : int(lengths.max())]
    return Batch(ids, lengths), targets[rows], None if weights is None else weights[rows]


def slopes(objective: Objective, model: EncoderModel, *batches: Given) -> tuple[float, Tensor]:
    """Return the loss of some batches and its gradient, as a step adds them up."""
    model.zero_grad()
    total = 0.0
    for given in batches:
        for loss in objective(model, given):
            total += loss.item()
            loss.backward()  # type: ignore[no-untyped-call]
    grads = [weight.grad for weight in model.parameters() if weight.grad is not None]
    return total, torch.cat([grad.flatten() for grad in grads])


def of(first: Tensor | None) -> Tensor:
    assert first is not None
    return first


@pytest.mark.parametrize("adversary", [None, FGM], ids=["plain", "fgm"])
@pytest.mark.parametrize("r_drop", [0.0, 1.0])
def test_parts_have_the_gradient_of_the_whole(model: EncoderModel, r_drop: float, adversary: Adversary | None) -> None:
    objective = replace(PLAIN, r_drop=r_drop, adversary=adversary)
    whole = slopes(objective, model, batch([0, 1, 2, 3, 4, 5]))
    parts = slopes(objective, model, batch([1, 3]), batch([0, 2]), batch([4, 5]))
    assert parts[0] == pytest.approx(whole[0], rel=1e-4)
    assert torch.allclose(parts[1], whole[1], atol=1e-4)


@pytest.mark.parametrize(
    "objective",
    [replace(PLAIN, r_drop=1.0), replace(PLAIN, adversary=FGM), Objective(label_loss(focus=2.0), label_gap)],
    ids=["r-drop", "fgm", "focal"],
)
def test_a_row_of_weight_two_is_the_row_twice(model: EncoderModel, objective: Objective) -> None:
    whole = torch.tensor([1.0, 2.0, 1.0, 1.0, 1.0, 1.0])
    weighed = slopes(objective, model, batch([0, 1, 2], weights=whole))
    twice = slopes(objective, model, batch([0, 1, 1, 2], weights=None))
    assert twice[0] == pytest.approx(weighed[0], rel=1e-4)
    assert torch.allclose(twice[1], weighed[1], atol=1e-4)


def test_passes_that_hide_nothing_agree_so_r_drop_changes_nothing(model: EncoderModel) -> None:
    plain, dropped = (slopes(one, model, batch([0, 1, 2])) for one in (PLAIN, replace(PLAIN, r_drop=5.0)))
    assert dropped[0] == pytest.approx(plain[0], rel=1e-4)
    assert torch.allclose(dropped[1], plain[1], atol=1e-4)


def test_passes_that_hide_different_units_are_drawn_together(model: EncoderModel) -> None:
    with hidden(learning_layers(model), 0.3):
        found = []
        for alpha in (1e-9, 40_000.0):
            torch.manual_seed(3)
            found.append(slopes(replace(PLAIN, r_drop=alpha), model, batch([0, 1, 2]))[0])
        torch.manual_seed(3)
        one, other = model(doubled(batch([0, 1, 2])[0])).detach().chunk(2)
    assert not torch.allclose(one, other, atol=1e-3)
    assert found[1] - found[0] == pytest.approx(10_000 * label_gap(one, other, ROWS[:3]).item(), rel=1e-3)


def test_a_doubled_batch_reads_the_words_of_both_halves() -> None:
    given = Batch(IDS[:2], torch.tensor([9, 7]), places=torch.tensor([1, 4, 10]), shapes=IDS[:2])
    twice = doubled(given)
    assert of(twice.places).tolist() == [1, 4, 10, 19, 22, 28]
    flat = twice.ids.flatten()
    assert torch.equal(flat[of(twice.places)], given.ids.flatten()[of(given.places)].repeat(2))


def test_mixing_what_the_head_reads_is_mixing_what_it_says(model: EncoderModel) -> None:
    given = batch([0, 1, 2, 3])
    torch.manual_seed(5)
    found, _ = slopes(replace(PLAIN, mixup=0.5), model, given)
    torch.manual_seed(5)
    share, partners = pairs(4, 0.5)
    assert 0 < share < 1
    vectors = model.features(given[0])
    logits = model.head(share * vectors + (1 - share) * vectors[partners]).log_softmax(1)
    truth = torch.nn.functional.one_hot(TARGETS[:4], 3) * ROWS[:4, None]
    mixed = share * truth + (1 - share) * truth[partners]
    assert found == pytest.approx(-(mixed * logits).sum().item(), rel=1e-4)
    assert mixed.sum().item() == pytest.approx(ROWS[:4].sum().item())


def test_several_labels_are_mixed_and_compared_too(model: EncoderModel) -> None:
    many = torch.nn.functional.one_hot(TARGETS, 3).float()
    objective = Objective(labels_loss(focus=1.0), labels_gap, r_drop=1.0, mixup=0.4, adversary=FREELB)
    torch.manual_seed(0)
    total, slope = slopes(objective, model, batch([0, 1, 2, 3], many))
    assert total > 0
    assert slope.isfinite().all()


@pytest.mark.parametrize("adversary", [FGM, FREELB], ids=["fgm", "freelb"])
def test_every_pass_harms_more_within_the_radius(model: EncoderModel, adversary: Adversary) -> None:
    given, seen = batch([0, 1, 2, 3]), list[Tensor]()
    first = model.encoder.encoder.layer[0]  # type: ignore[union-attr]
    hook = first.register_forward_hook(lambda layer, states, out: seen.append(states[0].detach()))  # type: ignore[union-attr]
    model.eval()
    torch.manual_seed(0)
    losses = []
    for loss in replace(PLAIN, adversary=adversary)(model, given):
        losses.append(loss.item() * adversary.passes)
        loss.backward()  # type: ignore[no-untyped-call]
    plain = next(PLAIN(model, given)).item()
    hook.remove()
    assert len(losses) == adversary.passes
    assert losses[-1] > losses[0]
    assert losses[-1] > plain * 1.001
    clean, inside = seen[-1], torch.arange(9) < given[0].lengths[:, None]
    length = (clean * inside[:, :, None]).flatten(1).norm(dim=1)
    for states in seen[:-1]:
        assert ((states - clean).flatten(1).norm(dim=1) <= 0.1 * length * 1.001).all()
    assert torch.allclose((seen[-2] - clean).flatten(1).norm(dim=1), 0.1 * length, rtol=1e-2)
    if not adversary.starts_at_random:
        assert losses[0] == pytest.approx(plain)


def test_all_passes_hide_the_same_units(model: EncoderModel) -> None:
    still = Adversary(0, 0.0, 4, starts_at_random=True)
    torch.manual_seed(0)
    with hidden(learning_layers(model), 0.3):
        losses = [loss.item() for loss in _differentiated(replace(PLAIN, adversary=still), model, batch([0, 1, 2]))]
    assert losses == pytest.approx([losses[0]] * 4)


def _differentiated(objective: Objective, model: EncoderModel, given: Given) -> Any:
    for loss in objective(model, given):
        loss.backward()  # type: ignore[no-untyped-call]
        yield loss


def test_rows_are_moved_alike_at_a_frozen_boundary_whether_its_states_were_kept_or_not(model: EncoderModel) -> None:
    from haoqi.models.encoders.encoder import only_layers

    model.encoder.requires_grad_(False)
    for weight in model.encoder.encoder.layer[1].parameters():  # type: ignore[union-attr]
        weight.requires_grad_(True)
    objective = replace(PLAIN, adversary=Adversary(1, 0.1))
    given = batch([0, 1, 2, 3])
    whole = slopes(objective, model, given)
    with torch.no_grad(), only_layers(model.encoder, 0, 1):
        states = model.states(given[0])
    with only_layers(model.encoder, 1, 2):
        kept = slopes(objective, model, (replace(given[0], states=states), *given[1:]))
    assert kept[0] == pytest.approx(whole[0], rel=1e-5)
    assert torch.allclose(kept[1], whole[1], atol=1e-5)


def test_a_gathered_table_is_moved_as_the_whole_one_and_left_as_it_was(model: EncoderModel) -> None:
    objective, lengths = replace(PLAIN, adversary=FGM), LENGTHS[:3]
    ids = [IDS[row, :length].numpy().astype(np.int32) for row, length in enumerate(lengths)]
    before = model.encoder.get_input_embeddings().weight.detach().clone()  # type: ignore[operator]
    whole, _ = slopes(objective, model, batch([0, 1, 2]))
    with gathered(model.encoder, [Reading(ids)]) as [reading]:
        found, _ = slopes(objective, model, (reading.collate(np.arange(3), "cpu"), TARGETS[:3], ROWS[:3]))
    assert found == pytest.approx(whole, rel=1e-5)
    assert torch.equal(before, model.encoder.get_input_embeddings().weight)  # type: ignore[operator]
