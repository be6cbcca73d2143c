"""Files whose place says their class: folders called like labels, or a file for each label."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.raw import Part, Raw, digest
from haoqi.data.reading.decoding.decode import decode, decode_all
from haoqi.data.reading.records import part_of
from haoqi.data.reading.sources import source_for
from haoqi.data.reading.sources._listing import (
    PLAIN,
    Listing,
    endings,
    is_table,
    own_words,
    shown,
    split_of,
    texts_below,
    words_of,
)
from haoqi.data.reading.tables.table import Table, to_raw
from haoqi.data.settings import DataSettings

# More files than this beside each other are documents rather than a file for each class.
MOST_CLASSES = 60
# From so many files of a class on, each of them is one text rather than a list of texts.
MANY_FILES = 20
# Files that tell what all of them hold.
_LOOK_AT = 200
# What files beside each other are called that are no classes.
_FILLERS = """my the all text texts data lines examples sentences file files polarity review reviews class label
    labels"""
_SAY_NOTHING = frozenset(_FILLERS.split())
_NO_CLASSES = frozenset(
    """data dataset text texts sentence sentences corpus corpora document documents doc docs label labels class classes
    vocab vocabulary words word wordlist stopwords stopword dict dictionary mapping map notes todo log logs output input
    source src target tgt x y all full sample samples raw clean cleaned index list lists metadata meta config
    requirements examples example questions answers reviews comments tweets annotations gold results predictions
    dump backup copy draft chapter part page section new old final""".split()  # noqa: SIM905
)


@dataclass(frozen=True)
class Place:
    """A file with its class and, where that is known, its split."""

    part: Part | None
    label: str
    path: Path


@dataclass(frozen=True)
class Labelled:
    """Files that hold texts of one class each."""

    places: Sequence[Place]
    by_line: bool
    """Whether each line of a file is a text; otherwise the file is."""
    no_text: Sequence[Path] = ()
    """Files among them that are no texts."""
    warnings: tuple[str, ...] = ()


def label_folders(listing: Listing, splits: dict[Path, Part]) -> Labelled | None:
    """Return the texts of folders called like labels, which may stand in folders of splits; None where there are none.

    The reverse, folders of splits within those of labels, is read as well. Folders further below are part of theirs.
    """
    holders: list[tuple[Part | None, Path]] = [
        (part, inner) for folder, part in splits.items() for inner in _folders(folder)
    ]
    if not holders and not splits:
        holders = [(None, folder) for folder in listing.folders]
    places: list[Place] = []
    no_text: list[Path] = []
    below: Counter[str] = Counter()
    for part, holder in holders:
        texts, others = texts_below(holder)
        no_text += others
        inner = {path.relative_to(holder).parts[0] for path in texts if path.parent != holder}
        by_split = part is None and bool(inner) and all(part_of(name) for name in inner)
        below[holder.name] += 0 if by_split else len(inner)
        for path in texts:
            own = split_of(Path(path.relative_to(holder).parts[0])) if by_split and path.parent != holder else part
            places.append(Place("unlabelled" if part_of(holder.name) == "unlabelled" else own, holder.name, path))
    if len({place.label for place in places}) < 2:
        return None
    warnings = []
    if deep := [name for name, count in below.items() if count > 1]:
        warnings.append(say("classes.folders_within", name=listing.folder.name, names=", ".join(deep[:5])))
    if listing.files:
        warnings.append(say("classes.files_beside", files=shown(listing.files)))
    return Labelled(places, False, no_text, tuple(warnings))


def class_files(files: Sequence[tuple[Part | None, Path]]) -> Labelled | None:
    """Return the texts of files called like classes, such as pos.txt and neg.txt; None where they are none.

    Args:
        files: all files that may hold data, each with its split.
    """
    names = _class_names([path for _, path in files])
    if names is None:
        return None
    groups: dict[tuple[Part | None, str], list[Path]] = defaultdict(list)
    for (part, path), name in zip(files, names, strict=True):
        groups[part, name].append(path)
    learnt = {name for part, name in groups if part in (None, "train")}
    if not 2 <= len(learnt) <= MOST_CLASSES or any(name not in learnt for _, name in groups):
        return None
    some = [path for _, path in files][:: max(1, len(files) // _LOOK_AT)]
    lines = [_lines(path) for path in some]
    if any(_is_table(few) or _is_document(few) for few in lines if len(few) >= 5):
        return None
    if any(map(_has_labels, some)):
        return None
    places = [Place(part, name, path) for (part, path), name in zip(files, names, strict=True)]
    usual = median(sum(bool(line.strip()) for line in few) for few in lines)
    numbered = max(map(len, groups.values())) > 1
    if numbered and min(map(len, groups.values())) >= MANY_FILES:
        return Labelled(places, False)
    shared = len(some) == len(files) and _overlap(lines, names)
    return Labelled(places, True) if usual >= 5 and not shared else None


def read_labelled(name: str, found: Labelled, settings: DataSettings, labelled: bool) -> Raw:
    """Return the texts of files with the classes that their places say.

    Files that are no text are left out and told, up to the share of bad rows and at least one.

    Raises:
        UserError: if more files than that are no text.
    """
    texts: list[str] = []
    kept: list[Place] = []
    encodings: Counter[str] = Counter()
    odd: list[Path] = []
    told: list[str] = []
    contents = [(place.path, place.path.read_bytes()) for place in found.places]
    for place, decoded in zip(found.places, decode_all(contents, settings.encoding), strict=True):
        if decoded is None:
            odd.append(place.path)
            continue
        encodings[decoded.described] += 1
        told += [decoded.note] if decoded.note else []
        text = decoded.text
        pieces = [line.strip() for line in text.splitlines() if line.strip()] if found.by_line else [text]
        texts += pieces
        kept += [place] * len(pieces)
    warnings = [*found.warnings, *told[:1], *_told_odd(name, odd, found, settings)]
    column = "file" if found.by_line else "folder"
    labels = [None if place.part == "unlabelled" else place.label for place in kept]
    splits: list[Part] = [place.part or "train" for place in kept]
    mark = digest([*texts, *(f"{place.part} {place.label} {place.path.name}" for place in kept)])
    table = Table(
        name,
        {"text": texts, column: labels},
        "folder",
        mark,
        splits if any(place.part for place in kept) else None,
        ", ".join(encoding for encoding, _ in sorted(encodings.most_common(3))),
        skipped={say("left.no_text_file"): len(odd)} if odd else {},
        warnings=tuple(warnings),
        roles={"text": "text", "label": column},
        why={
            "text": say("column.text_a_line") if found.by_line else say("column.text_a_file"),
            "label": say(f"column.names_of_{column}s"),
        },
    )
    return to_raw(table, replace(settings, label_separator=settings.label_separator or "none"), labelled)


def _told_odd(name: str, odd: Sequence[Path], found: Labelled, settings: DataSettings) -> list[str]:
    """Return warnings on the files that are no text.

    Raises:
        UserError: if they are more than may be left out.
    """
    total = len(found.places)
    allowed = 0 if settings.bad_rows == 0 else max(1, int(settings.bad_share() * total))
    if len(odd) > allowed or len(odd) == total:
        raise UserError(
            say("classes.no_text", count=len(odd), total=total, name=name, odd=shown(odd, 5)),
            say("classes.no_text.hint", value=-(-100 * len(odd) // total) / 100),
        )
    told: list[str] = [say("classes.odd_files", odd=shown(odd, 5))] if odd else []
    return told + ([say("classes.other_files", endings=endings(found.no_text))] if found.no_text else [])


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "__")))


def _class_names(paths: Sequence[Path]) -> list[str] | None:
    """Return the words that tell files apart, numbers aside; None where these are no names of classes."""
    if any(map(is_table, paths)):
        return None
    words = [own_words(path) for path in paths]
    shared = set(words[0]).intersection(*words[1:]) if len(words) > 1 else set()
    own = [[word for word in few if word not in shared and not word.isdecimal()] for few in words]
    # pos1 and pos2 are both pos
    own = [[word.rstrip("0123456789") or word for word in few] for few in own]
    if not all(own) or any(word.lower() in _NO_CLASSES or word.isdecimal() for few in own for word in few):
        return None
    stems = [path.stem for path in paths]
    numbered = any(stem[-1:].isdecimal() for stem in stems)
    plain = all(path.suffix.lower() in PLAIN and not any(map(part_of, words_of(path.stem))) for path in paths)
    # What all share is left out only where it says nothing: news_culture and news_travel are whole names.
    telling = {word.lower() for word in shared} - _SAY_NOTHING
    return stems if plain and not numbered and (telling or not shared) else ["_".join(few) for few in own]


def _lines(path: Path) -> list[str]:
    """Return the lines of a file; none where it is no text."""
    content = path.read_bytes()
    try:
        return decode(content, path)[0].splitlines() if content.strip() else []
    except UserError:
        return []


def _has_labels(path: Path) -> bool:
    """Return whether a file has labels or tags of its own: csv alone claims what nothing else knows."""
    try:
        return source_for(str(path), DataSettings(str(path))) != "csv"
    except UserError:
        return False


def _is_table(lines: Sequence[str]) -> bool:
    """Return whether lines are cut by tabs or marks as those of a table are, or hold records."""
    filled = [line for line in lines if line.strip()]
    tabs = Counter(line.count("\t") for line in filled)
    cut = sum(count for number, count in tabs.items() if number) > 0.5 * len(filled)
    return cut or sum(line.lstrip()[:1] in "{[" for line in filled) > 0.5 * len(filled)


def _overlap(lines: Sequence[Sequence[str]], names: Sequence[str]) -> bool:
    """Return whether files of several classes share many lines, as selections of the same texts do."""
    classes: dict[str, set[str]] = defaultdict(set)
    for few, name in zip(lines, names, strict=True):
        for line in few:
            if line.strip():
                classes[line.strip()].add(name)
    return sum(len(found) > 1 for found in classes.values()) > 0.2 * len(classes)


def _is_document(lines: Sequence[str]) -> bool:
    """Return whether lines are those of one running text: paragraphs with blank lines between them."""
    inside = lines[:-1]
    return sum(not line.strip() for line in inside) > 0.1 * len(inside)
