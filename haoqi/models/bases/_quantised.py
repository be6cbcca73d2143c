"""Numbers out of the quantised blocks of GGML: four or eight bits a weight, 32 weights to a block.

The layouts are those of https://github.com/ggml-org/ggml (ggml-common.h): a block begins with its scale, and
its minimum where it has one, as 16-bit floats; the nibbles of byte j are weights j (low) and j + 16 (high).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 32
# Blocks expanded at a time: bounds what is held beside the result to a megabyte, which the processor's cache can hold.
CHUNK = 1 << 13

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Signed = NDArray[np.int8]


def q4_0(blocks: Bytes, weights: Floats) -> None:
    """Write the weights (nibble - 8) * scale of blocks of 18 bytes.

    Args:
        blocks: shape (n, 18).
        weights: where they go, shape (n, 32).

    >>> import numpy as np
    >>> block = np.concatenate([np.frombuffer(np.float16(0.5).tobytes(), np.uint8), np.full(16, 0x9A, np.uint8)])
    >>> weights = np.empty((1, 32), np.float32)
    >>> q4_0(block[None], weights)
    >>> weights[0, [0, 16]].tolist()
    [1.0, 0.5]
    """
    low, high = _nibbles(blocks[:, 2:])
    scale = _half(blocks, 0)
    np.multiply(low - np.int8(8), scale, out=weights[:, :16])
    np.multiply(high - np.int8(8), scale, out=weights[:, 16:])


def q4_1(blocks: Bytes, weights: Floats) -> None:
    """Write the weights nibble * scale + minimum of blocks of 20 bytes; shapes (n, 20) and (n, 32)."""
    low, high = _nibbles(blocks[:, 4:])
    scale = _half(blocks, 0)
    np.multiply(low, scale, out=weights[:, :16])
    np.multiply(high, scale, out=weights[:, 16:])
    weights += _half(blocks, 2)


def q8_0(blocks: Bytes, weights: Floats) -> None:
    """Write the weights byte * scale of blocks of 34 bytes; shapes (n, 34) and (n, 32)."""
    np.multiply(blocks[:, 2:].view(np.int8), _half(blocks, 0), out=weights)


WAYS: dict[str, tuple[int, Callable[[Bytes, Floats], None]]] = {
    "q4_0": (18, q4_0),
    "q4_1": (20, q4_1),
    "q8_0": (34, q8_0),
}


def expand(data: Any, way: str, shape: tuple[int, ...]) -> Floats:
    """Return a tensor in 32-bit floats.

    Args:
        data: its bytes; exactly as many as the shape needs.
        way: "f32", or one of q4_0, q4_1, q8_0.
        shape: of the result, the last axis varying fastest.

    Raises:
        ValueError: if the number of bytes does not fit the shape.
    """
    count = int(np.prod(shape, dtype=np.int64))
    if way == "f32":
        return np.frombuffer(data, "<f4", count).astype(np.float32).reshape(shape)
    size, law = WAYS[way]
    blocks = np.frombuffer(data, np.uint8).reshape(-1, size)
    if len(blocks) * BLOCK != count:
        raise ValueError(f"{len(blocks)} blocks for {count} weights")
    result = np.empty((len(blocks), BLOCK), np.float32)
    for start in range(0, len(blocks), CHUNK):
        law(blocks[start : start + CHUNK], result[start : start + CHUNK])
    return result.reshape(shape)


def _half(blocks: Bytes, at: int) -> Floats:
    """Return the 16-bit float at a place of every block, shape (n, 1)."""
    return np.ascontiguousarray(blocks[:, at : at + 2]).view("<f2").astype(np.float32)


def _nibbles(pairs: Bytes) -> tuple[Signed, Signed]:
    """Return the low and the high halves of bytes, 0 to 15."""
    return (pairs & 0x0F).view(np.int8), (pairs >> 4).view(np.int8)
