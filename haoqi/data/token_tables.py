"""Tables of words beside their tags, both as lists in the cells of a row."""

from typing import TYPE_CHECKING, Any

from haoqi.data.examples import Examples
from haoqi.data.raw import Raw
from haoqi.data.schema import Schema
from haoqi.data.settings import DataSettings
from haoqi.data.tags import spans_of

if TYPE_CHECKING:
    from haoqi.data.table import Table

_PAIRS = (("tokens", "ner_tags"), ("tokens", "tags"), ("words", "tags"), ("tokens", "labels"), ("words", "labels"))


def sentences_of(table: "Table", settings: DataSettings, labelled: bool = True) -> Raw | None:
    """Return the rows of a table whose cells are lists of words and of as many tags, as spans; None for others."""
    from haoqi.data.span_tables import texts_of

    pair = next((pair for pair in _PAIRS if set(pair) <= set(table.columns) and _are_tags(table, pair)), None)
    if pair is None:
        return None
    texts, words = texts_of([cell or ["?"] for cell in table.columns[pair[0]]])
    if words is None:
        return None
    labels: list[Any] = [
        None if tags is None else spans_of(tags, places)
        for tags, places in zip(table.columns[pair[1]], words, strict=True)
    ]
    examples = Examples(texts, labels, list(range(len(texts))), words=words)
    notes = (*table.notes, "words and their tags stand in lists")
    chosen = {"text": pair[0], "label": pair[1]}
    schema = Schema(table.name, table.format, table.encoding, columns=chosen, rows=len(texts), notes=notes)
    return Raw(examples, table.parts, schema, "spans", table.fingerprint)


def _are_tags(table: "Table", pair: tuple[str, str]) -> bool:
    """Return whether two columns hold lists of texts that are equally long in each row."""
    rows = [
        (words, tags)
        for words, tags in zip(table.columns[pair[0]], table.columns[pair[1]], strict=True)
        if tags is not None
    ]
    return bool(rows) and all(
        isinstance(words, list)
        and isinstance(tags, list)
        and len(words) == len(tags)
        and _texts(words)
        and _texts(tags)
        for words, tags in rows
    )


def _texts(cells: list[Any]) -> bool:
    return all(isinstance(cell, str) for cell in cells)
