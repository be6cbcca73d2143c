"""Paths in a tree: what is read, that answers never contradict themselves, and where they stop."""

from itertools import pairwise

import numpy as np
import pytest

from haoqi import tasks
from haoqi.data.examples import Examples
from haoqi.data.raw import Raw
from haoqi.evaluate.metrics import metrics
from haoqi.tasks.outputs.label_path import LabelPath
from haoqi.tasks.outputs.one_label import OneLabel
from haoqi.tasks.outputs.probability import softmax

TREE = ("a/x", "a/y", "b/z", "b/w/deep", "c")


def _noisy(rows: int, noise: float, seed: int) -> tuple[np.ndarray, Examples]:
    rng = np.random.default_rng(seed)
    places = rng.integers(len(TREE), size=rows)
    scores = 2.0 * np.eye(len(TREE))[places] + noise * rng.normal(size=(rows, len(TREE)))
    return scores.astype(np.float32), Examples.of(["t"] * rows, [TREE[place] for place in places])


@pytest.mark.parametrize(
    ("cell", "path"),
    [
        (" sports/football ", "sports/football"),
        ("Sports>Football", "Sports > Football"),
        ("体育＞足球", "体育 > 足球"),
        ("a :: b", "a::b"),
        (["Home", "Pots/Pans"], "Home > Pots/Pans"),
        ("plain", "plain"),
    ],
)
def test_cells_are_read_as_paths(cell: object, path: str) -> None:
    assert LabelPath().read(cell) == path


@pytest.mark.parametrize("threshold", [0.0, 0.4, 0.7])
def test_no_answer_contradicts_itself(threshold: float) -> None:
    scores, examples = _noisy(300, 2.0, 0)
    found = LabelPath(TREE).decode(scores, examples, threshold=threshold)
    chances = softmax(scores)
    assert found.level_confidence is not None and found.confidence is not None
    for row, (label, levels) in enumerate(zip(found.labels, found.level_confidence, strict=True)):
        parts = label.split("/")
        assert len(levels) == len(parts)
        for depth, level in enumerate(levels, 1):  # each node has what all labelled paths below it have together
            below = [place for place, path in enumerate(TREE) if path.split("/")[:depth] == parts[:depth]]
            assert level == pytest.approx(chances[row, below].sum(), abs=1e-6)
        assert all(above >= below for above, below in pairwise(levels))
        assert all(level >= threshold for level in levels[1:])
        assert found.confidence[row] == levels[-1]


def test_without_a_threshold_the_leaves_are_those_of_plain_labels() -> None:
    scores, examples = _noisy(200, 2.0, 1)
    assert LabelPath(TREE).decode(scores, examples).labels == OneLabel(TREE).decode(scores, examples).labels


def test_threshold_is_fitted_where_the_deciding_metric_gains() -> None:
    wide = tuple(f"{top}/{leaf}" for top in "abc" for leaf in "pqrstu")  # tops are easily told, leaves hardly
    rng = np.random.default_rng(2)
    places = rng.integers(len(wide), size=2000)
    scores = np.eye(len(wide))[places] + 6.0 * (places[:, None] // 6 == np.arange(len(wide)) // 6)
    scores = (scores + rng.normal(size=scores.shape)).astype(np.float32)
    examples = Examples.of(["t"] * 2000, [wide[place] for place in places])
    output, f1 = LabelPath(wide), metrics.build("hierarchical_f1")
    fitted = output.calibrate(scores[:1000], examples.take(range(1000)), f1)
    assert 0.0 < fitted["threshold"] < 1.0
    rest, task = examples.take(range(1000, 2000)), tasks.build("hierarchy", wide)
    plain = {name: value for name, value in fitted.items() if name != "threshold"}
    hedged, whole = (f1(rest, output.decode(scores[1000:], rest, **one), task) for one in (fitted, plain))
    assert hedged > whole
    assert "threshold" not in output.calibrate(scores, examples, metrics.build("accuracy"))
    assert "threshold" not in LabelPath(TREE).calibrate(*_noisy(500, 0.01, 3), f1)


@pytest.mark.parametrize("offsets", [{}, {"c": 0.5}])
def test_scores_that_move_by_less_than_half_their_margin_keep_the_depth(offsets: dict[str, float]) -> None:
    scores, examples = _noisy(400, 1.5, 4)
    output, rng = LabelPath(TREE), np.random.default_rng(5)
    fitted = {"threshold": 0.6, "temperature": 1.3, "offsets": offsets}
    margins = output.margins(scores, **fitted)
    assert np.all(margins >= 0)
    moved = scores + 0.49 * margins[:, None] * rng.choice((-1, 1), scores.shape)
    before, after = (output.decode(one, examples, **fitted).labels for one in (scores, moved))
    assert before == after
    other = scores + rng.normal(size=scores.shape)
    changed = np.array(
        [one != two for one, two in zip(before, output.decode(other, examples, **fitted).labels, strict=True)]
    )
    assert changed.any() and not changed.all()
    assert np.array_equal(output.margins(other, answered=scores, **fitted) < 0, changed)


@pytest.mark.parametrize(
    ("cells", "task"),
    [
        (["sports/football", "sports/tennis", "music/rock", "music/jazz"], "hierarchy"),
        (["Sports > Football", "Sports > Tennis", "Music > Rock"], "hierarchy"),
        (["体育/足球", "体育/篮球", "财经/股票", "财经/基金", "财经"], "hierarchy"),
        ([["a", "x"], ["a", "y"], ["b", "z"], ["b", "w"]], "hierarchy"),
        ([["a", "b"], ["b"], ["b", "c"], ["a"]], "multilabel"),
        (["km/h", "m/s", "n/a", "and/or"], "classification"),
        (["2020/01/02", "2020/01/03", "2020/02/03", "2021/02/04"], "classification"),
        (["food/good", "food/bad", "staff/good", "staff/bad"], "classification"),
        (["yes/no", "yes", "no"], "classification"),
        (["<5", ">5", ">10"], "classification"),
        (["ham", "spam"], "classification"),
    ],
)
def test_hierarchy_is_guessed_for_trees_alone(cells: list[object], task: str) -> None:
    assert tasks.guess(Raw.of(Examples.of(["t"] * len(cells), cells)))[0] == task


def test_lists_that_form_no_tree_are_doubted() -> None:
    flat = Raw.of(Examples.of(["t"] * 3, [["a", "b"], ["b", "c"], ["c", "a"]]))
    tree = Raw.of(Examples.of(["t"] * 4, [["a", "x"], ["a", "y"], ["b", "z"], ["b", "w"]]))
    task = tasks.build("hierarchy", TREE)
    assert len(tasks.doubts(task, flat)) == 1
    assert not tasks.doubts(task, tree)
