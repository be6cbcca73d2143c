"""Rows on their way from raw to splits: labels read, texts cleaned, bad ones counted."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.entity_marks import find_marks
from haoqi.data.examples import Examples
from haoqi.data.preparing.clean import clean_all
from haoqi.data.preparing.duplicates.dedupe import TRAIN, UNLABELLED, Codes
from haoqi.data.preparing.label_reading import ReadLabel, named_rows, read_all_labels, tolerate_unreadable
from haoqi.data.raw import PARTS, Raw
from haoqi.data.relation_names import directed, mirrored
from haoqi.data.settings import DataSettings

Progress = Callable[[str, float], None]
# Shares of rows that are left out, and told, without being asked; a person's own word goes before.
WITHOUT_TEXT, WITHOUT_LABEL = 0.05, 0.20


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
    read = read_all_labels(rows.examples, read_label)
    tolerate_unreadable(read, rows.examples.ids, settings)
    unreadable = list(read.unreadable)
    missing = [
        row
        for row, label in enumerate(read.labels)
        if label is None and row not in read.unreadable and rows.parts[row] != UNLABELLED
    ]
    _tolerate(rows, missing, say("left.no_label"), settings, usual=WITHOUT_LABEL)
    out = [*missing, *unreadable]
    parts = rows.parts.copy()
    parts[out] = UNLABELLED
    if len(out) == len(read.labels):
        raise UserError(say("fault.no_row_labelled", source=rows.source), say("fault.no_row_labelled.hint"))
    reasons = [(missing, say("left.no_label"))]
    reasons += [(unreadable, say("left.unreadable_label", reason=read.reason))] if unreadable else []
    told = [
        say("rows.unlabelled", count=len(found), reason=reason, named=named_rows(rows.examples.ids, found))
        for found, reason in reasons
        if found
    ]
    return replace(rows, examples=replace(rows.examples, labels=read.labels), parts=parts).warned(*told)


def clean_rows(rows: Rows, settings: DataSettings, progress: Progress) -> Rows:
    """Return rows with cleaned texts, their originals kept where any changed, and without empty ones.

    A second text may be empty, as the answer to a question may: that is only told.

    Raises:
        UserError: if more texts than allowed are empty.
    """
    examples = rows.examples
    spans = any(isinstance(label, tuple) and label and not isinstance(label[0], str) for label in examples.labels)
    # Spans are counted in characters of the text, or of the context, as it came.
    if settings.clean and not spans and examples.contexts is None:
        texts, changed = clean_all(examples.texts, lambda share: progress("clean", share))
        originals = examples.texts if changed else None
        pairs = clean_all(examples.pairs)[0] if examples.pairs is not None else None
        rows = replace(rows, examples=replace(examples, texts=texts, originals=originals, pairs=pairs), changed=changed)
    empty = [row for row, text in enumerate(rows.examples.texts) if not text or text.isspace()]
    _tolerate(rows, empty, say("left.no_text"), settings, usual=WITHOUT_TEXT)
    if empty:
        told = say("rows.no_text", count=len(empty), named=named_rows(rows.examples.ids, empty))
        rows = rows.warned(told)
    if lone := [row for row, text in enumerate(rows.examples.pairs or ()) if not text or text.isspace()]:
        rows = rows.warned(say("rows.no_second", count=len(lone), named=named_rows(rows.examples.ids, lone)))
    if bare := [row for row, text in enumerate(rows.examples.contexts or ()) if not text or text.isspace()]:
        rows = rows.warned(say("rows.no_context", count=len(bare), named=named_rows(rows.examples.ids, bare)))
    return rows.without(set(empty), {say("left.no_text"): len(empty)})


def leave_out_unmarked(rows: Rows, settings: DataSettings) -> Rows:
    """Return rows without those whose text has no two marked stretches.

    Raises:
        UserError: if these are more than allowed.
    """
    out = [row for row, text in enumerate(rows.examples.texts) if find_marks(text) is None]
    _tolerate(rows, out, say("left.no_marks"), settings, usual=WITHOUT_TEXT)
    if out:
        rows = rows.warned(say("rows.no_marks", count=len(out), named=named_rows(rows.examples.ids, out)))
    return rows.without(set(out), {say("left.no_marks"): len(out)})


def put_in_order(rows: Rows) -> Rows:
    """Return rows whose marked stretches are e1 and e2 as they stand in the text, where labels say the direction.

    Where marks are exchanged the direction of the label is turned round, so that it says the same, and both ways to
    mark a pair are one example.
    """
    examples = rows.examples
    if not directed({label for label in examples.labels if isinstance(label, str)}):
        return rows
    texts, labels, count = list(examples.texts), list(examples.labels), 0
    for row, text in enumerate(texts):
        marked = find_marks(text)
        if marked is not None and not marked.in_order:
            texts[row], count = str(marked.exchanged), count + 1
            labels[row] = mirrored(labels[row]) if isinstance(labels[row], str) else labels[row]
    if not count:
        return rows
    told = rows.told(say("rows.put_in_order", count=count))
    return replace(told, examples=replace(examples, texts=texts, labels=labels))


def _tolerate(rows: Rows, found: list[int], reason: str, settings: DataSettings, *, usual: float) -> None:
    """Raise UserError if more rows are bad for one reason than a person allows, or than is usual."""
    total = len(rows.examples)
    if not found or (len(found) <= settings.bad_share(usual) * total and len(found) < total):
        return
    merged = usual == WITHOUT_LABEL and 0.5 * total < len(found) < total
    raise UserError(
        say(
            "rows.too_many",
            count=len(found),
            total=total,
            source=rows.source,
            reason=reason,
            named=named_rows(rows.examples.ids, found),
        ),
        say("rows.merged.hint")
        if merged
        else say("rows.too_many.hint", min=min(1.0, -(-100 * len(found) // total) / 100)),
    )
