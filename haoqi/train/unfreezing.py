"""Layers that begin to learn one after another, from the top (Howard and Ruder, 2018, arXiv:1801.06146)."""

import re
from collections.abc import Callable

_LAYER = re.compile(r"\.layers?\.(\d+)\.")


def layer_of(name: str) -> int | None:
    """Return the layer of a weight, counted from the bottom; None where it is of none, as embeddings are.

    >>> layer_of("encoder.encoder.layer.4.output.dense.weight")
    4
    """
    found = _LAYER.search(name)
    return int(found[1]) if found else None


def starts(layers: int, until: float) -> Callable[[int | None], float]:
    """Return from which share of the training on a layer learns: the uppermost at once, the embeddings last.

    Args:
        layers: how many there are.
        until: the share at which all learn.

    >>> [starts(4, 0.4)(layer) for layer in (3, 2, 0, None)]
    [0.0, 0.1, 0.3, 0.4]
    """

    def start(layer: int | None) -> float:
        above = layers if layer is None else layers - 1 - layer
        return round(until * above / max(1, layers), 12)

    return start
