"""Every command by its heading; a module is imported where one of its commands is asked for."""

from collections.abc import Callable
from importlib import import_module
from inspect import signature
from typing import Annotated, Any

import typer

from haoqi.cli.usage import Group, add

COMMANDS = {
    "Work": (
        "improve.improve",
        "predict.predict",
        "extract.extract",
        "releases.evaluate",
        "pretrain.pretrain",
        "search.index",
        "search.search",
    ),
    "Look": (
        "inspect.inspect",
        "next.next_",
        "releases.report",
        "releases.releases",
        "improve.check",
        "doctor.doctor",
    ),
    "Change": ("releases.promote", "releases.rollback", "compile.compile_", "export.export"),
    "Parts": (
        "plugins.tasks",
        "plugins.methods",
        "plugins.recipes",
        "plugins.strategies",
        "plugins.reflections",
        "plugins.bases",
        "plugins.samples",
    ),
}


def without_words(word: str) -> Callable[[], None] | None:
    """Return the command that a word names, where nothing else need be said; None: let typer read what was said.

    Called as it is it does the same, without the 40 ms that typer takes to prepare its reading of values.
    """
    place = next((place for places in COMMANDS.values() for place in places if _name_of(place) == word), None)
    if place is None:
        return None
    found = _found(place)
    if isinstance(found, typer.Typer) or any(one.default is one.empty for one in signature(found).parameters.values()):
        return None
    return found


def app_for(word: str) -> typer.Typer:
    """Return the command line with the one command that a word names, or with all where it names none."""
    app = typer.Typer(cls=Group, add_completion=False, rich_markup_mode=None)
    app.callback()(haoqi)
    places = [(heading, place) for heading, places in COMMANDS.items() for place in places]
    for heading, place in [one for one in places if _name_of(one[1]) == word] or places:
        found = _found(place)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=_name_of(place), rich_help_panel=heading)
        else:
            add(app, heading, found)
    return app


def _found(place: str) -> typer.Typer | Callable[..., Any]:
    module, _, inside = place.partition(".")
    found: typer.Typer | Callable[..., Any] = getattr(import_module(f"haoqi.cli.{module}"), inside)
    return found


def _name_of(place: str) -> str:
    return place.partition(".")[2].strip("_").replace("_", "-")


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"haoqi {version('haoqi')}")
        raise typer.Exit


def haoqi(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")] = False,
) -> None:
    """A scientist for language models: give it labelled text, get a released model with its evidence.

    haoqi improve reviews.csv, then haoqi predict reviews "The battery died on day two"
    """
