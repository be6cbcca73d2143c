"""How a text looks, whatever its words: length, capitals, digits, marks, in whole numbers.

Coarse on purpose: a tree that may cut a fine number anywhere does so by chance, and did on every data set tried.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from haoqi.models.lexical.ngrams import unspaced_share

SURFACE = (
    "characters, each doubling one more",
    "words, each doubling one more",
    "capitals, in quarters of all characters",
    "digits, whether any",
    "marks, in tenths of all characters",
    "exclamation marks, up to 3",
    "question marks, up to 3",
    "scripts without spaces, in quarters of all characters",
)
"""What each column of `surface_features` is."""


def surface_features(texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """Return how texts look, shape (n, len(SURFACE)).

    >>> surface_features(["So GOOD!!"])[0].tolist()
    [3.0, 1.0, 3.0, 0.0, 2.0, 2.0, 0.0, 0.0]
    """
    return np.array([_look(text) for text in texts], np.float32).reshape(len(texts), len(SURFACE))


def _look(text: str) -> tuple[float, ...]:
    words = text.split()
    inked = "".join(words)
    count = max(1, len(inked))
    marks = len(inked) - sum(map(str.isalnum, inked))
    return (
        round(math.log2(1 + len(inked))),
        int(math.log2(1 + len(words))),
        math.ceil(4 * sum(map(str.isupper, inked)) / count),
        any(map(str.isdigit, inked)),
        round(10 * marks / count),
        min(3, inked.count("!") + inked.count("！")),
        min(3, inked.count("?") + inked.count("？")),
        math.ceil(4 * unspaced_share([inked])),
    )
