"""What a small network knows of tokens before it has learnt anything: the input table of a base, made narrow."""

from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.models.bases import Base, lean_encoder

Floats = npt.NDArray[np.float32]

# Root mean square of the numbers in a table, as vectors for such networks usually have it.
_SPREAD = 0.3


def token_table(base: Base, width: int) -> Floats:
    """Return a vector for each token of a base's vocabulary, shape (tokens, width).

    They are the rows of its input table less their mean, turned to their principal components, of which the first
    are kept (Jolliffe, 2002, doi:10.1007/b98835), and scaled to what networks expect.

    Args:
        base: an encoder.
        width: how many numbers each vector has; no more than the table has are given.
    """
    encoder: Any = lean_encoder(base)
    table = encoder.get_input_embeddings().weight.detach().float().numpy()
    found = table @ principal_axes(table, width)
    found -= found.mean(axis=0)
    spread = float(np.sqrt(np.mean(found**2)))
    scaled: Floats = (found * (_SPREAD / max(spread, 1e-9))).astype(np.float32)
    return scaled


def principal_axes(vectors: Floats, width: int) -> Floats:
    """Return the directions in which vectors differ most, the first of them the most, shape (numbers, width).

    Args:
        vectors: shape (n, numbers).
        width: how many directions; all where there are fewer.
    """
    centred = vectors.astype(np.float32) - vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    _, axes = np.linalg.eigh((centred.T @ centred).astype(np.float64) / max(1, len(vectors)))
    chosen = axes[:, ::-1][:, :width]
    # Of the two directions along an axis libraries return either.
    signs = np.sign(chosen[np.abs(chosen).argmax(axis=0), np.arange(chosen.shape[1])])
    turned: Floats = (chosen * signs).astype(np.float32)
    return turned
