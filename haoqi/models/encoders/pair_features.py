"""Two texts as one row of features: what their vectors share, and how they differ (Reimers and Gurevych, 2019,
arXiv:1908.10084: u, v and |u - v| of a bi-encoder).

Where the order of the texts is nothing, the features are the same with the texts exchanged, to the last bit.
"""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from haoqi.data.entity_marks import parse_marks
from haoqi.data.examples import Examples
from haoqi.tasks.task import Task

Floats = npt.NDArray[np.float32]

# How often the cosine of two texts counts, and each text by itself, where pairs are compared: measured on stsb, see
# docs/decisions/methods.md.
_NEAR, _SIDE = 4.0, 0.5
# How many times as far the cosine reaches as each of the other features where a penalty is on all of them.
_TELLING = 10.0

Pairing = Literal["", "symmetric", "ordered", "marked"]
"""Whether examples are single texts, pairs whose order is nothing, pairs in their order, or two stretches that are
marked in a text."""


def pairing_for(task: Task) -> Pairing:
    """Return what the examples of a task are."""
    if task.output.kind.of_marks:
        return "marked"
    return "" if not task.pairs else "symmetric" if task.symmetric else "ordered"


def sides_of(examples: Examples, pairing: Pairing) -> list[list[str]]:
    """Return the texts that examples are embedded by, a list for each side of them.

    Of marked stretches these are the text, what stands from the one to the other, and the two by themselves.
    """
    if pairing == "marked":
        return [list(side) for side in zip(*map(_marked_sides, examples.texts), strict=True)] or [[]] * 4
    return [examples.texts, examples.second_texts] if pairing else [examples.texts]


def _marked_sides(text: str) -> tuple[str, str, str, str]:
    marked = parse_marks(text)
    start, end = min(marked.first[0], marked.second[0]), max(marked.first[1], marked.second[1])
    return (marked.text, marked.text[start:end], *marked.entities)


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


def marked_vectors(sides: Sequence[Floats]) -> Floats:
    """Return the features of marked stretches: the vectors of their sides, together of length 1, shape (n, features).

    Args:
        sides: of `sides_of`, each of length 1, shape (n, width).
    """
    found: Floats = np.concatenate(sides, axis=1) / np.float32(np.sqrt(len(sides)))
    return found


def pair_places(vectors: Floats, pairing: Pairing) -> Floats:
    """Return features of pairs so scaled that pairs which are alike lie near to each other, shape (n, features).

    Those of marked stretches are so as they are. Of pairs the cosine, one number of many, would hardly count, and which
    texts they are would count most.

    Args:
        vectors: what `pair_vectors` gave.
        pairing: what for.
    """
    if pairing == "marked":
        return vectors
    found = vectors.copy()
    found[:, 0] *= _NEAR
    if pairing == "ordered":
        found[:, 1 + (found.shape[1] - 1) // 2 :] *= _SIDE
    return found


def pair_emphasis(width: int, pairing: Pairing) -> Floats | None:
    """Return how many times as far each feature of pairs of such vectors reaches where they are learnt from.

    The cosine alone tells more than all parts together, and a penalty that suits these would take most of it.
    """
    if pairing in ("", "marked"):
        return None
    found = np.ones(pair_width(width, pairing), np.float32)
    found[0] = _TELLING
    return found


def pair_width(width: int, pairing: Pairing) -> int:
    """Return how many features vectors of a width have, single or in pairs."""
    return {"": width, "symmetric": 2 * width + 1, "ordered": 4 * width + 1, "marked": 4 * width}[pairing]


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
