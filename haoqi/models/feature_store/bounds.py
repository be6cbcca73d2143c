"""Room for what can be computed again: in memory and on disk up to a bound, the least recently used goes first."""

import os
import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_MOST_MEMORY = 2_000_000_000
_SHARE_OF_MEMORY = 10
# What another process is writing has a name with a dot in front, until it is whole.
_ABANDONED_SECONDS = 3600


def spare_memory() -> int:
    """Return how many bytes may be held for later: a tenth of what is free now, at most 2 GB."""
    import psutil

    from haoqi.core import hardware

    free = min(hardware.memory_bytes(), int(psutil.virtual_memory().available))
    return min(free // _SHARE_OF_MEMORY, _MOST_MEMORY)


class Held(Protocol):
    """Something that is held in memory, and can be let go of."""

    def release(self) -> None:
        """Hold no memory any more."""
        ...


class Memory:
    """What is held in memory, up to a bound.

    Args:
        limit_bytes: the bound.
    """

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self._sizes: dict[Held, int] = {}  # the least recently used first

    def hold(self, one: Held, size: int) -> bool:
        """Hold something and let go of others for it; return False where it is larger than the bound."""
        self._sizes.pop(one, None)
        if size > self.limit_bytes:
            return False
        while self._sizes and self.size_bytes() + size > self.limit_bytes:
            oldest = next(iter(self._sizes))
            del self._sizes[oldest]
            oldest.release()
        self._sizes[one] = size
        return True

    def touch(self, one: Held) -> None:
        """Note that something was used now, if it is held."""
        if one in self._sizes:
            self._sizes[one] = self._sizes.pop(one)

    def size_bytes(self) -> int:
        """Return how much is held."""
        return sum(self._sizes.values())


@dataclass(frozen=True)
class Disk:
    """The files below a folder, up to a bound.

    Several processes may share the folder. Each looks at what is there before it writes, so together they may pass
    the bound by a file each, and no more.
    """

    folder: Path
    limit_bytes: int
    """For all files together; half of what is free on the disk is the bound where that is less."""
    first_out: str = "*"
    """The folders whose files give way to those of any other folder; files of others give way only to each other."""

    def spare(self, folder: Path) -> int:
        """Return how many bytes can be there for a folder when all has left that gives way to it."""
        files = list(self._files())
        return self._limit(files) - sum(file.size for file in files if not self._gives_way(file, folder))

    def make_room(self, more: int, folder: Path, used: Collection[Path] = ()) -> list[Path] | None:
        """Delete files until so many bytes can be written into a folder.

        Args:
            more: bytes to be written.
            folder: where they will be written; its own older files give way too.
            used: files that stay.

        Returns:
            the files that were deleted; None, and none was, where there cannot be room.
        """
        files = list(self._files())
        over = sum(file.size for file in files) + more - self._limit(files)
        leaving = [file for file in files if file.path not in used and self._gives_way(file, folder)]
        if over > sum(file.size for file in leaving):
            return None
        gone: list[Path] = []
        for file in sorted(leaving, key=lambda file: (not self._is_first(file.path.parent), file.used, file.path)):
            if over <= 0:
                break
            with suppress(FileNotFoundError):  # another process was quicker
                file.path.unlink()
            over -= file.size
            gone.append(file.path)
        return gone

    def _limit(self, files: list["_File"]) -> int:
        there = next(one for one in (self.folder, *self.folder.parents) if one.exists())
        return min(self.limit_bytes, sum(file.size for file in files) + shutil.disk_usage(there).free // 2)

    def _gives_way(self, file: "_File", folder: Path) -> bool:
        if file.path.name.startswith("."):
            return time.time() - file.used / 1e9 > _ABANDONED_SECONDS
        return self._is_first(file.path.parent) or not self._is_first(folder)

    def _is_first(self, folder: Path) -> bool:
        return folder.match(self.first_out)

    def _files(self) -> Iterator["_File"]:
        for where, _, names in os.walk(self.folder):
            for name in names:
                path = Path(where, name)
                with suppress(FileNotFoundError):
                    facts = path.stat()
                    yield _File(path, facts.st_size, facts.st_mtime_ns)


@dataclass(frozen=True)
class _File:
    path: Path
    size: int
    used: int
    """When it was last written or touched, in nanoseconds."""
