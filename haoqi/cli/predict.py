"""`haoqi predict`: answers to texts on the command line, from a pipe, or in a file of any size."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from haoqi.cli.answer_texts import AS_JSON, answer_texts
from haoqi.cli.flags import with_flags
from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.settings import DataSettings

if TYPE_CHECKING:
    from haoqi.batch.answer_rows import Window
    from haoqi.batch.partial_file import Partial
    from haoqi.batch.row_files import Rows
    from haoqi.cli.progress import Pace
    from haoqi.data.reading.row_stream import Row

Name = Annotated[str, typer.Argument(metavar="NAME", help="A release, such as reviews or reviews@2.")]
Texts = Annotated[
    list[str] | None,
    typer.Argument(metavar="TEXT", help="Texts; each line of a pipe where there is none, or where it is -."),
]
File = Annotated[
    Path | None,
    typer.Option("--file", metavar="PATH", help="A table, records or lines: CSV, Excel, JSON, Parquet, ..."),
]
Out = Annotated[Path | None, typer.Option("--out", metavar="PATH", help="Write answers here: .csv, .tsv or .jsonl.")]
Force = Annotated[bool, typer.Option("--force", help="Let --out replace a file that is there.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Forget the answers of a command that was stopped.")]
Json = Annotated[bool, typer.Option(AS_JSON, help="Print one JSON object per text.")]


READING = ("text", "pair", "context", "format", "delimiter", "quote", "escape", "header", "sheet", "encoding")


@with_flags(DataSettings, only=READING)
def predict(
    name: Name,
    texts: Texts = None,
    *,
    file: File = None,
    out: Out = None,
    force: Force = False,
    fresh: Fresh = False,
    json: Json = False,
    **settings: Any,
) -> None:
    """Answer texts with a released model.

    The texts stand on the command line, come through a pipe, or lie in a file, whose rows are answered in
    their order and keep their columns. A file that takes long may be stopped at any moment: the same command
    takes up where it was.
    """
    if file is not None:
        if texts:
            raise UserError(say("predict.both", file=file), say("predict.both.hint"))
        if out is None:
            _printed(name, file, ".jsonl" if json else ".csv", settings)
        else:
            _written(name, file, out, force=force, fresh=fresh, settings=settings)
        return
    said = [option for option, value in settings.items() if value is not None] + (["out"] if out else [])
    if said:
        raise UserError(say("predict.needs_file", flag=said[0]), say("predict.needs_file.hint"))
    answer_texts(name, texts, as_json=json)


def _printed(name: str, file: Path, kind: str, settings: dict[str, Any]) -> None:
    """Answer the rows of a file onto the output."""
    from contextlib import nullcontext

    from haoqi.batch.answer_file import answer_windows, answering_by
    from haoqi.batch.answer_rows import Feed, Style, fitting
    from haoqi.batch.row_files import open_rows
    from haoqi.cli.progress import Pace, shown
    from haoqi.models.releases import releases

    release = releases.get(name)
    model = release.load()
    rows = open_rows(file, reading_of(file, settings), release.schema)
    read_query = rows.make_reader(model.task)
    say_reading(rows)
    style = Style.of(kind, rows.columns, model.task.output.kind)
    print(style.heading, end="", flush=True)
    pace = Pace(rows.total, time.monotonic())

    def write(text: str, answered: "list[Row]", last: "Window") -> None:
        print(text, end="", flush=True)
        pace.wrote(len(answered), last.consumed)

    with nullcontext() if sys.stdout.isatty() else shown(file.name, pace):  # on a terminal the rows show the pace
        feed = Feed(rows, read_query, fitting(release.folder))
        answer_windows(answering_by(model, style), feed, style, write, pace=pace)


def _written(name: str, file: Path, out: Path, *, force: bool, fresh: bool, settings: dict[str, Any]) -> None:
    """Answer the rows of a file into another file, which appears whole."""
    from haoqi.batch.answer_file import answer_file
    from haoqi.batch.answer_rows import check_kind
    from haoqi.batch.partial_file import check_free
    from haoqi.batch.row_files import open_rows
    from haoqi.cli import words
    from haoqi.models.releases import releases

    check_kind(out.suffix.lower())
    check_free(out, force=force)
    release = releases.get(name)
    rows = open_rows(file, reading_of(file, settings), release.schema)
    follow = following(file.name, rows.total)
    say_reading(rows)
    answered = answer_file(release, rows, out, name=file.name, follow=follow, force=force, fresh=fresh)
    print(words.words("predict.done", rows=words.many(answered, "row"), out=out), file=sys.stderr)


def following(name: str, total: int) -> "Callable[[Partial], AbstractContextManager[Pace]]":
    """Return what follows how far the answering of a file has come, and says what a stop has kept.

    Args:
        name: of the file.
        total: how much there is to read.
    """
    from contextlib import contextmanager

    from haoqi.cli import words
    from haoqi.cli.progress import Pace, shown

    @contextmanager
    def follow(kept: "Partial") -> Iterator[Pace]:
        if kept.rows:
            print(words.words("predict.before", rows=words.many(kept.rows, "row")), file=sys.stderr)
        pace = Pace(total, time.monotonic(), start=kept.consumed, consumed=kept.consumed)
        try:
            with shown(name, pace):
                yield pace
        except KeyboardInterrupt:
            if kept.rows:
                print(words.words("predict.kept", rows=words.many(kept.rows, "row"), path=kept.path), file=sys.stderr)
            raise

    return follow


def reading_of(file: Path, settings: dict[str, Any]) -> DataSettings:
    """Return what a person said of a file."""
    from haoqi.core.config import build

    given = {name: value for name, value in settings.items() if value is not None}
    return build(DataSettings, {"source": str(file), **given}, "predict")


def say_reading(rows: "Rows") -> None:
    """Say on the error stream which column is answered, and what is doubtful."""
    from haoqi.cli import words

    for line in rows.notes:
        print(words.translate(line), file=sys.stderr)
    for warning in rows.warnings:
        print(words.words("line.warning", text=warning).strip(), file=sys.stderr)
