"""How a source is read, decided in one place: shown, kept with run and release, edited and given back."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from haoqi.core.say import gathered, joined, named, recalled, say
from haoqi.data.reading.tables.column_names import cut_names

# What may be given back as settings, by the name of the field here.
_SETTINGS = ("format", "encoding", "delimiter", "quote", "escape", "header", "sheet", "label_separator")
# The fields that hold sentences; names of columns and labels may be spelt like one, and are none.
_SAID = ("why", "skipped", "notes", "warnings", "kinds")
ROLES = ("text", "pair", "context", "label", "group", "time")


@dataclass(frozen=True)
class Schema:
    """What a source was taken for, in words and values that a person can check and change."""

    source: str
    """Name as it is shown to a person."""
    format: str
    encoding: str | None = None
    delimiter: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    """Role ("text", "label", "pair", "context", "group", "time") to the column chosen; several with commas between."""
    why: Mapping[str, str] = field(default_factory=dict)
    """Role to the reason for its column."""
    rows: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    """Reason to the number of rows left out for it."""
    notes: Sequence[str] = ()
    """Plain sentences on whatever else was decided."""
    warnings: Sequence[str] = ()
    """Sentences on what may be wrong, each with the flag that says otherwise."""
    quote: str | None = None
    """What encloses cells; "none" where quotes are characters like others; None where the format has no such thing."""
    escape: str | None = None
    """What stands before a quote that is part of a cell, where quotes are not doubled for that."""
    header: int | None = None
    """Line or row that names the columns, from 1; 0: none does; None where the format has no such thing."""
    sheet: str | None = None
    """Of a workbook."""
    label_separator: str | None = None
    """What stands between the labels of one cell; "none": a cell is one label whatever it holds."""
    runners_up: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Role to the other columns that it could be, the likeliest first."""
    unsure: Sequence[str] = ()
    """Roles for which the first runner-up is about as likely."""
    left_out: Sequence[str] = ()
    """Columns that nothing is learnt from."""
    kinds: Mapping[str, str] = field(default_factory=dict)
    """Column to what its cells are, in words."""

    def lines(self) -> list[str]:
        """Return the schema as sentences, the most telling first; warnings are not among them."""
        how = [self.format]
        how += [say("data.encoding", encoding=self.encoding)] if self.encoding else []
        how += [say("data.delimiter", delimiter=repr(self.delimiter))] if self.delimiter else []
        how += [say("data.sheet", sheet=self.sheet)] if self.sheet else []
        told: list[str] = [say("data.read", source=self.source, count=self.rows, how=joined(how))]
        told += [_chosen(role, self) for role in ROLES if role in self.columns]
        told += [say("data.columns_left_out", names=", ".join(self.left_out))] if self.left_out else []
        told += [say("data.rows_left_out", count=count, reason=reason) for reason, count in self.skipped.items()]
        return [*told, *self.notes]

    def settings(self) -> dict[str, Any]:
        """Return what reads the same source the same way again, by the names of `DataSettings`."""
        found = {name: getattr(self, name) for name in _SETTINGS}
        found |= dict(self.columns)
        return {name: value for name, value in found.items() if value is not None}

    def to_plain(self) -> dict[str, Any]:
        """Return the schema as JSON values, in English."""
        return {name: _plain(value) for name, value in asdict(self).items()}

    def to_saved(self) -> dict[str, Any]:
        """Return the schema as JSON values that keep its sentences in every language."""
        return {**self.to_plain(), "said": gathered([getattr(self, name) for name in _SAID])}

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> "Schema":
        """Return the schema that `to_saved` or `to_plain` wrote; what another version added is passed over."""
        found = {one.name: values[one.name] for one in fields(cls) if one.name in values}
        said = values.get("said", ())
        found |= {name: recalled(found[name], said) for name in ("skipped", "notes", "warnings") if name in found}
        for name in {"why", "kinds"} & found.keys():
            found[name] = {key: recalled(one, said) for key, one in found[name].items()}
        return replace(cls("", ""), **{name: _frozen(value) for name, value in found.items()})


def _chosen(role: str, schema: Schema) -> str:
    """Return a sentence on the column of a role."""
    why = schema.why.get(role)
    others = schema.runners_up.get(role, ()) if role in schema.unsure else ()
    facts = {"role": named("role", role), "column": schema.columns[role]}
    key = "data.columns" if role in ("text", "label") and len(cut_names(schema.columns[role])) > 1 else "data.column"
    told = say(f"{key}_why", why=why, **facts) if why else say(key, **facts)
    return say("data.or_else", told=told, others=", ".join(others[:3]), flag=f"--{role}") if others else told


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
