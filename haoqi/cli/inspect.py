"""`haoqi inspect`: how a file is read, before anything is learnt from it; and the one question where that is unsure."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from haoqi.cli.flags import with_flags
from haoqi.data.settings import DataSettings

if TYPE_CHECKING:
    from haoqi.data.raw import Raw
    from haoqi.data.schema import Schema
    from haoqi.inspection import Inspection
    from haoqi.run import Run

READING = (
    *("text", "label", "pair", "group", "time", "label_separator", "missing_labels"),
    *("format", "delimiter", "quote", "escape", "header", "sheet", "encoding", "query"),
    *("train_file", "valid_file", "test_file", "valid_text", "valid_label", "test_text", "test_label"),
    *("bad_rows", "max_characters"),
)
SHOWN_CHARACTERS = 200
SHOWN_LABELS = 12


@with_flags(DataSettings, only=READING)
def inspect(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="What `haoqi improve` would learn from.")],
    task: Annotated[str | None, typer.Option("--task", help="What is to be learnt; guessed when left out.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    yaml: Annotated[bool, typer.Option("--yaml", help="Print settings for `haoqi improve --config`.")] = False,
    **settings: Any,
) -> None:
    """Say how a file is read: what is read as what, why, what else it could be, and five rows as they will be learnt.

    Nothing is learnt or written. What is shown can be kept, edited and given back:
    haoqi inspect reviews.csv --yaml > reviews.yaml, then haoqi improve --config reviews.yaml
    """
    from haoqi import api
    from haoqi.cli.improve import given

    found = api.inspect(source, task=task, **given(settings))
    if json:
        import json as notation

        print(notation.dumps(found.to_plain(), ensure_ascii=False, default=str))
    elif yaml:
        print(found.as_yaml(), end="")
    else:
        for line in lines(found):
            print(line)


def lines(found: "Inspection") -> Iterator[str]:
    """Yield an inspection as lines: how it was cut, the columns, the labels, doubts, and some rows."""
    from haoqi.cli.tables import drawn

    schema = found.schema
    yield f"{schema.source}: {schema.rows:,} rows"
    yield from _aligned(_facts(found))
    for warning in [*schema.warnings, *([found.problem] if found.problem else [])]:
        yield f"  warning: {warning}"
    if schema.kinds:
        yield ""
        yield from drawn([_column(name, kind, schema) for name, kind in schema.kinds.items()]).splitlines()
    if found.rows:
        yield ""
        shown = [{"label": _label(label, text), "text": _cut(text)} for text, label in found.rows]
        yield from drawn(shown).splitlines()


def _facts(found: "Inspection") -> Iterator[tuple[str, str]]:
    schema = found.schema
    yield "format", ", ".join(_format(schema))
    for role, column in schema.columns.items():
        why = f": {schema.why[role]}" if schema.why.get(role) else ""
        yield role, f"{column}{why}"
        if others := schema.runners_up.get(role):
            yield "", f"could also be {', '.join(others[:4])}: --{role} COLUMN"
    if schema.label_separator:
        yield "labels", f"cut at {schema.label_separator!r}: --label-separator none reads a cell as one label"
    if found.task:
        yield "task", found.why
    if found.labels:
        told = [f"{name} {count:,}" for name, count in list(found.labels.items())[:SHOWN_LABELS]]
        more = len(found.labels) - SHOWN_LABELS
        yield f"{len(found.labels):,} labels", ", ".join(told) + (f" and {more:,} more" if more > 0 else "")
    if found.splits:
        yield "splits", ", ".join(f"{name} {count:,}" for name, count in found.splits.items())
    out = {**schema.skipped, "without text": found.without_text, "without a label": found.without_label}
    if told := [f"{count:,} rows {reason}" for reason, count in out.items() if count]:
        yield "left out", ", ".join(told)
    for note in schema.notes:
        yield "note", note


def _format(schema: "Schema") -> Iterator[str]:
    yield schema.format
    if schema.encoding:
        yield f"encoding {schema.encoding}"
    if schema.delimiter:
        yield f"delimiter {schema.delimiter!r}"
    if schema.quote:
        yield "no quotes" if schema.quote == "none" else f"quotes {schema.quote}"
    if schema.escape:
        yield f"escape {schema.escape}"
    if schema.sheet:
        yield f"sheet {schema.sheet}"
    if schema.header is not None:
        yield f"names of columns in row {schema.header}" if schema.header else "no names of columns"


def _aligned(facts: Iterator[tuple[str, str]]) -> Iterator[str]:
    rows = list(facts)
    width = max((len(name) for name, _ in rows), default=0)
    for name, value in rows:
        yield f"  {name:{width}}  {value}"


def _column(name: str, kind: str, schema: "Schema") -> dict[str, str]:
    from haoqi.data.column_names import cut_names

    roles = [role for role, said in schema.columns.items() if name == said or name in cut_names(said)]
    return {"column": name, "holds": kind, "read as": ", ".join(roles) or "left out"}


def _label(label: Any, text: str) -> str:
    if isinstance(label, str):
        return label
    spans = [one for one in label if isinstance(one, tuple)]
    told = [f"{text[one[0] : one[1]]} ({one[2]})" for one in spans] if spans else list(map(str, label))
    return ", ".join(told) or "(none)"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN_CHARACTERS else f"{line[: SHOWN_CHARACTERS - 1]}…"


def settle(run: "Run") -> "tuple[Run, Raw]":
    """Return a run whose unsure columns the person at the terminal has chosen, with its rows.

    One line is asked for each role whose column could about as well be another; Enter takes the guess.
    """
    from dataclasses import replace

    from haoqi import data

    raw = data.read(run.data)
    answers: dict[str, Any] = {}
    for role in raw.schema.unsure:
        guess, others = raw.schema.columns[role], raw.schema.runners_up.get(role, ())
        said = input(f"{role} is column {guess}, or {', '.join(others[:4])}? [{guess}] ").strip()
        if said and said != guess:
            answers[role] = said
    if not answers:
        return run, raw
    run = replace(run, data=replace(run.data, **answers))
    return run, data.read(run.data)


def asks() -> bool:
    """Return whether somebody is there to be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()
