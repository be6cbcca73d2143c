"""Progress that tells the truth: what is written already, how fast that goes, and how long the rest will take."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from haoqi.cli import words

if TYPE_CHECKING:
    from rich.table import Table

# Off a terminal: seconds to the first line, between two lines at least, and these as a share of the time so far.
FIRST_LINE, LINES, RARER = 5.0, 10.0, 0.05
THREAD = "progress"


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
    consumed: int = 0
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
        return min(1.0, max(self.start, self.consumed) / self.total) if self.total else 1.0

    def wrote(self, rows: int, consumed: int, now: float | None = None) -> None:
        """Note that the answers of some rows have been written, now where no time is said."""
        self.rows, self.consumed = self.rows + rows, consumed
        self.written = time.monotonic() if now is None else now

    def computing(self, consumed: int, share: float) -> None:
        """Note that a share of the rows up to a place is computed."""
        self.reading, self.share = consumed, share

    @property
    def rate(self) -> float | None:
        """Rows written per second by this process, up to the last that were; None before the first."""
        seconds = self.written - self.begun
        return self.rows / seconds if self.rows and seconds > 0 else None

    def left(self, now: float) -> float | None:
        """Return the seconds that the rest will take at the pace so far, what is computed included; None at first."""
        at = max(self.start, self.consumed)
        computed = max(0, self.reading - at) * self.share
        done, rest = at - self.start + computed, max(0.0, self.total - at - computed)
        return rest * (now - self.begun) / done if done > 0 and now > self.begun else None

    def describe(self, now: float) -> str:
        """Return rows, rate and time left as a person reads them."""
        rate, left = self.rate, self.left(now)
        parts = [words.many(self.rows, "row")]
        parts += [] if rate is None else [f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s"]
        parts += [] if left is None else [words.words("pace.left", time=words.clock(left))]
        return ", ".join(parts)


@contextmanager
def shown(name: str, pace: Pace) -> Iterator[None]:
    """Show a pace on the error output while the block lasts: a bar on a terminal, else a line now and then."""
    if not sys.stderr.isatty():
        with _lines(name, pace):
            yield
        return
    from rich.console import Console
    from rich.live import Live

    console = Console(stderr=True)
    with Live(get_renderable=lambda: drawn(name, pace, time.monotonic()), console=console, refresh_per_second=4):
        yield


@contextmanager
def _lines(name: str, pace: Pace) -> Iterator[None]:
    """Print a line after some seconds, then one now and then, rarer in what takes hours."""
    over = threading.Event()

    def tell() -> None:
        wait = FIRST_LINE
        while not over.wait(wait):
            now = time.monotonic()
            print(line(name, pace, now), file=sys.stderr, flush=True)
            wait = max(LINES, (now - pace.begun) * RARER)

    thread = threading.Thread(target=tell, name=THREAD, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def line(name: str, pace: Pace, now: float) -> str:
    """Return a pace as a line for a log: the file, the share that is written, and what `Pace.describe` returns."""
    return f"{name}: {share(pace)}, {pace.describe(now)}"


def share(pace: Pace) -> str:
    """Return how much is written, rounded down: 100 is said of nothing but the whole."""
    return f"{int(100 * pace.done)} %"


def drawn(name: str, pace: Pace, now: float) -> "Table":
    """Return a pace as one line: the file, a bar, the share that is written, and what `Pace.describe` returns."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    row = Table.grid(padding=(0, 1))
    row.add_column(no_wrap=True, overflow="ellipsis")
    for _ in range(3):
        row.add_column(no_wrap=True)
    progress = ProgressBar(total=1.0, completed=pace.done, width=24)
    row.add_row(Text(name), progress, Text(share(pace)), Text(pace.describe(now)))
    return row
