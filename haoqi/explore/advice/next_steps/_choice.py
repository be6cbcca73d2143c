"""Which texts are worth a person's look: those that a model is unsure of, and that are unlike one another.

Uncertainty alone picks the same hard text many times over; so from the most doubtful ones a spread is taken, each
next text far from those that are chosen (Ash et al., 2020, "Deep Batch Active Learning by Diverse, Uncertain Gradient
Lower Bounds", arXiv:1906.03671; Sener and Savarese, 2018, arXiv:1708.00489).
"""

import numpy as np
import numpy.typing as npt

from haoqi.data.answers import AnswerKind
from haoqi.evaluate.predictions import Predictions

Floats = npt.NDArray[np.floating]

CANDIDATES = 10
"""Times as many texts as are wanted are looked at for a spread, the most doubtful ones."""


def unsure(predictions: Predictions, kind: AnswerKind) -> npt.NDArray[np.float64]:
    """Return how doubtful each answer is, in [0, 1], shape (n,).

    One label: how near the second is to the first (Scheffer, Decomain and Wrobel, 2001). Several: the least sure of
    them. Labels of words: 1 less the probability of the whole answer.
    """
    chances = predictions.probabilities
    if chances is None or kind.of_words or (kind.one_class and chances.shape[1] < 2):
        return 1.0 - predictions.sureness
    table = np.asarray(chances, dtype=np.float64)
    if kind.one_class:
        best = np.sort(table, axis=1)[:, -2:]
        return np.asarray(1.0 - (best[:, 1] - best[:, 0]), dtype=np.float64)
    return np.asarray(1.0 - np.abs(2 * table - 1).min(axis=1), dtype=np.float64)


def spread(doubt: npt.NDArray[np.float64], embeddings: Floats | None, count: int) -> list[int]:
    """Return places of texts to look at, the most telling first.

    Args:
        doubt: how unsure a model is of each, shape (n,).
        embeddings: of length 1, shape (n, width); None: doubt alone chooses.
        count: how many, at most.
    """
    order = np.argsort(-doubt, kind="stable")
    if embeddings is None:
        return [int(row) for row in order[:count]]
    rows = order[: CANDIDATES * count]
    near, weight = np.asarray(embeddings, dtype=np.float64)[rows], doubt[rows]
    far = np.ones(len(rows))
    chosen: list[int] = []
    for _ in range(min(count, len(rows))):
        pull = weight * far
        pull[chosen] = -1.0
        best = int(pull.argmax())
        chosen.append(best)
        far = np.minimum(far, 1.0 - near @ near[best])
    return [int(rows[place]) for place in chosen]
