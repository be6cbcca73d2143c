"""From scores to probabilities, and the temperature that makes them honest."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from haoqi.evaluate.metric import Array

# Temperatures that are looked at; beyond these, probabilities are all alike or all 0 and 1.
COLDEST, HOTTEST = 0.05, 20.0
# Scores that a temperature is fitted on: one number does not get better with more.
MOST_SCORES = 2_000_000


def log_softmax(scores: npt.ArrayLike, temperature: float = 1.0) -> Array:
    """Return log probabilities over the last axis; a row without one finite score is uniform."""
    logits = np.asarray(scores, dtype=np.float64) / temperature
    if not np.isfinite(logits).all():
        logits = _finite(logits)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    result: Array = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result


def softmax(scores: npt.ArrayLike, temperature: float = 1.0) -> Array:
    """Return probabilities over the last axis, each row summing to 1."""
    found: Array = np.exp(log_softmax(scores, temperature))
    return found


def sigmoid(scores: npt.ArrayLike, temperature: float = 1.0) -> Array:
    """Return the probability of each score on its own."""
    from scipy.special import expit

    found: Array = expit(np.nan_to_num(np.asarray(scores, dtype=np.float64), nan=0.0) / temperature)
    return found


def logit(probabilities: npt.ArrayLike) -> Array:
    """Return the score that `sigmoid` turns into each probability; infinite for 0 and 1."""
    from scipy.special import logit as inverse

    found: Array = inverse(np.asarray(probabilities, dtype=np.float64))
    return found


def leads(scores: npt.ArrayLike, answered: npt.ArrayLike) -> Array:
    """Return by how much each row's likeliest class leads the best of the others, shape (n,).

    Args:
        scores: logits, shape (n, classes).
        answered: logits that say which class is meant, same shape; a lead is negative where `scores` say another.
    """
    given = np.array(scores, dtype=np.float64)
    rows, best = np.arange(len(given)), np.asarray(answered).argmax(axis=1)
    own = given[rows, best]
    given[rows, best] = -np.inf
    found: Array = own - given.max(axis=1)
    return found


def fit_temperature(loss: Callable[[float], float]) -> float:
    """Return the temperature in [0.05, 20] with the least loss (Guo et al., 2017, arXiv:1706.04599)."""
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda power: loss(float(np.exp(power))),
        bounds=(np.log(COLDEST), np.log(HOTTEST)),
        method="bounded",
        options={"xatol": 1e-3},
    )
    return round(float(np.exp(found.x)), 4)


def thinned(examples: int, width: int) -> npt.NDArray[np.int64]:
    """Return evenly spaced rows, no more than one temperature needs to be fitted quickly."""
    most = max(1000, MOST_SCORES // max(width, 1))
    return np.unique(np.linspace(0, examples - 1, min(examples, most)).astype(np.int64))


def class_loss(scores: npt.ArrayLike, targets: npt.NDArray[np.int64], temperature: float) -> float:
    """Return the mean negative log probability of the targets, smoothed so that few examples cannot claim certainty.

    Two pseudo-examples are added that could be of any class: the smoothing of targets in Platt, "Probabilistic
    outputs for support vector machines", 1999, which for two classes this equals. Without it the best
    temperature for a model that makes no mistake on a small sample is 0.

    Args:
        scores: logits, shape (n, classes).
        targets: right classes, shape (n,).
        temperature: what the logits are divided by.
    """
    found = np.maximum(log_softmax(scores, temperature), -50.0)
    doubt = 2.0 / (len(targets) + 2.0)
    right = found[np.arange(len(targets)), targets].mean()
    return float(-(1.0 - doubt) * right - doubt * found.mean())


def _finite(logits: Array) -> Array:
    """Return logits of the same probabilities without NaN (taken for impossible) and infinities."""
    logits = np.where(np.isnan(logits), -np.inf, logits)
    top = logits.max(axis=-1, keepdims=True)
    certain = np.where(np.isposinf(logits), 0.0, -np.inf)
    return np.where(np.isposinf(top), certain, np.where(np.isneginf(top), 0.0, logits))
