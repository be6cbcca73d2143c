"""How commands are read from words, and how their help looks: calm, aligned, the same at every width."""

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from shlex import quote
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from haoqi.core.errors import UserError, unknown
from haoqi.core.say import joined, say


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


def explained(error: Any, arguments: Sequence[str] = ()) -> UserError:
    """Return what was wrong with the words of a command, and the nearest right ones.

    Args:
        error: what the reading of the words raised.
        arguments: the words, `haoqi` apart.
    """
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "haoqi"
    if type(error).__name__ == "NoSuchOption" and context is not None:
        return _no_option(context, error.option_name, list(arguments))
    said = " ".join(str(error.format_message()).split()).rstrip(".")
    return UserError(said[:1].lower() + said[1:], say("usage.help", path=path))


def _no_option(context: Any, option: str, arguments: list[str]) -> UserError:
    """Return what was meant by a word that begins with a dash: an option that is spelt otherwise, or a text."""
    path, parameters = context.command_path, context.command.params
    listed = say("usage.listed", path=path)
    word = next((word for word in arguments if word.startswith(option)), None)
    if word is not None and any(one.param_type_name == "argument" for one in parameters):
        apart = say("usage.dashes", command=_apart(arguments, word))
        if any(character.isspace() for character in word):
            return UserError(say("usage.read_as_option", word=word, path=path), apart)
        if not word.startswith("--"):
            return UserError(
                say("usage.no_option", path=path, option=word), joined([listed, apart], by="list.semicolon")
            )
    known = [name for one in parameters for name in (*one.opts, *one.secondary_opts) if name.startswith("--")]
    near = get_close_matches(option, known, n=1, cutoff=0.6)
    hint = say("usage.near", near=near[0], listed=listed) if near else listed
    return UserError(say("usage.no_option", path=path, option=option), hint)


def _apart(arguments: list[str], word: str) -> str:
    """Return a command as it is typed where a word of it begins with a dash and is no option."""
    place = arguments.index(word)
    others = [*arguments[:place], *arguments[place + 1 :]]
    return " ".join(["haoqi", *map(_quoted, others), "--", _quoted(word)])


def _quoted(word: str) -> str:
    """Return a word as a shell reads it, in double quotes where these do.

    >>> _quoted("reviews"), _quoted("-5 stars"), _quoted('the "best"')
    ('reviews', '"-5 stars"', '\'the "best"\'')
    """
    plain = quote(word)
    return f'"{word}"' if plain != word and not set(word) & set('"$`\\!') else plain


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
