"""From what a person named to rows: the entry point of all data."""

from dataclasses import replace
from pathlib import Path

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.raw import Part, Raw
from haoqi.data.schema import Schema
from haoqi.data.settings import DataSettings


def read(settings: DataSettings, *, labelled: bool = True, learnt: Schema | None = None) -> Raw:
    """Return the rows of a source with what was recognised on the way.

    Args:
        settings: the source, and whatever else a person said of it.
        labelled: False where texts alone are wanted, to be predicted; labels are then read if named.
        learnt: how the source of a release was read: its columns are taken here, too.

    Raises:
        UserError: if there is no such source, or it cannot be read as it is or as was said.
    """
    from haoqi.data.reading.sources import read_one

    if learnt is not None:
        from haoqi.data.reading.conform import read_as_learnt

        return read_as_learnt(lambda wanted: read(wanted, labelled=labelled), settings, learnt)
    if not settings.source.strip():
        raise UserError(say("source.not_given"), say("source.not_given.hint"))
    given: list[tuple[Part, str | None]] = [
        ("train", settings.train_file or settings.source),
        ("valid", settings.valid_file),
        ("test", settings.test_file),
    ]
    files = [(part, Path(name)) for part, name in given if name]
    alone = replace(settings, train_file=None, valid_file=None, test_file=None)
    if len(files) == 1:
        raw = read_one(str(settings.train_file or settings.source), alone, labelled)
    else:
        from haoqi.data.reading.sources.folder import read_splits

        raw = read_splits(files[0][1].name, files, alone, labelled, said=True)
    if not len(raw.examples):
        raise UserError(say("fault.no_rows", name=raw.schema.source), say("fault.no_rows.hint"))
    return raw
