"""Rows of a file with the triples found in their texts: a record each, or a line of a table for each triple."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from haoqi.batch.answer_rows import parts_of
from haoqi.core.errors import UserError
from haoqi.core.say import say

if TYPE_CHECKING:
    from haoqi.batch.answer_rows import Window
    from haoqi.data.reading.row_stream import Row
    from haoqi.models.extractor import Extraction, Extractor
    from haoqi.models.predictor import Progress

KINDS = (".csv", ".tsv", ".jsonl", ".json")
FOUND, ENTITIES, NUMBER = "triples", "entities", "row"
COLUMNS = (
    *("head", "head_type", "relation", "tail", "tail_type", "confidence"),
    *("head_start", "head_end", "tail_start", "tail_end"),
)


def extract_rows(
    extractor: "Extractor", window: "Window", names: Sequence[str], progress: "Progress | None" = None
) -> None:
    """Put what is found in the texts of a window into its rows.

    Args:
        extractor: what finds it.
        window: rows that hold no answers yet.
        names: of what is put there, `TripleStyle.names`.
        progress: called with the number of texts that are computed so far.
    """
    texts = [parts_of(query)[0] if parts_of(query) else "" for query in window.texts]
    for row, found in zip(window.rows, extractor.extract(texts, progress), strict=True):
        row[names[0]] = [one.to_plain() for one in found.triples]
        row[names[1]] = [one.to_plain() for one in found.entities]


def as_record(text: str, found: "Extraction") -> str:
    """Return what was found in a text as one line of JSON."""
    triples, entities = ([one.to_plain() for one in part] for part in (found.triples, found.entities))
    return json.dumps({"text": text, FOUND: triples, ENTITIES: entities}, ensure_ascii=False)


def as_lines(text: str, found: "Extraction", *, with_text: bool) -> list[str]:
    """Return what was found in a text as a person reads it: a line for each triple, with its confidence."""
    shown = f"\t{' '.join(text.split())}" if with_text else ""
    return [f"{one}\t{one.confidence:.2f}{shown}" for one in found.triples] or [f"(none){shown}"]


def check_kind(kind: str) -> None:
    """Raise UserError unless triples can be written into a file of this ending."""
    if kind not in KINDS:
        raise UserError(
            say("rows.ending", kind=kind) if kind else say("rows.no_ending"),
            say("rows.ending.hint", kinds=", ".join(KINDS)),
        )


@dataclass
class TripleStyle:
    """How rows with their triples become the text of a file."""

    kind: str
    """The file's ending, one of KINDS."""
    columns: tuple[str, ...]
    """Of a table: the number of the row, the columns of the input less the text, and those of a triple."""
    names: tuple[str, str]
    """What triples and entities are called in a row."""
    rows: int = 0
    """Rows that were written before."""
    kept: tuple[str, ...] = field(default=())
    """Columns of the input that a table keeps."""

    @classmethod
    def of(cls, kind: str, columns: Sequence[str], text: Sequence[str]) -> "TripleStyle":
        """Return the style of a file for rows with these columns, of which some are the text."""
        names = tuple(name if name not in columns else f"found_{name}" for name in (FOUND, ENTITIES))
        kept = tuple(column for column in columns if column not in text)
        own = {name: name if name not in kept else f"found_{name}" for name in (NUMBER, *COLUMNS)}
        return cls(kind, (own[NUMBER], *kept, *(own[name] for name in COLUMNS)), (names[0], names[1]), kept=kept)

    @property
    def heading(self) -> str:
        """What a file begins with."""
        if self.kind == ".json":
            return "["
        return "" if self.kind == ".jsonl" else self._table([list(self.columns)])

    @property
    def ending(self) -> str:
        """What a file ends with."""
        return "\n]\n" if self.kind == ".json" else ""

    def after(self, rows: int) -> "TripleStyle":
        """Return the style of rows that come after so many."""
        return replace(self, rows=rows)

    def spell(self, rows: "Sequence[Row]") -> str:
        """Return rows as they stand in the file, in their order."""
        first, self.rows = self.rows, self.rows + len(rows)
        if self.kind in (".jsonl", ".json"):
            encode = json.JSONEncoder(ensure_ascii=False, default=str).encode
            records = [encode(row) for row in rows]
            if self.kind == ".jsonl":
                return "".join(f"{record}\n" for record in records)
            return "".join(f"{',' if first + place else ''}\n{record}" for place, record in enumerate(records))
        table = [
            [number, *(_cell(row.get(name)) for name in self.kept), *(triple[name] for name in COLUMNS)]
            for number, row in enumerate(rows, first + 1)
            for triple in row[self.names[0]]
        ]
        return self._table(table)

    def _table(self, rows: list[list[Any]]) -> str:
        text = io.StringIO(newline="")
        csv.writer(text, delimiter="\t" if self.kind == ".tsv" else ",", lineterminator="\n").writerows(rows)
        return text.getvalue()


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, list | dict) else value
