"""How a source is read, as a value that is shown, edited and given back: `haoqi inspect`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from statistics import quantiles
from typing import Any

from haoqi import tasks
from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.preparing.clean import clean
from haoqi.data.preparing.split import names_of
from haoqi.data.raw import Raw
from haoqi.data.reading.tables.column_kinds import is_empty
from haoqi.data.schema import Schema
from haoqi.data.settings import DataSettings
from haoqi.tasks.outputs.cells import read_number

SHOWN_ROWS = 5
SHOWN_LABELS = 30


@dataclass(frozen=True)
class Inspection:
    """What is known of a source before anything is learnt from it."""

    schema: Schema
    splits: Mapping[str, int]
    """Split to the number of its rows, where the source gives splits."""
    without_text: int
    without_label: int
    labels: Mapping[str, int] = field(default_factory=dict)
    """Label to the number of rows that have it, the most frequent first."""
    numbers: tuple[float, ...] = ()
    """Where the answers are numbers: the least, the quartiles between which half of them lie, and the most."""
    task: str | None = None
    """What would be learnt; None where nothing can be."""
    why: str = ""
    """Why it is this task."""
    problem: str = ""
    """Why nothing can be learnt from it as it is, and what to do."""
    rows: Sequence[tuple[str, Any]] = ()
    """Some rows as they will be learnt: the cleaned text, or both with | between, and its label."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What reads the source the same way again: keys of a file for `haoqi improve --config`."""

    def to_plain(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {**asdict(self), "schema": self.schema.to_plain()}

    def as_yaml(self) -> str:
        """Return the settings as a file that `haoqi improve --config` reads."""
        import yaml

        return str(yaml.safe_dump(dict(self.settings), sort_keys=False, allow_unicode=True))


def inspection_of(raw: Raw, settings: DataSettings, task: str | None = None) -> Inspection:
    """Return what can be told of rows that were read.

    Args:
        raw: the rows.
        settings: by which they were read.
        task: as a person said it; guessed when None.
    """
    examples = raw.examples
    name, why, problem = task, "", ""
    numbers: tuple[float, ...] = ()
    try:
        found, why = tasks.resolve(task, raw, settings)
        name, raw = found.name, raw.warned(*tasks.doubts(found, raw))
        numbers = _spread(examples.labels) if found.output.kind.is_number else ()
    except UserError as error:
        name, problem = None, say("data.problem", what=error.what, hint=error.hint) if error.hint else error.what
    labels = examples.labels if raw.shape != "answers" else []  # each is a stretch of its own context
    counts = Counter(label for one in labels for label in set(names_of(_as_label(one))))
    told = {"source": settings.source, **raw.schema.settings(), **({"task": name} if name else {})}
    return Inspection(
        raw.schema,
        dict(Counter(raw.parts or ())),
        sum(is_empty(text) for text in examples.texts),
        sum(label is None for label in examples.labels),
        dict(counts.most_common()),
        numbers,
        name,
        why,
        problem,
        _rows(raw, settings),
        told,
    )


def _spread(cells: Sequence[Any]) -> tuple[float, ...]:
    """Return the least, the quartiles and the most of the cells that are numbers."""
    found = []
    for cell in cells:
        with suppress(ValueError):
            found.append(read_number(cell))
    low, _, high = quantiles(found, n=4, method="inclusive")
    return min(found), low, high, max(found)


def _as_label(cell: Any) -> Any:
    """Return a cell as a label: lists of names as tuples, other values as text."""
    if isinstance(cell, list):
        return tuple(cell)
    return cell if cell is None or isinstance(cell, str | tuple) else str(cell)


def _rows(raw: Raw, settings: DataSettings) -> list[tuple[str, Any]]:
    """Return the first rows that have a text and a label, of different labels as far as there are."""
    chosen: dict[str, tuple[str, Any]] = {}
    for row, (text, label) in enumerate(raw.examples):
        if label is None or is_empty(text) or str(label) in chosen:
            continue
        both = raw.examples.pairs is not None or raw.examples.contexts is not None
        asked = str(raw.examples.query(row)) if both else text
        shown = clean(asked) if settings.clean and raw.shape == "labels" else asked
        if raw.shape == "answers" and isinstance(label, tuple):
            label = "; ".join(dict.fromkeys(span.label for span in label)) or say("answer.none")
        chosen[str(label)] = (shown, label if isinstance(label, str) else list(label))
        if len(chosen) == SHOWN_ROWS:
            break
    return list(chosen.values())
