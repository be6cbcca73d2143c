"""Arrays of many texts in few files: found by a key, written whole, read without loading them."""

import json
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save

from haoqi.core.folder import write_atomic

KEY_BYTES = 16
Array = npt.NDArray[Any]

_TYPES: dict[str, np.dtype[Any]] = {
    "F32": np.dtype(np.float32),
    "F16": np.dtype(np.float16),
    "I64": np.dtype(np.int64),
    "U8": np.dtype(np.uint8),
}


@dataclass(frozen=True)
class Shards:
    """A folder of shards, each with the arrays of some keys, one after another."""

    folder: Path

    def find(self, keys: Iterable[bytes]) -> dict[bytes, Array]:
        """Return the arrays that are here, as views of the files; damaged files count as absent."""
        wanted = set(keys)
        found: dict[bytes, Array] = {}
        for path in sorted(self.folder.glob("*.safetensors")):
            try:
                tensors = open_arrays(path)
                names, ends, values = tensors["keys"], tensors["ends"], tensors["values"]
            except (OSError, ValueError, KeyError):
                continue
            rows = names.tobytes()
            for row, end in enumerate(ends.tolist()):
                key = rows[row * KEY_BYTES : (row + 1) * KEY_BYTES]
                if key in wanted:
                    found[key] = values[ends[row - 1] if row else 0 : end]
        return found

    def add(self, keys: Sequence[bytes], arrays: Sequence[Array]) -> None:
        """Write one shard.

        Args:
            keys: 16 bytes each.
            arrays: one per key, of shape (any, width), all of one width and type.
        """
        if not keys:
            return
        content: dict[str, Array] = {
            "keys": np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(-1, KEY_BYTES),
            "ends": np.cumsum([len(array) for array in arrays]).astype(np.int64),
            "values": np.concatenate(arrays),
        }
        write_atomic(self.folder / f"{uuid4().hex}.safetensors", save(content))

    def size_bytes(self) -> int:
        """Return what the shards take on disk."""
        return sum(path.stat().st_size for path in self.folder.glob("*.safetensors"))


def open_arrays(path: Path) -> dict[str, Array]:
    """Return the arrays of a safetensors file, mapped into memory.

    Raises:
        ValueError: if the file is shorter than it says.
    """
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8).ljust(8, b"\0"))
        if length > path.stat().st_size:
            raise ValueError(f"{path} is damaged")
        header = json.loads(file.read(length))
    found = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        kind, shape, (start, end) = _TYPES[entry["dtype"]], tuple(entry["shape"]), entry["data_offsets"]
        if start == end:
            found[name] = np.zeros(shape, kind)
        else:
            found[name] = np.memmap(path, kind, "r", offset=8 + length + start, shape=shape)
    return found
