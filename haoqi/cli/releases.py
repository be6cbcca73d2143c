"""`haoqi releases`, `report`, `promote`, `rollback` and `evaluate`: what was released, and how good it is."""

from typing import Annotated, Any

import typer

from haoqi.cli import words
from haoqi.cli.flags import with_flags
from haoqi.core.say import say
from haoqi.data.settings import DataSettings

Name = Annotated[str, typer.Argument(metavar="NAME", help="A release, such as reviews or reviews@2.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def releases(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Of this name only.")] = None,
    json: Json = False,
) -> None:
    """List what was released: when, how good, by which method, and which version answers now."""
    from haoqi.cli.tables import show
    from haoqi.models import releases as hall

    names = [hall.get(name).name] if name else hall.names()
    rows = []
    for each in names:
        now = hall.current(each).version
        rows += [_row(one, now) for one in reversed(hall.list_releases(each))]
    if not rows and not json:
        print(words.words("releases.none"))
    show(rows, plain=json, right=("version",))


def report(
    name: Name,
    open: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Print where the report of a release lies."""
    from haoqi.api import report_of

    path = report_of(name)
    print(path)
    if open:
        from haoqi.cli.improve import show

        show(path)


def promote(ref: Annotated[str, typer.Argument(metavar="NAME@VERSION", help="The version that is to answer.")]) -> None:
    """Let a version answer to the bare name from now on."""
    from haoqi.core.errors import UserError
    from haoqi.models import releases as hall

    name, _, version = ref.partition("@")
    if not version.isdecimal():
        raise UserError(say("releases.no_version", ref=ref), say("releases.no_version.hint", name=name))
    print(words.words("releases.answers", reference=hall.promote(name, int(version)).reference, name=name))


def rollback(name: Annotated[str, typer.Argument(metavar="NAME", help="The release's name.")]) -> None:
    """Let the version that answered before do so again."""
    from haoqi.models import releases as hall

    print(words.words("releases.answers", reference=hall.rollback(name).reference, name=name))


READING = ("text", "label", "pair", "format", "delimiter", "encoding", "query", "bad_rows", "max_characters", "limit")


@with_flags(DataSettings, only=READING)
def evaluate(
    name: Name,
    file: Annotated[str, typer.Argument(metavar="FILE", help="Labelled text that the model has not seen.")],
    json: Json = False,
    **settings: Any,
) -> None:
    """Score a release on labelled text that it has not seen."""
    import sys

    from haoqi import api
    from haoqi.cli.improve import given
    from haoqi.cli.lines import plain
    from haoqi.cli.tables import show

    def listen(event: Any) -> None:
        if sys.stderr.isatty() and (line := plain(event)):
            print(line, file=sys.stderr)

    found = api.evaluate(name, file, listen=listen, **given(settings))
    rows = [
        {
            "metric": words.metric(metric),
            "score": words.score(score),
            "low": words.score(low),
            "high": words.score(high),
        }
        for metric, (score, low, high) in found.scores.items()
    ]
    if json:
        show([{"metric": m, "score": s, "low": lo, "high": hi} for m, (s, lo, hi) in found.scores.items()], plain=True)
        return
    show(rows, right=("score", "low", "high"))
    metric, (score, low, high) = next(iter(found.scores.items()))
    print(words.surely(metric, score, low, high))


def computed_by(folder: Any) -> str:
    """Return what computes a release on this machine."""
    from haoqi.core.errors import UserError
    from haoqi.models import compiled

    try:
        found = compiled.check(folder)
    except UserError:
        return compiled.MASTER
    return compiled.MASTER if found is None or found.chosen is None else found.chosen


def _row(one: Any, now: int) -> dict[str, Any]:
    """Return what a table says of a release."""
    scores = one.evidence.get("test", {}).get("scores", {})
    metric, values = next(iter(scores.items()), (None, None))
    between = say("range", low=words.score(values[1]), high=words.score(values[2])) if values else None
    return {
        "name": one.name,
        "version": one.version,
        "when": one.created[:16].replace("T", " "),
        "metric": words.metric_said(metric) if metric else None,
        "score": words.score(values[0]) if values else None,
        "interval": between,
        "method": one.facts.get("method"),
        "base": one.facts.get("base"),
        "computed by": computed_by(one.folder),
        "answers": say("heading.now") if one.version == now else "",
    }
