"""Kinds of source, a file each: what recognises a path, a URL or a name, and reads rows from it."""

from pathlib import Path
from typing import Protocol, runtime_checkable

from haoqi.core.errors import UserError
from haoqi.core.registry import Registry
from haoqi.core.say import say
from haoqi.data.raw import Raw
from haoqi.data.reading.row_stream import RowStream, StreamedFile
from haoqi.data.settings import DataSettings


class Source(Protocol):
    """One way in which examples are kept."""

    def recognises(self, source: str, settings: DataSettings) -> float:
        """Return how surely this is the way to read the source, from 0 to 1; cheap, and never raises."""

    def read(self, source: str, settings: DataSettings, labelled: bool = True) -> Raw:
        """Return the rows of the source; unless labelled, a source without labels is welcome.

        Raises:
            UserError: if the source cannot be read.
        """


@runtime_checkable
class StreamingSource(Source, Protocol):
    """A source whose files can be read one row at a time, in constant memory where the format allows it."""

    def stream(self, file: StreamedFile) -> RowStream:
        """Return the rows of a file; none is left out, for each is answered.

        Raises:
            UserError: if the file cannot be read; a row that cannot be read raises when its turn comes.
        """


sources: Registry[Source] = Registry("format", "haoqi.data.reading.sources")

# What people call a format, where it is not the name of its file.
ALIASES = {
    "conll": "columns",
    "fasttext": "lines",
    "jsonl": "json",
    "md": "markdown",
    "ndjson": "json",
    "spans": "json",
    "tsv": "csv",
    "xlsx": "excel",
    "yml": "yaml",
}


def source_for(source: str, settings: DataSettings) -> str:
    """Return the name of the format that a source is in: as said, else the surest.

    Raises:
        UserError: if the format said is unknown, there is no such source, no format knows it, or it is of one that
            is not read.
    """
    if settings.format:
        name = settings.format.lower()
        name = ALIASES.get(name, name)
        sources.get(name)
        # What a person says of a folder is said of the files in it.
        return "folder" if name != "hub" and Path(source).is_dir() else name
    check_foreign(source, settings)
    sure = {name: sources.build(name).recognises(source, settings) for name in sources.names()}
    best = max(sure, key=lambda name: sure[name])
    if sure[best] > 0:
        return best
    raise _unreadable(source)


def check_foreign(source: str, settings: DataSettings) -> None:
    """Raise UserError that names the format of a file that is not read."""
    from haoqi.data.reading.decoding.decode import head
    from haoqi.data.reading.foreign_formats import named_format

    path = Path(source)
    if path.is_file() and (found := named_format(head(path, settings.encoding))) is not None:
        raise UserError(say("file.foreign", name=path.name, found=found[0]), found[1])


def read_one(source: str, settings: DataSettings, labelled: bool = True) -> Raw:
    """Return the rows of one file, folder, database or named set.

    Raises:
        UserError: if it cannot be read.
    """
    try:
        return sources.build(source_for(source, settings)).read(source, settings, labelled)
    except OSError as error:
        raise UserError(
            say("source.unreadable", source=source, value=error.strerror or error), say("source.unreadable.hint")
        ) from None


def stream_rows(name: str, file: StreamedFile) -> RowStream:
    """Return the rows of a file one at a time, read by a source that can do so.

    Raises:
        UserError: if the file cannot be read.
    """
    source = sources.build(name)
    assert isinstance(source, StreamingSource), name
    return source.stream(file)


def _unreadable(source: str) -> UserError:
    from difflib import get_close_matches

    from haoqi.data.reading.decoding.decode import read_text
    from haoqi.data.samples import samples

    path = Path(source)
    if source.startswith(("http://", "https://")):
        return UserError(say("source.no_file", source=source), say("source.no_file.hint"))
    if path.is_file():
        read_text(path)  # raises, in better words, what is wrong with it
        return UserError(
            say("source.format", source=source), say("source.format.hint", names=", ".join(sources.names()))
        )
    beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    near = get_close_matches(path.name, [*beside, *samples.names()], n=1)
    facts = {"names": ", ".join(samples.names())}
    return UserError(
        say("source.none" if path.name != source else "source.none_no_sample", source=source),
        say("source.none.hint_near", near=near[0], **facts) if near else say("source.none.hint", **facts),
    )
