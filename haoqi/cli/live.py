"""The live view: what is being tried and why, the leaderboard with intervals, the time that is left."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from haoqi.cli import words
from haoqi.cli.lines import stage
from haoqi.core.events import Tried
from haoqi.core.say import joined, say
from haoqi.report.board import Board

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

REFRESHES = 2  # a second; each takes a few thousandths of one
MARK = "*"
LEADERS = 8
NOTES = 4
SCALED = 5  # the best so many decide the scale of the intervals, lest a poor plan flattens them
INTERVAL_CELLS = 21
FIXED_LINES = 9  # that the parts other than leaders and notes take


class View:
    """A board, drawn as it is at the moment of drawing."""

    def __init__(self, board: Board) -> None:
        self.board = board

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        width = options.max_width
        room = max(2, console.height - FIXED_LINES)
        yield from self._header(width)
        yield ""
        if self.board.trying is not None:
            yield from self._trying(width)
        if self.board.tried:
            yield leaderboard(self.board, width, min(LEADERS, room))
            yield ""
        yield from self._notes(min(NOTES, max(1, room - LEADERS)))

    def _header(self, width: int) -> Iterator["RenderableType"]:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        board = self.board
        doing = words.words("stage.released") if board.released else stage(board.stage) if board.stage else ""
        parts = [part for part in (doing, _deciding(board)) if part]
        left = Text(board.name, style="bold", overflow="ellipsis", no_wrap=True)
        left.append("  " + ", ".join(parts), style="not bold")
        line = Table.grid(expand=True, padding=(0, 1))
        line.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        line.add_column(justify="right", no_wrap=True)
        line.add_row(left, Text(_budget(board)))
        yield line
        share = _spent_share(board)
        if board.released is not None:
            return
        if share is not None:
            yield ProgressBar(total=1.0, completed=min(1.0, share), width=width, complete_style="cyan")
        elif board.stage is not None and board.stage.note and board.trying is None:
            yield Text(words.translate(board.stage.note), style="dim", no_wrap=True, overflow="ellipsis")

    def _trying(self, width: int) -> Iterator["RenderableType"]:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        trying, advanced = self.board.trying, self.board.advanced
        assert trying is not None
        why = words.translate(trying.why)
        if trying.expected_seconds is not None:
            why = words.words("line.why", why=why, time=words.seconds(trying.expected_seconds))
        lines = Table.grid(padding=(0, 1))
        lines.add_column(no_wrap=True, justify="right")
        lines.add_column(no_wrap=True, overflow="ellipsis", max_width=width - 5)
        lines.add_row(Text(f"{trying.number}.", style="cyan"), Text(words.translate(trying.plan), style="cyan"))
        lines.add_row("", Text(why, style="dim"))
        yield lines
        took = words.seconds(self.board.since("Trying"))
        share = 0.0 if advanced is None else min(1.0, max(0.0, advanced.share))
        progress = Table.grid(padding=(0, 1))
        progress.add_column(no_wrap=True)
        progress.add_column(no_wrap=True, overflow="ellipsis")
        note = words.words("view.progress", share=share, time=took)
        if advanced and advanced.note:
            note = words.words("view.progress_note", share=share, time=took, note=words.translate(advanced.note))
        bar = ProgressBar(total=1.0, completed=share, width=min(20, width // 3), complete_style="cyan")
        progress.add_row(bar, Text(note, style="dim"))
        yield progress
        yield ""

    def _notes(self, count: int) -> Iterator["RenderableType"]:
        from rich.text import Text

        for note in self.board.notes[-count:]:
            style = "yellow" if note.warning else "dim"
            yield Text(f"- {words.translate(note.text)}", style=style, no_wrap=True, overflow="ellipsis")


def leaderboard(board: Board, width: int, most: int) -> "RenderableType":
    """Return the best experiments as a table, the champion first and marked."""
    from rich.table import Table
    from rich.text import Text

    leaders = board.leaders()
    shown = leaders[:most]
    scale = _scale(shown)
    table = Table(box=None, expand=True, pad_edge=False, padding=(0, 1), header_style="dim")
    table.add_column("", width=1)
    table.add_column(words.words("view.number"), justify="right", no_wrap=True)
    table.add_column(words.words("view.plan"), ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_column(
        words.metric(board.metric) if board.metric else words.words("view.score"), justify="right", no_wrap=True
    )
    if width >= 60:
        ends = "" if scale is None else _ends(scale, greater_is_better=shown[0].greater_is_better)
        table.add_column(ends, no_wrap=True, width=INTERVAL_CELLS)
    if width >= 48:
        table.add_column(words.words("view.took"), justify="right", no_wrap=True)
    for one in shown:
        first = one.number == board.champion
        cells: list[Any] = [
            MARK if first else "",
            str(one.number),
            Text(words.translate(one.plan)),
            words.score(one.score),
        ]
        cells += [Text(interval(one, scale, INTERVAL_CELLS))] if width >= 60 else []
        cells += [words.seconds(one.seconds)] if width >= 48 else []
        table.add_row(*cells, style="bold green" if first else "")
    rest, failed = len(leaders) - len(shown), len(board.tried) - len(leaders)
    told = [say("view.more", count=rest)] if rest else []
    told += [say("view.failed", count=failed)] if failed else []
    if told:
        table.add_row("", "", Text(words.words("view.and", told=joined(told, by="list.and")), style="dim"))
    return table


def interval(one: Tried, scale: tuple[float, float] | None, cells: int) -> str:
    """Return an interval drawn to scale, its score as a cross; an arrow where it lies off the scale.

    The scale is in merits: the best is on the right whichever way the metric counts.

    >>> interval(Tried(1, "", "", 0.5, 0.25, 0.75, 1, "", True), (0.0, 1.0), 9)
    '  ├─┼─┤  '
    """
    lowest, score, highest = one.merits
    if scale is None or lowest is None or highest is None or score is None:
        return ""
    if highest < scale[0]:
        return "<".ljust(cells)
    spread = scale[1] - scale[0]
    low, middle, high = (
        min(cells - 1, max(0, round((value - scale[0]) / spread * (cells - 1)))) for value in (lowest, score, highest)
    )
    row = [" "] * cells
    row[low : high + 1] = "─" * (high - low + 1)
    row[low], row[high], row[middle] = ("<" if lowest < scale[0] else "├"), "┤", "┼"
    return "".join(row)


def _scale(leaders: list[Tried]) -> tuple[float, float] | None:
    """Return the ends of the scale, in merits; what is half as good as the best one, or worse, is left out."""
    ends = [(low, high) for low, _, high in (one.merits for one in leaders) if low is not None and high is not None]
    best = ends[:SCALED]
    good = [one for one in best if one[1] > (best[0][0] / 2 if best[0][0] > 0 else 2 * best[0][0])]
    if not good:
        return None
    low, high = min(low for low, _ in good), max(high for _, high in good)
    return (low, high) if high > low else (low - 0.01, high + 0.01)


def _ends(scale: tuple[float, float], *, greater_is_better: bool) -> str:
    """Return what stands at the two ends of a scale: the metric's own values."""
    left, right = (f"{end if greater_is_better else abs(end):.2f}" for end in scale)
    return f"{left}{right:>{INTERVAL_CELLS - len(left)}}"


def _deciding(board: Board) -> str:
    return words.words("view.by", metric=words.metric(board.metric)) if board.metric else ""


def _budget(board: Board) -> str:
    """Return what is left of the budget, in time or in steps."""
    clock = board.clock
    if clock is None:
        return ""
    if board.released is not None:
        return words.words(
            "view.spent", count=words.many(len(board.tried), "experiment"), time=words.clock(board.spent)
        )
    if clock.budget_seconds is not None:
        left = words.clock(clock.budget_seconds - board.spent)
        return words.words("view.left", left=left, budget=words.clock(clock.budget_seconds))
    if clock.budget_steps is not None:
        return words.words("view.steps", steps=clock.steps, budget=words.many(clock.budget_steps, "experiment"))
    return words.clock(board.spent)


def _spent_share(board: Board) -> float | None:
    clock = board.clock
    if clock is None:
        return None
    if clock.budget_seconds:
        return board.spent / clock.budget_seconds
    return clock.steps / clock.budget_steps if clock.budget_steps else None
