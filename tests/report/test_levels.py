"""Levels of paths: where each mistake belongs, and confusion between top levels alone."""

from dataclasses import replace

import numpy as np

from haoqi import tasks
from haoqi.data.examples import Examples
from haoqi.evaluate.evidence import Evidence, evidence
from haoqi.evaluate.predictions import Predictions
from haoqi.report.sections.levels import Level, levels, tops

TREE = ("a/x", "a/y", "b/z", "c")
TRUE = ["a/x", "a/x", "a/y", "b/z", "c"]
GIVEN = ["a/x", "a/y", "a", "a/x", "c"]


def _evidence() -> Evidence:
    task = tasks.build("hierarchy", TREE)
    sure = [tuple([0.9] * len(path.split("/"))) for path in GIVEN]
    answers = Predictions(GIVEN, np.full(5, 0.9), level_confidence=sure)
    examples = Examples.of(["t"] * 5, TRUE)
    return evidence(task.output.kind, task.metrics, examples, answers, task=task, rng=np.random.default_rng(0))


def test_each_mistake_belongs_to_the_level_where_the_answer_leaves_the_path() -> None:
    assert levels(_evidence(), TREE) == [
        Level(1, wanted=5, right=4, wrong=1, unsaid=0),
        Level(2, wanted=4, right=1, wrong=1, unsaid=1),
    ]


def test_top_levels_are_confused_as_their_paths_are() -> None:
    found = tops(_evidence(), TREE)
    assert found.labels == ("a", "b", "c")
    assert found.matrix().tolist() == [[3, 0, 0], [1, 0, 0], [0, 0, 1]]


def test_a_node_above_the_labels_is_no_label_that_was_not_tested() -> None:
    found = _evidence()
    assert found.labels == (*TREE, "a")
    assert [row.label for row in found.table] == list(TREE)
    assert not replace(found).untested
    assert Evidence.from_plain(found.to_plain()).matrix().tolist() == found.matrix().tolist()
