"""Spans as they stand in cells: records with start, end and label."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from haoqi.data.examples import Span
from haoqi.data.settings import DataSettings


@dataclass(frozen=True)
class MarkedSpans:
    """The spans of each row, None where a row has no cell."""

    labels: list[tuple[Span, ...] | None]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def holds_marks(cell: Any) -> bool:
    """Return whether a cell holds spans."""
    return isinstance(cell, list) and bool(cell) and isinstance(cell[0], dict) and {"start", "end"} <= set(cell[0])


def spans_of_cells(texts: Sequence[str], cells: Sequence[Any], name: str, settings: DataSettings) -> MarkedSpans:
    """Return the spans of each row's text."""
    return MarkedSpans(
        [
            None if cell is None else tuple(sorted(Span(one["start"], one["end"], str(one["label"])) for one in cell))
            for cell in cells
        ]
    )
