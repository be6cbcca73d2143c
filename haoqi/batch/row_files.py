"""Files of rows that are answered: which format, and which column holds the text; the sources read them row by row."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from haoqi.core.errors import UserError
from haoqi.core.say import joined, say
from haoqi.data.examples import Query
from haoqi.data.reading.conform import roles_like
from haoqi.data.reading.row_stream import SAMPLE_ROWS, Read, Row, RowStream, StreamedFile
from haoqi.data.reading.sources import stream_rows
from haoqi.data.reading.spans.stretches import Sides
from haoqi.data.reading.tables.dialect import ENDINGS, guess_delimiter
from haoqi.data.reading.tables.relation_columns import find_sides
from haoqi.data.reading.tables.roles import Roles
from haoqi.data.reading.tables.table import join_texts, text_of
from haoqi.data.schema import Schema
from haoqi.data.settings import DataSettings

if TYPE_CHECKING:
    from haoqi.tasks.task import Task

LOOK_BYTES = 1 << 18
EXCEL = (".xlsx", ".xlsm")
LINES = (".jsonl", ".ndjson")


@dataclass(frozen=True)
class Rows:
    """The rows of a file, read anew by every loop over them."""

    columns: list[str]
    text: tuple[str, ...]
    """The columns that are answered, joined where they are several."""
    total: int
    """How much there is to read, in the unit of what comes with each row."""
    read: Read
    notes: tuple[str, ...] = ()
    """How the file was read, as sentences."""
    warnings: tuple[str, ...] = field(default=())
    pair: str | None = None
    """The column of the second text, where there is one."""
    context: str | None = None
    """The column of the contexts, where there is one."""
    sides: Sides | None = None
    """The columns of the two stretches that a text is asked about, where they stand beside it."""

    def __iter__(self) -> Iterator[tuple[Row, int]]:
        """Yield each row by column, and how much has been read."""
        return self.read()

    def second_of(self, task: "Task") -> str | None:
        """Return the column of the second text, or of the context, as a task needs it."""
        return self.context or self.pair if task.output.kind.of_context else self.pair

    def make_reader(self, task: "Task") -> "Callable[[Row], str | Query]":
        """Return the function that takes what a row asks: a text with its marks, two texts, or a question on a context.

        Raises:
            UserError: if two are needed, and the file has no column of the second.
        """
        if not task.of_two:
            marked = task.output.kind.of_marks and self.sides is not None
            return self.marked_text_of if marked else self.text_of
        second, contexts = self.second_of(task), task.output.kind.of_context
        if second is None:
            key = "rows.no_context_column" if contexts else "rows.no_pair"
            raise UserError(say(key), say(f"{key}.hint"))
        if contexts:
            return lambda row: Query(self.text_of(row), context=text_of(row.get(second)))
        return lambda row: Query(self.text_of(row), text_of(row.get(second)))

    def marked_text_of(self, row: Row) -> str:
        """Return the text of a row with the stretches marked that it names; unmarked where they are not in it."""
        assert self.sides is not None
        return self.sides.mark(row) or self.text_of(row)

    def text_of(self, row: Row) -> str:
        """Return what is answered of a row."""
        if len(self.text) == 1:
            return text_of(row.get(self.text[0]))
        return join_texts([text_of(row.get(column)) for column in self.text])


def open_rows(path: Path, settings: DataSettings, learnt: Schema | None = None) -> Rows:
    """Return the rows of a file, with the column of the text as said, as learnt from, or guessed.

    Args:
        path: CSV, TSV, JSON, JSON Lines, Parquet, Excel, words with tags, or a text on each line.
        settings: what a person said of it.
        learnt: how the release's own file was read.

    Raises:
        UserError: if there is no such file, it is empty or of no known format, or it has no such column.
    """
    if not path.is_file():
        raise UserError(say("file.none", path=str(path)), say("file.none.hint"))
    file, kind = StreamedFile(path, settings, learnt), path.suffix.lower()
    if kind in (".parquet", ".pq"):
        return _with_text(file, stream_rows("parquet", file))
    if kind in EXCEL:
        return _with_text(file, stream_rows("excel", file))
    note = file.encoding.note
    rows = _text_rows(file)
    return replace(rows, warnings=(*rows.warnings, note)) if note else rows


def _text_rows(file: StreamedFile) -> Rows:
    """Return the rows of a text file by its ending, by what was said of it, or by what it looks like."""
    kind, settings = file.path.suffix.lower(), file.settings
    if kind in LINES:
        return _with_text(file, stream_rows("json", file))
    if kind == ".json":
        return _records(file)
    if kind in ENDINGS or settings.delimiter or settings.text:
        return _with_text(file, stream_rows("csv", file))
    known = _format(file.path, settings)
    if known == "csv" and file.learnt is not None and _like_learnt(file, file.learnt):
        return _with_text(file, stream_rows("csv", file))
    if known in ("json", "columns"):
        return _records(file)
    lines = stream_rows("lines", file)
    return Rows(lines.columns, ("text",), lines.total or 0, lines.read, lines.notes)


def _format(path: Path, settings: DataSettings) -> str:
    """Return the format of a file as it is recognised for learning; "lines" where it is not."""
    from haoqi.data.reading.sources import source_for

    try:
        return source_for(str(path), settings)
    except UserError:
        return "lines"


def _like_learnt(file: StreamedFile, learnt: Schema) -> bool:
    """Return whether a file whose name says nothing is a table cut as the one learnt from, not lines of text."""
    if learnt.format != "csv" or not learnt.delimiter:
        return False
    with file.open_text() as (text, _):
        lines = text.read(LOOK_BYTES).split("\n")[:SAMPLE_ROWS]
    if learnt.header == 0:
        return guess_delimiter("\n".join(lines), None, "")[0] == learnt.delimiter
    return learnt.columns["text"] in (cell.strip(' "\r\ufeff') for cell in lines[0].split(learnt.delimiter))


def _records(file: StreamedFile) -> Rows:
    """Return the rows of a file that must be read whole: JSON records keep their fields, others give their texts."""
    from haoqi.data.reading.decoding.decode import read_text
    from haoqi.data.reading.read import read
    from haoqi.data.reading.records import parse

    path, settings = file.path, file.settings
    if path.suffix.lower() == ".json":
        found, _ = parse(read_text(path, settings.encoding)[0], path.name)
        if found and all(isinstance(row, dict) for row in found) and not _nested(found):
            columns = list(dict.fromkeys(key for row in found for key in row))
            return _with_text(file, RowStream(columns, lambda: zip(found, range(1, len(found) + 1), strict=True)))
    raw = read(replace(settings, source=str(path)), labelled=False, learnt=file.learnt)
    texts, notes, contexts = raw.examples.texts, tuple(raw.schema.lines()), raw.examples.contexts
    records: list[Row] = [{"text": text} for text in texts]
    if contexts is not None:
        records = [{**row, "context": context} for row, context in zip(records, contexts, strict=True)]
    read_all: Read = lambda: ((row, number) for number, row in enumerate(records, 1))  # noqa: E731
    columns, context = (["text"], None) if contexts is None else (["text", "context"], "context")
    return Rows(columns, ("text",), len(texts), read_all, notes, tuple(raw.schema.warnings), context=context)


def _nested(records: Sequence[Row]) -> bool:
    """Return whether the texts of records stand deeper: in no field of theirs, or in lists of questions."""
    from haoqi.data.reading.layouts import are_records

    if are_records(list(records[:SAMPLE_ROWS]), "paragraphs") or are_records(list(records[:SAMPLE_ROWS]), "qas"):
        return True
    return not any(isinstance(cell, str) for row in records[:SAMPLE_ROWS] for cell in row.values())


def _with_text(file: StreamedFile, stream: RowStream) -> Rows:
    """Return rows with the columns that are answered: as said, as learnt, the only one, or chosen as for learning."""
    path, settings, learnt, columns = file.path, file.settings, file.learnt, stream.columns
    sample = [row for row, _ in islice(stream.read(), SAMPLE_ROWS)]
    if not sample:
        raise UserError(say("fault.no_rows", name=path.name), say("rows.no_rows.hint"))
    cells = {column: [row.get(column) for row in sample] for column in columns}
    if len(columns) == 1 and settings.text is None:
        roles, warnings = Roles({"text": (columns[0],)}, {"text": say("rows.only_column")}), list[str]()
    else:
        roles, warnings = roles_like(path.name, cells, settings, learnt, header=stream.header)
    chosen = roles.columns["text"]
    others = [*roles.notes, *(say("rows.too", column=one) for one in roles.runners_up.get("text", ())[:2])]
    if learnt is None and settings.text is None and "text" in roles.unsure:
        warnings += [say("rows.other", others=joined(others, by="list.semicolon"))]
    as_learnt = learnt is not None and settings.text is None and roles.named()["text"] == learnt.columns.get("text")
    notes = [say("predict.column_learnt" if as_learnt else "predict.column", column=", ".join(chosen))]
    pair = roles.one("pair")
    if pair is not None and learnt is not None and "pair" in learnt.columns:
        as_learnt = settings.pair is None and pair == learnt.columns["pair"]
        notes.append(say("predict.pair_learnt" if as_learnt else "predict.pair", column=pair))
    context = roles.one("context")
    if context is not None:
        as_learnt = settings.context is None and learnt is not None and context == learnt.columns.get("context")
        notes.append(say("predict.context_learnt" if as_learnt else "predict.context", column=context))
    total = len(sample) if stream.total is None else stream.total
    sides = find_sides(cells, chosen[0])
    return Rows(columns, chosen, total, stream.read, (*stream.notes, *notes), tuple(warnings), pair, context, sides)
