"""Independent random generators from one seed and a name, so that no part disturbs another."""

import hashlib
from random import Random

import numpy as np


def number(seed: int, *names: object) -> int:
    """Return a whole number in [0, 2**63) that depends on the seed and every name.

    >>> number(0, "split") == number(0, "split"), number(0, "split") == number(0, "train")
    (True, False)
    """
    text = "\x1f".join([str(seed), *map(str, names)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(seed: int, *names: object) -> np.random.Generator:
    """Return a numpy generator of its own for this seed and these names."""
    return np.random.default_rng(number(seed, *names))


def plain(seed: int, *names: object) -> Random:
    """Return a generator of Python's own kind for this seed and these names."""
    return Random(number(seed, *names))
