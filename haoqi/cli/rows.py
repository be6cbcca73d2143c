"""Rows of a file with their answers: read and written one after another, so that no file is too long."""

import csv
import json
import os
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from haoqi.core.errors import UserError
from haoqi.core.folder import explained
from haoqi.data.table import text_of

if TYPE_CHECKING:
    from haoqi.cli.tabular import Rows
    from haoqi.models.model import Answer, Model

BATCH = 1024
KINDS = (".csv", ".tsv", ".jsonl")


def answered(model: "Model", rows: "Rows") -> Iterator[tuple[dict[str, Any], int]]:
    """Yield each row with its answer, in order, and how much of the file was read for it.

    The columns `label` and `confidence` are added; where a row has such columns, `predicted_label` and
    `predicted_confidence`.
    """
    waiting: deque[tuple[dict[str, Any], int]] = deque()

    def texts() -> Iterator[str]:
        for row, seen in rows:
            waiting.append((row, seen))
            yield text_of(row.get(rows.text))

    label, confidence = added(rows.columns)
    for answer in model.stream(texts(), batch=BATCH):
        row, seen = waiting.popleft()
        text = text_of(row.get(rows.text))
        yield {**row, label: plain_label(answer, text), confidence: round(answer.confidence, 6)}, seen


def added(columns: Sequence[str]) -> tuple[str, str]:
    """Return the names of the two columns that are added, none of which is there yet.

    >>> added(["text"]), added(["text", "label"])
    (('label', 'confidence'), ('predicted_label', 'confidence'))
    """
    return _free("label", columns), _free("confidence", columns)


def plain_label(answer: "Answer", text: str) -> Any:
    """Return an answer's label as JSON can hold it: a name, a list of names, or a list of spans with their text."""
    if answer.spans or (isinstance(answer.label, tuple) and answer.label and not isinstance(answer.label[0], str)):
        return [
            {
                "start": one.start,
                "end": one.end,
                "label": one.label,
                "text": text[one.start : one.end],
                "confidence": round(sure, 6),
            }
            for one, sure in answer.spans
        ]
    return list(answer.label) if isinstance(answer.label, tuple) else answer.label


def as_record(model: "Model", text: str, answer: "Answer") -> str:
    """Return an answer as one line of JSON."""
    facts = {"text": text, "label": plain_label(answer, text), "confidence": round(answer.confidence, 6)}
    if answer.scores:
        facts["scores"] = {name: round(score, 6) for name, score in answer.scores.items()}
    return json.dumps(facts, ensure_ascii=False)


def as_line(model: "Model", text: str, answer: "Answer", *, with_text: bool) -> str:
    """Return an answer as a person reads it: the label, how sure it is, and the text where there are several."""
    label = model.task.output.show(answer.label, text)
    line = f"{label}\t{answer.confidence:.2f}"
    return f"{line}\t{' '.join(text.split())}" if with_text else line


@contextmanager
def written(
    out: Path | None, kind: str, columns: Sequence[str], *, force: bool = False
) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """Give a function that writes a row; the file appears whole when the block ends well, or not at all.

    Args:
        out: the file; None: the output.
        kind: its ending, which says the format.
        columns: of the rows as they were read.
        force: whether a file of that name is replaced.

    Raises:
        UserError: for an ending that is not known, a file that is there, or a disk that cannot take it.
    """
    if kind not in KINDS:
        raise UserError(
            f"answers cannot be written as {kind or 'a file without an ending'}",
            f"name it with one of {', '.join(KINDS)}",
        )
    names = [*columns, *added(columns)]
    if out is None:
        yield _writer(sys.stdout, kind, names)
        return
    with explained(out):
        handle, temporary = tempfile.mkstemp(dir=out.absolute().parent, prefix=f".{out.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                yield _writer(file, kind, names)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o644)
            _publish(Path(temporary), out, force)
        finally:
            Path(temporary).unlink(missing_ok=True)


def check_free(out: Path, *, force: bool) -> None:
    """Raise UserError unless a file can be written here without loss."""
    if out.is_dir() or not out.absolute().parent.is_dir():
        raise UserError(
            f"{out} cannot be written: {'it is a folder' if out.is_dir() else 'its folder is not there'}",
            "name a file in a folder that is there",
        )
    if out.exists() and not force:
        raise UserError(f"{out} is already there", "name another file with --out, or replace it with --force")


def _publish(temporary: Path, out: Path, force: bool) -> None:
    if force:
        temporary.replace(out)
        return
    try:
        os.link(temporary, out)  # unlike a rename, it fails where a file has appeared meanwhile
    except FileExistsError:
        check_free(out, force=False)
    except OSError:
        temporary.replace(out)  # a file system without hard links


def _writer(file: TextIO, kind: str, columns: Sequence[str]) -> Callable[[Mapping[str, Any]], None]:
    if kind == ".jsonl":
        return lambda row: print(json.dumps(dict(row), ensure_ascii=False, default=str), file=file)
    rows = csv.writer(file, delimiter="\t" if kind == ".tsv" else ",", lineterminator="\n")
    rows.writerow(columns)
    return lambda row: rows.writerow([_cell(row.get(column)) for column in columns])


def _cell(value: Any) -> Any:
    """Return a value as a cell: names joined as they are read again, anything richer as JSON."""
    if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
        return ";".join(value)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str) if value else ""
    return value


def _free(name: str, columns: Sequence[str]) -> str:
    number, found = 1, name
    while found in columns:
        found = f"predicted_{name}" if number == 1 else f"predicted_{name}_{number}"
        number += 1
    return found
