"""What a GGUF file holds: its settings and its tensors, without the seconds that general readers take.

The format is described at https://github.com/ggml-org/ggml/blob/master/docs/gguf.md; this reads version 3,
little-endian, with tensors of 32-bit floats or of blocks of four and eight bits.
"""

import struct
from dataclasses import dataclass
from typing import Any

from haoqi.models.bases._quantised import Floats, expand

MARK = b"GGUF"
STRING, ARRAY = 8, 9
# struct's letters for the plain kinds of value, by their number in the file
PLAIN = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
# how a tensor is packed, by its number in the file; bytes for 32 weights
WAYS = {0: ("f32", 128), 2: ("q4_0", 18), 3: ("q4_1", 20), 8: ("q8_0", 34)}


@dataclass(frozen=True)
class Packed:
    """An opened GGUF file."""

    settings: dict[str, Any]
    """Lists for arrays; strings decoded."""
    tensors: dict[str, tuple[str, tuple[int, ...], memoryview]]
    """How each is packed, its shape (the last axis varying fastest) and its bytes."""

    def tensor(self, name: str) -> Floats:
        """Return a tensor in 32-bit floats; KeyError if there is none of that name."""
        way, shape, data = self.tensors[name]
        return expand(data, way, shape)


def read(data: bytes) -> Packed:
    """Return what a GGUF file holds.

    Raises:
        ValueError, struct.error: if it is not such a file, or damaged.
    """
    cursor = _Cursor(data)
    mark, version, tensors, settings = cursor.take("4sIQQ")
    if mark != MARK or version != 3:
        raise ValueError("it is not a GGUF file of version 3")
    known = {cursor.text(): cursor.value(cursor.take("I")[0]) for _ in range(settings)}
    listed = [_describe(cursor) for _ in range(tensors)]
    step = known.get("general.alignment", 32)
    start = -(-cursor.at // step) * step
    view = memoryview(data)
    found = {}
    for name, way, shape, offset, size in listed:
        if start + offset + size > len(view):
            raise ValueError(f"the tensor {name} is cut off")
        found[name] = (way, shape, view[start + offset : start + offset + size])
    return Packed(known, found)


def _describe(cursor: "_Cursor") -> tuple[str, str, tuple[int, ...], int, int]:
    """Return a tensor's name, packing, shape, place and size in bytes."""
    name = cursor.text()
    (axes,) = cursor.take("I")
    shape = cursor.take(f"{axes}Q")[::-1]
    kind, offset = cursor.take("IQ")
    if kind not in WAYS:
        raise ValueError(f"the tensor {name} is packed in a way that is not known here ({kind})")
    way, size = WAYS[kind]
    count = 1
    for length in shape:
        count *= length
    return name, way, shape, offset, count * size // 32


class _Cursor:
    """Reads one value after the other; running off the end raises struct.error or ValueError."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{layout}", self.data, self.at)
        self.at += struct.calcsize(f"<{layout}")
        return values

    def text(self) -> str:
        (length,) = self.take("Q")
        if length > len(self.data) - self.at:
            raise ValueError("the file ends too early")
        self.at += length
        return self.data[self.at - length : self.at].decode("utf-8")

    def value(self, kind: int) -> Any:
        if kind == STRING:
            return self.text()
        if kind != ARRAY:
            return self.take(PLAIN[kind])[0]
        inner, count = self.take("IQ")
        if count > len(self.data) - self.at:
            raise ValueError("the file ends too early")
        if inner in PLAIN:
            return list(self.take(f"{count}{PLAIN[inner]}"))
        return [self.value(inner) for _ in range(count)]
