"""Tasks whose answer is a class, or classes, of a text or of two."""

from collections.abc import Callable, Mapping
from typing import Any

from haoqi.evaluate.metric import Metric
from haoqi.tasks.outputs.many_labels import ManyLabels
from haoqi.tasks.outputs.one_label import OneLabel
from haoqi.tasks.task import Task


def classify_text(
    labels: tuple[str, ...],
    *,
    metrics: tuple[Callable[[], Metric], ...],
    example: tuple[str, Any],
    meanings: Mapping[str, str] | None = None,
) -> Task:
    """Return the task of choosing one label for a text, or several where the example's answer is a tuple.

    Args:
        labels: the classes, in the order of a model's scores.
        metrics: makers of the metrics; the first decides which model is best.
        example: a text and its answer.
        meanings: what well-known labels mean, by their lower-case name; those of the task's labels are kept.
    """
    return Task(
        output=(ManyLabels if isinstance(example[1], tuple) else OneLabel)(tuple(labels)),
        metrics=tuple(metric() for metric in metrics),
        example=example,
        descriptions=meanings_of(labels, meanings or {}),
    )


def classify_pair(
    labels: tuple[str, ...],
    *,
    metrics: tuple[Callable[[], Metric], ...],
    example: tuple[tuple[str, str], str],
    symmetric: bool = False,
    meanings: Mapping[str, str] | None = None,
) -> Task:
    """Return the task of choosing one label for two texts.

    Args:
        labels: the classes, in the order of a model's scores.
        metrics: makers of the metrics; the first decides which model is best.
        example: two texts and their label.
        symmetric: whether the label is the same with the texts exchanged.
        meanings: what well-known labels mean, by their lower-case name; those of the task's labels are kept.
    """
    return Task(
        output=OneLabel(tuple(labels)),
        metrics=tuple(metric() for metric in metrics),
        example=example,
        descriptions=meanings_of(labels, meanings or {}),
        pairs=True,
        symmetric=symmetric,
    )


def meanings_of(labels: tuple[str, ...], meanings: Mapping[str, str]) -> dict[str, str]:
    """Return the meanings of those labels that have one, whatever their case."""
    return {label: meanings[label.lower()] for label in labels if label.lower() in meanings}
