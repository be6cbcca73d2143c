"""`haoqi releases`, `report`, `promote`, `rollback` and `evaluate`: what was released, and how good it is."""

from typing import Annotated, Any

import typer

from haoqi.cli import words
from haoqi.cli.flags import with_flags
from haoqi.core.say import say, spoken
from haoqi.data.settings import DataSettings

# Of the table of releases, what a narrow terminal does without.
SPARE = ("computed by", "beside", "base", "when", "scored", "method")

Name = Annotated[str, typer.Argument(metavar="NAME", help="A release, such as reviews or reviews@2.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def releases(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Of this name only.")] = None,
    json: Json = False,
) -> None:
    """List what was released: when, how good, by which method, and which version answers now."""
    from haoqi.cli.tables import show
    from haoqi.models.releases import releases as published

    names = [published.get(name).name] if name else published.names()
    rows = []
    for each in names:
        now = published.current(each).version
        rows += [_row(one, now, whole=json) for one in reversed(published.list_releases(each))]
    if not rows and not json:
        print(words.words("releases.none"))
    show(rows, plain=json, right=("version",), spare=SPARE)


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
    from haoqi.models.releases import releases as published

    name, _, version = ref.partition("@")
    if not version.isdecimal():
        raise UserError(say("releases.no_version", ref=ref), say("releases.no_version.hint", name=name))
    print(words.words("releases.answers", reference=published.promote(name, int(version)).reference, name=name))


def rollback(name: Annotated[str, typer.Argument(metavar="NAME", help="The release's name.")]) -> None:
    """Let the version that answered before do so again."""
    from haoqi.models.releases import releases as published

    print(words.words("releases.answers", reference=published.rollback(name).reference, name=name))


_COLUMNS = ("text", "label", "pair", "context", "label_separator", "missing_labels")
_FORMAT = ("format", "delimiter", "quote", "escape", "header", "sheet", "encoding", "query")
READING = (*_COLUMNS, *_FORMAT, "bad_rows", "max_characters", "limit")


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
    from haoqi.core.events import Note
    from haoqi.evaluate import headline_words
    from haoqi.report.steps import in_words

    def listen(event: Any) -> None:
        # Which columns are scored is told in a script, too: a wrong one would give a score all the same.
        if (sys.stderr.isatty() or isinstance(event, Note)) and (line := plain(event)):
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
        rests = {"examples": found.examples, "untested": list(found.untested)}
        told = [{"metric": m, "score": s, "low": lo, "high": hi, **rests} for m, (s, lo, hi) in found.scores.items()]
        show(told, plain=True)
        return
    show(rows, right=("score", "low", "high"))
    metric, (score, low, high) = next(iter(found.scores.items()))
    but = f"; {in_words(headline_words.untested(found.untested))}" if found.untested else ""
    print(f"{words.surely(metric, score, low, high)} ({words.many(found.examples, 'example')}{but})")


def computed_by(folder: Any) -> str:
    """Return what computes a release on this machine."""
    from haoqi.core.errors import UserError
    from haoqi.models.compile import compiled

    try:
        found = compiled.check(folder, read_up_to=0)  # a list reads no model
    except UserError:
        return compiled.UNCOMPILED
    return compiled.UNCOMPILED if found is None or found.chosen is None else found.chosen


def _row(one: Any, now: int, *, whole: bool) -> dict[str, Any]:
    """Return what a table says of a release, all labels named that were not tested where it is for machines."""
    return {
        "name": one.name,
        "version": one.version,
        "when": one.created[:16].replace("T", " "),
        **_scored(one.evidence, whole=whole),
        "method": one.facts.get("method"),
        "base": one.facts.get("base"),
        "computed by": computed_by(one.folder),
        "answers": say("heading.now") if one.version == now else "",
    }


def _scored(evidence: Any, *, whole: bool) -> dict[str, Any]:
    """Return the score that leads and on what it rests, the score beside it, and the labels that were not tested."""
    from haoqi.evaluate import headline_words
    from haoqi.evaluate.headline import headline

    found = headline(evidence)
    if found is None:
        return dict.fromkeys(("metric", "score", "interval", "scored", "beside", "not tested"))
    lead, other = found.lead, found.beside
    language = "en" if whole else None
    beside = None if other is None else f"{words.score(other.score)} {spoken(headline_words.place(other), language)}"
    return {
        "metric": words.metric_said(lead.metric),
        "score": words.score(lead.score),
        "interval": say("range", low=words.score(lead.low), high=words.score(lead.high)),
        "scored": spoken(headline_words.place(lead), language),
        "beside": beside,
        "not tested": list(found.untested) if whole else spoken(headline_words.listed(found.untested)),
    }
