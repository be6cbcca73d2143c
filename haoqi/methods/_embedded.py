"""What the methods on frozen embeddings share: a regularised linear model."""

import numpy as np
import numpy.typing as npt

from haoqi.data.examples import Examples, Indices, Weights
from haoqi.methods._solver import unadvised

Floats = npt.NDArray[np.float32]
Targets = npt.NDArray[np.bool_]

# Of ridge regression, whose penalty is the inverse; the best depends on how much of the numbers the texts explain.
RIDGE_STRENGTHS = (0.0003, 0.001, 0.004, 0.015)
# So many examples tell which is best.
TRIAL_ROWS = 4000

# A label without examples: as good as ruled out, and still a finite score.
NEVER = -20.0


def fit_linear(
    vectors: Floats,
    targets: Targets,
    exclusive: bool,
    strength: float,
    *,
    weights: Weights | None = None,
    emphasis: Floats | None = None,
) -> tuple[Floats, Floats]:
    """Return directions, shape (width, labels), and intercept of a logistic regression on standardised vectors.

    Args:
        vectors: what to learn from, shape (n, width).
        targets: which labels each has, shape (n, labels).
        exclusive: one label each (softmax), or each label for itself.
        strength: how closely the examples are followed (C).
        weights: how much each example counts, shape (n,); None: all alike.
        emphasis: how many times as far each column reaches, so that its weight costs less, shape (width,); None: once.
    """
    centre, spread = vectors.mean(axis=0), vectors.std(axis=0)
    if weights is not None:
        centre = np.average(vectors, axis=0, weights=weights)
        spread = np.sqrt(np.average((vectors - centre) ** 2, axis=0, weights=weights))
    spread = np.maximum(spread, max(float(spread.mean()) / 10, 1e-6))  # some units of a base hardly ever move
    spread = spread if emphasis is None else spread / emphasis
    standard = (vectors - centre) / spread
    width, labels = vectors.shape[1], targets.shape[1]
    directions, intercept = np.zeros((width, labels), np.float32), np.zeros(labels, np.float32)
    if exclusive:
        directions, intercept = _softmax(standard, targets.argmax(axis=1), labels, strength, weights=weights)
    else:
        for label in range(labels):
            both, offset = _softmax(standard, targets[:, label].astype(np.int64), 2, strength, weights=weights)
            directions[:, label], intercept[label] = both[:, 1] - both[:, 0], offset[1] - offset[0]
    directions = (directions / spread[:, None]).astype(np.float32)
    return directions, (intercept - centre @ directions).astype(np.float32)


def fit_ridge(
    vectors: Floats,
    numbers: Floats,
    strength: float,
    *,
    weights: Weights | None = None,
    emphasis: Floats | None = None,
) -> tuple[Floats, Floats]:
    """Return directions, shape (width, 1), and intercept of a ridge regression on standardised vectors.

    Hoerl and Kennard, "Ridge regression: biased estimation for nonorthogonal problems", 1970.

    Args:
        vectors: what to learn from, shape (n, width).
        numbers: the right numbers, shape (n,).
        strength: how closely the examples are followed: the penalty on the weights is 1 / strength.
        weights: how much each example counts, shape (n,); None: all alike.
        emphasis: how many times as far each column reaches, so that its weight costs less, shape (width,); None: once.
    """
    counting = np.ones(len(vectors)) if weights is None else weights
    share = counting / counting.sum()
    features, right = vectors.astype(np.float64), numbers.astype(np.float64)
    centre, middle = share @ features, float(share @ right)
    spread = np.sqrt(share @ (features - centre) ** 2)
    spread = np.maximum(spread, max(float(spread.mean()) / 10, 1e-6))
    spread = spread if emphasis is None else spread / emphasis
    standard = (features - centre) / spread
    weighed = standard * counting[:, None]
    gram = weighed.T @ standard + np.eye(standard.shape[1]) / strength
    found = np.linalg.solve(gram, weighed.T @ (right - middle)) / spread
    return found[:, None].astype(np.float32), np.array([middle - centre @ found], np.float32)


def best_ridge(vectors: Floats, numbers: Floats, train: Examples, emphasis: Floats | None = None) -> float:
    """Return the strength with the least squared error on a fifth of some examples, learnt from the rest of them."""
    held, rest, counting = held_out(train)
    if not len(held) or not len(rest):
        return RIDGE_STRENGTHS[1]

    def loss(strength: float) -> float:
        known = None if train.weights is None else counting[rest]
        directions, intercept = fit_ridge(vectors[rest], numbers[rest], strength, weights=known, emphasis=emphasis)
        off = (vectors[held] @ directions + intercept)[:, 0] - numbers[held]
        return float(np.average(off**2, weights=counting[held]))

    return min(RIDGE_STRENGTHS, key=loss)


def held_out(train: Examples) -> tuple[Indices, Indices, Weights]:
    """Return rows that are held out, rows to learn from, and how much each row counts.

    Rows that were made of one row stay on one side.
    """
    rows = np.random.default_rng(0).permutation(len(train))[:TRIAL_ROWS]
    held, rest = rows[: len(rows) // 5], rows[len(rows) // 5 :]
    sources = train.sources
    return held, rest[~np.isin(sources[rest], sources[held])], train.counting


def logistic_loss(logits: Floats, targets: Targets, exclusive: bool, weights: Weights | None = None) -> float:
    """Return the mean negative log probability of the targets, each row counted by its weight."""
    scores = logits.astype(np.float64)
    if exclusive:
        top = scores.max(axis=1, keepdims=True)
        logs = scores - top - np.log(np.exp(scores - top).sum(axis=1, keepdims=True))
        return float(-np.average(logs[targets], weights=weights))
    return float(np.average(np.logaddexp(0, np.where(targets, -scores, scores)).mean(axis=1), weights=weights))


def _softmax(
    standard: Floats, classes: npt.NDArray[np.int64], count: int, strength: float, *, weights: Weights | None
) -> tuple[Floats, Floats]:
    """Return weights, shape (width, count), and intercept; a class that does not occur gets the least of scores."""
    from sklearn.linear_model import LogisticRegression

    present = np.unique(classes)
    directions = np.zeros((standard.shape[1], count), np.float32)
    intercept = np.full(count, NEVER, np.float32)
    if len(present) == 1:
        intercept[present] = 0.0
        return directions, intercept
    machine = LogisticRegression(C=strength, tol=1e-3, max_iter=200)
    with unadvised():
        machine.fit(standard, classes, sample_weight=weights)
    found, offset = machine.coef_.T, machine.intercept_
    if len(present) == 2:
        found, offset = np.concatenate([-found / 2, found / 2], axis=1), np.concatenate([-offset / 2, offset / 2])
    directions[:, present], intercept[present] = found, offset
    return directions, intercept
