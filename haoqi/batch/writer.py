"""Answers on their way out: windows that are written by a thread, those of a second together."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from haoqi.batch.answer_rows import Window
    from haoqi.data.reading.row_stream import Row

# Seconds between two writes at least: each waits for the disk, and a quick model answers many windows in a second.
EVERY = 1.0

# Takes how answered rows are spelt, the rows, and the last window of them.
Write = Callable[[str, "list[Row]", "Window"], None]


class Spelling(Protocol):
    """How answered rows become the text of a file."""

    def spell(self, rows: "Sequence[Row]") -> str:
        """Return rows as they stand in the file."""
        ...


class FileStyle(Spelling, Protocol):
    """How they become a whole file."""

    @property
    def heading(self) -> str:
        """What the file begins with."""
        ...

    @property
    def ending(self) -> str:
        """What it ends with."""
        ...

    def after(self, rows: int) -> Spelling:
        """Return how rows are spelt that come after so many."""
        ...


class Writer:
    """Writes windows in their order; after one write has failed, there is no other.

    Args:
        thread: a pool of one thread.
        style: how rows are spelt.
        write: is called in that thread.
        most: how many rows may wait.
    """

    def __init__(self, thread: ThreadPoolExecutor, style: Spelling, write: Write, most: int) -> None:
        self.thread, self.style, self.write, self.most = thread, style, write, most
        self._waiting: list[Row] = []
        self._last: Window | None = None
        self._writing: Future[None] | None = None
        self._begun = time.monotonic()

    def add(self, window: "Window") -> None:
        """Take an answered window, and write all that wait if it is time; raises what a write before has raised."""
        self._waiting += window.rows
        self._last = window
        if time.monotonic() - self._begun >= EVERY or len(self._waiting) >= self.most:
            self._pass_on(window)

    def end(self) -> None:
        """Write what waits, and return when all is written; raises what a write has raised."""
        if self._waiting and self._last is not None:
            self._pass_on(self._last)
        if self._writing is not None:
            self._writing.result()

    def _pass_on(self, last: "Window") -> None:
        if self._writing is not None:
            self._writing.result()
        rows, self._waiting, self._begun = self._waiting, [], time.monotonic()
        self._writing = self.thread.submit(lambda: self.write(self.style.spell(rows), rows, last))
