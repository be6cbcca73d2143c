"""A folder: of text files per label, or of files that hold the splits."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from haoqi.core.errors import UserError
from haoqi.data.decode import decode
from haoqi.data.raw import Part, Raw, digest, join
from haoqi.data.records import part_of
from haoqi.data.schema import Schema
from haoqi.data.settings import DataSettings
from haoqi.data.sources import read_one, source_for, sources
from haoqi.data.table import Table, to_raw

_PROSE = ("readme", "license", "licence", "source", "changelog", "notice", "citation", "copying", "about")
_ENDINGS = (".txt", ".md", ".text", "")
_ORDER: tuple[Part, ...] = ("train", "valid", "test", "unlabelled")


@sources.register
class Folder:
    """Folders named like labels (pos/1.txt, train/pos/1.txt), or files named like splits (train.csv, eng.testa)."""

    def recognises(self, source: str, settings: DataSettings) -> float:
        return 1.0 if Path(source).is_dir() else 0.0

    def read(self, source: str, settings: DataSettings, labelled: bool = True) -> Raw:
        folder = Path(source)
        splits = [(part, path) for path in _files(folder) if (part := part_of(path.stem) or part_of(path.name))]
        if any(part == "train" for part, _ in splits):
            return read_splits(folder.name or source, splits, settings, labelled)
        texts = list(_texts(folder))
        if len({label for _, label, _ in texts}) > 1:
            return _read_texts(folder, texts, settings, labelled)
        files = _files(folder)
        if len(files) == 1:
            return read_one(str(files[0]), settings, labelled)
        readable = [path for path in files if _readable(path, settings)]
        if len(readable) == 1:
            return read_one(str(readable[0]), settings, labelled)
        if not files:
            raise UserError(
                f"the folder {folder} has no data",
                "put a folder of text files per label in it, or train.csv and test.csv",
            )
        listed = ", ".join(path.name for path in readable or files[:8])
        raise UserError(
            f"the folder {folder} holds several files, none named train: {listed}",
            f"name one: {folder / (readable or files)[0].name}",
        )


def read_splits(name: str, splits: list[tuple[Part, Path]], settings: DataSettings, labelled: bool = True) -> Raw:
    """Return the rows of files that hold one split each; the training file decides format and columns.

    A validation or test file without labels is read as unlabelled text.
    """
    splits = sorted(splits, key=lambda split: (_ORDER.index(split[0]), split[1].name))
    first = splits[0][1]
    settings = replace(settings, format=source_for(str(first), settings))
    raws: list[tuple[Part | None, Raw]] = []
    notes: list[str] = []
    for part, path in splits:
        raw = _read_split(path, part, settings, labelled)
        blank = all(label is None for label in raw.examples.labels)
        if blank and part in ("valid", "test"):
            notes.append(f"{path.name} has no labels: it cannot be scored and serves as unlabelled text")
            part = "unlabelled"
        if part == "train" and not raws:
            chosen = raw.schema.columns
            settings = replace(settings, text=chosen.get("text"), label=chosen.get("label"), pair=chosen.get("pair"))
        raws.append((part, raw))
    notes.insert(0, "splits are " + ", ".join(f"{path.name} ({part})" for part, path in splits))
    read = raws[0][1].schema
    schema = Schema(name, read.format, read.encoding, read.delimiter, read.columns, read.why, notes=tuple(notes))
    return join(raws, schema)


def _read_split(path: Path, part: Part, settings: DataSettings, labelled: bool) -> Raw:
    if part in ("valid", "test") and labelled:
        try:
            return read_one(str(path), settings, True)
        except UserError:
            pass  # without labels, or unreadable, which the next line tells
    return read_one(str(path), settings, labelled and part == "train")


def _files(folder: Path) -> list[Path]:
    """Return the files that may hold data: not hidden, not prose, not a list of the labels."""
    found = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith((".", "_")))
    return [path for path in found if not _is_prose(path) and not path.stem.lower().endswith(("labels", "classes"))]


def _is_prose(path: Path) -> bool:
    return path.suffix.lower() in (*_ENDINGS, ".rst", ".html") and path.stem.lower().startswith(_PROSE)


def _readable(path: Path, settings: DataSettings) -> bool:
    try:
        read_one(str(path), settings, True)
    except UserError:
        return False
    return True


def _texts(folder: Path) -> Iterator[tuple[Part | None, str, Path]]:
    """Yield (split, label, file) of each text in folders of labels, which may stand in folders of splits."""
    for inner in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        part = part_of(inner.name)
        deeper = sorted(path for path in inner.iterdir() if path.is_dir()) if part else []
        for holder in deeper or [inner]:
            for path in sorted(holder.iterdir()):
                if path.is_file() and path.suffix.lower() in _ENDINGS and not path.name.startswith("."):
                    kind = "unlabelled" if part_of(holder.name) == "unlabelled" else part if deeper else None
                    yield kind, holder.name, path


def _read_texts(
    folder: Path, texts: list[tuple[Part | None, str, Path]], settings: DataSettings, labelled: bool
) -> Raw:
    words: list[Any] = []
    encodings = set()
    for _, _, path in texts:
        content = path.read_bytes()
        text, encoding = decode(content, path, settings.encoding) if content.strip() else ("", "utf-8")
        words.append(text)
        encodings.add(encoding)
    columns = {"text": words, "folder": [None if part == "unlabelled" else label for part, label, _ in texts]}
    parts: list[Part] | None = [part or "train" for part, _, _ in texts] if any(part for part, _, _ in texts) else None
    mark = digest([*words, *(f"{part} {label} {path.name}" for part, label, path in texts)])
    table = Table(folder.name, columns, "folder", mark, parts, ", ".join(sorted(encodings)))
    return to_raw(table, replace(settings, text="text", label="folder"), labelled)
