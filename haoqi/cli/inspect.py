"""`haoqi inspect`: how a file is read, before anything is learnt from it; and the one question where that is unsure."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from haoqi.cli.flags import with_flags
from haoqi.cli.words import translate, words
from haoqi.core.say import joined, named, say
from haoqi.data.settings import DataSettings

if TYPE_CHECKING:
    from haoqi.data.raw import Raw
    from haoqi.data.schema import Schema
    from haoqi.inspection import Inspection
    from haoqi.run import Run

READING = (
    *("text", "label", "pair", "context", "group", "time", "label_separator", "missing_labels"),
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
    yield words("inspect.read", source=schema.source, count=schema.rows)
    yield from _aligned(_facts(found))
    for warning in [*schema.warnings, *([found.problem] if found.problem else [])]:
        yield words("line.warning", text=translate(warning))
    if schema.kinds:
        yield ""
        yield from drawn([_column(name, kind, schema) for name, kind in schema.kinds.items()]).splitlines()
    if found.rows:
        yield ""
        shown = [{"label": _label(label, text), "text": _cut(text)} for text, label in found.rows]
        yield from drawn(shown).splitlines()


def _facts(found: "Inspection") -> Iterator[tuple[str, str]]:
    schema = found.schema
    yield words("inspect.format"), translate(joined(list(_format(schema))))
    for role, column in schema.columns.items():
        why = schema.why.get(role)
        yield translate(named("role", role)), words("inspect.why", column=column, why=why) if why else column
        if others := schema.runners_up.get(role):
            yield "", words("inspect.others", others=", ".join(others[:4]), role=role)
    if schema.label_separator not in (None, "none"):
        yield words("inspect.labels"), words("inspect.cut", separator=schema.label_separator)
    if found.task:
        yield words("inspect.task"), translate(found.why)
    if found.numbers:
        least, low, high, most = (f"{one:.4g}" for one in found.numbers)
        yield words("inspect.numbers"), words("inspect.spread", least=least, low=low, high=high, most=most)
    elif found.labels:
        first = list(found.labels.items())[:SHOWN_LABELS]
        colon = ":" if any(name[-1:].isdigit() for name, _ in first) else ""  # lest "0 12" look like one number
        listed = ", ".join(f"{name}{colon} {count:,}" for name, count in first)
        more = len(found.labels) - SHOWN_LABELS
        listed = words("list.and_more", listed=listed, more=more) if more > 0 else listed
        yield words("inspect.count_of_labels", count=len(found.labels)), listed
    if found.splits:
        parts = [say("inspect.named_count", name=named("split", part), count=n) for part, n in found.splits.items()]
        yield words("inspect.splits"), translate(joined(parts))
    out = {**schema.skipped, say("left.no_text"): found.without_text, say("left.no_label"): found.without_label}
    if left := [say("inspect.rows", count=count, reason=reason) for reason, count in out.items() if count]:
        yield words("inspect.left_out"), translate(joined(left))
    for note in schema.notes:
        yield words("inspect.note"), translate(note)


def _format(schema: "Schema") -> Iterator[str]:
    yield schema.format
    if schema.encoding:
        yield say("data.encoding", encoding=schema.encoding)
    if schema.delimiter:
        yield say("data.delimiter", delimiter=repr(schema.delimiter))
    if schema.quote:
        yield say("inspect.no_quotes") if schema.quote == "none" else say("inspect.quotes", quote=schema.quote)
    if schema.escape:
        yield say("inspect.escape", escape=schema.escape)
    if schema.sheet:
        yield say("data.sheet", sheet=schema.sheet)
    if schema.header is not None:
        yield say("inspect.header", row=schema.header) if schema.header else say("inspect.no_header")


def _aligned(facts: Iterator[tuple[str, str]]) -> Iterator[str]:
    from rich.cells import cell_len

    rows = list(facts)
    width = max((cell_len(name) for name, _ in rows), default=0)
    for name, value in rows:
        yield f"  {name}{' ' * (width - cell_len(name))}  {value}"


def _column(name: str, kind: str, schema: "Schema") -> dict[str, str]:
    from haoqi.data.reading.tables.column_names import cut_names

    roles = [role for role, said in schema.columns.items() if name == said or name in cut_names(said)]
    read_as = joined([named("role", role) for role in roles]) or say("inspect.unused")
    return {"column": name, "holds": kind, "read as": read_as}


def _label(label: Any, text: str) -> str:
    if isinstance(label, str):
        return label
    spans = [one for one in label if isinstance(one, tuple)]
    if spans:
        return joined([say("inspect.span", words=text[one[0] : one[1]], kind=one[2]) for one in spans])
    return ", ".join(map(str, label)) or say("inspect.no_label")


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
        facts = {"role": named("role", role), "guess": guess, "others": ", ".join(others[:4])}
        said = input(words("inspect.settle", **facts)).strip()
        if said and said != guess:
            answers[role] = said
    if not answers:
        return run, raw
    run = replace(run, data=replace(run.data, **answers))
    return run, data.read(run.data)


def asks() -> bool:
    """Return whether somebody is there to be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()
