"""A folder: of text files per label, of files that hold the splits, or of files that belong together."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from haoqi.core.errors import UserError
from haoqi.core.say import Sentence, named, say
from haoqi.data.raw import Part, Raw
from haoqi.data.reading.sources import read_one, sources
from haoqi.data.reading.sources._classes import class_files, label_folders, read_labelled
from haoqi.data.reading.sources._listing import (
    Listing,
    are_shards,
    is_table,
    look_into,
    shown,
    split_folders,
    split_of,
    texts_below,
)
from haoqi.data.reading.sources._parallel import find_parallel, read_parallel
from haoqi.data.reading.sources._splits import read_splits
from haoqi.data.reading.tables.table import Table, to_raw
from haoqi.data.settings import DataSettings

__all__ = ["Folder", "read_splits"]


@sources.register
class Folder:
    """Folders named like labels (pos/1.txt, train/pos/1.txt), or files named like splits (train.csv, eng.testa).

    A file for each label (pos.txt, neg.txt), and texts and labels line by line in two files are read, too.
    """

    def recognises(self, source: str, settings: DataSettings) -> float:
        return 1.0 if Path(source).is_dir() else 0.0

    def read(self, source: str, settings: DataSettings, labelled: bool = True) -> Raw:
        listing = look_into(Path(source))
        settings = replace(settings, format=None if settings.format == "folder" else settings.format)
        name = Path(source).name or source
        found = _with_splits(name, listing, settings, labelled)
        return found or _without_splits(name, listing, settings, labelled)


def _with_splits(name: str, listing: Listing, settings: DataSettings, labelled: bool) -> Raw | None:
    """Return the rows of a folder whose files or folders are called like splits; None where none is training.

    Raises:
        UserError: if there are splits, but they cannot be read.
    """
    in_folders = split_folders(listing.folders)
    named = [(part, path) for path in (*listing.files, *listing.lists) if (part := split_of(path))]
    if any(part == "train" for part, _ in named):
        files: list[tuple[Part, Path]] = named
    elif nested := label_folders(listing, in_folders) if in_folders else None:
        return read_labelled(name, nested, settings, labelled)
    else:
        listings = [(part, look_into(folder)) for folder, part in in_folders.items()]
        files = [(part, path) for part, inner in listings for path in (*inner.files, *inner.lists)]
    if not any(part == "train" for part, _ in files):
        if in_folders and not listing.files:
            raise _no_training(listing, list(in_folders))
        return None
    known: list[tuple[Part | None, Path]] = list(files)
    if parallel := find_parallel(known):
        return read_parallel(name, parallel, settings, (*listing.lists, *listing.files), labelled=labelled)
    if classes := class_files(known):
        return read_labelled(name, classes, settings, labelled)
    data = [(part, path) for part, path in files if path not in listing.lists] or files
    return _read_files(name, listing, data, settings, labelled=labelled)


def _read_files(
    name: str, listing: Listing, files: list[tuple[Part, Path]], settings: DataSettings, *, labelled: bool
) -> Raw:
    """Return the rows of files that hold a split, or a piece of one, each."""
    train = [path for part, path in files if part == "train"]
    within = any(path.parent != listing.folder for path in train)
    if within and len(train) > 1 and not is_table(train[0]) and not _readable(train[0], settings):
        if labelled:
            folders = ", ".join(folder.name for folder in listing.folders)
            raise UserError(
                say("folder.no_labels", folders=folders, name=name),
                say("folder.no_labels.hint"),
            )
        return _texts_alone(name, [path for _, path in files], settings)
    for part in ("train", "valid", "test"):
        several = [path for one, path in files if one == part]
        if len({path.suffix.lower() for path in several}) > 1:
            test = next((f" --test-file {path}" for one, path in files if one == "test"), "")
            raise UserError(
                say("folder.formats", name=name, part=named("split", part), several=shown(several)),
                say("folder.formats.hint", train=str(train[0]), test=test),
            )
    return _told(listing, read_splits(name, files, settings, labelled), [path for _, path in files])


def _without_splits(name: str, listing: Listing, settings: DataSettings, labelled: bool) -> Raw:
    """Return the rows of a folder in which nothing is called like a training split.

    Raises:
        UserError: if its files are none that belong together.
    """
    folder, files = listing.folder, list(listing.files)
    if nested := label_folders(listing, {}):
        return read_labelled(name, nested, settings, labelled)
    if len(files) == 1 and not listing.lists:
        return _told(listing, read_one(str(files[0]), settings, labelled), files)
    if parallel := find_parallel([(None, path) for path in (*files, *listing.lists)]):
        return read_parallel(name, parallel, settings, (*listing.lists, *files), labelled=labelled)
    if len(files) > 1 and not any(map(split_of, files)) and (classes := class_files([(None, path) for path in files])):
        return read_labelled(name, classes, settings, labelled)
    if labelled and (problem := _without_labels(listing, settings)):
        raise problem
    if are_shards(files):
        return _told(listing, _read_shards(name, files, settings, labelled), files)
    readable = files if len(files) == 1 else [path for path in files if _readable(path, settings)]
    if len(readable) == 1:
        return _told(listing, read_one(str(readable[0]), settings, labelled), readable)
    if not files:
        raise UserError(
            say("folder.empty", folder=str(folder)),
            say("folder.empty.hint"),
        )
    raise UserError(
        say("folder.several", folder=str(folder), value=shown(readable or files)),
        say("folder.several.hint", value=(readable or files)[0]),
    )


def _without_labels(listing: Listing, settings: DataSettings) -> UserError | None:
    """Return what is wrong with a folder of texts whose labels stand elsewhere, or nowhere; None for other folders."""
    folder, files = listing.folder, listing.files
    hint = say("folder.unlabelled.hint")
    notes = {path.stem for path in files if path.suffix.lower() == ".ann"}
    if notes and notes & {path.stem for path in files if path.suffix.lower() != ".ann"}:
        return UserError(
            say("folder.brat", folder=str(folder)),
            say("foreign.spans.hint"),
        )
    tables = [path for path in (*files, *listing.lists) if is_table(path)]
    if len(tables) == 1 and len(listing.folders) == 1 and len(texts_below(listing.folders[0])[0]) > 1:
        return UserError(
            say("folder.names_in_table", folder=str(folder), inner=listing.folders[0].name, table=tables[0].name),
            hint,
        )
    if len(files) > 1 and not any(map(is_table, files)) and not any(_readable(path, settings) for path in files[:3]):
        return UserError(say("folder.unlabelled", folder=str(folder), count=len(files)), hint)
    return None


def _read_shards(name: str, files: list[Path], settings: DataSettings, labelled: bool) -> Raw:
    """Return the rows of one file that was cut in pieces."""
    raw = read_splits(name, [("train", path) for path in files], settings, labelled)
    note = say("folder.shards", count=len(files), files=shown(files, 3))
    return replace(raw, parts=None, schema=replace(raw.schema, notes=(note, *raw.schema.notes[1:])))


def _readable(path: Path, settings: DataSettings) -> bool:
    try:
        read_one(str(path), settings, True)
    except UserError:
        return False
    return True


def _texts_alone(name: str, paths: list[Path], settings: DataSettings) -> Raw:
    """Return the texts of files, a text in each."""
    from haoqi.data.raw import digest
    from haoqi.data.reading.decoding.decode import read_text

    texts = [read_text(path, settings.encoding)[0] for path in paths]
    return to_raw(Table(name, {"text": texts}, "folder", digest(texts)), replace(settings, text="text"), False)


def _no_training(listing: Listing, folders: list[Path]) -> UserError:
    texts = sum(len(texts_below(folder)[0]) for folder in folders)
    return UserError(
        say(
            "folder.no_training",
            folder=str(listing.folder),
            names=", ".join(folder.name for folder in folders),
            texts=texts,
        ),
        say("folder.no_training.hint"),
    )


def _told(listing: Listing, found: Raw, read: Sequence[Path]) -> Raw:
    """Return rows with a note on the files and folders beside those that were read, which say nothing to them."""
    named = {name for note in found.schema.notes for fact in _facts_of(note) for name in fact.split(", ")}
    used = {*read, *(folder for path in read for folder in path.parents)}
    beside = (*listing.files, *listing.lists, *listing.folders)
    left = [path for path in beside if path not in used and path.name not in named]
    if not left:
        return found
    note = say("folder.left_out", name=listing.folder.name, left=shown(left))
    return replace(found, schema=replace(found.schema, notes=(*found.schema.notes, note)))


def _facts_of(told: str) -> Iterator[str]:
    """Yield what a sentence is about, such as the file that spells out labels."""
    for fact in told.facts.values() if isinstance(told, Sentence) else ():
        if isinstance(fact, Sentence):
            yield from _facts_of(fact)
        else:
            yield str(fact)
