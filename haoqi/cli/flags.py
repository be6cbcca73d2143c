"""Flags from settings: one for each, so that no list of them is kept by hand."""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import is_dataclass
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import typer

from haoqi.core.config import Choices, Range, Setting, settings_of

F = TypeVar("F", bound=Callable[..., Any])


def with_flags(maker: Callable[..., Any], only: Iterable[str] = (), but: Iterable[str] = ()) -> Callable[[F], F]:
    """Return a decorator that gives a command a flag for every setting, in place of its `**settings`.

    A flag that was not given is None. Values stay as they were typed: whoever builds the settings reads
    and checks them, so that a wrong value is the same error from a flag, a file and Python.

    Args:
        maker: a settings dataclass, which may hold others; each of those has its own heading in the help.
        only: names of the settings wanted; all where empty.
        but: names that the command has as an argument of its own.
    """
    wanted, unwanted = set(only), set(but)
    flags = [
        _flag(setting, heading)
        for heading, setting in _headed(maker, maker.__name__.removesuffix("Settings"))
        if setting.name not in unwanted and (not wanted or setting.name in wanted)
    ]

    def decorate(function: F) -> F:
        own = [p for p in inspect.signature(function).parameters.values() if p.kind is not p.VAR_KEYWORD]
        together = [p.replace(kind=p.KEYWORD_ONLY) for p in own] + flags
        function.__signature__ = inspect.Signature(together)  # type: ignore[attr-defined]
        function.__annotations__ = {p.name: p.annotation for p in together}
        return function

    return decorate


def _headed(maker: Callable[..., Any], heading: str) -> Iterable[tuple[str, Setting]]:
    for setting in settings_of(maker):
        if isinstance(setting.kind, type) and is_dataclass(setting.kind):
            yield from _headed(setting.kind, setting.name.capitalize())
        else:
            yield heading, setting


def _flag(setting: Setting, heading: str) -> inspect.Parameter:
    name = f"--{setting.name.replace('_', '-')}"
    kind: Any = str | None
    metavar: str | None = takes(setting)
    if setting.kind in (bool, bool | None):
        kind, metavar = bool | None, None
        # A switch that is off is shown the way it is typed to turn it on.
        name = f"{name}/--no-{name.removeprefix('--')}"
    elif get_origin(setting.kind) is tuple:
        kind = list[str] | None
    option = typer.Option(name, help=described(setting), metavar=metavar, show_default=False, rich_help_panel=heading)
    annotation = Annotated[kind, option]
    return inspect.Parameter(setting.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def described(setting: Setting) -> str:
    """Return a setting's help with the values that it may take and its default."""
    facts = []
    if isinstance(setting.limits, Range):
        facts.append(f"{_number(setting.limits.low)} to {_number(setting.limits.high)}")
    if setting.default not in (None, (), "") and not setting.required:
        shown = setting.default if setting.kind is not bool else "on" if setting.default else "off"
        facts.append(f"default {shown}")
    return f"{setting.help} ({'; '.join(facts)})".strip() if facts else setting.help


def takes(setting: Setting) -> str:
    """Return the word for what a flag takes.

    >>> takes(Setting("split", str | None, None, "", Choices("random", "time")))
    'random|time'
    """
    if isinstance(setting.limits, Choices):
        return "|".join(str(value) for value in setting.limits.values if value is not None)
    kind = setting.kind
    if get_origin(kind) in (Union, UnionType):
        kind = next(one for one in get_args(kind) if one is not type(None))
    if get_origin(kind) is tuple:
        return "NAME,..."
    return {int: "INTEGER", float: "NUMBER"}.get(kind, "TEXT")


def _number(value: float) -> str:
    """Return a limit as a person writes it: no exponent, thousands apart."""
    return f"{value:,.10g}" if abs(value) >= 1 else f"{value:.10g}"


def listed(values: Iterable[str] | None) -> list[str] | None:
    """Return the members of a flag that was repeated, or given once with commas between."""
    parts = [part.strip() for value in values or () for part in value.split(",")]
    return [part for part in parts if part] or None
