"""Metrics of paths against definitions written out by hand, as sets of ancestors."""

import numpy as np
import pytest

from haoqi.evaluate.calibration import calibration
from haoqi.evaluate.metric import score_answers
from haoqi.evaluate.metrics import metrics
from haoqi.evaluate.predictions import Predictions

TREE = ("a/x", "a/y/p", "a/y/q", "b/z", "c")


def _ancestors(path: str) -> set[str]:
    parts = path.split("/")
    return {"/".join(parts[:depth]) for depth in range(1, len(parts) + 1)}


def _drawn(seed: int) -> tuple[list[str], list[str]]:
    rng = np.random.default_rng(seed)
    nodes = sorted({node for path in TREE for node in _ancestors(path)})
    return [TREE[place] for place in rng.integers(5, size=60)], [nodes[p] for p in rng.integers(len(nodes), size=60)]


@pytest.mark.parametrize("seed", range(3))
def test_hierarchical_f1_is_that_of_sets_of_ancestors(seed: int) -> None:
    true, given = _drawn(seed)
    sets = [(_ancestors(t), _ancestors(p)) for t, p in zip(true, given, strict=True)]
    shared = sum(len(t & p) for t, p in sets)
    precision, recall = shared / sum(len(p) for _, p in sets), shared / sum(len(t) for t, _ in sets)
    found = score_answers(metrics.build("hierarchical_f1"), true, given, TREE)
    assert found == pytest.approx(2 * precision * recall / (precision + recall))


@pytest.mark.parametrize("seed", range(3))
def test_level_accuracy_is_the_mean_of_the_levels(seed: int) -> None:
    true, given = _drawn(seed)
    shares = []
    for depth in (1, 2, 3):
        deep = [(t.split("/"), p.split("/")) for t, p in zip(true, given, strict=True) if t.count("/") >= depth - 1]
        shares.append(np.mean([t[:depth] == p[:depth] for t, p in deep]))
    assert score_answers(metrics.build("level_accuracy"), true, given, TREE) == pytest.approx(np.mean(shares))
    first = np.mean([t.split("/")[0] == p.split("/")[0] for t, p in zip(true, given, strict=True)])
    assert score_answers(metrics.build("top_level_accuracy"), true, given, TREE) == pytest.approx(first)


def test_the_same_word_on_another_branch_is_no_part_of_a_path() -> None:
    tree = ("a/other", "b/other")
    assert score_answers(metrics.build("hierarchical_f1"), ["a/other"], ["b/other"], tree) == 0.0


def test_confidence_of_a_node_is_judged_as_far_as_the_answer_goes() -> None:
    answers = Predictions(["a", "b/z"], np.array([1.0, 0.0]), level_confidence=[(1.0,), (0.0, 0.0)])
    found = calibration(["a/x", "a/x"], answers, TREE)
    assert found is not None
    assert found.error == 0.0
