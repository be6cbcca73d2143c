"""`haoqi extract`: triples out of raw texts, by a release that finds entities and one that names relations."""

import sys
import time
from dataclasses import dataclass
from functools import partial as bound
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from haoqi.cli.answer_texts import AS_JSON, lines_of
from haoqi.cli.flags import with_flags
from haoqi.cli.predict import File, Force, Fresh, following, reading_of, say_reading
from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.reading.decoding.characters import well_formed
from haoqi.data.settings import DataSettings

if TYPE_CHECKING:
    from haoqi.batch.answer_rows import Answering, Feed, Window
    from haoqi.batch.row_files import Rows
    from haoqi.batch.triple_rows import TripleStyle
    from haoqi.data.reading.row_stream import Row
    from haoqi.models.extractor import Extractor

Texts = Annotated[
    list[str] | None,
    typer.Argument(metavar="TEXT", help="Texts; each line of a pipe where there is none, or where it is -."),
]
Entities = Annotated[str, typer.Option("--entities", metavar="NAME", help="A release that finds entities.")]
Relations = Annotated[
    str, typer.Option("--relations", metavar="NAME", help="A release that names relations between two of them.")
]
Whole = Annotated[bool, typer.Option("--whole-text", help="Ask about entities of different sentences, too.")]
Words = Annotated[
    int, typer.Option("--most-words", metavar="NUMBER", min=0, help="Words between two entities at most.")
]
Least = Annotated[
    float, typer.Option("--least", metavar="SHARE", min=0.0, max=1.0, help="Leave out triples of less confidence.")
]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="PATH", help="Write triples here: .csv, .tsv, .jsonl or .json.")
]
Json = Annotated[bool, typer.Option(AS_JSON, help="Print one JSON object per text.")]

READING = ("text", "format", "delimiter", "quote", "escape", "header", "sheet", "encoding")


@with_flags(DataSettings, only=READING)
def extract(
    texts: Texts = None,
    *,
    entities: Entities,
    relations: Relations,
    file: File = None,
    out: Out = None,
    whole_text: Whole = False,
    most_words: Words = 60,
    least: Least = 0.0,
    force: Force = False,
    fresh: Fresh = False,
    json: Json = False,
    **settings: Any,
) -> None:
    """Find entities in texts and the relations between them, as triples.

    Two entities of one sentence are asked about at a time. The texts stand on the command line, come through a pipe,
    or lie in a file. A file that takes long may be stopped at any moment: the same command takes up where it was.
    """
    from haoqi.models.releases.extraction import load_extractor

    said = [option for option, value in settings.items() if value is not None] + (["out"] if out else [])
    if file is None and said:
        raise UserError(say("predict.needs_file", flag=said[0]), say("extract.needs_file.hint"))
    if file is not None and texts:
        raise UserError(say("predict.both", file=file), say("predict.both.hint"))
    if out is not None:
        from haoqi.batch.partial_file import check_free
        from haoqi.batch.triple_rows import check_kind

        check_kind(out.suffix.lower())
        check_free(out, force=force)
    how: dict[str, Any] = {"within": "text" if whole_text else "sentence", "most_words": most_words, "least": least}
    extractor = load_extractor(entities, relations, **how)
    if file is None:
        _texts(extractor, None if texts == ["-"] else texts or None, as_json=json)
        return
    kind = out.suffix.lower() if out is not None else ".jsonl" if json else ".csv"
    work = _Work.of(extractor, reading_of(file, settings), (entities, relations), kind, how=how)
    say_reading(work.rows)
    if out is None:
        _printed(work)
    else:
        _written(work, out, force=force, fresh=fresh)


def _texts(extractor: "Extractor", texts: list[str] | None, *, as_json: bool) -> None:
    """Print the triples of each text as soon as they are known."""
    from haoqi.batch.triple_rows import as_lines, as_record

    if texts is None and sys.stdin.isatty():
        raise UserError(say("extract.none"), say("extract.none.hint"))
    piped = texts is None
    given = map(well_formed, texts) if texts is not None else lines_of(sys.stdin)
    several = texts is None or len(texts) > 1
    for text, found in extractor.stream(given, batch=1 if piped and sys.stdout.isatty() else 64):
        for line in [as_record(text, found)] if as_json else as_lines(text, found, with_text=several):
            print(line, flush=piped)


@dataclass(frozen=True)
class _Work:
    """A file whose rows are read for triples."""

    extractor: "Extractor"
    rows: "Rows"
    feed: "Feed"
    style: "TripleStyle"
    facts: dict[str, Any]
    """What says whether a file that was begun may be gone on with."""

    @classmethod
    def of(
        cls, extractor: "Extractor", said: DataSettings, names: tuple[str, str], kind: str, *, how: dict[str, Any]
    ) -> "_Work":
        """Return the work on a file.

        Args:
            extractor: what finds triples.
            said: what a person said of the file.
            names: of the two releases.
            kind: the ending of what is written.
            how: settings of the extractor.
        """
        from importlib.metadata import version

        from haoqi.batch.answer_rows import LEAST_TEXT, Feed, fitting
        from haoqi.batch.partial_file import digest_of
        from haoqi.batch.row_files import open_rows
        from haoqi.batch.triple_rows import TripleStyle
        from haoqi.models.releases import releases

        file = Path(said.source)
        rows = open_rows(file, said)
        both = [releases.get(name) for name in names]
        # Of each text several questions are asked, by the heavier model at the worst.
        most = max(LEAST_TEXT, min(fitting(one.folder) for one in both) // 2)
        settings = {"text": ",".join(rows.text), "columns": rows.columns, "kind": kind, **how}
        facts = {
            "release": " ".join(one.reference for one in both),
            "digest": " ".join(digest_of(one.folder) for one in both),
            "settings": {**settings, "haoqi": version("haoqi")},
            "file": file.name,
        }
        style = TripleStyle.of(kind, rows.columns, rows.text)
        return cls(extractor, rows, Feed(rows, rows.text_of, most), style, facts)

    @property
    def answering(self) -> "Answering":
        """What puts the triples of a window into its rows."""
        from haoqi.batch.triple_rows import extract_rows

        return bound(extract_rows, self.extractor, names=self.style.names)


def _printed(work: _Work) -> None:
    """Print the triples of the rows of a file."""
    from haoqi.batch.answer_file import answer_windows
    from haoqi.cli.progress import Pace

    print(work.style.heading, end="", flush=True)
    pace = Pace(work.rows.total, time.monotonic())

    def write(text: str, answered: "list[Row]", last: "Window") -> None:
        print(text, end="", flush=True)

    answer_windows(work.answering, work.feed, work.style, write, pace=pace)
    print(work.style.ending, end="", flush=True)


def _written(work: _Work, out: Path, *, force: bool, fresh: bool) -> None:
    """Write the triples of the rows of a file into another, which appears whole."""
    from haoqi.batch.answer_file import write_file
    from haoqi.cli import words

    follow = following(work.facts["file"], work.rows.total)
    how: dict[str, Any] = {"follow": follow, "force": force, "fresh": fresh}
    found = write_file(lambda: work.answering, work.feed, work.style, work.facts, out=out, **how)
    print(words.words("extract.done", rows=words.many(found, "row"), out=out), file=sys.stderr)
