"""A data set of the Hugging Face hub by its name, such as hub:imdb or dair-ai/emotion; cached ones work offline."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from haoqi.core.errors import UserError, require
from haoqi.core.say import say
from haoqi.data.examples import Examples
from haoqi.data.raw import Part, Raw, digest, join
from haoqi.data.reading.records import part_of
from haoqi.data.reading.sources import sources
from haoqi.data.reading.sources.columns import place_words
from haoqi.data.reading.tables.table import Table, to_raw
from haoqi.data.reading.tokens.tags import spans_of
from haoqi.data.schema import Schema
from haoqi.data.settings import DataSettings

_NAME = re.compile(r"[\w.-]+/[\w.-]+(:[\w.-]+)?")
_TAGS = ("ner_tags", "tags", "labels", "fine_ner_tags")


@sources.register
class Hub:
    """Rows with their splits; the hub's own class names stand for its numbers. `name:config` picks a configuration."""

    def recognises(self, source: str, settings: DataSettings) -> float:
        if source.startswith("hub:"):
            return 1.0
        known = Path(source).exists() or Path(source).suffix or Path(source).parent.is_dir()
        return 0.3 if _NAME.fullmatch(source) and not known else 0.0

    def read(self, source: str, settings: DataSettings, labelled: bool = True) -> Raw:
        datasets = require("datasets", "hub")
        name, _, config = source.removeprefix("hub:").partition(":")
        try:
            found = datasets.load_dataset(name, config or None)
        except Exception as error:  # the library raises its own, requests' and huggingface_hub's kinds
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise UserError(say("hub.none", name=name, reason=reason), say("hub.none.hint")) from None
        return read_loaded(found, name, settings, labelled)


def is_loaded(found: Any) -> bool:
    """Return whether something is a data set of the library `datasets`, or several under the names of their splits."""
    several = list(found.values()) if isinstance(found, Mapping) else [found]
    ours = (type(one).__module__.partition(".")[0] == "datasets" and hasattr(one, "features") for one in several)
    return bool(several) and all(ours)


def read_loaded(found: Any, name: str, settings: DataSettings, labelled: bool = True) -> Raw:
    """Return the rows of a loaded data set, or of several under the names of their splits.

    Args:
        found: a `datasets.Dataset`, one that is streamed, or a dict of such.
        name: what a person calls it.
        settings: columns that a person named.
        labelled: whether there must be labels.

    Raises:
        UserError: if a column is missing, or there are no rows.
    """
    if not isinstance(found, Mapping):
        return _read_split(name, found, settings, labelled)
    raws: list[tuple[Part | None, Raw]] = []
    for split, rows in found.items():
        part = part_of(split) or "train"
        raws.append((part, _read_split(f"{name} {split}", rows, settings, labelled and part != "unlabelled")))
    first = raws[0][1].schema
    return join(raws, Schema(name, "hub", columns=first.columns, why=first.why))


def _read_split(name: str, rows: Any, settings: DataSettings, labelled: bool) -> Raw:
    rows = _held(rows)
    columns = {column: list(rows[column]) for column in rows.column_names}
    names = {column: _class_names(feature) for column, feature in rows.features.items()}
    tags = next((column for column in _TAGS if column in columns and "tokens" in columns), None)
    mark = digest([str(rows._fingerprint)])
    if tags:
        placed = [place_words(words, tight=False) for words in columns["tokens"]]
        known = names[tags]
        spelt = [[known[tag] if known else str(tag) for tag in row] for row in columns[tags]]
        labels = [spans_of(row, places) for row, (_, places) in zip(spelt, placed, strict=True)]
        examples = Examples([t for t, _ in placed], labels, list(range(len(placed))), words=[w for _, w in placed])
        return Raw(examples, None, Schema(name, "hub", rows=len(placed)), "spans", mark)
    for column, known in names.items():
        if known:
            columns[column] = [_spell(cell, known) for cell in columns[column]]
    return to_raw(Table(name, columns, "hub", mark), settings, labelled)


def _held(rows: Any) -> Any:
    """Return a data set whose cells are plain values and can be read column by column, also where it is streamed."""
    if not hasattr(rows, "_fingerprint"):
        rows = require("datasets", "hub").Dataset.from_list(list(rows), features=rows.features)
    return rows.with_format(None)


def _class_names(feature: Any) -> list[str] | None:
    found = getattr(feature, "names", None) or getattr(getattr(feature, "feature", None), "names", None)
    return list(found) if found else None


def _spell(cell: Any, names: list[str]) -> Any:
    if isinstance(cell, list):
        return [names[number] for number in cell]
    return names[cell] if isinstance(cell, int) and cell >= 0 else None
