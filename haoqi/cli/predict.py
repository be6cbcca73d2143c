"""`haoqi predict`: answers to texts on the command line, from a pipe, or in a file of any size."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from haoqi.cli.flags import with_flags
from haoqi.core.errors import UserError
from haoqi.data.settings import DataSettings

Name = Annotated[str, typer.Argument(metavar="NAME", help="A release, such as reviews or reviews@2.")]
Texts = Annotated[list[str] | None, typer.Argument(metavar="TEXT", help="Texts; each line of a pipe where none.")]
File = Annotated[Path | None, typer.Option("--file", metavar="PATH", help="CSV, TSV, JSON Lines, Parquet or lines.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="PATH", help="Write answers here: .csv, .tsv or .jsonl.")]
Force = Annotated[bool, typer.Option("--force", help="Let --out replace a file that is there.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object per text.")]


@with_flags(DataSettings, only=("text", "delimiter", "encoding"))
def predict(
    name: Name,
    texts: Texts = None,
    *,
    file: File = None,
    out: Out = None,
    force: Force = False,
    json: Json = False,
    **settings: Any,
) -> None:
    """Answer texts with a released model.

    The texts stand on the command line, come through a pipe, or lie in a file, whose rows are answered in
    their order and keep their columns.
    """
    if file is not None:
        if texts:
            raise UserError(f"both {file} and a text are given", "keep one: --file PATH, or the texts themselves")
        _file(name, file, out, force=force, as_json=json, settings=settings)
        return
    said = [option for option, value in settings.items() if value is not None] + (["out"] if out else [])
    if said:
        raise UserError(f"--{said[0]} needs --file", "name the file whose rows are to be answered: --file PATH")
    if not texts and sys.stdin.isatty():
        raise UserError("there is no text to answer", f'haoqi predict {name} "The battery died on day two"')
    _texts(name, texts, as_json=json)


def _texts(name: str, texts: list[str] | None, *, as_json: bool) -> None:
    """Print the answer to each text as soon as it is known."""
    from haoqi import api
    from haoqi.cli.rows import as_line, as_record

    model = api.load(name)
    given = texts if texts is not None else _lines_of(sys.stdin)
    shown = texts is None or len(texts) > 1
    for text, answer in api.answers(model, given, batch=1 if texts is None and sys.stdout.isatty() else 256):
        line = as_record(model, text, answer) if as_json else as_line(model, text, answer, with_text=shown)
        print(line, flush=texts is None)


def _file(name: str, file: Path, out: Path | None, *, force: bool, as_json: bool, settings: dict[str, Any]) -> None:
    """Answer the rows of a file, into another file or onto the output."""
    from haoqi import api
    from haoqi.cli.rows import answered, check_free, written
    from haoqi.cli.tabular import opened

    if out is not None:
        check_free(out, force=force)
    rows = opened(file, **settings)
    model = api.load(name)
    kind = (".jsonl" if as_json else ".csv") if out is None else out.suffix.lower()
    count = 0
    with (
        written(out, kind, rows.columns, force=force) as write,
        _progress(file, rows.total, hidden=out is None) as advance,
    ):
        for row, seen in answered(model, rows):
            write(row)
            count += 1
            advance(seen)
    if out is not None:
        from haoqi.cli import words

        print(f"{words.many(count, 'row')} answered: {out}", file=sys.stderr)


def _lines_of(stream: TextIO) -> Iterator[str]:
    """Yield the lines of a pipe that are not blank, as they come."""
    for line in stream:
        if line.strip():
            yield line.rstrip("\r\n")


@contextmanager
def _progress(file: Path, total: int, *, hidden: bool) -> Iterator[Any]:
    """Give a function that moves a bar on the error output to the bytes read so far."""
    if hidden or not sys.stderr.isatty():
        yield lambda seen: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), refresh_per_second=4) as progress:
        task = progress.add_task(file.name, total=max(1, total))
        yield lambda seen: progress.update(task, completed=seen)
