"""Files that hold a split each: all are read as the training file is, and what differs is told or an error."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from haoqi.core.errors import UserError
from haoqi.core.say import Sentence, joined, named, say
from haoqi.data.raw import Part, Raw, join
from haoqi.data.reading.conform import check_guess, settings_like, spell_like
from haoqi.data.reading.sources import read_one, source_for
from haoqi.data.reading.sources._listing import is_table
from haoqi.data.reading.tables.roles import MissingColumnError
from haoqi.data.settings import DataSettings

_ORDER: tuple[Part, ...] = ("train", "valid", "test", "unlabelled")
_FRACTION = re.compile(r"[-+]?\d*\.\d+")


@dataclass(frozen=True)
class _File:
    """One file and what is known of it before it is read."""

    path: Path
    part: Part
    said: bool
    """Whether a person named it; otherwise its name in a folder made it a split."""

    @property
    def name(self) -> str:
        return self.path.name

    def flags(self, hint: str) -> str:
        """Return a hint whose flags speak of this split."""
        if self.part not in ("valid", "test"):
            return hint
        own = re.sub(r"--(text|label)\b", rf"--{self.part}-\1", hint)
        if isinstance(hint, Sentence):
            facts = {name: self.flags(fact) if isinstance(fact, str) else fact for name, fact in hint.facts.items()}
            made = Sentence(hint.key, facts)
            return made if made == own else own
        return own


def read_splits(
    name: str,
    splits: Sequence[tuple[Part, Path]],
    settings: DataSettings,
    labelled: bool = True,
    *,
    said: bool = False,
) -> Raw:
    """Return the rows of files that hold one split each; the training file decides columns and labels.

    Args:
        name: what the files are called together.
        splits: each file with its split.
        settings: what a person said; `valid_text`, `test_label` and alike name columns of one split.
        labelled: whether there must be labels.
        said: whether a person named the files. A validation or test file that was merely found in a folder and
            has no labels at all is read as unlabelled text; one that was named is an error.

    Raises:
        UserError: if a file cannot be read, lacks a column, or shares no label with the training file.
    """
    files = [_File(path, part, said) for part, path in splits]
    files.sort(key=lambda file: (_ORDER.index(file.part), file.name))
    first, train = files[0], read_one(str(files[0].path), settings, labelled)
    told = list(train.schema.warnings)
    raws: list[tuple[Part | None, Raw]] = [(first.part, train)]
    if train.parts:
        told.append(say("splits.within", name=first.name, part=first.part))
    for file in files[1:]:
        part, raw, warnings = _read_split(file, first, train, settings, labelled=labelled)
        told += [*warnings, *(one for one in raw.schema.warnings if one not in told)]
        raws.append((part, raw))
    listed = [say("column.of_kind", column=file.name, kind=named("split", file.part)) for file in files]
    note = say("splits.are", files=joined(listed))
    schema = replace(train.schema, source=name, rows=0, skipped={}, notes=(note,), warnings=tuple(told))
    return join(_alike(raws), schema)


def _read_split(
    file: _File, first: _File, train: Raw, settings: DataSettings, *, labelled: bool
) -> tuple[Part, Raw, list[str]]:
    """Return the split that a file turns out to be, its rows and warnings."""
    wanted = _settings_for(file, first, train, settings)
    if not labelled or file.part == "unlabelled":
        return file.part, read_one(str(file.path), replace(wanted, label=None), False), []
    try:
        raw, told = _read_labelled(file, wanted, train, settings)
    except UserError as error:
        if (blank := _unlabelled(file, wanted, train)) is None:
            raise
        if file.said or file.part == "train":
            raise _no_labels(file, train, error) from None
        return "unlabelled", blank, [_serves_as_text(file)]
    if all(label is None for label in raw.examples.labels):
        if file.said and file.part != "train":
            raise UserError(say("splits.no_labels", name=file.name), say("splits.no_labels.hint", part=file.part))
        return ("unlabelled", raw, [_serves_as_text(file)]) if file.part != "train" else ("train", raw, told)
    if raw.shape != train.shape:
        kinds = {one: say(f"splits.of_{one}") for one in ("labels", "spans", "answers")}
        raise UserError(
            say("splits.kinds", name=first.name, kinds=kinds[train.shape], name2=file.name, kinds2=kinds[raw.shape])
        )
    if train.schema.header == 0 and raw.schema.header:
        told.append(say("splits.header", name=file.name, name2=first.name))
    raw, unknown = _spell(file, first, raw, train)
    return file.part, raw, [*told, *unknown]


def _serves_as_text(file: _File) -> str:
    return say("splits.as_text", name=file.name)


def _settings_for(file: _File, first: _File, train: Raw, settings: DataSettings) -> DataSettings:
    """Return the settings that read a file as the training file was read."""
    wanted = settings_like(settings, train.schema)
    own = {role: getattr(settings, f"{file.part}_{role}", None) for role in ("text", "label")}
    wanted = replace(wanted, **{role: column for role, column in own.items() if column})
    labels = train.examples.labels
    if not wanted.label_separator and not any(isinstance(label, list) for label in labels):
        wanted = replace(wanted, label_separator="none")
    other = first.path.is_dir() or (is_table(file.path) and file.path.suffix != first.path.suffix)
    if settings.format is None and not other:
        wanted = replace(wanted, format=source_for(str(first.path), settings))
    return wanted


def _read_labelled(file: _File, wanted: DataSettings, train: Raw, settings: DataSettings) -> tuple[Raw, list[str]]:
    """Return the rows of a file with their labels, and warnings on columns that stand in for missing ones.

    Raises:
        MissingColumnError: if the label is not there, or several columns could be the text.
        UserError: if the file cannot be read.
    """
    try:
        return read_one(str(file.path), wanted, True), []
    except MissingColumnError as error:
        own = any(getattr(settings, f"{file.part}_{role}", None) for role in error.roles)
        if error.roles <= {"group", "time"} and file.part != "train":
            roles = " and ".join(sorted(error.roles))
            raw, told = _read_labelled(file, replace(wanted, **dict.fromkeys(error.roles)), train, settings)  # type: ignore[arg-type]
            return raw, [*told, say("splits.no_role", name=file.name, roles=roles, source=train.schema.source)]
        if error.roles != {"text"} or own or file.part == "train":
            raise _with_flags(file, error, error.what) from None
        guess = read_one(str(file.path), replace(wanted, text=None), True)
        try:
            told = check_guess(error, guess.schema, train.schema)
        except MissingColumnError:
            raise _with_flags(file, error, error.what) from None
        return guess, [say("marks.note", name=file.name, note=file.flags(one)) for one in told]


def _with_flags(file: _File, error: MissingColumnError, what: str) -> MissingColumnError:
    found = MissingColumnError(what, file.flags(error.hint))
    found.roles = error.roles
    return found


def _unlabelled(file: _File, wanted: DataSettings, train: Raw) -> Raw | None:
    """Return the texts of a file that has no labels at all; None where it has, or cannot be read."""
    try:
        blank = read_one(str(file.path), replace(wanted, label=None), False)
    except UserError:
        return None
    known = {*train.schema.columns.values(), *train.schema.left_out}
    here = set(blank.schema.left_out)
    if train.schema.columns.get("label") in here or wanted.label in here:
        return None  # it is there, and what is wrong with it is the error
    try:
        guess = read_one(str(file.path), replace(wanted, label=None), True)
    except UserError:
        return blank
    # A column that the training file has, too, was not its label either.
    return blank if guess.schema.columns.get("label") in known else None


def _no_labels(file: _File, train: Raw, error: UserError) -> UserError:
    if isinstance(error, MissingColumnError):
        return error
    column = train.schema.columns.get("label")
    if column:
        what = say("splits.no_column", name=file.name, column=column, source=train.schema.source)
    else:
        what = say("fault.no_labels", source=file.name)
    return UserError(what, say("splits.give_labels.hint", part=file.part))


def _spell(file: _File, first: _File, raw: Raw, train: Raw) -> tuple[Raw, list[str]]:
    """Return rows whose labels are spelt as in training, and a warning that names those that training never has.

    Raises:
        UserError: if none of the labels is known: a score of 0 would say nothing of a model.
    """
    known = _names(train.examples.labels)
    if train.shape == "labels" and not _are_classes(train.examples.labels):
        return raw, []
    found = spell_like(raw.examples.labels, list(known))
    raw = replace(raw, examples=replace(raw.examples, labels=found.labels))
    if not found.unknown or file.part == "train":
        return raw, []
    listed = ", ".join(f"{name} ({count:,})" for name, count in list(found.unknown.items())[:5])
    if not set(_names(found.labels)) & set(known):
        own = ", ".join(name for name, _ in known.most_common(8))
        raise UserError(
            say("splits.no_common", name=file.name, name2=first.name, listed=listed, own=own),
            say("splits.no_common.hint", part=file.part),
        )
    return raw, [say("splits.unknown", name=file.name, name2=first.name, listed=listed)]


def _names(labels: Sequence[Any]) -> Counter[str]:
    names: Counter[str] = Counter()
    for label in labels:
        if isinstance(label, str):
            names[label] += 1
        elif isinstance(label, list | tuple):
            names.update(str(getattr(part, "label", part)) for part in label)
    return names


def _are_classes(labels: Sequence[Any]) -> bool:
    """Return whether labels are names of classes: they repeat, and are no numbers with fractions."""
    names = _names(labels)
    fractions = sum(_FRACTION.fullmatch(name) is not None for name in names)
    return len(names) <= max(2, 0.5 * sum(names.values())) and fractions <= 0.5 * len(names)


def _alike(raws: list[tuple[Part | None, Raw]]) -> list[tuple[Part | None, Raw]]:
    """Return splits in which labels are lists everywhere if they are lists anywhere."""
    if not any(isinstance(label, list) for _, raw in raws for label in raw.examples.labels):
        return raws

    def wrap(raw: Raw) -> Raw:
        labels = [[label] if isinstance(label, str) else label for label in raw.examples.labels]
        return replace(raw, examples=replace(raw.examples, labels=labels))

    return [(part, wrap(raw)) for part, raw in raws]
