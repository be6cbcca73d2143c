"""Tasks: what can be learnt from labelled text, one small file each; the file's name is the task's name."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from haoqi.core.errors import UserError
from haoqi.core.registry import Registry
from haoqi.core.say import joined, say
from haoqi.data.examples import Label
from haoqi.data.settings import DataSettings
from haoqi.tasks.choice import (
    Source,
    check_labels,
    check_marks,
    check_pairs,
    check_shape,
    doubts,
    guess,
    read_labels,
    remarks,
)
from haoqi.tasks.task import ClassOutput, Output, Task

__all__ = [
    "as_plain",
    "build",
    "doubts",
    "from_plain",
    "guess",
    "learn_classes",
    "names",
    "needs_one_text",
    "resolve",
    "tasks",
]

tasks: Registry[Task] = Registry("task", "haoqi.tasks", skip=("task", "choice", "classify", "words"))

# Nothing is said of the rows that may be left out.
_USUAL = DataSettings("")


def names() -> list[str]:
    """Return every task name a user can type, sorted."""
    return tasks.names()


def build(name: str, labels: tuple[str, ...], descriptions: Mapping[str, str] | None = None) -> Task:
    """Return a task for these labels.

    Args:
        name: the task's name.
        labels: the classes or span types, in the order of a model's scores; empty: the task's own.
        descriptions: what labels mean, in words; they go before those that the task knows.

    Raises:
        UserError: if there is no such task, a label occurs twice, or a description is for no label.
    """
    twice = sorted({label for label in labels if labels.count(label) > 1}) if len(set(labels)) < len(labels) else []
    if twice:
        raise UserError(f"the label {twice[0]!r} is given twice", "give every label once")
    task = tasks.build(name)
    if labels and not task.output.kind.has_classes:
        raise UserError(f"the task {name} has no labels, and {labels[0]!r} was given", "leave the labels out")
    if labels:
        task = tasks.build(name, labels=labels)
    strange = sorted(set(descriptions or {}).difference(task.labels))
    if strange:
        raise UserError(f"there is a description for {strange[0]!r}, which is no label", f"labels: {_list(task)}")
    return replace(task, name=name, descriptions={**task.descriptions, **(descriptions or {})})


def resolve(name: str | None, raw: Source, settings: DataSettings = _USUAL) -> tuple[Task, str]:
    """Return the task to learn from a source, with the labels that occur there, and why it is this task.

    Args:
        name: what the user asked for; None: guess.
        raw: the source's rows with their labels as they came.
        settings: say how many labels may be left out that cannot be read.

    Raises:
        UserError: if the task does not fit the labels, too many cannot be read, fewer than two classes
            occur, or all labels are different.
    """
    chosen, reason = guess(raw) if name is None else (name, say("task.why.said", name=name))
    built = tasks.build(chosen)
    output = built.output
    check_shape(chosen, output, raw)
    check_pairs(chosen, raw, pairs=built.pairs)
    check_marks(chosen, output, raw)
    labels = read_labels(output, raw, settings)
    classes = _classes_in(labels, output)
    check_labels(chosen, labels, classes, output)
    remark = remarks(labels, output)
    return build(chosen, classes), joined([reason, remark], by="list.semicolon") if remark else reason


def learn_classes(task: Task, labels: Iterable[Label]) -> Task:
    """Return a task with the classes that occur in these answers, described as the task knows them.

    Where answers have no classes, or these have none, it is the task as it is built without.
    """
    return build(task.name, _classes_in(labels, task.output))


def needs_one_text(name: str | None, raw: Source) -> bool:
    """Return whether a task reads one text of rows that have two: the one that was named, or that would be guessed."""
    if raw.examples.pairs is None:
        return False
    return not tasks.build(guess(raw)[0] if name is None else name).pairs


def as_plain(task: Task) -> dict[str, Any]:
    """Return what JSON can hold and `from_plain` needs."""
    return {"name": task.name, "labels": list(task.labels), "descriptions": dict(task.descriptions)}


def from_plain(plain: Mapping[str, Any]) -> Task:
    """Return the task that `as_plain` described.

    Raises:
        UserError: if a part is missing, or there is no such task here.
    """
    try:
        name, labels, descriptions = plain["name"], tuple(plain["labels"]), dict(plain.get("descriptions", {}))
    except (KeyError, TypeError, ValueError):
        raise UserError("the description of a task is damaged: name and labels are needed") from None
    return build(str(name), labels, descriptions)


def _classes_in(labels: Iterable[Label], output: Output) -> tuple[str, ...]:
    if not isinstance(output, ClassOutput):
        return ()
    return output.vocabulary(label for label in labels if label is not None)


def _list(task: Task) -> str:
    return ", ".join(task.labels[:20]) + (", ..." if len(task.labels) > 20 else "")
