"""Every text of a source, whatever it holds beside: what is learnt from text alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.examples import Examples
from haoqi.data.raw import Raw, join
from haoqi.data.reading.read import read
from haoqi.data.reading.sources._listing import PLAIN, is_prose, is_table
from haoqi.data.schema import Schema
from haoqi.data.settings import DataSettings


def read_all_texts(source: Any, settings: DataSettings) -> Raw:
    """Return the texts of a source: a folder of any files, a file, a data set, a sample; or a list of texts.

    Where a column of labels is named, rows with a label are left out: they may be those that a model is tested on.

    Raises:
        UserError: if it cannot be read.
    """
    if not isinstance(source, str | Path):
        return Raw.of(Examples.of([str(one) for one in source]), settings.source)
    path = Path(source)
    if settings.format is None and path.is_dir():
        files = [one for one in sorted(path.rglob("*")) if _holds_text(one.relative_to(path), one)]
        if not files:
            raise UserError(say("texts.no_files", folder=str(path)), say("texts.no_files.hint"))
        raws = [_file(one, settings) for one in files]
        raw = join([("train", one) for one in raws], Schema(path.name, "folder"))
    else:
        raw = _file(path, settings) if path.is_file() else read(settings, labelled=False)
    if settings.label is None:
        return raw
    rows = [row for row, label in enumerate(raw.examples.labels) if label in (None, "", ())]
    return replace(raw, parts=None, examples=raw.examples.take(rows))


def _holds_text(below: Path, path: Path) -> bool:
    hidden = any(part.startswith((".", "__")) for part in below.parts)
    return path.is_file() and not hidden and not is_prose(path) and (path.suffix.lower() in PLAIN or is_table(path))


def _file(path: Path, settings: DataSettings) -> Raw:
    """Return the texts of a file; one that is no table by its name is running text."""
    alone = replace(settings, source=str(path))
    if alone.format is None and path.suffix.lower() in PLAIN:
        alone = replace(alone, format="prose")
    return read(alone, labelled=False)
