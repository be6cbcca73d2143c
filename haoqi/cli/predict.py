"""`haoqi predict`: answers to texts on the command line, from a pipe, or in a file of any size."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from haoqi.cli.answer_texts import AS_JSON, answer_texts
from haoqi.cli.flags import with_flags
from haoqi.core.errors import UserError
from haoqi.core.say import joined, say
from haoqi.data.settings import DataSettings

if TYPE_CHECKING:
    from haoqi.batch.answer_rows import Feed, Style, Window
    from haoqi.batch.row_files import Rows
    from haoqi.batch.writer import Write
    from haoqi.cli.progress import Pace
    from haoqi.data.reading.row_stream import Row
    from haoqi.models.model import Model

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

    from haoqi.batch.answer_rows import Feed, Style, fitting
    from haoqi.batch.row_files import open_rows
    from haoqi.cli.progress import Pace, shown
    from haoqi.models.releases import releases

    release = releases.get(name)
    model = release.load()
    rows = open_rows(file, _reading(file, settings), release.schema)
    read_query = rows.make_reader(model.task)
    _say(rows)
    style = Style.of(kind, rows.columns, model.task.output.kind)
    print(style.heading, end="", flush=True)
    pace = Pace(rows.total, time.monotonic())

    def write(text: str, answered: "list[Row]", last: "Window") -> None:
        print(text, end="", flush=True)
        pace.wrote(len(answered), last.consumed, time.monotonic())

    with nullcontext() if sys.stdout.isatty() else shown(file.name, pace):  # on a terminal the rows show the pace
        _answer(model, Feed(rows, read_query, fitting(release.folder)), style, write, pace=pace)


def _written(name: str, file: Path, out: Path, *, force: bool, fresh: bool, settings: dict[str, Any]) -> None:
    """Answer the rows of a file into another file, which appears whole."""
    from importlib.metadata import version

    from haoqi.batch.answer_rows import Feed, Style, check_kind, fitting
    from haoqi.batch.partial_file import check_free, digest_of, partial
    from haoqi.batch.row_files import open_rows
    from haoqi.cli import words
    from haoqi.cli.progress import Pace, shown
    from haoqi.models.releases import releases

    kind = out.suffix.lower()
    check_kind(kind)
    check_free(out, force=force)
    release = releases.get(name)
    rows = open_rows(file, _reading(file, settings), release.schema)
    task = release.task
    feed = Feed(rows, rows.make_reader(task), fitting(release.folder))
    _say(rows)
    style = Style.of(kind, rows.columns, task.output.kind)
    read = {"text": ",".join(rows.text), **({"pair": rows.second_of(task)} if task.of_two else {})}
    facts = {
        "release": release.reference,
        "digest": digest_of(release.folder),
        "settings": {**read, "columns": rows.columns, "kind": kind, "haoqi": version("haoqi")},
        "file": file.name,
    }
    with partial(out, facts, feed.skip, first=style.heading, fresh=fresh) as kept:
        if kept.rows:
            print(words.words("predict.before", rows=words.many(kept.rows, "row")), file=sys.stderr)
        model = release.load()
        pace = Pace(rows.total, time.monotonic(), start=kept.consumed, consumed=kept.consumed)

        def write(text: str, answered: "list[Row]", last: "Window") -> None:
            kept.append(text, len(answered), consumed=last.consumed, mark=last.mark)
            pace.wrote(len(answered), last.consumed, time.monotonic())

        try:
            with shown(file.name, pace):
                _answer(model, feed, style, write, pace=pace)
            kept.publish(force=force)
        except KeyboardInterrupt:
            if kept.rows:
                print(words.words("predict.kept", rows=words.many(kept.rows, "row"), path=kept.path), file=sys.stderr)
            raise
        except UserError as error:
            if not kept.rows:
                raise
            also = say("predict.also", answers=say("many.answer", count=kept.rows, n=kept.rows))
            raise UserError(
                error.what, joined([error.hint, also], by="list.semicolon") if error.hint else also
            ) from None
    print(words.words("predict.done", rows=words.many(kept.rows, "row"), out=out), file=sys.stderr)


def _reading(file: Path, settings: dict[str, Any]) -> DataSettings:
    """Return what a person said of a file."""
    from haoqi.core.config import build

    given = {name: value for name, value in settings.items() if value is not None}
    return build(DataSettings, {"source": str(file), **given}, "predict")


def _say(rows: "Rows") -> None:
    """Say on the error stream which column is answered, and what is doubtful."""
    from haoqi.cli import words

    for line in rows.notes:
        print(words.translate(line), file=sys.stderr)
    for warning in rows.warnings:
        print(words.words("line.warning", text=warning).strip(), file=sys.stderr)


def _answer(model: "Model", feed: "Feed", style: "Style", write: "Write", *, pace: "Pace") -> None:
    """Answer rows by the window; while one is computed, a thread reads the next and another writes those before.

    However it ends, windows that are answered are written.

    Args:
        model: what answers.
        feed: the rows that are still to be answered.
        style: how they are written.
        write: takes the text of the windows in turn.
        pace: is told what is computed.
    """
    from concurrent.futures import ThreadPoolExecutor

    from haoqi.batch.answer_rows import MOST_ROWS, ahead, answer
    from haoqi.batch.writer import Writer

    with ThreadPoolExecutor(1) as thread:
        writer = Writer(thread, style, write, MOST_ROWS)
        try:
            for window in ahead(feed.windows()):
                answer(model, window, style.names, _computing(pace, window))
                writer.add(window)
        finally:
            writer.end()


def _computing(pace: "Pace", window: "Window") -> Callable[[int], None]:
    """Return what tells a pace how many of a window's texts are computed."""
    texts = len(set(window.texts))
    pace.computing(window.consumed, 0.0)
    return lambda count: pace.computing(window.consumed, min(1.0, count / texts))
