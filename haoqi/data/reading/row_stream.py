"""Rows of a file of any size, one at a time: what the sources give where a file is answered and not learnt from."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TextIO

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.reading.decoding.decode import recognise_file
from haoqi.data.reading.decoding.recognition import Recognised
from haoqi.data.schema import Schema
from haoqi.data.settings import DataSettings

Row = dict[str, Any]
Read = Callable[[], Iterator[tuple[Row, int]]]
"""Returns each row by column, and how much of the file has been read."""

SAMPLE_ROWS = 500
"""Rows by which a file is recognised."""


@dataclass(frozen=True)
class StreamedFile:
    """A file whose rows are wanted one at a time."""

    path: Path
    settings: DataSettings
    """What a person said of it."""
    learnt: Schema | None = None
    """How the file was read that a release was learnt from."""

    @cached_property
    def encoding(self) -> Recognised:
        """Of a text file: as said, else recognised."""
        said = self.settings.encoding
        return Recognised(said) if said else recognise_file(self.path)

    @contextmanager
    def open_text(self) -> Iterator[tuple[TextIO, Callable[[], int]]]:
        """Open a text file, and yield it with a function that returns how many bytes were read.

        Raises:
            UserError: if it cannot be opened, or is not in its encoding.
        """
        encoding = self.encoding
        try:
            file = self.path.open(encoding=encoding.encoding, errors=encoding.errors, newline="")
        except LookupError:
            raise UserError(say("encoding.unknown", encoding=encoding.encoding), say("encoding.unknown.hint")) from None
        except OSError as error:
            raise UserError(
                say("file.unreadable", path=str(self.path), strerror=error.strerror), say("source.unreadable.hint")
            ) from None
        with file:
            try:
                yield file, lambda: os.lseek(file.fileno(), 0, os.SEEK_CUR)
            except UnicodeError as error:
                raise UserError(
                    say("encoding.other", path=self.path.name, encoding=encoding.encoding, error=str(error)),
                    say("rows.encoding.hint"),
                ) from None


@dataclass(frozen=True)
class RowStream:
    """The rows of a file, read anew by every call of `read`."""

    columns: list[str]
    read: Read
    total: int | None = None
    """How much there is to read, in the unit of what comes with each row; None: unknown."""
    header: int | None = None
    """The line that names the columns, 0 for none; None: the format has no such line."""
    notes: tuple[str, ...] = ()
    """How the file was read, as sentences."""
