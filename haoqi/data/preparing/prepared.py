"""From raw rows to splits: labels read, texts cleaned, duplicates removed, rows divided, a card written."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from haoqi.core.config import as_plain
from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.entity_marks import without_marks
from haoqi.data.examples import Indices, Label, Splits
from haoqi.data.preparing.arrange import Division, arrange, divide, with_contexts_together
from haoqi.data.preparing.card import Card, describe, shown
from haoqi.data.preparing.checks import check_classes, check_splits
from haoqi.data.preparing.clean import normalise
from haoqi.data.preparing.duplicates.dedupe import TEST, TRAIN, UNLABELLED, VALID, Contradiction, exact, straddling
from haoqi.data.preparing.duplicates.near import clusters, near_pairs, repeated
from haoqi.data.preparing.rows import Progress, Rows, clean_rows, leave_out_unmarked, put_in_order, read_labels, start
from haoqi.data.preparing.store import load, save, write_text
from haoqi.data.raw import PARTS, Raw, digest
from haoqi.data.settings import DataSettings

_COMPLETE, _CARD = "complete.json", "card.json"


@dataclass(frozen=True)
class Prepared:
    """Data ready to learn from."""

    splits: Splits
    card: Card
    folder: Path
    """Holds the splits as Parquet files, and the card."""


def prepare(
    raw: Raw,
    read_label: Callable[[object], Label],
    settings: DataSettings,
    *,
    seed: int,
    folder: Path,
    progress: Progress = lambda stage, share: None,
    classes: bool = True,
    marked: bool = False,
) -> Prepared:
    """Return the splits and the card of raw data, and keep both in a folder.

    Where the folder already holds the same data under the same settings, that is what is returned.

    Args:
        raw: what `read` gave.
        read_label: from a raw label to a typed one; raises ValueError with the reason where it cannot.
        settings: how to clean, compare and divide.
        seed: of every random choice.
        folder: made if need be.
        progress: told the name of each stage and the share of it that is done.
        classes: whether labels are classes or spans, which must repeat and must not contradict each other;
            False for numbers and free answers.
        marked: whether a relation between two marked stretches is learnt: texts without these are left out.

    Raises:
        UserError: if too many rows are bad, there is nothing to tell apart, a class has one example, or the
            folder holds other data.
    """
    said = {**as_plain(settings), "source": ""}  # the content tells it, from wherever the file was named
    mark = digest(
        [raw.fingerprint, json.dumps(said, sort_keys=True), str(seed), str(classes), *(["marked"] if marked else [])]
    )
    if (folder / _COMPLETE).is_file():
        return _resume(folder, mark)
    rows = read_labels(start(raw, settings, np.random.default_rng([seed, 1])), read_label, settings)
    progress("labels", 1.0)
    rows = clean_rows(rows, settings, progress)
    rows = leave_out_unmarked(rows, settings) if marked else rows
    rows = replace(rows, examples=replace(rows.examples, known_keys=rows.examples.keys))
    rows = put_in_order(rows) if marked else rows
    rows = check_classes(rows, settings) if classes else rows
    rows = with_contexts_together(rows)
    rows, division = arrange(rows, settings, np.random.default_rng([seed, 3]), classes=classes)
    rows, found, examples = _unique(rows, classes)
    progress("duplicates", 1.0)
    splits, rows, units = _split(rows, division, settings, np.random.default_rng([seed, 2]), progress=progress)
    check_splits(splits, rows.source)
    progress("split", 1.0)
    card = Card(
        source=rows.source,
        schema=replace(raw.schema, warnings=(*raw.schema.warnings, *rows.warnings)),
        changed=rows.changed,
        dropped=rows.dropped,
        near_clusters=int((units > 1).sum()),
        near_rows=int(units[units > 1].sum()),
        contradictions=len(found),
        contradicting=tuple(examples),
        split=division.how,
        seed=seed,
        fingerprint=mark,
        notes=(*rows.warnings, *rows.notes),
    )
    prepared = Prepared(splits, describe(splits, card), folder)
    progress("card", 1.0)
    _save(prepared, mark)
    progress("saved", 1.0)
    return prepared


def load_prepared(folder: Path) -> Prepared:
    """Return what `prepare` kept in a folder.

    Raises:
        UserError: if the folder holds no whole data, or they are damaged.
    """
    try:
        state = json.loads((folder / _COMPLETE).read_text(encoding="utf-8"))
        card = Card.from_json(json.loads((folder / _CARD).read_text(encoding="utf-8")))
        given, unlabelled = bool(state["given"]), bool(state["unlabelled"])
    except FileNotFoundError:
        raise UserError(say("prepared.none", folder=str(folder)), say("prepared.none.hint")) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            say("prepared.damaged", folder=str(folder), error=str(error)), say("prepared.damaged.hint")
        ) from None
    # Earlier versions kept the words of the source, which no answer to a raw text has.
    train, valid, test = (replace(load(folder / f"{name}.parquet"), words=None) for name in PARTS[:3])
    rest = load(folder / "unlabelled.parquet") if unlabelled else None
    return Prepared(Splits(train, valid, test, rest, given), card, folder)


def _resume(folder: Path, mark: str) -> Prepared:
    found = load_prepared(folder)
    if found.card.fingerprint != mark:
        raise UserError(
            say("prepared.other", folder=str(folder)),
            say("prepared.other.hint"),
        )
    return found


def _unique(rows: Rows, classes: bool) -> tuple[Rows, list[Contradiction], list[dict[str, object]]]:
    """Return rows of which no two are exactly equal, and the texts whose labels contradict each other."""
    found = exact(_keys(rows), rows.examples.labels, rows.parts, classes)
    examples = shown(found.contradictions, rows.examples.texts)
    return rows.without(found.dropped, found.counts), found.contradictions, examples


def _split(
    rows: Rows, division: Division, settings: DataSettings, rng: np.random.Generator, *, progress: Progress
) -> tuple[Splits, Rows, Indices]:
    """Return the splits, the rows left, and the sizes of the clusters of nearly equal texts."""
    keys = [without_marks(key) for key in _keys(rows)]  # a sentence with another pair marked is the same sentence
    pairs = repeated(keys)
    if settings.near_duplicates:
        least = settings.duplicate_similarity
        near = near_pairs(keys, least, rows.parts, lambda share: progress("near duplicates", share))
        pairs, rows = near.pairs, rows if near.complete else rows.told(say("near.incomplete"))
    crossing = rows.parts[pairs[:, 0]] != rows.parts[pairs[:, 1]]
    out, counts = straddling(pairs[crossing], rows.parts)
    units = clusters(len(rows.examples), pairs[~crossing])
    parts = divide(rows, units, division, rng)
    parts[list(out)] = -1
    named = {code: np.flatnonzero(parts == code) for code in (TRAIN, VALID, TEST, UNLABELLED)}
    train, valid, test, rest = (rows.examples.take(named[code]) for code in (TRAIN, VALID, TEST, UNLABELLED))
    splits = Splits(train, valid, test, rest if len(rest) else None, division.given)
    return splits, rows.without(out, counts), np.bincount(units, minlength=1)


def _keys(rows: Rows) -> list[str]:
    keys = [normalise(text) for text in rows.examples.texts]
    for further in (rows.examples.pairs, rows.examples.contexts):
        if further is not None:
            keys = [f"{key}\n{normalise(text)}" for key, text in zip(keys, further, strict=True)]
    return keys


def _save(prepared: Prepared, mark: str) -> None:
    """Write the splits and the card; the mark of completeness comes last."""
    folder, splits = prepared.folder, prepared.splits
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(".*.parquet.*"):  # by a process that was killed
            left.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(
            say("prepared.unmade", folder=str(folder), strerror=error.strerror), say("prepared.unmade.hint")
        ) from None
    for name, examples in zip(PARTS, (splits.train, splits.valid, splits.test, splits.unlabelled), strict=True):
        if examples is not None:
            save(examples, folder / f"{name}.parquet")
    write_text(json.dumps(prepared.card.to_json(), ensure_ascii=False, indent=1), folder / _CARD)
    state = {"fingerprint": mark, "given": splits.given, "unlabelled": splits.unlabelled is not None}
    write_text(json.dumps(state), folder / _COMPLETE)
