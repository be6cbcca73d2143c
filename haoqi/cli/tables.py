"""Tables on the terminal: aligned columns, whole lines in a pipe, JSON where asked for."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from haoqi.cli import words
from haoqi.core.say import named

PIPE_WIDTH = 1_000_000
"""Columns of a line that is not for a terminal: nothing is cut or wrapped there."""
_BETWEEN = 3  # blanks between two columns on a terminal


def show(
    rows: Sequence[Mapping[str, Any]], *, plain: bool = False, right: Sequence[str] = (), spare: Sequence[str] = ()
) -> None:
    """Print rows that share their keys, which are the headings.

    Args:
        rows: cells by heading; None is shown as a dash.
        plain: print a JSON list instead.
        right: headings whose cells are numbers and stand to the right.
        spare: what a narrow terminal does without, the first first; columns without cells go before these.
    """
    if plain:
        print(json.dumps([dict(row) for row in rows], ensure_ascii=False, default=str))
        return
    if not rows:
        return
    for line in drawn(rows, right, spare).splitlines():
        print(line.rstrip())


def show_facts(facts: Mapping[str, Any], *, plain: bool = False) -> None:
    """Print facts by what they are called, a line each; lists and mappings a line for each member, empty ones none."""
    if plain:
        print(json.dumps(dict(facts), ensure_ascii=False, default=str))
        return
    from rich.cells import cell_len

    shown = {name: value for name, value in facts.items() if isinstance(value, str) or value}
    heads = {name: _heading(name) for name in shown}
    width = max(map(cell_len, heads.values()))
    for name, value in shown.items():
        lines = [f"{key}: {one}" for key, one in value.items()] if isinstance(value, Mapping) else value
        lines = [", ".join(lines)] if name in ("labels", "methods", "bases") else lines
        for place, line in enumerate([lines] if isinstance(lines, str) else lines):
            head = heads[name] if place == 0 else ""
            print(f"{head}{' ' * (width - cell_len(head))}  {words.translate(line)}")


def drawn(rows: Sequence[Mapping[str, Any]], right: Sequence[str] = (), spare: Sequence[str] = ()) -> str:
    """Return rows as an aligned table; where the terminal is narrow, spare columns go, then the last is wrapped."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    terminal = sys.stdout.isatty()
    console = Console(width=None if terminal else PIPE_WIDTH, highlight=False)
    table = Table(box=box.SIMPLE_HEAD if terminal else None, pad_edge=False, header_style="bold")
    headings = fitting(rows, spare, console.width)
    for heading in headings:
        last = heading == headings[-1]
        justify = "right" if heading in right else "left"
        table.add_column(_heading(heading), justify=justify, no_wrap=not last, overflow="fold" if last else "ellipsis")  # type: ignore[arg-type]
    for row in rows:
        table.add_row(*(_cell(row[heading]) for heading in headings))
    with console.capture() as captured:
        console.print(table)
    return captured.get().strip("\n")


def _heading(name: str) -> str:
    """Return a heading in the language of the terminal; one that has no words of ours as it is."""
    return words.translate(named("heading", name.replace("80 % interval", "interval_of_80").replace(" ", "_"), name))


def fitting(rows: Sequence[Mapping[str, Any]], spare: Sequence[str], width: int) -> list[str]:
    """Return the headings that fit into a terminal, in their order; those of cells that are not spare always stay."""
    from rich.cells import cell_len

    widths = {name: max(cell_len(_heading(name)), *(cell_len(str(row[name])) for row in rows)) for name in rows[0]}
    empty = [name for name in widths if all(row[name] in (None, "") for row in rows)]
    for name in [*empty, *(name for name in spare if name not in empty)]:
        if sum(widths.values()) + _BETWEEN * len(widths) <= width:
            break
        widths.pop(name, None)
    return list(widths)


def _cell(value: Any) -> Any:
    from rich.text import Text

    return Text("-" if value is None else words.translate(value) if isinstance(value, str) else str(value))
