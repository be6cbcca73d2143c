"""Wrong labels are told from hard examples, their share is estimated, and chances are what they say."""

import numpy as np
import numpy.typing as npt
import pytest

from haoqi.data.examples import Examples
from haoqi.data.recipes._noise import noise_of
from haoqi.data.recipes._suspects import EXPECTED, find
from tests.data.test_recipes_suspects import tools_of

Chances = npt.NDArray[np.float32]


def drawn(rows: int, replaced: tuple[float, ...], sharp: float = 1.0) -> tuple[Chances, npt.NDArray[np.int64], Chances]:
    """Return what a model answers, given labels, and whether each is wrong; many examples are hard.

    Args:
        rows: how many.
        replaced: the chance of each label to be replaced by another.
        sharp: how sure the model sounds; it is as sure as it should be at 1.
    """
    rng, labels = np.random.default_rng(rows), len(replaced)
    logits = 2.0 * rng.normal(size=(rows, labels))
    odds = np.exp(logits)
    true = (np.cumsum(odds / odds.sum(axis=1, keepdims=True), axis=1) < rng.random((rows, 1))).sum(axis=1)
    wrong = rng.random(rows) < np.array(replaced)[true]
    given = np.where(wrong, (true + rng.integers(1, labels, size=rows)) % labels, true)
    told = np.exp(sharp * logits)
    return (told / told.sum(axis=1, keepdims=True)).astype(np.float32), given, wrong


@pytest.mark.parametrize("sharp", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("share", [0.1, 0.2])
def test_the_share_is_estimated_and_so_many_of_the_doubted_are_wrong(share: float, sharp: float) -> None:
    chances, given, wrong = drawn(4000, (share,) * 3, sharp)
    noise = noise_of(chances, given)
    assert noise.evident
    assert noise.share == pytest.approx(wrong.mean(), abs=0.03)
    for low, high in ((0.0, 0.2), (0.2, 0.6), (0.6, 1.0)):
        some = (noise.wrong >= low) & (noise.wrong < high)
        assert wrong[some].mean() == pytest.approx(noise.wrong[some].mean(), abs=0.08)


def test_hard_examples_are_not_suspect() -> None:
    chances, given, _ = drawn(4000, (0.0,) * 3)
    contrary = chances.argmax(axis=1) != given
    examples = Examples.of([f"text {row}" for row in range(4000)], ["abc"[label] for label in given])
    found = find(examples, tools_of(chances), None)
    assert contrary.mean() > 0.2
    assert found.noise is not None
    assert not found.noise.evident
    assert found.noise.share < 0.02
    assert len(found.rows) < 0.01 * len(examples)


def test_labels_that_are_wrong_one_way_only_are_found() -> None:
    chances, given, wrong = drawn(4000, (0.3, 0.0))
    noise = noise_of(chances, given)
    assert noise.share == pytest.approx(wrong.mean(), abs=0.03)
    assert noise.wrong[given == 1].mean() > 5 * noise.wrong[given == 0].mean()


def test_as_many_are_named_as_should_mostly_be_wrong() -> None:
    chances, given, wrong = drawn(4000, (0.2,) * 3)
    examples = Examples.of([f"text {row}" for row in range(4000)], ["abc"[label] for label in given])
    rows = find(examples, tools_of(chances), None).rows
    assert wrong[rows].mean() == pytest.approx(EXPECTED, abs=0.08)
    assert wrong[rows].sum() > 0.6 * wrong.sum()


@pytest.mark.parametrize("rows", [1, 2, 7])
def test_a_handful_of_labels_shows_nothing(rows: int) -> None:
    chances, given, _ = drawn(rows, (0.0,) * 3)
    noise = noise_of(chances, given)
    assert not noise.evident
    assert np.isfinite(noise.wrong).all()
