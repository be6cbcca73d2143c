"""Whether a model is as often right as it says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.evaluate.counts import items
from haoqi.evaluate.metric import Array
from haoqi.evaluate.path_counts import true_as_far_as
from haoqi.evaluate.predictions import Predictions

# A truth that a model calls impossible costs this much at most, so that one such does not decide all.
LEAST = 1e-12


@dataclass(frozen=True)
class Bin:
    """Answers of like confidence."""

    low: float
    """Least confidence of this bin, in [0, 1]."""
    high: float
    """Greatest; only the last bin holds it."""
    confidence: float
    """Their mean confidence."""
    accuracy: float
    """The share of them that were right."""
    count: int


@dataclass(frozen=True)
class Calibration:
    """How honest a model's probabilities are: the lower each of these, the better."""

    error: float
    """Expected calibration error: how far confidence is from accuracy, averaged over answers."""
    bins: tuple[Bin, ...]
    """Those that hold any answer, by confidence."""
    brier: float | None = None
    """Mean squared distance of the probabilities from the truth (Brier, 1950), summed over labels."""
    log_loss: float | None = None
    """Mean negative log probability of the truth, in nats, summed over labels where several may apply."""


def calibration(
    true: Sequence[Any],
    predictions: Predictions,
    labels: tuple[str, ...],
    right: npt.NDArray[np.bool_] | None = None,
) -> Calibration | None:
    """Return how honest the probabilities of these answers are; None where nothing was answered.

    One or several labels: an answer is right as a whole, or wrong. Spans: each predicted span is. Paths: as far as
    they go.

    Args:
        true: n labels.
        predictions: n answers.
        labels: the task's labels, in the order of the probabilities.
        right: whether each answer was right, where it is so by other rules.
    """
    confidence, right = _judged(true, predictions) if right is None else (np.asarray(predictions.confidence), right)
    if not len(confidence):
        return None
    error, bins = calibration_error(confidence, right), reliability(confidence, right)
    if predictions.probabilities is None:
        return Calibration(error, bins)
    truth = _truth(true, labels)
    probabilities = np.asarray(predictions.probabilities, dtype=np.float64)
    one_label = all(isinstance(one, str) for one in true)
    return Calibration(error, bins, brier(probabilities, truth), log_loss(probabilities, truth, one_label=one_label))


def calibration_error(confidence: Array, correct: npt.NDArray[np.bool_], bins: int = 10) -> float:
    """Return how far confidence is from accuracy, averaged over examples.

    The expected calibration error of Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities
    using Bayesian binning", 2015.

    Args:
        confidence: probability of the predicted label, in [0, 1], shape (n,).
        correct: whether the prediction was right, shape (n,).
        bins: how many bins cut [0, 1].

    Raises:
        ValueError: if the shapes differ, or n is 0.

    >>> calibration_error(np.array([0.9, 0.9]), np.array([True, False]))
    0.4
    """
    found = reliability(confidence, correct, bins)
    return float(sum(one.count * abs(one.confidence - one.accuracy) for one in found) / len(confidence))


def reliability(confidence: Array, correct: npt.NDArray[np.bool_], bins: int = 10) -> tuple[Bin, ...]:
    """Return the answers in bins of equal width, those without an answer left out.

    Args:
        confidence: probability of the predicted label, in [0, 1], shape (n,).
        correct: whether the prediction was right, shape (n,).
        bins: how many bins cut [0, 1].

    Raises:
        ValueError: if the shapes differ, or n is 0.
    """
    if confidence.shape != correct.shape or confidence.ndim != 1 or not len(confidence):
        raise ValueError(f"confidence of shape {confidence.shape} for {correct.shape} answers")
    place = np.clip((confidence * bins).astype(np.int64), 0, bins - 1)
    counts = np.bincount(place, minlength=bins)
    sure = np.bincount(place, weights=confidence, minlength=bins)
    right = np.bincount(place, weights=correct.astype(np.float64), minlength=bins)
    return tuple(
        Bin(index / bins, (index + 1) / bins, float(sure[index] / count), float(right[index] / count), int(count))
        for index, count in enumerate(counts)
        if count
    )


def brier(probabilities: Array, truth: Array) -> float:
    """Return the mean over examples of the squared distance between probabilities and truth (Brier, 1950).

    Args:
        probabilities: of each label, shape (n, labels).
        truth: 1 where a label applies and 0 elsewhere, shape (n, labels).
    """
    return float(((probabilities - truth) ** 2).sum(axis=1).mean())


def log_loss(probabilities: Array, truth: Array, *, one_label: bool) -> float:
    """Return the mean over examples of the negative log probability of the truth, in nats.

    Args:
        probabilities: of each label, shape (n, labels).
        truth: 1 where a label applies and 0 elsewhere, shape (n, labels).
        one_label: whether exactly one label applies; otherwise each is a question of its own, and they add up.
    """
    sure = np.clip(probabilities, LEAST, 1.0)
    if one_label:  # a label that the model does not know has no probability at all
        return float(-np.log(np.maximum((sure * truth).sum(axis=1), LEAST)).mean())
    unsure = np.clip(1.0 - probabilities, LEAST, 1.0)
    return float(-(truth * np.log(sure) + (1.0 - truth) * np.log(unsure)).sum(axis=1).mean())


def _truth(true: Sequence[Any], labels: tuple[str, ...]) -> Array:
    """Return 1 where a label applies, shape (n, labels); labels that are not the task's have no column."""
    place = {label: index for index, label in enumerate(labels)}
    truth = np.zeros((len(true), len(labels)))
    for row, one in enumerate(true):
        truth[row, [place[item] for item in items(one) if item in place]] = 1.0
    return truth


def _judged(true: Sequence[Any], predictions: Predictions) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Return the confidence of every answer, or of every predicted span, and whether it was right.

    A path in a tree is right as far as it goes: its confidence says no more.
    """
    if predictions.level_confidence is not None:
        right = true_as_far_as(true, predictions.labels)
        return np.asarray(predictions.confidence, dtype=np.float64), np.array(right, dtype=bool)
    if predictions.span_confidence is None:
        right = [frozenset(items(t)) == frozenset(items(p)) for t, p in zip(true, predictions.labels, strict=True)]
        return np.asarray(predictions.confidence, dtype=np.float64), np.array(right, dtype=bool)
    confidence = [chance for chances in predictions.span_confidence for chance in chances]
    right = [span in frozenset(t or ()) for t, p in zip(true, predictions.labels, strict=True) for span in p]
    return np.array(confidence, dtype=np.float64), np.array(right, dtype=bool)
