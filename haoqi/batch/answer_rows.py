"""Rows of a file with their answers: a window of them at a time, so that no file is too long."""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from haoqi.core.errors import UserError
from haoqi.core.say import say, spoken
from haoqi.data.answers import ONE_CLASS, AnswerKind

if TYPE_CHECKING:
    from haoqi.data.examples import Query, Span
    from haoqi.data.reading.row_stream import Row
    from haoqi.evaluate.predictions import Predictions
    from haoqi.models.model import Answer, Model
    from haoqi.models.predictor import Progress

KINDS = (".csv", ".tsv", ".jsonl")
# A window is what is sorted by length and computed together: the more texts, the less padding. The first ones are
# small, so that there is something to keep soon; the largest take little memory.
FIRST_ROWS, MOST_ROWS = 256, 16_384
MOST_BYTES = 2_000_000
# Of text, in UTF-8, that is answered together: a few seconds of two busy cores for a base of LIGHT bytes, so that no
# answer waits long for the others of its window; a heavier model gets less in proportion.
MOST_TEXT, LEAST_TEXT = 32_768, 2_048
LIGHT = 100_000_000

T = TypeVar("T")


@dataclass(frozen=True)
class Window:
    """Rows that follow one another and are answered together."""

    rows: "list[Row]"
    texts: "list[str | Query]"
    consumed: int
    """How much of the file was read for all rows up to these."""
    mark: str
    """A digest of all rows up to these."""


class Answering(Protocol):
    """What puts the answers of a window into its rows."""

    def __call__(self, window: "Window", *, progress: "Progress | None" = None) -> None: ...


class Feed:
    """Rows in their order, once, with a digest of all that have been read.

    Args:
        rows: each with how much of the file was read for it.
        text_of: gives what is answered of a row.
        most_text: from so many bytes of text on a window ends, `fitting`.
    """

    def __init__(
        self, rows: "Iterable[tuple[Row, int]]", text_of: "Callable[[Row], str | Query]", most_text: int = MOST_TEXT
    ) -> None:
        self.text_of, self.most_text, self.done = text_of, most_text, 0
        self._rows, self._digest = iter(rows), hashlib.sha256()

    def skip(self, count: int) -> str:
        """Read some rows, or all there are if that is fewer, and return the digest of what has been read."""
        for row, _ in islice(self._rows, count):
            self._digest.update(_spelt(row))
            self.done += 1
        return self._digest.hexdigest()

    def windows(self) -> Iterator[Window]:
        """Yield the rest by the window, each as long as all rows before it, within the limits above.

        Where a window ends depends on the rows and the release alone, never on the clock: a file that is taken up at
        the end of a window is cut as it would have been, and answered twice it gets the same bytes. For texts that
        are computed together can differ in the last bit from texts computed apart.
        """
        while window := self._window(min(MOST_ROWS, max(FIRST_ROWS, self.done))):
            self.done += len(window.rows)
            yield window

    def _window(self, most: int) -> Window | None:
        taken: list[Row] = []
        texts: list[str | Query] = []
        size, length, consumed = 0, 0, 0
        for row, consumed in islice(self._rows, most):  # noqa: B007 - the last one counts
            taken.append(row)
            texts.append(self.text_of(row))
            spelt = _spelt(row)
            self._digest.update(spelt)
            size += len(spelt)
            length += sum(len(one.encode("utf-8", "surrogatepass")) for one in parts_of(texts[-1]))
            if size >= MOST_BYTES or length >= self.most_text:
                break
        return Window(taken, texts, consumed, self._digest.hexdigest()) if taken else None


def fitting(folder: Path) -> int:
    """Return how many bytes of text a release answers together, by the weight of its model."""
    weight = sum(path.stat().st_size for path in (folder / "predictor").rglob("*.safetensors"))
    return max(LEAST_TEXT, min(MOST_TEXT, MOST_TEXT * LIGHT // max(1, weight)))


def ahead(items: Iterable[T]) -> Iterator[T]:
    """Yield items in order; while one is used, a thread makes the next."""
    from concurrent.futures import ThreadPoolExecutor

    source = iter(items)
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(lambda: list(islice(source, 1)))
        while found := coming.result():
            coming = thread.submit(lambda: list(islice(source, 1)))
            yield found[0]


def parts_of(query: "str | Query") -> tuple[str, ...]:
    """Return the texts of a query."""
    return (query,) if isinstance(query, str) else tuple(one for one in (query.text, query.pair, query.context) if one)


def answer(model: "Model", window: Window, names: Sequence[str], progress: "Progress | None" = None) -> None:
    """Put the answers of a window into its rows.

    Args:
        model: what answers.
        window: rows that hold no answers yet.
        names: of what is put there, `Style.names`.
        progress: called with the number of different texts that are computed so far.
    """
    from haoqi.models.predict_distinct import predict_distinct

    predictions = predict_distinct(model, window.texts, progress)
    contexts = model.task.output.kind.of_context
    said: list[Any] = _stretches(predictions) if contexts else [plain_labels(predictions, window.texts)]
    if predictions.intervals is not None:
        said += predictions.intervals.round(6).T.tolist()
    elif predictions.confidence is not None:
        said.append(predictions.confidence.round(6).tolist())
    if predictions.level_confidence is not None:
        said.append([[round(one, 6) for one in row] for row in predictions.level_confidence])
    for name, column in zip(names, said, strict=True):
        for row, value in zip(window.rows, column, strict=True):
            row[name] = value


def added(columns: Sequence[str], kind: AnswerKind = ONE_CLASS) -> tuple[str, ...]:
    """Return the names of the columns that are added, none of which is there yet.

    >>> added(["text"]), added(["text", "label"])
    (('label', 'confidence'), ('predicted_label', 'confidence'))
    """
    names: tuple[str, ...] = ("number", "low", "high") if kind.is_number else ("label", "confidence")
    names = ("answer", "start", "end", "confidence") if kind.of_context else names
    names += ("level_confidence",) if kind.in_tree else ()
    return tuple(_free(name, columns) for name in names)


def plain_labels(predictions: "Predictions", texts: "Sequence[str | Query]") -> list[Any]:
    """Return labels as JSON can hold them: names, lists of names, or lists of spans with their text."""
    spans = predictions.span_confidence
    if spans is None:
        return [list(label) if isinstance(label, tuple) else label for label in predictions.labels]
    rows = zip(predictions.labels, spans, texts, strict=True)
    return [_plain_spans(zip(label, sure, strict=True), str(text)) for label, sure, text in rows]


def _stretches(predictions: "Predictions") -> list[list[Any]]:
    """Return the answers in contexts as three columns: their texts, where they start, and where they end."""
    rows = [label[0] if label else None for label in predictions.labels]
    texts = ["" if span is None else span.label for span in rows]
    return [texts, *([None if span is None else span[side] for span in rows] for side in (0, 1))]


def plain_label(answer: "Answer", text: str) -> Any:
    """Return one answer's label as JSON can hold it."""
    if answer.spans:
        return _plain_spans(answer.spans, text)
    return list(answer.label) if isinstance(answer.label, tuple) else answer.label


def as_record(model: "Model", query: "str | Query", answer: "Answer") -> str:
    """Return an answer as one line of JSON."""
    parts = parts_of(query)
    if model.task.output.kind.of_context:
        return json.dumps(_context_record(query, answer), ensure_ascii=False)
    facts: dict[str, Any] = dict(zip(("text", "pair"), parts, strict=False))
    if model.task.output.kind.is_number:
        facts["number"] = answer.label
        if answer.interval is not None:
            facts |= {name: round(one, 6) for name, one in zip(("low", "high"), answer.interval, strict=True)}
        return json.dumps(facts, ensure_ascii=False)
    facts["label"] = plain_label(answer, parts[0])
    if answer.confidence is not None:
        facts["confidence"] = round(answer.confidence, 6)
    if answer.levels:
        facts["level_confidence"] = [round(one, 6) for one in answer.levels]
    if answer.scores:
        facts["scores"] = {name: round(score, 6) for name, score in answer.scores.items()}
    return json.dumps(facts, ensure_ascii=False)


def _context_record(query: "str | Query", answer: "Answer") -> dict[str, Any]:
    """Return an answer in a context: its text and its place, null where the context holds none."""
    span = answer.label[0] if isinstance(answer.label, tuple) and answer.label else None
    text, start, end = ("", None, None) if span is None else (span[2], span[0], span[1])
    facts: dict[str, Any] = {"text": parts_of(query)[0], "context": getattr(query, "context", None)}
    sure = {} if answer.confidence is None else {"confidence": round(answer.confidence, 6)}
    return {**facts, "answer": text, "start": start, "end": end, **sure}


def as_line(model: "Model", query: "str | Query", answer: "Answer", *, with_text: bool) -> str:
    """Return an answer as a person reads it: the label, how sure it is, and the text where there are several."""
    output = model.task.output
    line = output.show(answer.label, parts_of(query)[0])
    if answer.interval is not None:
        low, high = (output.show(one, "") for one in answer.interval)
        line += "\t" + spoken(say("range", low=low, high=high))
    elif answer.confidence is not None:
        line += f"\t{answer.confidence:.2f}"
    if len(answer.levels) > 1:  # the last level's is the confidence
        line += f"\t{' > '.join(f'{one:.2f}' for one in answer.levels)}"
    return f"{line}\t{' | '.join(' '.join(one.split()) for one in parts_of(query))}" if with_text else line


def check_kind(kind: str) -> None:
    """Raise UserError unless rows can be written into a file of this ending."""
    if kind not in KINDS:
        raise UserError(
            say("rows.ending", kind=kind) if kind else say("rows.no_ending"),
            say("rows.ending.hint", kinds=", ".join(KINDS)),
        )


@dataclass(frozen=True)
class Style:
    """How rows with their answers become the text of a file."""

    kind: str
    """The file's ending, one of KINDS."""
    columns: tuple[str, ...]
    """Of a table, those of the answers last; records keep the fields that they have."""

    names: tuple[str, ...]
    """What the columns of the answers are called."""

    @classmethod
    def of(cls, kind: str, columns: Sequence[str], answers: AnswerKind = ONE_CLASS) -> "Style":
        """Return the style of a file in which answers of a kind stand behind these columns."""
        names = added(columns, answers)
        return cls(kind, (*columns, *names), names)

    @property
    def heading(self) -> str:
        """What a file begins with: a table names its columns, records need nothing."""
        return "" if self.kind == ".jsonl" else self._table([list(self.columns)])

    @property
    def ending(self) -> str:
        """What a file ends with: nothing."""
        return ""

    def after(self, rows: int) -> "Style":
        """Return the style of rows that come after so many, which is the same."""
        return self

    def spell(self, rows: "Sequence[Row]") -> str:
        """Return rows as they stand in the file."""
        if self.kind == ".jsonl":
            encode = json.JSONEncoder(ensure_ascii=False, default=str).encode
            return "".join([f"{encode(row)}\n" for row in rows])
        table = [[cell if type(cell) is str else _cell(cell) for cell in map(row.get, self.columns)] for row in rows]
        return self._table(table)

    def _table(self, rows: list[list[Any]]) -> str:
        text = io.StringIO(newline="")
        csv.writer(text, delimiter="\t" if self.kind == ".tsv" else ",", lineterminator="\n").writerows(rows)
        return text.getvalue()


def _spelt(row: "Row") -> bytes:
    """Return all that a row holds."""
    return repr(row).encode("utf-8", "backslashreplace")


def _plain_spans(spans: "Iterable[tuple[Span, float]]", text: str) -> list[dict[str, Any]]:
    return [
        {
            "start": span.start,
            "end": span.end,
            "label": span.label,
            "text": text[span.start : span.end],
            "confidence": round(sure, 6),
        }
        for span, sure in spans
    ]


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
