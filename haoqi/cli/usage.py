"""How commands are read from words, and how their help looks: calm, aligned, the same at every width."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from haoqi.core.errors import UserError, unknown
from haoqi.core.say import say


class Command(TyperCommand):
    """A command whose options stand in the help under the heading that they name."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the words after the command's name in its line of usage."""
        return ["[OPTIONS]", *(_piece(one) for one in self.get_params(ctx) if one.param_type_name == "argument")]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments and options, heading by heading."""
        _write_parameters(self, ctx, formatter)


class Group(TyperGroup):
    """Commands that answer to a wrong name with the nearest right one."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that the words name."""
        if not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            hint = unknown("command", args[0], self.list_commands(ctx)).hint
            raise UserError(say("usage.no_command", path=ctx.command_path, name=args[0]), hint)
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, heading by heading, then the options."""
        headings: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                line = (command.help or "").strip().split("\n")[0].rstrip(".")
                headings.setdefault(_heading(command, "Commands"), []).append((name, line))
        width = max(len(name) for rows in headings.values() for name, _ in rows)
        for heading, rows in headings.items():
            with formatter.section(_bold(heading)):
                formatter.write_dl([(name.ljust(width), line) for name, line in rows])
        _write_parameters(self, ctx, formatter)


def explained(error: Any) -> UserError:
    """Return what was wrong with the words of a command, and the nearest right ones."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "haoqi"
    option = getattr(error, "option_name", None)
    if option is not None and context is not None and type(error).__name__ == "NoSuchOption":
        known = [name for one in context.command.params for name in (*one.opts, *one.secondary_opts)]
        near = get_close_matches(option, [name for name in known if name.startswith("--")], n=1, cutoff=0.6)
        listed = say("usage.listed", path=path)
        return UserError(
            say("usage.no_option", path=path, option=option),
            say("usage.near", near=near[0], listed=listed) if near else listed,
        )
    said = " ".join(str(error.format_message()).split()).rstrip(".")
    return UserError(said[:1].lower() + said[1:], say("usage.help", path=path))


def add(group: typer.Typer, heading: str, *functions: Callable[..., Any]) -> None:
    """Add functions to a group as commands, each under its own name, all under one heading."""
    for function in functions:
        name = function.__name__.strip("_").replace("_", "-")
        group.command(name, cls=Command, rich_help_panel=heading)(function)


def _write_parameters(command: Any, ctx: Any, formatter: Any) -> None:
    headings: dict[str, list[tuple[str, str]]] = {}
    for one in command.get_params(ctx):
        if getattr(one, "hidden", False):
            continue
        argument = one.param_type_name == "argument"
        row = (_usage_of(one) if argument else _spelt(one), one.help or "")
        headings.setdefault(_heading(one, "Arguments" if argument else "Options"), []).append(row)
    for heading, rows in headings.items():
        with formatter.section(_bold(heading)):
            formatter.write_dl(rows)


def _piece(argument: Any) -> str:
    """Return an argument as the line of usage shows it: brackets where it may be left out, dots where it may recur."""
    name = _usage_of(argument) + ("..." if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _usage_of(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _spelt(option: Any) -> str:
    """Return an option as it is typed."""
    names = ", ".join(sorted(option.opts, key=len))
    if option.secondary_opts:
        return f"{names} / {', '.join(option.secondary_opts)}"
    takes = "" if option.is_flag else f" {option.metavar or option.name.upper()}"
    return f"{names}{takes}"


def _heading(one: Any, usual: str) -> str:
    found = getattr(one, "rich_help_panel", None)
    return found if isinstance(found, str) else usual


def _bold(text: str) -> str:
    return typer.style(text, bold=True)
