"""`haoqi compile`: in which form a release computes fastest on this machine, measured and kept."""

from typing import Annotated, Any

import typer

from haoqi.cli import words
from haoqi.cli.flags import with_flags
from haoqi.cli.releases import READING, Json, Name
from haoqi.core.say import say
from haoqi.data.settings import DataSettings

File = Annotated[
    str | None,
    typer.Argument(metavar="FILE", help="Labelled text to compare answers on; else the run's validation examples."),
]

TruncatedPass = Annotated[
    bool,
    typer.Option(
        "--truncated-pass/--no-truncated-pass",
        help="Whether the beginning of a long text may answer where its confidence margin is large.",
    ),
]
# The earlier name of the flag, for scripts that have it.
Glance = Annotated[bool | None, typer.Option("--glance/--no-glance", hidden=True)]


@with_flags(DataSettings, only=READING)
def compile_(
    name: Name,
    file: File = None,
    *,
    truncated_pass: TruncatedPass = True,
    glance: Glance = None,
    json: Json = False,
    **settings: Any,
) -> None:
    """Compute a release as fast as this machine can from now on.

    Every form is timed against torch and compared on labelled text: one that changes more than 0.5 % of the answers, or
    loses more than 0.002 of the task's first metric, is not taken, unless a faithful form can answer again the texts
    with a small confidence margin. The uncompiled model stays.
    """
    import sys

    from haoqi import api
    from haoqi.cli.improve import given
    from haoqi.cli.tables import show
    from haoqi.core.errors import UserError

    def tell(line: str) -> None:
        if sys.stderr.isatty():
            print(words.translate(line), file=sys.stderr)

    chosen = given(settings)
    if chosen and file is None:
        raise UserError(
            say("compile.needs_file", flag=f"--{next(iter(chosen)).replace('_', '-')}"),
            f"haoqi compile {name} FILE",
        )
    found = api.compile(name, file, truncated_pass=truncated_pass if glance is None else glance, tell=tell, **chosen)
    rows = [
        {
            "computed by": form,
            "texts/s": _shown(one.texts_per_second, ".0f"),
            "one text, ms": _shown(one.latency_ms, ".1f"),
            "unchanged": _shown(one.unchanged, ".2%"),
            words.metric(found.metric): _shown(one.score, ".4f"),
            "verdict": one.verdict,
        }
        for form, one in found.forms.items()
    ]
    show(rows, plain=json, right=("texts/s", "one text, ms", "unchanged", words.metric(found.metric)))
    if not json:
        print(words.translate(found.words))


def _shown(value: float | None, form: str) -> str | None:
    return None if value is None else format(value, form)
