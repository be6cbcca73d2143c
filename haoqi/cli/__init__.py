"""The command line, a file per group of commands: it reads words, calls the hall and draws; it computes nothing."""

from typing import Annotated

import typer

from haoqi.cli import compile, doctor, improve, inspect, next, plugins, predict, releases
from haoqi.cli.usage import Group, add

__all__ = ["app"]

app = typer.Typer(cls=Group, add_completion=False, rich_markup_mode=None)

add(app, "Work", improve.improve, predict.predict, releases.evaluate)
add(app, "Look", inspect.inspect, next.next_, releases.report, releases.releases, improve.check, doctor.doctor)
add(app, "Change", releases.promote, releases.rollback, compile.compile_)
add(app, "Parts", plugins.tasks, plugins.methods, plugins.recipes, plugins.strategies, plugins.reflections)
app.add_typer(plugins.bases, name="bases", rich_help_panel="Parts")
app.add_typer(plugins.samples, name="samples", rich_help_panel="Parts")


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"haoqi {version('haoqi')}")
        raise typer.Exit


@app.callback()
def haoqi(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")] = False,
) -> None:
    """A scientist for language models: give it labelled text, get a released model with its evidence.

    haoqi improve reviews.csv, then haoqi predict reviews "The battery died on day two"
    """
