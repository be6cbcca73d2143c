"""A bar that tells the truth: what is written already, how fast that goes, and how long the rest will take."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from haoqi.cli import words

if TYPE_CHECKING:
    from rich.table import Table


@dataclass
class Pace:
    """How far the answering of a file is; places are in the unit of `Rows.total`, times in seconds of one clock."""

    total: int
    """The last place."""
    begun: float
    """When this process began to answer."""
    start: int = 0
    """The place at which it began."""
    rows: int = 0
    """Rows that it has answered and written."""
    seen: int = 0
    """The place up to which answers are written, by an earlier process too."""
    written: float = 0.0
    """When the last of them were."""
    reading: int = 0
    """The place up to which rows are being computed."""
    share: float = 0.0
    """How much of these is computed, in [0, 1]."""

    @property
    def done(self) -> float:
        """How much of the file is answered and written, in [0, 1]."""
        return min(1.0, max(self.start, self.seen) / self.total) if self.total else 1.0

    def wrote(self, rows: int, seen: int, now: float) -> None:
        """Note that the answers of some rows have been written."""
        self.rows, self.seen, self.written = self.rows + rows, seen, now

    def computing(self, seen: int, share: float) -> None:
        """Note that a share of the rows up to a place is computed."""
        self.reading, self.share = seen, share

    @property
    def rate(self) -> float | None:
        """Rows written per second by this process, up to the last that were; None before the first."""
        seconds = self.written - self.begun
        return self.rows / seconds if self.rows and seconds > 0 else None

    def left(self, now: float) -> float | None:
        """Return the seconds that the rest will take at the pace so far, what is computed included; None at first."""
        at = max(self.start, self.seen)
        computed = max(0, self.reading - at) * self.share
        done, rest = at - self.start + computed, max(0.0, self.total - at - computed)
        return rest * (now - self.begun) / done if done > 0 and now > self.begun else None

    def told(self, now: float) -> str:
        """Return rows, rate and time left as a person reads them."""
        rate, left = self.rate, self.left(now)
        parts = [words.many(self.rows, "row")]
        parts += [] if rate is None else [f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s"]
        parts += [] if left is None else [words.words("pace.left", time=words.clock(left))]
        return ", ".join(parts)


@contextmanager
def bar(name: str, pace: Pace) -> Iterator[None]:
    """Draw a pace on the error output while the block lasts, if that is a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.live import Live

    console = Console(stderr=True)
    with Live(get_renderable=lambda: drawn(name, pace, time.monotonic()), console=console, refresh_per_second=4):
        yield


def drawn(name: str, pace: Pace, now: float) -> "Table":
    """Return a pace as one line: the file, a bar, the share that is written, and what `Pace.told` says."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    line = Table.grid(padding=(0, 1))
    line.add_column(no_wrap=True, overflow="ellipsis")
    for _ in range(3):
        line.add_column(no_wrap=True)
    share = Text(f"{int(100 * pace.done)} %")  # rounded down: 100 is said of nothing but the whole
    line.add_row(Text(name), ProgressBar(total=1.0, completed=pace.done, width=24), share, Text(pace.told(now)))
    return line
