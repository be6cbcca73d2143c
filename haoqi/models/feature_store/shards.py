"""Arrays of many texts in few files: found by a key, written whole, read without loading them."""

import json
import os
import struct
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save

from haoqi.core.folder import write_atomic
from haoqi.models.feature_store.bounds import Memory

KEY_BYTES = 16
Array = npt.NDArray[Any]
Keys = npt.NDArray[np.uint64]
"""128 bits of each content's hash, shape (n, 2)."""
Places = npt.NDArray[np.int64]

_TYPES: dict[str, np.dtype[Any]] = {
    "F32": np.dtype(np.float32),
    "F16": np.dtype(np.float16),
    "I64": np.dtype(np.int64),
    "I32": np.dtype(np.int32),
    "U8": np.dtype(np.uint8),
}


def keys_of(contents: Iterable[bytes]) -> Keys:
    """Return the keys under which what was computed from these contents is kept, shape (n, 2)."""
    joined = b"".join([blake2b(content, digest_size=KEY_BYTES).digest() for content in contents])
    return np.frombuffer(joined, dtype=np.uint64).reshape(-1, 2)


@dataclass(eq=False)
class Shard:
    """The arrays of some keys, one after another, mapped from a file, or in memory where there is none."""

    keys: Keys
    ends: npt.NDArray[np.int64]
    """Where in `values` the array of each key ends, shape (n,)."""
    values: Array | None
    """All arrays, shape (sum of lengths, ...), never to be written into; None: they are gone."""
    path: Path | None = None

    def release(self) -> None:
        """Hold the values no more."""
        self.path = self.values = None


class Shards:
    """A folder of shards; what was opened or added stays open, so that nothing is read or put together twice.

    Args:
        folder: where they are; it need not exist.
        memory: what holds values for which there is no room on disk; None: nothing does.
    """

    def __init__(self, folder: Path, memory: Memory | None = None) -> None:
        self.folder = folder
        self._memory = Memory(0) if memory is None else memory
        self._open: list[Shard] = []
        self._names: set[str] = set()
        self._index = _Index([])

    def find(self, keys: Keys) -> list[Array | None]:
        """Return the array of each key, a view that is not to be written into, or None; damaged files are deleted.

        Args:
            keys: shape (n, 2).
        """
        places = self._look_up().places(keys)
        if (places < 0).any() and self._open_new():
            places = self._look_up().places(keys)
        for shard in self._index.used(places):
            self._memory.touch(shard)
            if shard.path is not None:
                with suppress(OSError):  # deleted by another process, or not ours to touch
                    os.utime(shard.path)
        return self._index.views(places)

    def files(self, keys: Keys) -> set[Path]:
        """Return the files that hold any of these keys."""
        index = self._look_up()
        return {shard.path for shard in index.used(index.places(keys)) if shard.path is not None}

    def add(self, keys: Keys, arrays: Sequence[Array], *, on_disk: bool = True) -> Path | None:
        """Keep the arrays of some keys as one shard, and return its file.

        Args:
            keys: shape (n, 2), n at least 1.
            arrays: one per key, of shape (any,) or (any, width), all of one width and type.
            on_disk: whether to write a file; without one they are held in memory for as long as there is room.
        """
        ends = np.cumsum([len(array) for array in arrays], dtype=np.int64)
        values = np.concatenate(arrays)
        values.flags.writeable = False
        shard = Shard(keys, ends, values)
        if on_disk:
            path = self.folder / f"{uuid4().hex}.safetensors"
            names = keys.view(np.uint8).reshape(-1, KEY_BYTES)
            write_atomic(path, save({"keys": names, "ends": ends, "values": values}))
            self._names.add(path.name)
            with suppress(FileNotFoundError):  # another process wanted the room
                shard = read_shard(path)
        if shard.path is None and not self._memory.hold(shard, values.nbytes):
            return None
        self._open.append(shard)
        self._index.stale = True
        return shard.path

    def forget(self, paths: Collection[Path]) -> None:
        """Let go of files that were deleted, so that the disk has its room back."""
        for shard in self._open:
            if shard.path in paths:
                shard.release()

    def _look_up(self) -> "_Index":
        """Return where the arrays are, now."""
        if self._index.stale or any(shard.values is None for shard in self._open):
            self._open = [shard for shard in self._open if shard.values is not None]
            self._index = _Index(self._open)
        return self._index

    def _open_new(self) -> bool:
        """Open the files that came since the last look, and return whether there were any."""
        for path in sorted(self.folder.glob("*.safetensors")):
            if path.name in self._names:
                continue
            try:
                self._open.append(read_shard(path))
            except FileNotFoundError:
                continue
            except ValueError:
                with suppress(OSError):
                    path.unlink()
                continue
            self._names.add(path.name)
            self._index.stale = True
        return self._index.stale


class _Index:
    """Where the arrays of all keys of some shards are."""

    def __init__(self, shards: list[Shard]) -> None:
        self.stale = False
        self._shards = list(shards)
        keys = np.concatenate([np.zeros((0, 2), np.uint64), *(shard.keys for shard in shards)])
        order = np.argsort(keys[:, 0], kind="stable")
        none = np.zeros(0, np.int64)
        self._keys, self._heads = keys[order], keys[order, 0]
        self._of = np.repeat(np.arange(len(shards)), [len(shard.ends) for shard in shards])[order]
        self._ends = np.concatenate([none, *(shard.ends for shard in shards)])[order]
        self._starts = np.concatenate([none, *(np.r_[0, shard.ends[:-1]] for shard in shards)])[order]

    def places(self, keys: Keys) -> Places:
        """Return where each key is among all keys, or -1, shape (n,)."""
        if not len(self._heads):
            return np.full(len(keys), -1)
        places = np.minimum(np.searchsorted(self._heads, keys[:, 0]), len(self._heads) - 1)
        return np.where((self._keys[places] == keys).all(axis=1), places, -1)

    def used(self, places: Places) -> list[Shard]:
        """Return the shards of these places."""
        return [self._shards[number] for number in np.unique(self._of[places[places >= 0]])]

    def views(self, places: Places) -> list[Array | None]:
        """Return the array at each place, or None."""
        if not len(self._heads):
            return [None] * len(places)
        values: list[Any] = [shard.values for shard in self._shards]
        spots = zip(
            places.tolist(), *(one[places].tolist() for one in (self._of, self._starts, self._ends)), strict=True
        )
        return [None if place < 0 else values[shard][start:end] for place, shard, start, end in spots]


def read_shard(path: Path) -> Shard:
    """Return a shard whose values are mapped from its file.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged.
    """
    tensors = open_arrays(path)
    try:
        names, ends, values = np.array(tensors["keys"]), np.array(tensors["ends"]), np.asarray(tensors["values"])
    except KeyError as error:
        raise ValueError(f"{path} has no {error}") from None
    lengths = np.diff(ends, prepend=0)
    whole = names.shape == (len(ends), KEY_BYTES) and (lengths >= 0).all() and lengths.sum() == len(values)
    if not whole:
        raise ValueError(f"{path} is damaged")
    return Shard(names.view(np.uint64), ends, values, path)


def open_arrays(path: Path) -> dict[str, Array]:
    """Return the arrays of a safetensors file, mapped into memory.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is shorter than it says, or no safetensors file of the types that are kept here.
    """
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8).ljust(8, b"\0"))
        if length > path.stat().st_size:
            raise ValueError(f"{path} is damaged")
        header = json.loads(file.read(length))
    found: dict[str, Array] = {}
    try:
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            kind, shape, (start, end) = _TYPES[entry["dtype"]], tuple(entry["shape"]), entry["data_offsets"]
            if start == end:
                found[name] = np.zeros(shape, kind)
            else:
                found[name] = np.memmap(path, kind, "r", offset=8 + length + start, shape=shape)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is damaged: {error!r}") from None
    return found
