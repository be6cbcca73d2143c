"""How far the members of a blend are trusted: by what they knew of examples that they had not seen, and never less."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest

from haoqi import tasks
from haoqi.data.examples import Examples
from haoqi.methods.blend import BATCH, Stack, trust, trust_numbers
from haoqi.train.loop.early_stopping import ENDED_EARLY

Floats = npt.NDArray[np.float32]


def member(targets: npt.NDArray[np.int64], knows: float, seed: int) -> Floats:
    """Return scores of two labels that lean towards the right one, or the wrong one where `knows` is below 0."""
    right = np.where(targets == 1, 1.0, -1.0)
    found = knows * right + np.random.default_rng(seed).normal(size=len(targets))
    return np.column_stack([-found / 2, found / 2]).astype(np.float32)


@pytest.mark.parametrize("rows", [16, 4000])
def test_a_member_that_was_mostly_wrong_is_not_believed_the_other_way_round(rows: int) -> None:
    targets = np.arange(rows) % 2
    weights, _ = trust([member(targets, 1.0, 0), member(targets, -2.0, 1)], targets, np.ones(rows))
    assert weights[1] >= 0
    assert weights[1] < 0.05 if rows == 4000 else weights[1] < weights[0]


def test_the_more_examples_the_more_their_answers_decide() -> None:
    apart = []
    for rows in (8, 80, 8000):
        targets = np.arange(rows) % 2
        weights, offset = trust([member(targets, 2.0, 0), member(targets, 0.0, 1)], targets, np.ones(rows))
        apart.append(float(weights[0] - weights[1]))
        assert np.abs(offset).max() < 0.5
    assert apart == sorted(apart)
    assert apart[-1] > 2  # where there are plenty, the weight is that of a logistic regression


@pytest.mark.parametrize(("seconds", "read"), [(None, 600), (0.0, BATCH)])
def test_reading_that_time_ends_is_told(seconds: float | None, read: int) -> None:
    """Otherwise what it took would say how fast the base reads all of them."""
    told: list[str] = []
    job: dict[str, Any] = {"train": Examples.of([str(row) for row in range(600)]), "seconds": seconds, "base": None}
    job |= {"store": SimpleNamespace(embeddings=lambda base, texts: None), "report": lambda progress: None}
    job["task"] = tasks.build("topic", ("a", "b"))
    rows = Stack()._read(cast(Any, SimpleNamespace(**job, note=told.append)), 0.0)
    assert len(rows) == read
    assert [fact.key in ENDED_EARLY for fact in told] == ([] if seconds is None else [True])


@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_numbers_that_err_apart_are_better_together_whatever_their_scale(scale: float) -> None:
    rng = np.random.default_rng(0)
    right = scale * (5 + rng.normal(size=600))
    parts = [(right + scale * rng.normal(size=600) * error)[:, None].astype(np.float32) for error in (1, 1, 9)]
    weights, offset = trust_numbers(parts, right, np.ones(600))
    assert (weights[:2] > 0.2).all()
    assert 0 <= weights[2] < 0.05
    off = np.concatenate(parts, axis=1) @ weights + offset - right
    assert (off**2).mean() < 0.6 * min(float(((part[:, 0] - right) ** 2).mean()) for part in parts)


def test_of_few_numbers_members_are_trusted_alike_and_none_the_other_way_round() -> None:
    right = np.arange(4.0)
    parts = [right[:, None].astype(np.float32), -right[:, None].astype(np.float32)]
    weights, _ = trust_numbers(parts, right, np.ones(4))
    assert 0 <= weights[1] < weights[0] <= 1.0
    many, _ = trust_numbers([np.tile(part, (1000, 1)) for part in parts], np.tile(right, 1000), np.ones(4000))
    assert many == pytest.approx([1.0, 0.0], abs=0.01)
