"""`haoqi improve` and `haoqi check`: the main job, and what it would do."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from haoqi.cli.flags import listed, with_flags
from haoqi.run import Run, run_of

Source = Annotated[
    str | None,
    typer.Argument(metavar="SOURCE", help="A file, a folder, a database, a hub data set, or a sample's name."),
]
Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="PATH", help="Take settings from this YAML file; flags go before it."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object per line, for machines.")]
Open = Annotated[bool, typer.Option("--open", help="Open the report when it is written.")]


@with_flags(Run, but=("source",))
def improve(
    source: Source = None, config: Config = None, json: Json = False, open: Open = False, **settings: Any
) -> None:
    """Look for the best model for a file of labelled text, and release it.

    Columns, task and base are guessed where they are not said, and the guess is shown. Ctrl-C ends the
    search in order: what was found so far is released. The same command takes up where it was.
    """
    run = run_of(source, config, **given(settings))
    from haoqi.cli.inspect import asks, settle
    from haoqi.cli.offer import offer

    raw = None
    if asks() and not json:
        run, raw = settle(run)
        offer(run, raw)
    begun = time.perf_counter()  # a busy machine takes seconds to load what follows
    from haoqi import pipeline
    from haoqi.cli.watch import watching

    report: list[str] = []

    with watching(run.release_name, as_json=json) as listen:

        def hear(event: Any) -> None:
            listen(event)
            report.extend([event.report] if hasattr(event, "report") else [])

        pipeline.improve(run, hear, raw, begun=begun)
    if open and report:
        show(Path(report[-1]))


def check(
    config: Annotated[Path, typer.Argument(metavar="RUN.YAML", help="A file of settings.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what a file of settings would do, and write nothing.

    Keys and names are checked, the data are read, and what would be guessed and tried is shown.
    """
    from haoqi.api import preview
    from haoqi.cli.tables import show_facts

    show_facts(preview(run_of(None, config)), plain=json)


def given(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that were given as flags, lists as lists."""
    found = {name: listed(value) if isinstance(value, list) else value for name, value in settings.items()}
    return {name: value for name, value in found.items() if value is not None}


def show(report: Path) -> None:
    """Open a page in the browser."""
    import webbrowser

    webbrowser.open(report.absolute().as_uri())
