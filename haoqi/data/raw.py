"""What a source gave: rows as they came, and what was recognised on the way."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from haoqi.core.say import say
from haoqi.data.examples import Examples, Span
from haoqi.data.reading.tables.column_names import cut_names, join_names
from haoqi.data.schema import Schema

Part = Literal["train", "valid", "test", "unlabelled"]
Shape = Literal["labels", "spans", "answers"]
PARTS: tuple[Part, ...] = ("train", "valid", "test", "unlabelled")


@dataclass(frozen=True)
class Raw:
    """The rows of a source before their labels are read and their texts cleaned."""

    examples: Examples
    """Labels as they came: str, list of str, float, tuple of Span, or None."""
    parts: list[Part] | None
    """The split of each row where the source gives splits."""
    schema: Schema
    shape: Shape
    """Whether a row is answered as a whole, by labelled stretches of its text, or by a stretch of its context."""
    fingerprint: str
    """Changes when the content of the source changes."""

    def as_one_text(self) -> "Raw":
        """Return the same rows with the second text of each put behind the first, a line break between them."""
        examples, columns = self.examples, dict(self.schema.columns)
        if examples.pairs is None:
            return self
        sides = zip(examples.texts, examples.pairs, strict=True)
        texts = ["\n".join(part for part in both if part and not part.isspace()) for both in sides]
        if "pair" in columns and "text" in columns:
            columns["text"] = join_names([*cut_names(columns["text"]), *cut_names(columns.pop("pair"))])
        schema = replace(self.schema, columns=columns, notes=(*self.schema.notes, say("data.as_one_text")))
        return replace(self, examples=replace(examples, texts=texts, pairs=None), schema=schema)

    def grouped_by_text(self) -> "Raw":
        """Return the same rows in groups of one first text each, unless their source has groups."""
        if self.examples.groups is not None:
            return self
        return replace(self, examples=replace(self.examples, groups=list(self.examples.texts)))

    def warned(self, *warnings: str) -> "Raw":
        """Return the same rows with more that a person should know before they are learnt."""
        return replace(self, schema=replace(self.schema, warnings=(*self.schema.warnings, *warnings)))

    @classmethod
    def of(cls, examples: Examples, name: str = "examples") -> "Raw":
        """Return examples that a caller in Python holds as if a source had given them."""
        spans = any(isinstance(label, tuple) and label and isinstance(label[0], Span) for label in examples.labels)
        shape: Shape = "spans" if spans else "labels"
        if examples.contexts is not None:
            from haoqi.data.reading.context_answers import place_answers

            given = zip(examples.labels, examples.contexts, strict=True)
            examples, shape = replace(examples, labels=[place_answers(*pair, None) for pair in given]), "answers"
        columns = (examples.pairs or [], examples.contexts or [])
        mark = digest([*examples.texts, *map(repr, examples.labels), *columns[0], *columns[1]])
        return cls(examples, None, Schema(name, "memory", rows=len(examples)), shape, mark)


def join(raws: Sequence[tuple[Part | None, Raw]], schema: Schema) -> Raw:
    """Return the rows of several sources one after another, numbered anew.

    Args:
        raws: each source with the split that all of its rows belong to; None keeps its own splits.
        schema: what the join is called and how it was read; counts and notes are added to it.
    """
    examples = Examples.join([raw.examples for _, raw in raws])
    examples = replace(examples, ids=list(range(len(examples))))
    parts: list[Part] = []
    skipped: Counter[str] = Counter()
    notes, warnings = list(schema.notes), list(schema.warnings)
    for part, raw in raws:
        parts += [part] * len(raw.examples) if part else raw.parts or ["train"] * len(raw.examples)
        skipped.update(raw.schema.skipped)
        notes += [note for note in raw.schema.notes if note not in notes]
        warnings += [warning for warning in raw.schema.warnings if warning not in warnings]
    shape = raws[0][1].shape
    told = replace(schema, rows=len(examples), skipped=dict(skipped), notes=tuple(notes), warnings=tuple(warnings))
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
