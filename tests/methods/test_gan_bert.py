"""GAN-BERT: both networks learn from their own losses, and unlabelled texts have a say."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from haoqi import methods, tasks
from haoqi.data.examples import Examples
from haoqi.methods._adversaries import Game, Play, Real, RealBatches, game_loss
from haoqi.methods.gan_bert import GanBert
from haoqi.methods.method import Job
from haoqi.models.predictors.embedding_network import EmbeddingNetwork

SETTINGS = GanBert(hidden=16, dropout=0.0, steps=400)


class Places:
    """Reads a text as a place in the plane, instead of a store."""

    def embeddings(self, base: Any, texts: Any, progress: Any = None) -> Any:
        return np.array([[float(one) for one in text.split()] for text in texts], np.float32).reshape(-1, 2)


def _places(rng: np.random.Generator, count: int) -> list[str]:
    """Return places about two moons' worth of blobs: left ones, then right ones."""
    left = rng.normal((-2.0, 0.0), 0.6, (count, 2))
    right = rng.normal((2.0, 0.0), 0.6, (count, 2))
    return [f"{x} {y}" for x, y in np.concatenate([left, right])]


def _job(train: Examples, **rest: Any) -> Job:
    task = tasks.build("topic", ("left", "right"))
    return Job(task, train, Examples.of([]), 0, Places(), base="plane", **rest)  # type: ignore[arg-type]


def test_it_learns_what_separates_labels() -> None:
    rng = np.random.default_rng(0)
    train = Examples.of(_places(rng, 4), ["left"] * 4 + ["right"] * 4)
    asked = _places(rng, 50)
    made = replace(SETTINGS, named=False)
    found = made.fit(_job(train, unlabelled=Examples.of(_places(rng, 60))))
    assert isinstance(found, EmbeddingNetwork)
    answers = np.asarray(found.of(Places().embeddings(None, asked))).argmax(axis=1)
    assert (answers == [0] * 50 + [1] * 50).mean() > 0.95
    without = made.fit(_job(train))
    assert not np.allclose(found.directions, without.directions)  # type: ignore[union-attr, attr-defined]


def test_each_network_learns_from_its_own_losses() -> None:
    torch.manual_seed(0)
    game = Game(2, SETTINGS, 2)
    real = Real(torch.randn(8, 2), torch.tensor([0, 1, 0, 1, -1, -1, -1, -1]), torch.ones(8))

    def gradients(unlabelled: float) -> dict[str, Any]:
        game.zero_grad()
        torch.manual_seed(1)
        game_loss(game, real, 2, unlabelled).backward()  # type: ignore[no-untyped-call]
        return {name: weight.grad.clone() for name, weight in game.named_parameters() if weight.grad is not None}

    alone, both = gradients(0.0), gradients(1.0)
    # Without telling real from false the discriminator learns the labels only: the generator's wishes do not move it.
    game.zero_grad()
    _, logits = game.discriminator(real.vectors[:4])
    (8 * torch.nn.functional.cross_entropy(logits[:, :2], real.targets[:4])).backward()  # type: ignore[no-untyped-call]
    for name, weight in game.discriminator.named_parameters():
        assert torch.allclose(alone[f"discriminator.{name}"], weight.grad, atol=1e-6)  # type: ignore[arg-type]
    # And what it thinks of false vectors does not move the generator.
    for name in (one for one in both if one.startswith("generator.")):
        assert torch.allclose(alone[name], both[name])
        assert alone[name].abs().sum() > 0


def test_labelled_vectors_are_half_of_every_step_and_every_unlabelled_one_has_its_turn() -> None:
    play = Play(np.zeros((110, 2), np.float32), np.arange(10) % 2, np.ones(10, np.float32), 2)
    steps = RealBatches(play, torch.zeros(110, 2)).epoch(np.random.default_rng(0))
    rows = [part for [part] in steps]
    assert all((part < 10).sum() == 32 and len(part) == 64 for part in rows)
    assert set(np.concatenate(rows)) == set(range(110))


def test_only_so_many_unlabelled_texts_are_read() -> None:
    made = replace(SETTINGS, most=10)
    job = _job(Examples.of(["0 0"], ["left"]), unlabelled=Examples.of([str(row) for row in range(50)]))
    chosen = made._others(job)
    assert len(set(chosen)) == 10 and chosen == made._others(job)
    assert methods.build("gan_bert").uses_unlabelled


def test_a_search_without_unlabelled_texts_does_not_try_it(tiny_base: str, tmp_path: Any) -> None:
    import haoqi
    from haoqi.core.errors import UserError

    rows = [(f"text number {row} of the {'bank' if row % 2 else 'film'}", "ab"[row % 2]) for row in range(60)]
    given: dict[str, Any] = {"home": tmp_path, "base": [tiny_base], "methods": ["gan_bert"], "steps": 1}
    with pytest.raises(UserError):
        haoqi.improve(rows, **given)
