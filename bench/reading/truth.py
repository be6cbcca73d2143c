"""What a file says, as whoever wrote it knows it, and whether a reading of it says the same."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Warnings that name one of these flags say that what the flag stands for is in doubt.
DOUBTS = {
    "text": ("--text", "--encoding", "--header", "--quote"),
    "label": ("--label", "--label-separator", "--missing-labels", "--encoding", "--header"),
    "split": ("--test-file",),
    "rows": ("--header", "--quote", "--bad-rows", "--encoding"),
}


@dataclass(frozen=True)
class Truth:
    """The rows of a file: texts, their labels, and their splits where it gives some."""

    texts: Sequence[str]
    labels: Sequence[Any]
    """A name, a set of names, or a tuple of (start, end, name), one a row; None where a row has none."""
    parts: Sequence[str] | None = None
    """The split of each row; None: not looked at."""


@dataclass(frozen=True)
class Case:
    """A file or folder that is read, and what is right for it."""

    data: str
    """The set that its rows are from."""
    kind: str
    """What was done to them: one of the kinds of transcription, or how they are published."""
    name: str
    path: Path
    truths: Sequence[Truth]
    """Each of them is right; none: an error is."""
    or_error: bool = False
    """Whether an error that asks is as right as the truths."""
    said: dict[str, str] = field(default_factory=dict)
    """What the person says beside the name of the file."""


@dataclass(frozen=True)
class Outcome:
    """What came of a case: "right", "wrong" or "asked", with what was seen."""

    kind: str
    seen: str = ""


def read_case(case: Case) -> Outcome:
    """Return how Haoqi reads a case: by what `haoqi improve` does before it learns."""
    from haoqi import tasks
    from haoqi.core.errors import UserError
    from haoqi.data import DataSettings, read

    try:
        raw = read(DataSettings(str(case.path), **case.said))
        tasks.resolve(None, raw)
    except UserError as error:
        fine = not case.truths or case.or_error
        return Outcome("right" if fine else "asked", f"{error.what} | {error.hint}")
    except Exception as error:
        return Outcome("wrong", f"{type(error).__name__}: {error}")
    return judge(case, raw)


def judge(case: Case, raw: Any) -> Outcome:
    """Return whether rows that were read are those of a case, and where not, whether the reading said its doubt."""
    found = Truth(raw.examples.texts, raw.examples.labels, raw.parts or ["train"] * len(raw.examples))
    off = [difference(truth, found) for truth in case.truths]
    if "" in off:
        return Outcome("right")
    roles = {one.split(":")[0] for one in off} or {"text"}
    schema = raw.schema
    chosen = ", ".join(f"{role}={column}" for role, column in schema.columns.items())
    seen = f"{min(off, key=len, default='read, though nothing is right')} [{chosen}; {schema.format}]"
    unsure = set(schema.unsure) if case.truths else set(schema.unsure) & {"text", "label"}
    flags = {flag for role in roles for flag in DOUBTS[role]}
    told = any(flag in warning for warning in schema.warnings for flag in flags)
    doubted = bool(unsure & roles) if case.truths else bool(unsure)
    return Outcome("asked" if doubted or told else "wrong", seen)


def difference(truth: Truth, found: Truth) -> str:
    """Return what of a reading is not the truth, after "text:", "label:", "split:" or "rows:"; nothing where all is.

    Rows may come in another order; blanks at the ends of texts and kinds of line ends do not count.
    """
    wanted, got = _rows(truth), _rows(found)
    if Counter(wanted) == Counter(got):
        return _parts_differ(truth, found)
    if len(wanted) != len(got):
        return f"rows: {len(got)} for {len(wanted)}"
    texts, others = Counter(text for text, _ in wanted), Counter(text for text, _ in got)
    if texts != others:
        return f"text: {next(iter(others - texts))[:60]!r} for {next(iter(texts - others))[:60]!r}"
    labels, other = Counter(label for _, label in wanted), Counter(label for _, label in got)
    strange, missed = next(iter(other - labels), "?"), next(iter(labels - other), "?")
    return f"label: {_shown(strange)} for {_shown(missed)}"


def _shown(label: Any) -> str:
    return repr(sorted(label) if isinstance(label, frozenset) else label)[:60]


def _parts_differ(truth: Truth, found: Truth) -> str:
    if truth.parts is None:
        return ""
    wanted, got = Counter(truth.parts), Counter(found.parts or ())
    return "" if wanted == got else f"split: {dict(got)} for {dict(wanted)}"


def _rows(rows: Truth) -> list[tuple[str, Any]]:
    return [plain_row(text, label) for text, label in zip(rows.texts, rows.labels, strict=True)]


def plain_row(text: str, label: Any) -> tuple[str, Any]:
    """Return a row so that equal ones are equal: spans counted in characters that are no blanks."""
    if isinstance(label, tuple):
        places, count = [], 0
        for letter in text:
            places.append(count)
            count += not letter.isspace()
        places.append(count)
        spans = sorted((places[one[0]], places[one[1]], one[2]) for one in (_span(one) for one in label))
        return "".join(text.split()), tuple(spans)
    if isinstance(label, list | set | frozenset):
        return plain_text(text), frozenset(map(str, label))
    return plain_text(text), label.strip() if isinstance(label, str) else label


def plain_text(text: str) -> str:
    """Return a text with one kind of line end and without blanks at its ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _span(one: Any) -> tuple[int, int, str]:
    return (one.start, one.end, one.label) if hasattr(one, "start") else one
