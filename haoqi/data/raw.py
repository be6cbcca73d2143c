"""What a source gave: rows as they came, and what was recognised on the way."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from haoqi.data.examples import Examples, Span

Part = Literal["train", "valid", "test", "unlabelled"]
PARTS: tuple[Part, ...] = ("train", "valid", "test", "unlabelled")


@dataclass(frozen=True)
class Facts:
    """How a source was read, in words a person can check."""

    source: str
    """Name as it is shown to a person."""
    format: str
    encoding: str | None = None
    delimiter: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    """Role ("text", "label", "pair", "group", "time") to the column chosen for it."""
    why: Mapping[str, str] = field(default_factory=dict)
    """Role to the reason for its column."""
    rows: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    """Reason to the number of rows left out for it."""
    notes: Sequence[str] = ()
    """Plain sentences on whatever else was decided."""

    def lines(self) -> list[str]:
        """Return the facts as sentences, the most telling first."""
        how = [f"{self.format}"]
        how += [f"encoding {self.encoding}"] if self.encoding else []
        how += [f"delimiter {self.delimiter!r}"] if self.delimiter else []
        told = [f"{self.source}: {self.rows:,} rows ({', '.join(how)})"]
        told += [f"{role} is column {name}: {self.why.get(role, 'as said')}" for role, name in self.columns.items()]
        told += [f"{count:,} rows left out: {reason}" for reason, count in self.skipped.items()]
        return [*told, *self.notes]


@dataclass(frozen=True)
class Raw:
    """The rows of a source before their labels are read and their texts cleaned."""

    examples: Examples
    """Labels as they came: str, list of str, float, tuple of Span, or None."""
    parts: list[Part] | None
    """The split of each row where the source gives splits."""
    facts: Facts
    shape: Literal["labels", "spans"]
    """Whether a row is answered as a whole or by labelled stretches of its text."""
    fingerprint: str
    """Changes when the content of the source changes."""

    @classmethod
    def of(cls, examples: Examples, name: str = "examples") -> "Raw":
        """Return examples that a caller in Python holds as if a source had given them."""
        spans = any(isinstance(label, tuple) and label and isinstance(label[0], Span) for label in examples.labels)
        mark = digest([*examples.texts, *map(repr, examples.labels), *(examples.pairs or [])])
        return cls(examples, None, Facts(name, "memory", rows=len(examples)), "spans" if spans else "labels", mark)


def join(raws: Sequence[tuple[Part | None, Raw]], facts: Facts) -> Raw:
    """Return the rows of several sources one after another, numbered anew.

    Args:
        raws: each source with the split that all of its rows belong to; None keeps its own splits.
        facts: what the join is called and how it was read; counts and notes are added to it.
    """
    examples = Examples.join([raw.examples for _, raw in raws])
    examples = replace(examples, ids=list(range(len(examples))))
    parts: list[Part] = []
    skipped: Counter[str] = Counter()
    notes = list(facts.notes)
    for part, raw in raws:
        parts += [part] * len(raw.examples) if part else raw.parts or ["train"] * len(raw.examples)
        skipped.update(raw.facts.skipped)
        notes += [note for note in raw.facts.notes if note not in notes]
    shape = raws[0][1].shape
    told = replace(facts, rows=len(examples), skipped=dict(skipped), notes=tuple(notes))
    return Raw(examples, parts, told, shape, digest([raw.fingerprint for _, raw in raws] + [str(p) for p, _ in raws]))


def digest(parts: Sequence[str | bytes]) -> str:
    """Return a short name for contents: equal contents, equal names."""
    from hashlib import sha256

    total = sha256()
    for part in parts:
        piece = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        total.update(len(piece).to_bytes(8, "little"))
        total.update(piece)
    return total.hexdigest()[:32]
