"""What every task owes, built in or brought by another package."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from haoqi import tasks
from haoqi.core.errors import UserError
from haoqi.data.examples import Examples
from haoqi.data.preparing.split import names_of
from haoqi.data.relation_names import mirrored
from haoqi.tasks.task import ClassOutput, Output, Scores, Task
from haoqi.tasks.words import context_words, words_of

NAMES = tasks.names()
CLASSED = [name for name in NAMES if tasks.build(name, ()).output.kind.has_classes]
# Of a single example: all classes alike, no spread of numbers.
UNDEFINED = {"mcc", "r2", "pearson", "spearman"}


def _task(name: str) -> Task:
    return tasks.build(name, ())


def _example(task: Task) -> Examples:
    text, label = task.example
    if task.output.kind.of_context:
        return replace(Examples.of([text[0]], [label]), contexts=[text[1]])
    if task.pairs:
        return replace(Examples.of([text[0]], [label]), pairs=[text[1]])
    return Examples.of([text], [label])


def _certain(task: Task, examples: Examples) -> Any:
    """Return scores that say the targets loudly, for any output."""
    targets = task.output.targets(examples)
    width = task.output.width
    if task.output.kind.is_number:
        return targets[:, None]
    if task.output.kind.one_class:
        return np.eye(width, dtype=np.float32)[targets] * 20
    if task.output.name == "labels":
        return targets * 40 - 20
    if task.output.kind.of_context:
        rows = [1 + len(words) for words in context_words(examples)]
        pairs = zip(rows, targets, strict=True)
        return [(np.eye(count, dtype=np.float32)[places[0]].T - 0.5) * 20 for count, places in pairs]
    return [np.eye(width, dtype=np.float32)[row] * 20 for row in targets]


def _random(task: Task, examples: Examples, seed: int) -> Scores:
    rng, width = np.random.default_rng(seed), task.output.width
    if task.output.kind.of_context:
        return [rng.normal(size=(1 + len(words), width)).astype(np.float32) for words in context_words(examples)]
    if task.output.name == "spans":
        return [rng.normal(size=(len(words), width)).astype(np.float32) for words in words_of(examples)]
    return rng.normal(size=(len(examples), width)).astype(np.float32)


@pytest.mark.parametrize("name", NAMES)
def test_task_knows_its_name_labels_metrics_and_output(name: str) -> None:
    task = _task(name)
    assert task.name == name
    assert len(set(task.labels)) == len(task.labels)
    assert (len(task.labels) >= 2) == task.output.kind.has_classes
    assert isinstance(task.output, Output)
    assert isinstance(task.output, ClassOutput) == task.output.kind.has_classes
    assert task.labels == (task.output.classes if isinstance(task.output, ClassOutput) else ())
    assert task.metric is task.metrics[0]
    assert len({metric.name for metric in task.metrics}) == len(task.metrics)
    assert set(task.descriptions) <= set(task.labels)
    assert tasks.tasks.describe(name)


@pytest.mark.parametrize("name", CLASSED)
def test_task_is_the_same_after_json(name: str) -> None:
    built = tasks.build(name, ("b", "a", "c"), {"a": "the first letter"})
    again = tasks.from_plain(json.loads(json.dumps(tasks.as_plain(built))))
    assert again == built
    assert again.labels == ("b", "a", "c")


@pytest.mark.parametrize("name", NAMES)
def test_classes_are_those_that_occur_in_the_answers(name: str) -> None:
    task = _task(name)
    learnt = tasks.learn_classes(task, [*_example(task).labels, None])
    wanted = {*names_of(task.example[1])} if task.output.kind.has_classes else set()
    if task.output.kind.of_marks:  # a relation is known in both directions
        wanted |= set(map(mirrored, wanted))
    assert learnt.labels == tuple(sorted(wanted))
    assert set(learnt.labels) <= set(task.labels)
    assert (learnt.name, learnt.output.kind) == (name, task.output.kind)


@pytest.mark.parametrize("name", NAMES)
def test_own_example_is_answered_rightly_by_scores_that_say_so(name: str) -> None:
    task = _task(name)
    examples = _example(task)
    assert task.output.read(task.example[1]) == _sorted(task.example[1])
    predictions = task.output.decode(_certain(task, examples), examples)
    for metric in task.metrics:
        perfect = metric(examples, predictions, task)
        best = metric.most if metric.greater_is_better else metric.least
        assert perfect == pytest.approx(best) or metric.name in UNDEFINED
    assert predictions.confidence is None or predictions.confidence[0] > 0.99
    assert task.output.show(predictions.labels[0], examples.texts[0])


@pytest.mark.parametrize("name", NAMES)
def test_calibration_is_json_and_accepted_by_decode(name: str) -> None:
    task = _task(name)
    examples = _example(task).take([0] * 6)
    scores = _random(task, examples, seed=0)
    calibration = json.loads(json.dumps(task.output.calibrate(scores, examples)))
    predictions = task.output.decode(scores, examples, **calibration)
    assert len(predictions) == 6
    if predictions.confidence is not None:
        assert np.all((predictions.confidence >= 0) & (predictions.confidence <= 1))
    if predictions.intervals is not None:
        assert np.all(predictions.intervals[:, 0] <= predictions.labels)
        assert np.all(predictions.intervals[:, 1] >= predictions.labels)
    if predictions.probabilities is not None:
        assert predictions.probabilities.shape == (6, len(task.labels))


@pytest.mark.parametrize("name", NAMES)
def test_answers_keep_the_order_of_the_examples(name: str) -> None:
    task = _task(name)
    examples = Examples.of(["one two", "", "three", "four five six seven"], [None] * 4)
    examples = replace(examples, contexts=examples.texts[::-1])
    scores = _random(task, examples, seed=1)
    together = task.output.decode(scores, examples)
    for row in range(4):
        alone = task.output.decode(scores[row : row + 1], examples.take([row]))
        assert alone.labels[0] == together.labels[row]
        if alone.confidence is not None and together.confidence is not None:
            assert alone.confidence[0] == pytest.approx(together.confidence[row], abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_scores_that_move_by_less_than_half_their_margin_keep_the_answer(name: str) -> None:
    task, rng = _task(name), np.random.default_rng(2)
    examples = _example(task).take([0] * 8)
    scores = [np.atleast_1d(row) + rng.normal(size=np.shape(row)) for row in _certain(task, examples)]
    fitted = {"half_width": 2.0} if task.output.kind.is_number else {}
    margins = task.output.margins(scores, **fitted)
    assert margins.shape == (8,)
    assert np.all(margins > 0)
    moved = [row + 0.49 * room * rng.choice((-1, 1), np.shape(row)) for row, room in zip(scores, margins, strict=True)]
    both = (task.output.decode(one, examples, **fitted).labels for one in (scores, moved))
    assert all(task.output.same(*pair, **fitted) for pair in zip(*both, strict=True))
    assert np.all(task.output.margins(moved, answered=scores, **fitted) > 0)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("blank", [None, float("nan"), "", "  "])
def test_blank_cell_is_refused_with_a_reason(name: str, blank: object) -> None:
    with pytest.raises(ValueError, match=r"empty|missing"):
        _task(name).output.read(blank)


@pytest.mark.parametrize("name", CLASSED)
def test_label_of_another_task_is_refused_as_a_target(name: str) -> None:
    with pytest.raises(ValueError, match="not one of the task's"):
        tasks.build(name, ("something", "else")).output.targets(_example(_task(name)))


@pytest.mark.parametrize("name", CLASSED)
def test_same_label_twice_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="twice"):
        tasks.build(name, ("a", "b", "a"))


def _sorted(label: Any) -> Any:
    return tuple(sorted(label)) if isinstance(label, tuple) else label


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(CLASSED)))
def test_a_task_without_classes_takes_no_labels_and_is_the_same_after_json(name: str) -> None:
    built = tasks.build(name, ())
    assert tasks.from_plain(json.loads(json.dumps(tasks.as_plain(built)))) == built
    with pytest.raises(UserError, match="no labels"):
        tasks.build(name, ("a", "b"))
