"""Texts with labels written as JSON, Parquet, workbooks, folders and lines."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from reading.sets import Labelled
from reading.tables import labels_of, one_line, truth, write
from reading.truth import Case, Truth


def cases(data: Labelled, folder: Path) -> Iterator[Case]:
    """Yield the files and folders that a set is transcribed into, each written when it is asked for."""
    yield from as_json(data, folder)
    yield from as_parquet(data, folder)
    yield from as_excel(data, folder)
    yield from as_folders(data, folder)
    yield from as_lines(data, folder)


def in_splits(rows: Sequence[Any]) -> dict[str, list[Any]]:
    """Return rows cut into three splits of ten, one and one parts."""
    step = len(rows) // 12
    return {"train": list(rows[: -2 * step]), "dev": list(rows[-2 * step : -step]), "test": list(rows[-step:])}


def split_truth(rows: Sequence[tuple[str, Any]]) -> Truth:
    """Return rows as what is right, with the splits of `in_splits`."""
    parts = in_splits(rows)
    called = {"dev": "valid"}
    named = [called.get(name, name) for name, few in parts.items() for _ in few]
    every = [row for few in parts.values() for row in few]
    return Truth([text for text, _ in every], [label for _, label in every], named)


def as_json(data: Labelled, folder: Path) -> Iterator[Case]:
    rows, right = data.rows, [truth(data.rows)]
    records = [{"text": text, "label": label} for text, label in rows]
    many, _ = labels_of(data)
    several = [{"text": text, "labels": sorted(few)} for text, few in many]
    texts, labels = [text for text, _ in rows], [label for _, label in rows]
    numbered = [
        {"id": place, "body": text, "meta": {"source": "mail"}, "intent": label}
        for place, (text, label) in enumerate(rows)
    ]
    values: dict[str, tuple[Any, Sequence[Truth]]] = {
        "array": (records, right),
        "array of lists": ([[text, label] for text, label in rows], right),
        "dict of lists": ({"text": texts, "label": labels}, right),
        "under data": ({"version": "1", "data": records}, right),
        "by id": ({f"c{place:05d}": record for place, record in enumerate(records)}, right),
        "splits of records": (
            {n: [{"text": t, "label": w} for t, w in few] for n, few in in_splits(rows).items()},
            [split_truth(rows)],
        ),
        "splits of lists": ({n: [[t, w] for t, w in few] for n, few in in_splits(rows).items()}, [split_truth(rows)]),
        "records beside": (numbered, right),
        "text deeper": ([{"data": {"text": text}, "label": label} for text, label in rows], right),
        "label deeper": ([{"text": text, "annotation": {"label": label}} for text, label in rows], right),
        "several labels": (several, [truth(many)]),
        "texts by label": (_by_label(rows), right),
        "column records": ({"text": dict(enumerate(texts)), "label": dict(enumerate(labels))}, right),
    }
    for name, (value, truths) in values.items():
        path = folder / f"{name.replace(' ', '-')}.json"
        path.write_text(json.dumps(value, ensure_ascii=len(name) % 2 == 0), encoding="utf-8")
        yield Case(data.name, "json", name, path, truths)
    lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    indented = "\n".join(json.dumps(record, ensure_ascii=False, indent=2) for record in records)
    keys = (
        {"label": r["label"], "n": n} if n % 90 == 5 else {"n": n, **r} for n, r in enumerate(records) if n % 90 != 5
    )
    for name, text, encoding in (
        ("lines.jsonl", lines, "utf-8"),
        ("lines.txt", lines, "utf-8"),
        ("lines.json", lines, "utf-8-sig"),
        ("indented.json", indented, "utf-8"),
        ("wide.json", json.dumps(records, ensure_ascii=False), "utf-16"),
        ("lines-cr.jsonl", lines.replace("\n", "\r\n\r\n"), "utf-8"),
    ):
        path = folder / name
        path.write_bytes(text.encode(encoding))
        yield Case(data.name, "json", name, path, right)
    path = folder / "keys.jsonl"
    kept = list(keys)
    path.write_text("".join(json.dumps(one) + "\n" for one in kept), encoding="utf-8")
    yield Case(data.name, "json", "fields in another order", path, [truth([(r["text"], r["label"]) for r in kept])])


def _by_label(rows: Sequence[tuple[str, Any]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text, label in rows:
        found.setdefault(label, []).append(text)
    return found


def as_parquet(data: Labelled, folder: Path) -> Iterator[Case]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts, labels = [text for text, _ in data.rows], [label for _, label in data.rows]
    names = sorted(set(labels))
    many, _ = labels_of(data)
    ids = list(range(len(texts)))
    for name, columns, right in (
        ("plain", {"text": texts, "label": labels}, truth(data.rows)),
        (
            "whole numbers",
            {"label": [names.index(one) for one in labels], "sentence": texts, "idx": ids},
            Truth(texts, [str(names.index(one)) for one in labels]),
        ),
        ("categories", {"content": texts, "category": pa.array(labels).dictionary_encode()}, truth(data.rows)),
        (
            "truths",
            {"text": texts, "spam": [one == names[0] for one in labels]},
            Truth(texts, ["true" if one == names[0] else "false" for one in labels]),
        ),
        ("lists", {"text": texts, "labels": [sorted(few) for _, few in many]}, truth(many)),
        ("records beside", {"text": texts, "meta": [{"n": place} for place in ids], "label": labels}, truth(data.rows)),
    ):
        path = folder / f"{name.replace(' ', '-')}.parquet"
        pq.write_table(pa.table(columns), path)
        yield Case(data.name, "parquet", name, path, [right])


def as_excel(data: Labelled, folder: Path) -> Iterator[Case]:
    import openpyxl

    rows = [(_printable(text), label) for text, label in data.rows]
    numbered = [(place + 1, label, text) for place, (text, label) in enumerate(rows)]
    cover = [["Report", "Desk"], ["of", "May 2024"], ["by", "A. Person"]]
    plans: dict[str, list[tuple[str, Sequence[Sequence[Any]]]]] = {
        "plain": [("Sheet1", [("text", "label"), *rows])],
        "title row": [("May", [("All messages of May 2024",), (), ("text", "label"), *rows])],
        "second sheet": [("Cover", cover), ("Data", [("Nr", "Thema", "Nachricht"), *numbered])],
        "no header": [("Sheet1", rows)],
        "empty column": [("Sheet1", [(None, "text", None, "label"), *((None, t, None, w) for t, w in rows)])],
    }
    for name, sheets in plans.items():
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, body in sheets:
            sheet = book.create_sheet(title)
            for row in body:
                sheet.append(list(row))
        path = folder / f"{name.replace(' ', '-')}.xlsx"
        book.save(path)
        yield Case(data.name, "excel", name, path, [truth(rows)])


def _printable(text: str) -> str:
    kept = "".join(letter for letter in text if letter >= " " or letter in "\n\t")[:30_000]
    return "'" + kept if kept.startswith("=") else kept


def as_folders(data: Labelled, folder: Path) -> Iterator[Case]:
    rows = [(text, label.replace("/", " ").strip()) for text, label in data.rows]
    right = [truth(rows)]
    root = folder / "texts"
    for place, (text, label) in enumerate(rows):
        (root / label).mkdir(parents=True, exist_ok=True)
        (root / label / f"{place:04d}.txt").write_text(text, encoding="utf-8")
    yield Case(data.name, "folder", "a file a text", root, right)
    root = folder / "split-texts"
    for split, few in in_splits(rows).items():
        for place, (text, label) in enumerate(few):
            (root / split / label).mkdir(parents=True, exist_ok=True)
            (root / split / label / f"{place:04d}.txt").write_text(text, encoding="utf-8")
    yield Case(data.name, "folder", "splits of a file a text", root, [split_truth(rows)])
    lines = one_line(rows)
    root = folder / "classes"
    root.mkdir()
    for label in sorted({label for _, label in lines}):
        body = "".join(f"{text}\n" for text, other in lines if other == label)
        (root / f"{label}.txt").write_text(body, encoding="utf-8")
    yield Case(data.name, "folder", "a file a class", root, [truth(lines)])
    for ending, sign, header in (("csv", ",", True), ("tsv", "\t", False)):
        root = folder / f"splits-{ending}"
        root.mkdir()
        for split, few in in_splits(lines).items():
            write(root / f"{split}.{ending}", ("text", "label") if header else None, few, delimiter=sign)
        yield Case(data.name, "folder", f"{ending} a split", root, [split_truth(lines)])
    root = folder / "splits-jsonl"
    root.mkdir()
    for split, few in in_splits(rows).items():
        told = "".join(json.dumps({"label": label, "sentence": text}) + "\n" for text, label in few)
        (root / f"my_{split}.jsonl").write_text(told, encoding="utf-8")
    yield Case(data.name, "folder", "json lines a split", root, [split_truth(rows)])
    root = folder / "parallel"
    root.mkdir()
    for split, few in in_splits(lines).items():
        (root / f"{split}_text.txt").write_text("".join(f"{text}\n" for text, _ in few), encoding="utf-8")
        (root / f"{split}_labels.txt").write_text("".join(f"{label}\n" for _, label in few), encoding="utf-8")
    yield Case(data.name, "folder", "texts and labels in files", root, [split_truth(lines)])


def as_lines(data: Labelled, folder: Path) -> Iterator[Case]:
    rows = one_line([(text, label.replace(" ", "_")) for text, label in data.rows], "__label__", "@", "|||")
    right = [truth(rows)]
    many, _ = labels_of(data)
    listed = one_line([(text, frozenset(one.replace(" ", "_") for one in few)) for text, few in many])
    marked = [" ".join(f"__label__{one}" for one in sorted(few)) + f" {text}" for text, few in listed]
    for name, lines, truths in (
        ("fasttext", [f"__label__{label} {text}" for text, label in rows], right),
        ("fasttext, several", marked, [truth(listed)]),
        ("text@label", [f"{text} @{label}" for text, label in rows], right),
        ("text ||| label", [f"{text} ||| {label}" for text, label in rows], right),
        ("label tab text", [f"{label}\t{text}" for text, label in rows], right),
        ("text tab label", [f"{text}\t{label}" for text, label in rows], right),
        ("label blank text", [f"{label} {text}" for text, label in rows], right),
    ):
        path = folder / f"{name.replace(' ', '-').replace('|', 'i')}.txt"
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        yield Case(data.name, "lines", name, path, truths)
