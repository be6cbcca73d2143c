"""Sizes and hashes of files, by which a reader knows that they are what was written."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from haoqi.core.errors import UserError

READ_AT_LOAD = 32_000_000
"""Larger files are checked by their size alone when a model is loaded; whoever verifies reads them whole."""


def checksums_of(folder: Path, inside: Path) -> dict[str, dict[str, Any]]:
    """Return size and hash of every file below `inside`, by its path from `folder`, once its bytes are on disk."""
    files = sorted(path for path in inside.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): _checksum(path) for path in files}


def check(folder: Path, files: Mapping[str, Mapping[str, Any]], read_up_to: int | None, hint: str) -> None:
    """Make sure that files are as they were written.

    Args:
        folder: where their paths begin.
        files: what `checksums_of` gave.
        read_up_to: larger files are checked by their size alone; None: every byte is read.
        hint: what to do where one is not.

    Raises:
        UserError: if one is missing or differs.
    """
    for name, known in files.items():
        path = folder / name
        if not path.is_file():
            raise UserError(f"{path} is missing", hint)
        size = path.stat().st_size
        if size != known["bytes"]:
            raise UserError(f"{path} is damaged: it has {size} bytes, and had {known['bytes']}", hint)
        if read_up_to is None or size <= read_up_to:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            if digest != known["sha256"]:
                raise UserError(f"{path} is damaged: its content has changed", hint)


def _checksum(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        os.fsync(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "sha256": digest}
