"""Two texts as one row of features: what their vectors share, and how they differ (Reimers and Gurevych, 2019,
arXiv:1908.10084: u, v and |u - v| of a bi-encoder).

Where the order of the texts is nothing, the features are the same with the texts exchanged, to the last bit.
"""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

# How often the cosine of two texts counts, and each text by itself, where pairs are compared: measured on stsb, see
# docs/decisions/methods.md.
_NEAR, _SIDE = 4.0, 0.5
# How many times as far the cosine reaches as each of the other features where a penalty is on all of them.
_TELLING = 10.0

Pairing = Literal["", "symmetric", "ordered"]
"""Whether examples are single texts, pairs whose order is nothing, or pairs in their order."""


def pairing_of(*, pairs: bool, symmetric: bool) -> Pairing:
    """Return how the texts of a task's examples belong together."""
    return "" if not pairs else "symmetric" if symmetric else "ordered"


def pair_vectors(first: Floats, second: Floats, pairing: Pairing) -> Floats:
    """Return the features of pairs of vectors, shape (n, features).

    They are the cosine, the products and the distances of the vectors' parts; in order, the vectors themselves too.

    Args:
        first: of length 1 each, shape (n, width).
        second: the same of the second texts.
        pairing: how they belong together.
    """
    product = first * second
    columns = [product.sum(axis=1, keepdims=True), product, np.abs(first - second)]
    if pairing == "ordered":
        columns += [first, second]
    return np.concatenate(columns, axis=1).astype(np.float32, copy=False)


def pair_places(vectors: Floats, pairing: Pairing) -> Floats:
    """Return features of pairs so scaled that pairs which are alike lie near to each other, shape (n, features).

    As they are the cosine, one number of many, would hardly count, and which texts they are would count most.

    Args:
        vectors: what `pair_vectors` gave.
        pairing: what for.
    """
    found = vectors.copy()
    found[:, 0] *= _NEAR
    if pairing == "ordered":
        found[:, 1 + (found.shape[1] - 1) // 2 :] *= _SIDE
    return found


def pair_emphasis(width: int, pairing: Pairing) -> Floats | None:
    """Return how many times as far each feature of pairs of such vectors reaches where they are learnt from.

    The cosine alone tells more than all parts together, and a penalty that suits these would take most of it.
    """
    if not pairing:
        return None
    found = np.ones(pair_width(width, pairing), np.float32)
    found[0] = _TELLING
    return found


def pair_width(width: int, pairing: Pairing) -> int:
    """Return how many features vectors of a width have, single or in pairs."""
    return {"": width, "symmetric": 2 * width + 1, "ordered": 4 * width + 1}[pairing]


def pair_table(first: Any, second: Any, pairing: Pairing) -> Any:
    """Return the features of pairs of sparse rows of length 1, as `pair_vectors` does.

    Args:
        first: sparse, shape (n, columns).
        second: the same of the second texts.
        pairing: how they belong together.
    """
    from scipy.sparse import csr_array, hstack

    product = first.multiply(second)
    near = csr_array(np.asarray(product.sum(axis=1), dtype=np.float32).reshape(-1, 1))
    columns = [near, product, abs(first - second)]
    if pairing == "ordered":
        columns += [first, second]
    return csr_array(hstack(columns, format="csr"))
