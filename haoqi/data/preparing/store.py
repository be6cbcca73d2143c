"""Examples on disk: Parquet, typed by what the labels are, written whole or not at all."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.examples import Examples, Span, Turn

if TYPE_CHECKING:
    import pyarrow as pa

_KIND = b"haoqi.labels"


def save(examples: Examples, path: Path) -> None:
    """Write examples to a Parquet file, which is there whole or not at all.

    Raises:
        UserError: if the folder cannot be written or is full.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    kind = kind_of(examples.labels)
    columns: dict[str, Any] = {
        "id": pa.array(examples.ids, pa.int64()),
        "text": pa.array(examples.texts, pa.large_string()),
        "label": _to_arrow(examples.labels, kind),
    }
    for name, column in (("pair", examples.pairs), ("original", examples.originals), ("group", examples.groups)):
        if column is not None:
            columns[name] = pa.array(column, pa.large_string())
    columns["key"] = pa.array(examples.keys, pa.large_string())
    if examples.contexts is not None:
        columns["context"] = pa.array(examples.contexts, pa.large_string())
    if examples.files is not None:
        columns["file"] = pa.array(examples.files, pa.large_string())
    for name, rows in (("turns", examples.turns), ("meta", examples.meta)):
        if rows is not None:
            columns[name] = pa.array([json.dumps(row, ensure_ascii=False) for row in rows], pa.large_string())
    if examples.times is not None:
        columns["time"] = pa.array(examples.times, pa.float64())
    if examples.weights is not None:
        columns["weight"] = pa.array(examples.weights, pa.float64())
    if examples.words is not None:
        flat = [[edge for word in words for edge in word] for words in examples.words]
        columns["words"] = pa.array(flat, pa.large_list(pa.int32()))
    table = pa.table(columns).replace_schema_metadata({_KIND: kind.encode()})
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with _told(path):
        try:
            pq.write_table(table, beside, compression="zstd")
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)


def load(path: Path) -> Examples:
    """Return the examples that `save` wrote.

    Raises:
        UserError: if the file is not there or is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
        kind = (table.schema.metadata or {})[_KIND].decode()
        held = {name: table.column(name).combine_chunks() for name in table.column_names}
        labels = _from_arrow(held["label"], kind)
        words = held["words"].to_pylist() if "words" in held else None
    except (OSError, pa.ArrowInvalid, KeyError) as error:
        raise UserError(say("store.damaged", path=str(path), error=str(error)), say("store.damaged.hint")) from None

    def column(name: str) -> Any:
        return held[name].to_pylist() if name in held else None

    return Examples(
        column("text"),
        labels,
        column("id"),
        pairs=column("pair"),
        words=None if words is None else [tuple(zip(flat[::2], flat[1::2], strict=True)) for flat in words],
        originals=column("original"),
        groups=column("group"),
        times=column("time"),
        weights=column("weight"),
        known_keys=column("key"),
        contexts=column("context"),
        files=column("file"),
        turns=[tuple(Turn(*one) for one in json.loads(row)) for row in held["turns"].to_pylist()]
        if "turns" in held
        else None,
        meta=[json.loads(row) for row in held["meta"].to_pylist()] if "meta" in held else None,
    )


def kind_of(labels: Sequence[Any]) -> str:
    """Return what labels are: "text", "texts", "spans", "number", or "none"."""
    found = {_kind(label) for label in labels if label is not None}
    if found == {"empty"}:
        return "spans"
    found.discard("empty")
    assert len(found) <= 1, f"labels of several kinds: {found}"
    return found.pop() if found else "none"


def _kind(label: Any) -> str:
    if isinstance(label, tuple):
        return "empty" if not label else "spans" if isinstance(label[0], Span) else "texts"
    return "text" if isinstance(label, str) else "number"


def _to_arrow(labels: Sequence[Any], kind: str) -> "pa.Array[Any]":
    import pyarrow as pa

    span = pa.struct([("start", pa.int32()), ("end", pa.int32()), ("label", pa.string())])
    types = {
        "none": pa.null(),
        "text": pa.string(),
        "texts": pa.large_list(pa.string()),
        "spans": pa.large_list(span),
        "number": pa.float64(),
    }
    if kind == "spans":
        labels = [None if label is None else [one._asdict() for one in label] for label in labels]
    return pa.array(labels, types[kind])


def _from_arrow(column: "pa.Array[Any]", kind: str) -> list[Any]:
    if kind == "texts":
        return [None if label is None else tuple(label) for label in column.to_pylist()]
    if kind != "spans":
        return list(column.to_pylist())
    members = column.values
    flat = list(map(Span, *(members.field(name).to_pylist() for name in ("start", "end", "label"))))
    edges, missing = column.offsets.to_pylist(), column.is_null().to_pylist()
    return [
        None if absent else tuple(flat[start:end])
        for start, end, absent in zip(edges[:-1], edges[1:], missing, strict=True)
    ]


def write_text(text: str, path: Path) -> None:
    """Write a small file whole or not at all.

    Raises:
        UserError: if the folder cannot be written or is full.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with _told(path):
        try:
            beside.write_text(text, encoding="utf-8")
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn what a disk says no with into words."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(say("store.unwritten", path=str(path), reason=reason), say("store.unwritten.hint")) from None
