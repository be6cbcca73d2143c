"""What next steps share: a step from draws of its gain, labels as they stand in a source, texts as they came."""

from collections.abc import Mapping, Sequence
from typing import Any

from haoqi.data.examples import Examples
from haoqi.evaluate.advice import ChosenRow, NextStep
from haoqi.evaluate.counts import items
from haoqi.explore.advice.learning_curve import Gain
from haoqi.explore.beliefs.surrogate import Floats


def step(kind: str, reason: str, draws: Floats | None, evidence: Mapping[str, Any], **rest: Any) -> NextStep:
    """Return a next step.

    Args:
        kind: the name of its file.
        reason: the name of the sentence that says why.
        draws: of what is gained in the end, shape (draws,); None: it is not known.
        evidence: what fills the sentences' gaps.
        rest: other fields of `NextStep`.
    """
    if draws is None:
        return NextStep(kind, reason, evidence=evidence, **rest)
    gain = Gain.of(draws)
    return NextStep(kind, reason, gain.mean, gain.low, gain.high, evidence=evidence, **rest)


def row_of(examples: Examples, place: int, instead: Any = None, doubt: float = 0.0) -> ChosenRow:
    """Return a row for a person to look at, with its text as it came."""
    text = (examples.originals or examples.texts)[place]
    return ChosenRow(examples.ids[place], text, cell(examples.labels[place]), cell(instead), doubt)


def cell(label: Any) -> str:
    """Return a label as it stands in a source; spans as their texts' places.

    >>> cell("a"), cell(("a", "b")), cell(None)
    ('a', 'a;b', '')
    """
    if label is None or isinstance(label, str):
        return label or ""
    return ";".join(one if isinstance(one, str) else f"{one[0]}-{one[1]} {one[2]}" for one in items(label))


def sampled(texts: Sequence[str], most: int = 500) -> list[int]:
    """Return places of some texts, spread over all."""
    return list(range(0, len(texts), max(1, len(texts) // most)))[:most]
