"""Settings are frozen dataclasses: the only source of flags, YAML keys, forms, help and search spaces.

A field's help is the docstring under it; its range or choices stand in its annotation:

    learning_rate: Annotated[float, Range(1e-6, 1e-2, log=True)] = 3e-5
    \"\"\"Step size at the end of warm-up.\"\"\"
"""

import ast
import inspect
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from haoqi.core.errors import UserError, unknown
from haoqi.core.say import say

T = TypeVar("T")


@dataclass(frozen=True)
class Range:
    """The values a number may take, both ends allowed; what an explorer may search."""

    low: float
    high: float
    log: bool = False
    """Whether steps are ratios rather than differences."""
    search: bool = True
    """Whether an explorer may vary it; a person always may."""

    def check(self, value: Any) -> str:
        """Return what is wrong with a value, or nothing."""
        if isinstance(value, int | float) and not isinstance(value, bool) and self.low <= value <= self.high:
            return ""
        return f"must lie between {_digits(self.low)} and {_digits(self.high)}"

    def __str__(self) -> str:
        return f"{_digits(self.low)} to {_digits(self.high)}"


@dataclass(frozen=True, init=False)
class Choices:
    """The values a setting may take, one of a list; what an explorer may search."""

    values: tuple[Any, ...]
    search: bool

    def __init__(self, *values: Any, search: bool = True) -> None:
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "search", search)

    def check(self, value: Any) -> str:
        """Return what is wrong with a value, or nothing."""
        return "" if value in self.values else f"must be one of {self}"

    def __str__(self) -> str:
        return ", ".join(map(str, self.values))


@dataclass(frozen=True)
class Setting:
    """One field of a settings class, with all that a flag, a form or a page needs."""

    name: str
    kind: Any
    default: Any
    help: str
    limits: Range | Choices | None
    facts: tuple[Any, ...] = ()
    """What else its annotation says, for whoever put it there."""

    @property
    def required(self) -> bool:
        return self.default is MISSING


@cache
def settings_of(maker: Callable[..., Any]) -> tuple[Setting, ...]:
    """Return the settings of a dataclass, or of a function's keyword arguments, in order."""
    hints = get_type_hints(maker, include_extras=True)
    if is_dataclass(maker):
        notes = _notes(maker)
        found = []
        own = inspect.get_annotations(maker)
        for field in sorted(fields(maker), key=lambda field: field.name not in own):  # before those of parents
            if not field.init:
                continue
            default = field.default_factory() if field.default_factory is not MISSING else field.default
            found.append(_setting(field.name, hints[field.name], default, notes.get(field.name, "")))
        return tuple(found)
    empty = inspect.Parameter.empty
    return tuple(
        _setting(p.name, hints.get(p.name, Any), MISSING if p.default is empty else p.default, "")
        for p in inspect.signature(maker).parameters.values()
    )


def build(maker: Callable[..., T], values: Mapping[str, Any], whose: str) -> T:
    """Return maker(**values) after every value was checked and brought to its type.

    Args:
        maker: a settings dataclass, or a function with annotated keyword arguments.
        values: what a person, a file or a ledger gave; strings are read as their setting's type.
        whose: how an error names it, such as "the method lora".

    Raises:
        UserError: for an unknown or missing setting, a wrong type, or a value out of range.
    """
    known = {setting.name: setting for setting in settings_of(maker)}
    for name in values:
        if name not in known:
            error = unknown("setting", name, known)
            raise UserError(f"{whose} has no setting {name}", error.hint)
    for setting in known.values():
        if setting.required and setting.name not in values:
            raise UserError(f"{whose} needs the setting {setting.name}", setting.help)
    return maker(**{name: coerce(known[name], value, whose) for name, value in values.items()})


def coerce(setting: Setting, value: Any, whose: str) -> Any:
    """Return a value in its setting's type, or raise UserError that says what was wanted."""
    problem, read = "", value
    try:
        read = _as(setting.kind, value)
    except (TypeError, ValueError, OverflowError):  # int(inf) overflows
        problem = f"must be {spell(setting.kind)}"
    if not problem and setting.limits is not None and read is not None:
        members = read if isinstance(read, tuple) else (read,)
        problem = next((found for member in members if (found := setting.limits.check(member))), "")
    if problem:
        raise UserError(f"{whose}: {setting.name} {problem}, but is {value!r}", setting.help)
    return read


def load_yaml(path: Path) -> dict[str, Any]:
    """Return the keys of a YAML file of settings.

    Raises:
        UserError: if there is no such file, it is not YAML, or not a mapping.
    """
    import yaml

    hint = say("yaml_file.hint")
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(say("file.none", path=str(path)), say("file.none.hint")) from None
    except OSError as error:
        raise UserError(say("file.unreadable", path=str(path), strerror=error.strerror), hint) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        facts = {"path": str(path)}
        bad = (
            say("yaml_file.bad", **facts) if where is None else say("yaml_file.bad_line", line=where.line + 1, **facts)
        )
        raise UserError(bad, hint) from None
    if not isinstance(found, dict):
        raise UserError(say("yaml_file.empty", path=str(path)), hint)
    return {str(key).replace("-", "_"): value for key, value in found.items()}


def as_plain(settings: Any) -> Any:
    """Return settings as what JSON and YAML can hold, nested dataclasses included."""
    if is_dataclass(settings) and not isinstance(settings, type):
        return {field.name: as_plain(getattr(settings, field.name)) for field in fields(settings) if field.init}
    if isinstance(settings, Mapping):
        return {str(key): as_plain(value) for key, value in settings.items()}
    if isinstance(settings, list | tuple | frozenset | set):
        return [as_plain(value) for value in settings]
    if isinstance(settings, Path):
        return str(settings)
    return settings


def spell(kind: Any) -> str:
    """Return a type as a person reads it: "a whole number", "a list, each text"."""
    if get_origin(kind) in (Union, types.UnionType):
        return " or ".join(spell(one) for one in get_args(kind) if one is not type(None))
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(map(str, get_args(kind)))
    if get_origin(kind) is tuple:
        inner = get_args(kind)
        return f"{'a list' if inner[-1] is Ellipsis else f'{len(inner)} values'}, each {spell(inner[0])}"
    names = {int: "a whole number", float: "a number", bool: "true or false", str: "text", Path: "a path"}
    return names.get(kind, getattr(kind, "__name__", str(kind)))


def _setting(name: str, hint: Any, default: Any, help: str) -> Setting:
    limits, extras = None, []
    if get_origin(hint) is Annotated:
        hint, *extras = get_args(hint)
        limits = next((extra for extra in extras if isinstance(extra, Range | Choices)), None)
    facts = tuple(extra for extra in extras if not isinstance(extra, Range | Choices))
    return Setting(name, hint, default, help, limits, facts)


def _notes(owner: type) -> dict[str, str]:
    """Return the docstring under each field of a class, parents first."""
    notes: dict[str, str] = {}
    for one in reversed(owner.__mro__):
        if not is_dataclass(one):
            continue
        body = ast.parse(dedent(inspect.getsource(one))).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, note in zip(body.body, body.body[1:], strict=False):
            if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)):
                continue
            if isinstance(note, ast.Expr) and isinstance(note.value, ast.Constant):
                notes[field.target.id] = " ".join(str(note.value.value).split())
    return notes


def _as(kind: Any, value: Any) -> Any:
    """Return a value as a type; a string is read, anything else must already fit."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if origin is Annotated:
        return _as(inner[0], value)
    if origin in (Union, types.UnionType):
        return _as_union(inner, value)
    if origin is Literal:
        for choice in inner:
            if choice == value or str(choice) == value:
                return choice
        raise ValueError(value)
    if origin is tuple:
        return _as_tuple(inner, value)
    if origin in (dict, Mapping) or (origin is not None and issubclass(origin, Mapping)):
        return dict(value)
    return _as_scalar(kind, value)


def _as_tuple(kinds: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    members = [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else list(value)
    if kinds[-1] is Ellipsis:
        return tuple(_as(kinds[0], member) for member in members)
    return tuple(_as(kind, member) for kind, member in zip(kinds, members, strict=True))


def _as_union(kinds: tuple[Any, ...], value: Any) -> Any:
    if type(None) in kinds and (value is None or value == ""):
        return None
    for kind in kinds:
        if kind is not type(None):
            try:
                return _as(kind, value)
            except (TypeError, ValueError, OverflowError):
                continue
    raise ValueError(value)


def _as_scalar(kind: Any, value: Any) -> Any:
    if kind is bool:
        if isinstance(value, bool):
            return value
        return {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}[_word(value)]
    if kind in (int, float):
        if isinstance(value, bool):
            raise TypeError(value)
        number = float(value)
        if kind is int and number != int(number):
            raise ValueError(value)
        return kind(value) if kind is float else int(number)
    if kind is Path:
        return Path(value)
    if kind is str:
        if not isinstance(value, str):
            raise TypeError(value)
        return value
    if isinstance(kind, type) and is_dataclass(kind) and isinstance(value, Mapping):
        return build(kind, value, kind.__name__)
    if isinstance(kind, type) and not isinstance(value, kind):
        raise TypeError(value)
    return value


def _word(value: Any) -> str:
    word = str(value).lower()
    if word not in {"true", "yes", "on", "false", "no", "off"}:
        raise ValueError(value)
    return word


def _digits(number: float) -> str:
    """Return a number without an exponent where it is whole: 2,000,000 rather than 2e+06."""
    return f"{int(number):,}" if number == int(number) else f"{number:g}"
