"""Another file read as the one that was learnt from: the same columns, the same spelling of labels."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from haoqi.core.errors import UserError
from haoqi.core.say import named, say
from haoqi.data.label_paths import join_levels, spell_path
from haoqi.data.raw import Raw
from haoqi.data.reading.tables.roles import MissingColumnError, Roles, choose_roles
from haoqi.data.schema import Schema
from haoqi.data.settings import DataSettings

# What a release says of files to come; encoding, delimiter and header are found anew in each.
_KEPT = ("text", "pair", "context", "label")


@dataclass(frozen=True)
class Conformed:
    """Labels in the spelling that was learnt, and those that were never learnt."""

    labels: list[Any]
    unknown: dict[str, int]
    """Label to the number of rows that have it, the most frequent first."""
    notes: tuple[str, ...] = ()


def settings_like(settings: DataSettings, learnt: Schema) -> DataSettings:
    """Return settings with the columns that were learnt from, where a person names no others."""
    kept = {role: learnt.columns[role] for role in _KEPT if role in learnt.columns and not getattr(settings, role)}
    if learnt.label_separator and not settings.label_separator:
        kept["label_separator"] = learnt.label_separator
    return replace(settings, **kept)  # type: ignore[arg-type]


def read_as_learnt(read: Callable[[DataSettings], Raw], settings: DataSettings, learnt: Schema) -> Raw:
    """Return rows by the columns that were learnt from, or by the only ones that could be meant.

    Args:
        read: gives the rows by settings.
        settings: what the person said.
        learnt: what was learnt from.

    Raises:
        UserError: if the columns are not there and several could be meant.
    """
    wanted = settings_like(settings, learnt)
    try:
        raw = read(wanted)
    except MissingColumnError as error:
        if any(getattr(settings, role) for role in error.roles):
            raise
        nameless = dict.fromkeys(error.roles)
        raw = read(replace(wanted, **nameless))  # type: ignore[arg-type]
        schema = replace(raw.schema, warnings=(*raw.schema.warnings, *check_guess(error, raw.schema, learnt)))
        return replace(raw, schema=schema)
    # Numbers that were the names of columns without any are no places in a table that has names.
    if learnt.header == 0 and raw.schema.header:
        return read(settings)
    why = {**raw.schema.why, **_learnt_from(raw.schema, settings, learnt)}
    return replace(raw, schema=replace(raw.schema, why=why))


def _learnt_from(found: Schema, settings: DataSettings, learnt: Schema) -> dict[str, str]:
    """Return the reason for the columns that are those learnt from, and that no person named."""
    roles = [role for role in _KEPT if role in found.columns and not getattr(settings, role)]
    return {role: say("data.as_learnt") for role in roles if found.columns[role] == learnt.columns.get(role)}


def check_guess(error: MissingColumnError, found: Schema | Roles, learnt: Schema) -> list[str]:
    """Return warnings on the columns that stand in for those that were learnt from.

    Args:
        error: what was missing.
        found: the columns that were guessed in their place.
        learnt: what was learnt from.

    Raises:
        MissingColumnError: the error, if several columns could be meant.
    """
    chosen = found.named() if isinstance(found, Roles) else found.columns
    if "text" in error.roles and "pair" in chosen and "pair" not in learnt.columns:
        raise error  # two texts, of which either could be the one that was learnt from
    warnings: list[str] = []
    for role in sorted(error.roles):
        if role not in chosen or role in found.unsure or found.runners_up.get(role):
            raise error
        told = say("learnt.column_gone", columns=learnt.columns[role], role=named("role", role), named=chosen[role])
        warnings.append(say("learnt.column_gone_flag", told=told, flag=f"--{role}"))
    return warnings


def roles_like(
    name: str, columns: dict[str, list[Any]], settings: DataSettings, learnt: Schema | None, *, header: int | None
) -> tuple[Roles, list[str]]:
    """Return the columns of a file without labels as they were learnt, and warnings.

    Args:
        name: what a person calls the file.
        columns: some of its cells, by column.
        settings: what the person named.
        learnt: how the release's own file was read; None where that is not known.
        header: the row that names the columns, 0: none does, None: the format has no such thing.

    Raises:
        UserError: if the columns are not there and several could be meant.
    """
    if learnt is None or settings.text:
        return choose_roles(name, columns, settings, labelled=False), []
    wanted = replace(settings_like(settings, learnt), label=None)
    try:
        if learnt.header == 0 and header:
            raise _nameless(name, list(columns), learnt)
        return choose_roles(name, columns, wanted, labelled=False), []
    except MissingColumnError as error:
        roles = choose_roles(name, columns, settings, labelled=False)
        return roles, check_guess(error, roles, learnt)


def spell_like(labels: Iterable[Any], known: Sequence[str]) -> Conformed:
    """Return labels as they were spelt in learning: 1.0 and "1" are one, as are True, "true" and a column's 1.

    Args:
        labels: str, list of str, spans, None or other values, which are left as they are.
        known: the labels that were learnt.

    >>> spell_like(["1.0", "0.0", "2"], ["0", "1"])
    Conformed(labels=['1', '0', '2'], unknown={'2': 1}, notes=())
    """
    exact, loose = set(known), _loose(known)
    unknown: Counter[str] = Counter()

    def spell(name: str) -> str:
        found = name if name in exact else loose.get(_plain(name), name)
        found = path if found not in exact and (path := spell_path(found)) in exact else found
        unknown.update([found] if found not in exact else [])
        return found

    found: list[Any] = []
    for label in labels:
        if isinstance(label, str):
            found.append(spell(label))
        elif isinstance(label, list):
            path = join_levels(map(str, label), ">")  # levels in columns of their own
            found.append(path if path in exact else [spell(str(part)) for part in label])
        else:
            found.append(label)
            if isinstance(label, tuple):
                unknown.update(span.label for span in label if hasattr(span, "label") and span.label not in exact)
    return Conformed(found, dict(unknown.most_common()))


def conform(raw: Raw, known: Sequence[str], learnt: str) -> Raw:
    """Return rows whose labels are spelt as they were learnt, those never learnt named in a warning.

    Args:
        raw: labelled rows.
        known: the labels of a release; none where its answers are no classes.
        learnt: what a person calls the release.

    Raises:
        UserError: if none of the labels was learnt: a score of 0 would say nothing of the model.
    """
    if not known:  # numbers are spelt as they come
        return raw
    found = spell_like(raw.examples.labels, known)
    if not found.unknown:
        return replace(raw, examples=replace(raw.examples, labels=found.labels))
    listed = ", ".join(f"{name} ({count:,})" for name, count in list(found.unknown.items())[:5])
    total = sum(found.unknown.values())
    if total >= sum(_count(label) for label in found.labels):
        own = ", ".join(list(known)[:10])
        raise UserError(
            say("learnt.no_label_known", source=raw.schema.source, learnt=learnt, listed=listed, own=own),
            say("learnt.no_label_known.hint"),
        )
    warning = say("learnt.unknown_labels", learnt=learnt, listed=listed)
    schema = replace(raw.schema, warnings=(*raw.schema.warnings, warning))
    return replace(raw, examples=replace(raw.examples, labels=found.labels), schema=schema)


def _count(label: Any) -> int:
    return len(label) if isinstance(label, list | tuple) else int(label is not None)


def _loose(known: Sequence[str]) -> dict[str, str]:
    """Return plain spellings to labels, those of several labels left out."""
    plain = Counter(map(_plain, known))
    found = {_plain(name): name for name in known if plain[_plain(name)] == 1}
    if set(known) <= {"0", "1"}:
        found |= {word: name for word, name in (("true", "1"), ("false", "0")) if name in known}
    if set(known) <= {"true", "false"}:
        found |= {word: name for word, name in (("1", "true"), ("0", "false")) if name in known}
    return found


def _plain(name: str) -> str:
    """Return a spelling in which only numbers and truth values lose what does not matter."""
    stripped = name.strip()
    if stripped.lower() in ("true", "false"):
        return stripped.lower()
    whole, point, zeros = stripped.partition(".")
    return whole if point and zeros and not zeros.strip("0") and whole.lstrip("-").isdecimal() else stripped


def _nameless(name: str, columns: list[str], learnt: Schema) -> MissingColumnError:
    error = MissingColumnError(
        say("learnt.named_columns", name=name, names=", ".join(columns)),
        say("learnt.named_columns.hint"),
    )
    error.roles = frozenset({"text"} & set(learnt.columns))
    return error
