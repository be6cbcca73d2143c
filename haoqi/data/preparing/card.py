"""The data card: what is in the data, and what was done to it, for people and for the report."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from haoqi.core.say import gathered, joined, named, recalled, say
from haoqi.data.examples import Examples, Splits
from haoqi.data.preparing.duplicates.dedupe import Contradiction
from haoqi.data.preparing.languages import language_shares
from haoqi.data.preparing.mask import count as count_personal
from haoqi.data.preparing.mask import mask
from haoqi.data.preparing.split import names_of
from haoqi.data.schema import Schema

_SHOWN = 10
_SHOWN_CHARACTERS = 200


@dataclass(frozen=True)
class Card:
    """What a person should know of their data before they believe a score on it."""

    source: str
    schema: Schema
    rows: Mapping[str, int] = field(default_factory=dict)
    """Split to the number of its rows."""
    labels: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Split to label to count, most frequent first; empty for numbers and free answers."""
    characters: Mapping[str, int] = field(default_factory=dict)
    """Lengths of texts in characters: "min", "median", "mean", "p90", "p99", "max"."""
    tokens: Mapping[str, int] = field(default_factory=dict)
    """The same, roughly, in tokens of a language model."""
    languages: Mapping[str, float] = field(default_factory=dict)
    """Language code to share, largest first, from a sample."""
    imbalance: float = 0.0
    """How many times more frequent the largest class of train is than the smallest; 1 is balanced, 0 no classes."""
    changed: int = 0
    """Texts that cleaning changed."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """Reason to the number of rows left out: duplicates, leaks into test, contradictions, bad rows."""
    near_clusters: int = 0
    """Groups of nearly equal texts that were kept in one split."""
    near_rows: int = 0
    """Rows in these groups."""
    contradictions: int = 0
    """Texts that came with several labels."""
    contradicting: Sequence[Mapping[str, Any]] = ()
    """The most frequent of them: {"text": masked, "labels": {label: count}}."""
    personal: Mapping[str, int] = field(default_factory=dict)
    """Kind of personal data to the number of texts that hold it; the data itself stands nowhere in the card."""
    split: str = "stratified"
    """How the rows were divided: given, stratified, group, time or random."""
    seed: int = 0
    fingerprint: str = ""
    notes: Sequence[str] = ()
    """Plain sentences on what deserves attention."""

    def to_json(self) -> dict[str, Any]:
        """Return the card as JSON values."""
        found: dict[str, Any] = json.loads(json.dumps(asdict(self), ensure_ascii=False))
        return {**found, "schema": self.schema.to_saved(), "said": gathered(self.dropped, self.notes)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Card":
        """Return the card that `to_json` wrote."""
        schema = Schema.from_plain(values["schema"])
        told = {name: recalled(values[name], values.get("said", ())) for name in ("dropped", "notes")}
        known = {name: value for name, value in values.items() if name != "said"}
        several = {"notes": tuple(told["notes"]), "contradicting": tuple(values["contradicting"])}
        return cls(**{**known, **told, **several, "schema": schema})


def describe(splits: Splits, card: Card) -> Card:
    """Return a card with everything filled in that can be seen in the splits themselves."""
    named = {"train": splits.train, "valid": splits.valid, "test": splits.test, "unlabelled": splits.unlabelled}
    present = {name: examples for name, examples in named.items() if examples is not None and len(examples)}
    texts = [text for part in present.values() for text in (part.texts if part.contexts is None else part.whole_texts)]
    labels = {name: _count(examples) for name, examples in present.items() if name != "unlabelled"}
    train = list(labels.get("train", {}).values())
    card = replace(
        card,
        rows={name: len(examples) for name, examples in present.items()},
        labels=labels,
        characters=_quantiles(np.fromiter(map(len, texts), np.int64, len(texts))),
        tokens=_quantiles(np.fromiter(map(rough_tokens, texts), np.int64, len(texts))),
        languages=language_shares(texts),
        imbalance=round(max(train) / min(train), 2) if train else 0.0,
        personal=count_personal(texts),
    )
    return replace(card, notes=(*card.notes, *_remarks(card)))


def shown(contradictions: Sequence[Contradiction], texts: Sequence[str]) -> list[dict[str, Any]]:
    """Return the most frequent contradictions in words that may be printed."""
    return [
        {"text": mask(texts[one.row])[:_SHOWN_CHARACTERS], "labels": dict(list(one.labels.items())[:_SHOWN])}
        for one in contradictions[:_SHOWN]
    ]


def rough_tokens(text: str) -> int:
    """Return about how many tokens a text is: one for each Chinese character, one for four others."""
    if text.isascii():
        return -(-len(text) // 4)
    wide = sum("\u2e80" <= letter <= "\ud7af" for letter in text)
    return wide + -(-(len(text) - wide) // 4)


def _count(examples: Examples) -> dict[str, int]:
    if examples.contexts is not None or not any(isinstance(label, str | tuple) for label in examples.labels):
        return {}
    counts = Counter(name for label in examples.labels for name in names_of(label))
    return dict(counts.most_common()) if len(counts) <= max(2_000, len(examples) // 10) else {}


def _quantiles(lengths: np.ndarray[Any, Any]) -> dict[str, int]:
    if not len(lengths):
        return {}
    low, median, p90, p99, high = np.quantile(lengths, (0, 0.5, 0.9, 0.99, 1)).round().astype(int).tolist()
    mean = round(float(lengths.mean()))
    return {"min": low, "median": median, "mean": mean, "p90": p90, "p99": p99, "max": high}


def _remarks(card: Card) -> list[str]:
    """Return what deserves attention, in plain sentences."""
    told: list[str] = []
    train, test = card.labels.get("train", {}), card.labels.get("test", {})
    unseen = [label for label in test if train and label not in train]
    if unseen:
        names = ", ".join(unseen[:5])
        told.append(say("card.unseen", names=say("list.cut", listed=names) if len(unseen) > 5 else names))
    if card.imbalance > 20:
        rare = list(train)[-1]
        told.append(say("card.uneven", rare=rare, train=train[rare]))
    for name in ("valid", "test"):
        if 0 < card.rows.get(name, 0) < 100:
            told.append(say("card.few_rows", name=named("split", name), rows=card.rows[name]))
    if card.contradictions:
        told.append(say("card.contradictions", contradictions=card.contradictions))
    if card.personal:
        kinds = [
            say("card.personal_kind", kind=named("personal", kind), count=count)
            for kind, count in card.personal.items()
        ]
        told.append(say("card.personal", kinds=joined(kinds)))
    return told
