"""Who looks on while a run works: the live view, plain lines, or JSON, as the output can take it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TextIO

from haoqi.cli import lines
from haoqi.core.events import Event, Listen
from haoqi.report.board import Board


@contextmanager
def watching(name: str, *, as_json: bool = False) -> Iterator[Listen]:
    """Give a listener that shows a run while the block runs, and says what came of it when it ends well.

    Args:
        name: under which the run will be released.
        as_json: one JSON object per line, and nothing else on the output.
    """
    board = Board(name)
    if as_json:
        with _json_lines() as listen:
            yield listen
        return
    if _is_live():
        with _live(board) as listen:
            yield listen
    else:
        yield _plain(board)
    if board.released is not None:
        print("\n".join(lines.ending(board.released, len(board.tried))), flush=True)


def _is_live() -> bool:
    """Say whether the output is a terminal that can move its cursor."""
    from rich.console import Console

    console = Console()
    return console.is_terminal and not console.is_dumb_terminal


@contextmanager
def _json_lines() -> Iterator[Listen]:
    out = sys.stdout
    # Whatever a library prints must not stand between two objects.
    with redirect_stdout(sys.stderr):
        yield lambda event: _write(out, lines.as_json(event))


@contextmanager
def _live(board: Board) -> Iterator[Listen]:
    from rich.console import Console
    from rich.live import Live

    from haoqi.cli.live import REFRESHES, View

    with Live(View(board), console=Console(highlight=False), refresh_per_second=REFRESHES):
        yield board.tell


def _plain(board: Board) -> Listen:
    out = sys.stdout

    def listen(event: Event) -> None:
        board.tell(event)
        line = lines.plain(event)
        if line is not None:
            _write(out, line)

    return listen


def _write(out: TextIO, line: str) -> None:
    out.write(f"{line}\n")
    out.flush()
