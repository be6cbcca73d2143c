"""Vectors of a base made to tell texts of one collection apart: centred, and stretched where they hardly differ.

Embeddings of one field crowd together, and a few directions that all texts share decide most of a cosine (Su et al.,
"Whitening sentence representations for better semantics and faster retrieval", 2021, arXiv:2103.15316). Each direction
is stretched by a part of what full whitening would stretch it by, and the fewer the passages are the less is done at
all: what few texts have in common may be chance. A tuned encoder has learnt which directions count, and stays as it is.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

POWER = 0.4
"""How much of full whitening: 0 none, 1 all directions alike."""


class Whitening(NamedTuple):
    """What is taken from vectors, and how they are turned and stretched then."""

    centre: Floats
    """Shape (width,)."""
    transform: Floats
    """Shape (width, width)."""

    @classmethod
    def of(cls, vectors: Floats) -> "Whitening":
        """Return the whitening of a collection.

        Args:
            vectors: of its passages, shape (n, width).
        """
        count, width = vectors.shape
        if count < 2:
            return cls(np.zeros(width, np.float32), np.eye(width, dtype=np.float32))
        trusted = count / (count + width)
        mean = vectors.mean(axis=0)
        spread = np.asarray((vectors - mean).T @ (vectors - mean), np.float64) / count
        usual = max(float(np.trace(spread)) / width, 1e-12)
        values, directions = np.linalg.eigh(trusted * spread + (1 - trusted) * usual * np.eye(width))
        stretched = directions * (np.maximum(values, 1e-3 * usual) / usual) ** (-POWER / 2)
        return cls((trusted * mean).astype(np.float32), stretched.astype(np.float32))

    def __call__(self, vectors: Floats) -> Floats:
        """Return vectors of length 1, shape (n, width)."""
        found = (vectors - self.centre) @ self.transform
        lengths = np.sqrt((found**2).sum(axis=1, keepdims=True))
        unit: Floats = (found / np.maximum(lengths, 1e-9)).astype(np.float32, copy=False)
        return unit
