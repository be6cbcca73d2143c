"""What is known about a model's answers, in one JSON-able piece: what a release keeps and a report draws."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from haoqi.core.errors import UserError
from haoqi.data.answers import AnswerKind
from haoqi.data.examples import Examples, Span
from haoqi.data.raw import digest
from haoqi.evaluate.answer_texts import is_exact
from haoqi.evaluate.calibration import Bin, Calibration, calibration
from haoqi.evaluate.confusion import Confused, LabelRow, confusion, known_labels, label_table, most_confused, tag_table
from haoqi.evaluate.errors import Errors, errors
from haoqi.evaluate.metric import Metric, Scored, total
from haoqi.evaluate.mistakes import Mistake, kinds_of_wrong_spans, mistakes
from haoqi.evaluate.predictions import Predictions
from haoqi.evaluate.tags import Offsets

# Raised when a reader of the older form would misread the newer one.
FORMAT = 2


@dataclass(frozen=True)
class Evidence:
    """How good a model's answers to n labelled examples are, how sure that is, and where they are wrong."""

    kind: AnswerKind
    """The facts of the answer."""
    labels: tuple[str, ...]
    """The task's labels, then any others that occur."""
    examples: int
    """How many labelled examples were answered."""
    scores: Mapping[str, tuple[float, float, float]]
    """Metric to its score and the ends of its interval; the deciding metric first."""
    level: float
    """Certainty of the intervals."""
    table: tuple[LabelRow, ...]
    """Every label, or span type, without nodes of a tree that no example is labelled with."""
    tags: tuple[LabelRow, ...] = ()
    """For spans: every tag on words, O included."""
    confusion: tuple[tuple[int, int, int], ...] = ()
    """For one label: (place of the true label, place of the predicted one, how often), zeros left out."""
    confused: tuple[Confused, ...] = ()
    """For one label: the pairs most often confused, the worst first."""
    kinds: Mapping[str, int] | None = None
    """For spans: how many were right, missed, invented, and wrong in boundary, type or both."""
    calibration: Calibration | None = None
    errors: Errors | None = None
    """For numbers: how far answers are from the right ones."""
    mistakes: tuple[Mistake, ...] = ()
    """Worth reading: the surest ones, of all kinds."""
    seconds: float | None = None
    """How long the answers took, where it was measured."""
    folds: int = 0
    """Of the cross-validation by which each example was answered; 0: one model answered all."""
    content: str = ""
    """Equal examples with equal labels have the same, whatever their order; "" in evidence of earlier versions."""
    scorings: int = 0
    """How often these examples were scored for a release of the same name, this time included; 0: not known."""

    @property
    def untested(self) -> tuple[str, ...]:
        """Labels that no example has: metrics that are means over labels leave them out."""
        return tuple(row.label for row in self.table if not row.support)

    def matrix(self) -> Any:
        """Return how often each true label (row) was predicted as each label (column), shape (labels, labels)."""
        found = np.zeros((len(self.labels), len(self.labels)), dtype=np.int64)
        for row, column, count in self.confusion:
            found[row, column] = count
        return found

    def to_plain(self) -> dict[str, Any]:
        """Return what JSON can hold and `from_plain` reads."""
        return {"format": FORMAT, **_plain(asdict(self))}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Evidence":
        """Return the evidence that `to_plain` described.

        Raises:
            UserError: if a part is missing or damaged, or it was written by a newer version.
        """
        form = plain.get("format") if isinstance(plain, Mapping) else None
        if isinstance(form, int) and form > FORMAT:
            raise UserError(f"this evidence has format {form}, which is newer than {FORMAT}", "update haoqi")
        try:
            return _read({name: value for name, value in plain.items() if name != "format"})
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise UserError(f"this evidence is damaged: {error}", "evaluate the model again") from None


def evidence(
    kind: AnswerKind,
    metrics: Sequence[Metric],
    examples: Examples,
    predictions: Predictions,
    *,
    task: Scored,
    rng: np.random.Generator,
    words: Sequence[Offsets] | None = None,
    seconds: float | None = None,
    level: float = 0.95,
) -> Evidence:
    """Return what these answers show.

    Args:
        kind: the facts of the task's answers.
        metrics: the task's metrics, the deciding one first.
        examples: what was asked; unlabelled ones are left out.
        predictions: what was answered, in the same order.
        task: with its labels.
        rng: source of the resamples for intervals.
        words: for spans, the words of each text, for the table of tags; those of the examples by default.
        seconds: how long the answers took.
        level: certainty of the intervals.

    Raises:
        ValueError: if examples and predictions differ in number.
    """
    if len(examples) != len(predictions):
        raise ValueError(f"{len(examples)} examples but {len(predictions)} answers")
    kept = [row for row, label in enumerate(examples.labels) if label is not None]
    words = words if words is not None else examples.words
    if len(kept) < len(examples):
        examples, predictions = examples.take(kept), predictions.take(kept)
        words = None if words is None else [words[row] for row in kept]
    true, given = examples.labels, predictions.labels
    labels = task.labels
    table = label_table(true, given, labels) if kind.has_classes else ()
    names = tuple(row.label for row in table)
    if kind.in_tree:  # a node above the labels is no label, though it may be answered
        table = tuple(row for row in table if row.support or row.label in set(labels))
    found = Evidence(
        kind=kind,
        labels=names,
        examples=len(examples),
        scores={metric.name: _score(metric, examples, predictions, task, rng=rng, level=level) for metric in metrics},
        level=level,
        table=table,
        calibration=_calibration(kind, true, predictions, labels),
        errors=errors(examples, predictions) if kind.is_number else None,
        mistakes=mistakes(examples, predictions, kind),
        seconds=seconds,
        content=_content(examples),
    )
    if kind.one_class:
        return _with_confusion(found, true, given)
    if kind.of_words:
        tags = tag_table(true, given, words, labels) if words is not None else ()
        return replace(found, tags=tags, kinds=kinds_of_wrong_spans(examples, predictions))
    return found


def _calibration(
    kind: AnswerKind, true: Sequence[Any], predictions: Predictions, labels: tuple[str, ...]
) -> Calibration | None:
    """Return how honest probabilities are; of contexts an answer is right if it is one of the right ones."""
    if kind.of_context and predictions.confidence is not None:
        right = [is_exact(*pair) for pair in zip(true, predictions.labels, strict=True)]
        return calibration(true, predictions, labels, np.array(right, dtype=bool))
    return calibration(true, predictions, labels) if kind.has_classes else None


def _score(
    metric: Metric,
    examples: Examples,
    predictions: Predictions,
    task: Scored,
    *,
    rng: np.random.Generator,
    level: float,
) -> tuple[float, float, float]:
    """Return a metric's score and the ends of its interval."""
    statistics = metric.count(examples, predictions, task)
    score = metric.score(total(statistics)) if metric.score_rows is None else metric.score_rows(statistics.toarray())
    return (float(score), *metric.interval(statistics, rng=rng, level=level))


def _content(examples: Examples) -> str:
    pairs = examples.pairs or examples.contexts or [""] * len(examples)
    return digest(sorted(map(repr, zip(examples.texts, pairs, examples.labels, strict=True))))


def _with_confusion(found: Evidence, true: Sequence[str], given: Sequence[str]) -> Evidence:
    labels = known_labels(true, given, found.labels)
    matrix = confusion(true, given, labels)
    cells = tuple((int(row), int(column), int(matrix[row, column])) for row, column in np.argwhere(matrix))
    return replace(found, confusion=cells, confused=most_confused(matrix, labels))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(member) for key, member in value.items()}
    return [_plain(member) for member in value] if isinstance(value, list | tuple) else value


def _read(plain: dict[str, Any]) -> Evidence:
    known = plain.get("calibration")
    kinds = plain.get("kinds")
    plain["kind"] = AnswerKind.from_plain(plain.pop("output", None) or plain["kind"])
    errors = plain.get("errors")
    return Evidence(
        **{
            **plain,
            "errors": None if errors is None else Errors.from_plain(errors),
            "labels": tuple(plain["labels"]),
            "scores": {str(name): _triple(found) for name, found in plain["scores"].items()},
            "table": tuple(LabelRow(**row) for row in plain["table"]),
            "tags": tuple(LabelRow(**row) for row in plain.get("tags", ())),
            "confusion": tuple(_triple(cell) for cell in plain.get("confusion", ())),
            "confused": tuple(Confused(**pair) for pair in plain.get("confused", ())),
            "kinds": None if kinds is None else dict(kinds),
            "calibration": None
            if known is None
            else Calibration(**{**known, "bins": tuple(Bin(**one) for one in known["bins"])}),
            "mistakes": tuple(_mistake(one) for one in plain.get("mistakes", ())),
        }
    )


def _triple(found: Sequence[Any]) -> tuple[Any, Any, Any]:
    first, second, third = found
    return first, second, third


def _mistake(plain: Mapping[str, Any]) -> Mistake:
    return Mistake(**{**plain, "true": _label(plain["true"]), "predicted": _label(plain["predicted"])})


def _label(plain: Any) -> Any:
    """Return a label as it was before JSON: lists of three are spans."""
    if isinstance(plain, list):
        return tuple(member if isinstance(member, str) else Span(*member) for member in plain)
    return plain
