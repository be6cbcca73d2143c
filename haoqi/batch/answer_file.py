"""Answering the rows of a file: by the window, onto an output or into another file that appears whole."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial as bound
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from haoqi.batch.answer_rows import MOST_ROWS, Answering, Feed, Style, Window, ahead, answer, fitting
from haoqi.batch.partial_file import Facts, Partial, digest_of, partial
from haoqi.batch.writer import FileStyle, Spelling, Write, Writer
from haoqi.core.errors import UserError
from haoqi.core.say import joined, say

if TYPE_CHECKING:
    from haoqi.batch.row_files import Rows
    from haoqi.data.reading.row_stream import Row
    from haoqi.models.model import Model
    from haoqi.models.releases.releases import Release


class Pace(Protocol):
    """Whoever follows how far an answering has come; what is consumed is in the unit of the rows' total."""

    def wrote(self, rows: int, consumed: int) -> None:
        """Be told that so many rows more are written, and how much of the file was read for all so far."""
        ...

    def computing(self, consumed: int, share: float) -> None:
        """Be told that the rows up to there are computed, and their share that is done, in [0, 1]."""
        ...


def answer_file(
    release: "Release",
    rows: "Rows",
    out: Path,
    *,
    name: str,
    follow: Callable[[Partial], AbstractContextManager[Pace]],
    force: bool = False,
    fresh: bool = False,
) -> int:
    """Write a file's rows with their answers, and return how many they are; what was begun before is taken up.

    Answers that are written stay beside `out` if it ends early, however it ends, and `out` appears when all are there.

    Args:
        release: what answers.
        rows: of the file.
        out: .csv, .tsv or .jsonl.
        name: of the file, by which an answering that was stopped is known again.
        follow: is given what was kept from before, and yields who follows the rest.
        force: whether `out` may replace a file that is there.
        fresh: whether what was kept from before is forgotten.

    Raises:
        UserError: if a row cannot be answered, the release or the file changed since it was begun, or `out` is there.
    """
    from importlib.metadata import version

    kind, task = out.suffix.lower(), release.task
    feed = Feed(rows, rows.make_reader(task), fitting(release.folder))
    style = Style.of(kind, rows.columns, task.output.kind)
    read = {"text": ",".join(rows.text), **({"pair": rows.second_of(task)} if task.of_two else {})}
    facts = {
        "release": release.reference,
        "digest": digest_of(release.folder),
        "settings": {**read, "columns": rows.columns, "kind": kind, "haoqi": version("haoqi")},
        "file": name,
    }

    return write_file(
        lambda: answering_by(release.load(), style),
        feed,
        style,
        facts,
        out=out,
        follow=follow,
        force=force,
        fresh=fresh,
    )


def answering_by(model: "Model", style: Style) -> Answering:
    """Return what puts a model's answers into the rows of a window, under the names that a style has for them."""
    return bound(answer, model, names=style.names)


def write_file(
    load: Callable[[], Answering],
    feed: Feed,
    style: FileStyle,
    facts: Facts,
    *,
    out: Path,
    follow: Callable[[Partial], AbstractContextManager[Pace]],
    force: bool,
    fresh: bool,
) -> int:
    """Write rows with their answers, as `answer_file` does, whatever answers them, and return how many they are.

    Args:
        load: gives what puts answers into rows, when it is needed.
        feed: the rows.
        style: how they are written.
        facts: what says whether a file that was begun may be gone on with.
        out: as for `answer_file`.
        follow: as for `answer_file`.
        force: as for `answer_file`.
        fresh: as for `answer_file`.

    Raises:
        UserError: as `answer_file` does.
    """
    with partial(out, facts, feed.skip, first=style.heading, fresh=fresh) as kept:
        try:
            answering, going_on = load(), style.after(kept.rows)
            with follow(kept) as pace:

                def write(text: str, answered: "list[Row]", last: Window) -> None:
                    kept.append(text, len(answered), consumed=last.consumed, mark=last.mark)
                    pace.wrote(len(answered), last.consumed)

                answer_windows(answering, feed, going_on, write, pace=pace)
            if style.ending:
                kept.end(style.ending)
            kept.publish(force=force)
        except UserError as error:
            if not kept.rows:
                raise
            also = say("rows.kept", count=kept.rows, n=kept.rows)
            hint = joined([error.hint, also], by="list.semicolon") if error.hint else also
            raise UserError(error.what, hint) from None
        return kept.rows


def answer_windows(answering: Answering, feed: Feed, style: Spelling, write: Write, *, pace: Pace) -> None:
    """Answer rows by the window; while one is computed, a thread reads the next and another writes those before.

    However it ends, windows that are answered are written.

    Args:
        answering: puts the answers of a window into its rows.
        feed: the rows that are still to be answered.
        style: how they are written.
        write: takes the text of the windows in turn.
        pace: is told what is computed.
    """
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as thread:
        writer = Writer(thread, style, write, MOST_ROWS)
        try:
            for window in ahead(feed.windows()):
                answering(window, progress=_computing(pace, window))
                writer.add(window)
        finally:
            writer.end()


def _computing(pace: Pace, window: Window) -> Callable[[int], None]:
    """Return what tells a pace how many of a window's texts are computed."""
    texts = len(set(window.texts))
    pace.computing(window.consumed, 0.0)
    return lambda count: pace.computing(window.consumed, min(1.0, count / texts))
