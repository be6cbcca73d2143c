"""Sentences with entities written as columns of words and tags, tables of them, and exports of labelling tools."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from reading.sets import Tagged, Tokens
from reading.structured import in_splits
from reading.truth import Case, Truth


def cases(data: Tagged, folder: Path) -> Iterator[Case]:
    """Yield the files that a set is transcribed into, each written when it is asked for."""
    yield from as_columns(data, folder)
    yield from as_word_tables(data, folder)
    yield from as_exports(data, folder)


def placed(data: Tagged, rows: Tokens | None = None) -> list[tuple[str, list[tuple[int, int, str]]]]:
    """Return the sentences as texts with spans of characters."""
    found = []
    for words, spans in data.rows if rows is None else rows:
        text, starts = "", []
        for word in words:
            text += "" if data.tight or not text else " "
            starts.append(len(text))
            text += word
        found.append((text, [(starts[a], starts[b - 1] + len(words[b - 1]), kind) for a, b, kind in spans]))
    return found


def truth(data: Tagged, rows: Tokens | None = None) -> Truth:
    """Return the sentences as what is right."""
    every = placed(data, rows)
    return Truth([text for text, _ in every], [tuple(spans) for _, spans in every])


def without_blanks(data: Tagged) -> Tokens:
    """Return sentences whose every word can stand in a column: no blanks, and no spans that overlap."""
    found = []
    for words, spans in data.rows:
        kept: list[tuple[int, int, str]] = []
        for span in sorted(spans):
            if not kept or span[0] >= kept[-1][1]:
                kept.append(span)
        if not any(not word or word.isspace() for word in words):
            found.append((words, kept))
    return found


def tags(words: Sequence[str], spans: Sequence[tuple[int, int, str]], scheme: str) -> list[str]:
    """Return the tags of a sentence: BIO, BIOES, BMES (no O-lessness implied) or IOB1."""
    found = ["O"] * len(words)
    before = (-1, "")
    for start, end, kind in sorted(spans):
        for at in range(start, end):
            first, last = at == start, at == end - 1
            sign = "B" if first else "I"
            if scheme == "BIOES":
                sign = "S" if first and last else "B" if first else "E" if last else "I"
            elif scheme == "BMES":
                sign = "S" if first and last else "B" if first else "E" if last else "M"
            elif scheme == "IOB1":
                sign = "B" if first and before == (start, kind) else "I"
            found[at] = f"{sign}-{kind}"
        before = (end, kind)
    return found


def as_columns(data: Tagged, folder: Path) -> Iterator[Case]:
    rows = without_blanks(data)
    right = [truth(data, rows)]

    def lines(scheme: str, sign: str, layout: str) -> str:
        blocks = []
        for words, spans in rows:
            found = zip(words, tags(words, spans, scheme), strict=True)
            cut = [
                {"word tag": f"{w}{sign}{t}", "tag word": f"{t}{sign}{w}", "four": f"{w}{sign}X{sign}Y{sign}{t}"}[
                    layout
                ]
                for w, t in found
            ]
            blocks.append("\n".join(cut))
        return "\n\n".join(blocks) + "\n"

    for name, ending, text in (
        ("BIO, blanks", "txt", lines("BIO", " ", "word tag")),
        ("BIO, tabs", "txt", lines("BIO", "\t", "word tag")),
        ("BIOES, tabs", "bio", lines("BIOES", "\t", "word tag")),
        ("BMES", "bmes", lines("BMES", " ", "word tag")),
        ("IOB1", "conll", lines("IOB1", " ", "word tag")),
        ("four columns", "conll", lines("BIO", " ", "four")),
        ("tag first", "txt", lines("BIO", "\t", "tag word")),
        ("DOCSTART", "txt", "-DOCSTART- O\n\n" + lines("BIO", " ", "word tag")),
        ("header", "tsv", "word\ttag\n" + lines("BIO", "\t", "word tag")),
    ):
        path = folder / f"{name.replace(' ', '-').replace(',', '')}.{ending}"
        path.write_text(text, encoding="utf-8")
        yield Case(data.name, "columns of tags", name, path, right)
    root = folder / "split"
    root.mkdir()
    parts = [{"dev": "valid"}.get(name, name) for name, few in in_splits(rows).items() for _ in few]
    for name, few in in_splits(rows).items():
        text = "\n".join(
            "".join(f"{w} {t}\n" for w, t in zip(words, tags(words, spans, "BIO"), strict=True)) for words, spans in few
        )
        (root / f"{name}.txt").write_text(text, encoding="utf-8")
    whole = right[0]
    yield Case(data.name, "columns of tags", "a file a split", root, [Truth(whole.texts, whole.labels, parts)])


def as_word_tables(data: Tagged, folder: Path) -> Iterator[Case]:
    rows = without_blanks(data)
    right = [truth(data, rows)]
    listed = [(words, tags(words, spans, "BIO")) for words, spans in rows]
    every, first = [], []
    for number, (words, found) in enumerate(listed):
        for place, (word, tag) in enumerate(zip(words, found, strict=True)):
            every.append((number, word, tag))
            first.append((f"Sentence: {number + 1}" if place == 0 else "", word, tag))
    beside = [(" ".join(words), " ".join(found)) for words, found in listed]
    plans: list[tuple[str, str, Sequence[str] | None, Sequence[Sequence[Any]]]] = [
        ("sentence numbers", ",", ("sentence_id", "words", "labels"), every),
        ("numbers in first rows", ",", ("Sentence #", "Word", "Tag"), first),
        ("words and tags in cells", "\t", ("words", "tags"), beside),
        ("words tab tags", "\t", None, beside),
        ("python lists", ",", ("tokens", "ner_tags"), [(str(list(w)), str(t)) for w, t in listed]),
    ]
    for name, sign, header, body in plans:
        buffer = io.StringIO()
        csv.writer(buffer, delimiter=sign, lineterminator="\n").writerows([*([header] if header else []), *body])
        path = folder / f"{name.replace(' ', '-')}.{'csv' if sign == ',' else 'tsv'}"
        path.write_text(buffer.getvalue(), encoding="utf-8")
        yield Case(data.name, "tables of tags", name, path, right)
    records = [{"id": str(place), "tokens": w, "ner_tags": t} for place, (w, t) in enumerate(listed)]
    path = folder / "tokens.jsonl"
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records), encoding="utf-8")
    yield Case(data.name, "tables of tags", "tokens and tags in JSON", path, right)
    path = folder / "tokens.parquet"
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"tokens": [w for w, _ in listed], "ner_tags": [t for _, t in listed]}), path)
    yield Case(data.name, "tables of tags", "tokens and tags in Parquet", path, right)


def as_exports(data: Tagged, folder: Path) -> Iterator[Case]:
    rows, right = placed(data), [truth(data)]

    def marks(spans: Sequence[tuple[int, int, str]], text: str, listed: bool) -> list[dict[str, Any]]:
        return [
            {"start": a, "end": b, "text": text[a:b], "labels" if listed else "label": [k] if listed else k}
            for a, b, k in spans
        ]

    label_studio = [
        {
            "id": place,
            "data": {"text": text},
            "annotations": [
                {
                    "id": place,
                    "completed_by": 1,
                    "was_cancelled": False,
                    "result": [
                        {"value": one, "id": f"r{n}", "from_name": "label", "to_name": "text", "type": "labels"}
                        for n, one in enumerate(marks(spans, text, True))
                    ],
                }
            ],
        }
        for place, (text, spans) in enumerate(rows)
    ]
    minimal = [{"id": n, "text": t, "label": marks(s, t, True), "annotator": 1} for n, (t, s) in enumerate(rows)]
    arrays = {
        "label studio": label_studio,
        "label studio, minimal": minimal,
        "spaCy pairs": [[text, {"entities": [list(one) for one in spans]}] for text, spans in rows],
        "NER annotator": {
            "classes": sorted({k for _, s in rows for *_, k in s}),
            "annotations": [[text, {"entities": [list(one) for one in spans]}] for text, spans in rows],
        },
    }
    lines = {
        "doccano": [
            {"id": n, "text": t, "label": [list(one) for one in s], "Comments": []} for n, (t, s) in enumerate(rows)
        ],
        "doccano, entities": [
            {
                "id": n,
                "text": t,
                "relations": [],
                "entities": [
                    {"id": m, "label": k, "start_offset": a, "end_offset": b} for m, (a, b, k) in enumerate(s)
                ],
            }
            for n, (t, s) in enumerate(rows)
        ],
        "prodigy": [
            {"text": t, "spans": marks(s, t, False), "answer": "accept", "_input_hash": n}
            for n, (t, s) in enumerate(rows)
        ],
        "entities": [{"text": t, "entities": marks(s, t, False)} for t, s in rows],
        "inclusive ends": [
            {"text": t, "entities": [{**m, "end": m["end"] - 1} for m in marks(s, t, False)]} for t, s in rows
        ],
    }
    for name, value in arrays.items():
        path = folder / f"{name.replace(' ', '-').replace(',', '')}.json"
        path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
        yield Case(data.name, "exports", name, path, right)
    for name, records in lines.items():
        path = folder / f"{name.replace(' ', '-').replace(',', '')}.jsonl"
        path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records), encoding="utf-8")
        yield Case(data.name, "exports", name, path, right)
    body = [
        (t, n, json.dumps(marks(s, t, True)) if s else "", 1, f"2024-01-01T00:00:{n % 60:02d}Z")
        for n, (t, s) in enumerate(rows)
    ]
    path = folder / "label-studio.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "id", "label", "annotator", "created_at"), *body])
    whole = right[0]
    empty_is_none = Truth(whole.texts, [label or None for label in whole.labels])
    yield Case(data.name, "exports", "label studio, csv", path, [whole, empty_is_none])
