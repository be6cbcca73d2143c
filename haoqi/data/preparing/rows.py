"""Rows on their way from raw to splits: labels read, texts cleaned, bad ones counted."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from haoqi.core.errors import UserError
from haoqi.core.say import say, told_by
from haoqi.data.examples import Examples, Label
from haoqi.data.preparing.clean import clean_all
from haoqi.data.preparing.duplicates.dedupe import TRAIN, UNLABELLED, Codes
from haoqi.data.raw import PARTS, Raw
from haoqi.data.settings import DataSettings

Progress = Callable[[str, float], None]
ReadLabel = Callable[[object], Label]
# Shares of rows that are left out, and told, without being asked; a person's own word goes before.
WITHOUT_TEXT, WITHOUT_LABEL, UNREADABLE_LABEL = 0.05, 0.20, 0.02
_NO_LABEL = "left.no_label"


@dataclass(frozen=True)
class Rows:
    """Examples, the split that each belongs to so far, and what was left out on the way."""

    source: str
    examples: Examples
    parts: Codes
    """Codes of `dedupe`; train, too, for rows that are still to be divided."""
    dropped: Mapping[str, int]
    """Reason to the number of rows left out for it."""
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    """Sentences on rows that were left out, each with the flag that says otherwise."""
    changed: int = 0
    """Texts that cleaning changed."""

    def without(self, out: Collection[int], why: Mapping[str, int]) -> "Rows":
        """Return the rows less some of them, with the reasons counted."""
        if not out:
            return self
        keep = np.array([row for row in range(len(self.examples)) if row not in out], np.int64)
        counted = Counter(self.dropped) + Counter(why)
        return replace(self, examples=self.examples.take(keep), parts=self.parts[keep], dropped=dict(counted))

    def told(self, *notes: str) -> "Rows":
        """Return the rows with sentences added to what a person is told."""
        return replace(self, notes=(*self.notes, *notes))

    def warned(self, *warnings: str) -> "Rows":
        """Return the rows with sentences added that a person should not miss."""
        return replace(self, warnings=(*self.warnings, *warnings))


def start(raw: Raw, settings: DataSettings, rng: np.random.Generator) -> Rows:
    """Return raw rows with the splits that their source gave, at most as many as settings allow.

    The words of the source have placed its spans and are left out: a model that answers raw texts must learn, and be
    scored, on words as it will cut them.
    """
    count = len(raw.examples)
    parts: Codes = np.full(count, TRAIN, np.int8)
    if raw.parts:
        codes = {name: code for code, name in enumerate(PARTS)}
        parts = np.fromiter((codes[part] for part in raw.parts), np.int8, count)
    rows = Rows(raw.schema.source, replace(raw.examples, words=None), parts, {})
    free = np.flatnonzero(parts == TRAIN)
    if settings.limit is None or len(free) <= settings.limit:
        return rows
    out = rng.permutation(free)[settings.limit :]
    return rows.without(set(out.tolist()), {say("left.limit"): len(out)})


def read_labels(rows: Rows, read_label: ReadLabel, settings: DataSettings) -> Rows:
    """Return rows with typed labels; a row without one serves as unlabelled text.

    Raises:
        UserError: if more rows than allowed have no label, or one that cannot be read.
    """
    known: dict[str, Label] = {}
    labels: list[Any] = []
    reasons: dict[str, list[int]] = defaultdict(list)
    for row, raw in enumerate(rows.examples.labels):
        try:
            if isinstance(raw, str):
                if raw not in known:
                    known[raw] = read_label(raw)
                labels.append(known[raw])
            else:
                labels.append(None if raw is None else read_label(raw))
        except ValueError as error:
            labels.append(None)
            reasons[told_by(error)].append(row)
            continue
        if labels[-1] is None and rows.parts[row] != UNLABELLED:
            reasons[_NO_LABEL].append(row)
    for reason, found in reasons.items():
        usual = WITHOUT_LABEL if reason == _NO_LABEL else UNREADABLE_LABEL
        _tolerate(rows, found, _said(reason), settings, usual=usual)
    out = [row for found in reasons.values() for row in found]
    parts = rows.parts.copy()
    parts[out] = UNLABELLED
    if len(out) == len(labels):
        raise UserError(say("fault.no_row_labelled", source=rows.source), say("fault.no_row_labelled.hint"))
    told = [
        say("rows.unlabelled", count=len(found), reason=_said(reason), named=_named(rows, found))
        for reason, found in reasons.items()
    ]
    return replace(rows, examples=replace(rows.examples, labels=labels), parts=parts).warned(*told)


def clean_rows(rows: Rows, settings: DataSettings, progress: Progress) -> Rows:
    """Return rows with cleaned texts, their originals kept where any changed, and without empty ones.

    A second text may be empty, as the answer to a question may: that is only told.

    Raises:
        UserError: if more texts than allowed are empty.
    """
    examples = rows.examples
    spans = any(isinstance(label, tuple) and label and not isinstance(label[0], str) for label in examples.labels)
    # Spans are counted in characters of the text as it came.
    if settings.clean and not spans:
        texts, changed = clean_all(examples.texts, lambda share: progress("clean", share))
        originals = examples.texts if changed else None
        pairs = clean_all(examples.pairs)[0] if examples.pairs is not None else None
        rows = replace(rows, examples=replace(examples, texts=texts, originals=originals, pairs=pairs), changed=changed)
    empty = [row for row, text in enumerate(rows.examples.texts) if not text or text.isspace()]
    _tolerate(rows, empty, say("left.no_text"), settings, usual=WITHOUT_TEXT)
    if empty:
        told = say("rows.no_text", count=len(empty), named=_named(rows, empty))
        rows = rows.warned(told)
    if lone := [row for row, text in enumerate(rows.examples.pairs or ()) if not text or text.isspace()]:
        rows = rows.warned(say("rows.no_second", count=len(lone), named=_named(rows, lone)))
    return rows.without(set(empty), {say("left.no_text"): len(empty)})


def _tolerate(rows: Rows, found: list[int], reason: str, settings: DataSettings, *, usual: float) -> None:
    """Raise UserError if more rows are bad for one reason than a person allows, or than is usual."""
    total = len(rows.examples)
    if not found or (len(found) <= settings.bad_share(usual) * total and len(found) < total):
        return
    merged = usual == WITHOUT_LABEL and 0.5 * total < len(found) < total
    raise UserError(
        say(
            "rows.too_many", count=len(found), total=total, source=rows.source, reason=reason, named=_named(rows, found)
        ),
        say("rows.merged.hint")
        if merged
        else say("rows.too_many.hint", min=min(1.0, -(-100 * len(found) // total) / 100)),
    )


def _named(rows: Rows, found: list[int]) -> str:
    """Return the first of some rows as a person counts them."""
    listed = ", ".join(str(rows.examples.ids[row] + 1) for row in found[:5])
    key = "rows.rows_cut" if len(found) > 5 else "rows.rows" if len(found) > 1 else "rows.row"
    return say(key, listed=listed)


def _said(reason: str) -> str:
    """Return a reason in words: what reading a label has raised stands as it is."""
    return say(_NO_LABEL) if reason == _NO_LABEL else reason
