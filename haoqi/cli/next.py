"""`haoqi next`: what would pay most next for a release, told from the release alone."""

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from haoqi.cli import words
from haoqi.core.say import say

if TYPE_CHECKING:
    from haoqi.evaluate.advice import Advice, NextStep

Name = Annotated[str, typer.Argument(metavar="NAME", help="A release, such as reviews or reviews@2.")]
File = Annotated[
    Path | None,
    typer.Option("--file", metavar="PATH", help="Write the texts to label or recheck here: .csv or .jsonl."),
]
Step = Annotated[str | None, typer.Option("--step", metavar="STEP", help="Of this step only, such as label-more.")]
Force = Annotated[bool, typer.Option("--force", help="Let --file replace a file that is there.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

COLUMNS = ("step", "row", "text", "label", "suggested", "doubt")
"""Of the file: row counts from 1 as the report does, label is as it stands in the source."""


def next_(name: Name, *, file: File = None, step: Step = None, force: Force = False, json: Json = False) -> None:
    """Say what would pay most next: label, recheck, train longer, or stop.

    Each step has its expected gain with an 80 % interval, and what it costs you and the machine. They were found out
    at the end of the run; --file writes the texts that they are about.
    """
    from haoqi import api

    advice = api.next_steps(name)
    steps = advice.steps if step is None else (advice.step(step),)
    if file is not None:
        _write(file, steps, name, force=force)
    if json:
        import json as encoder

        print(encoder.dumps({**advice.as_plain(), "steps": _plain(advice, steps)}, ensure_ascii=False))
        return
    _show(advice, steps, alone=step is not None)
    if file is not None:
        print(words.words("next.written", file=file, count=sum(len(one.rows) for one in steps)))


def _show(advice: "Advice", steps: "tuple[NextStep, ...]", *, alone: bool) -> None:
    """Print the step to take, the table of all, and why."""
    from haoqi.cli.tables import show
    from haoqi.report.markup import Said
    from haoqi.report.steps import hints_of, in_words, lead_of, name_of, promising_of, reason_of

    if not alone:
        print(in_words(Said("gap")).join(filter(None, (in_words(lead_of(advice)), in_words(promising_of(advice))))))
        for hint in hints_of(advice):
            print(in_words(hint))
        print()
    right = ("gain", "80 % interval", "your time", "machine", "per minute")
    show([_row(one) for one in steps], right=right, spare=("per minute", "80 % interval"))
    print()
    for one in steps:
        print(words.words("stage.told", stage=in_words(name_of(one)), note=in_words(reason_of(one))))


def _row(step: "NextStep") -> dict[str, Any]:
    from haoqi.report.steps import in_words, name_of

    rate = step.per_minute(step.human_seconds)
    rate = step.per_minute(step.compute_seconds) if rate is None else rate
    known = step.low is not None and step.low != step.high
    return {
        "step": in_words(name_of(step)),
        "gain": None if step.gain is None else f"{step.gain:+.3f}",
        "80 % interval": say("range", low=f"{step.low:+.3f}", high=f"{step.high:+.3f}") if known else None,
        "your time": words.seconds(step.human_seconds) if step.human_seconds else None,
        "machine": words.seconds(step.compute_seconds) if step.compute_seconds else None,
        "per minute": None if rate is None else f"{rate:+.4f}",
    }


def _plain(advice: "Advice", steps: "tuple[NextStep, ...]") -> list[Any]:
    kinds = {one.kind for one in steps}
    return [one for one in advice.as_plain()["steps"] if one["kind"] in kinds]


def _write(path: Path, steps: "tuple[NextStep, ...]", name: str, *, force: bool) -> None:
    """Write the texts of some steps, whole or not at all, and never over a file that is there unless told so."""
    from haoqi.batch.partial_file import check_free
    from haoqi.core.errors import UserError
    from haoqi.core.folder import write_atomic

    if path.suffix.lower() not in (".csv", ".tsv", ".jsonl"):
        raise UserError(
            say("next.ending", kind=path.suffix) if path.suffix else say("next.no_ending"), say("next.ending.hint")
        )
    check_free(path, force=force, option="--file")
    rows = [
        dict(zip(COLUMNS, (one.kind, row.row + 1, row.text, row.label, row.instead, round(row.doubt, 4)), strict=True))
        for one in steps
        for row in one.rows
    ]
    if not rows:
        raise UserError(say("next.no_texts", name=name), say("next.no_texts.hint"))
    write_atomic(path, _spelt(rows, path.suffix.lower()))


def _spelt(rows: list[dict[str, Any]], kind: str) -> str:
    import json

    if kind == ".jsonl":
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, delimiter="\t" if kind == ".tsv" else ",", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
