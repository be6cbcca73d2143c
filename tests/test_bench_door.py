"""Damaged files are read or refused in plain words, and the bench of the door tells right from wrong and asked."""

import importlib
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from haoqi.data.examples import Examples
from haoqi.data.raw import Raw
from haoqi.data.schema import Schema

BENCH = Path(__file__).parent.parent / "bench"
WORDS = "the lid of my kettle works well after a long rainy day and nobody answers".split()  # noqa: SIM905
TEXTS = [" ".join(random.Random(place).sample(WORDS, 9)) + f" {place}" for place in range(40)]
LABELS = ["kettle", "garden", "late delivery"]
SENTENCES = [[("Nordlys", "B-ORG"), ("Energy", "I-ORG"), ("opens", "O"), (str(place), "O")] for place in range(30)]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what imports a module of the benches by its name."""
    monkeypatch.syspath_prepend(str(BENCH))
    return importlib.import_module


def shapes() -> Iterator[tuple[str, bytes]]:
    """Yield small files by their ending, in the shapes in which people have their data."""
    rows = [(text, LABELS[place % 3]) for place, text in enumerate(TEXTS)]
    spans = [{"start": 0, "end": 8, "label": "ORG"}]
    records = [{"id": place, "text": text, "label": label} for place, (text, label) in enumerate(rows)]
    yield ".csv", ("text,label\n" + "".join(f'"{text}, so",{label}\n' for text, label in rows)).encode()
    yield (
        ".csv",
        ("id;when;text;tags\n" + "".join(f"{n};{n}/1/2024;{t};a|b\n" for n, (t, _) in enumerate(rows))).encode(
            "utf-16"
        ),
    )
    yield ".tsv", "".join(f"{label}\t{text}\n" for text, label in rows).encode("cp1252")
    yield ".txt", "".join(f"__label__{label.split()[0]} {text}\n" for text, label in rows).encode()
    yield ".txt", "".join(f"{text}@{label}\n" for text, label in rows).encode()
    yield ".txt", "\n".join("".join(f"{w} {t}\n" for w, t in one) for one in SENTENCES).encode()
    yield (
        ".csv",
        ("n,word,tag\n" + "".join(f"{n},{w},{t}\n" for n, one in enumerate(SENTENCES) for w, t in one)).encode(),
    )
    yield ".csv", ("text,a,b,c\n" + "".join(f"{t},{n % 2},{n % 3 % 2},1\n" for n, t in enumerate(TEXTS))).encode()
    yield ".csv", ("text,labels\n" + "".join(f"{t},\"['x', 'y{n % 2}']\"\n" for n, t in enumerate(TEXTS))).encode()
    yield ".jsonl", "".join(json.dumps(record) + "\n" for record in records).encode()
    yield ".json", json.dumps({"train": records[:30], "test": records[30:]}).encode()
    yield ".json", json.dumps([{"data": {"text": text}, "annotations": [{"result": []}]} for text in TEXTS]).encode()
    yield ".jsonl", "".join(json.dumps({"text": text, "entities": spans}) + "\n" for text in TEXTS).encode()
    yield ".jsonl", "".join(json.dumps({"text": text, "label": [[0, 3, "X"]]}) + "\n" for text in TEXTS).encode()
    yield ".jsonl", "".join(json.dumps({"tokens": ["a", "b"], "ner_tags": ["B-X", "O"]}) + "\n" for _ in TEXTS).encode()
    yield ".json", json.dumps([[text, {"entities": [[0, 3, "X"]]}] for text in TEXTS]).encode()
    yield (
        ".json",
        json.dumps({"intents": [{"tag": "a", "patterns": TEXTS[:9]}, {"tag": "b", "patterns": TEXTS[9:]}]}).encode(),
    )


def damaged_files(bench: Any, folder: Path, count: int) -> Iterator[tuple[str, Path]]:
    fuzz, files = bench("reading.fuzz"), [*shapes(), *saved(folder)]
    for number in range(count):
        ending, content = files[number % len(files)]
        found, how = fuzz.damaged(content, random.Random(number))
        path = folder / f"{number}{ending}"
        path.write_bytes(found)
        yield f"{number}, {how}", path
        path.unlink()


def saved(folder: Path) -> Iterator[tuple[str, bytes]]:
    import openpyxl
    import pyarrow as pa
    import pyarrow.parquet as pq

    book = openpyxl.Workbook()
    for place, text in enumerate(("text", *TEXTS)):
        book.active.append([text, "label" if place == 0 else LABELS[place % 3]])
    book.save(folder / "book.xlsx")
    yield ".xlsx", (folder / "book.xlsx").read_bytes()
    pq.write_table(pa.table({"text": TEXTS, "label": [LABELS[n % 3] for n in range(40)]}), folder / "table.parquet")
    yield ".parquet", (folder / "table.parquet").read_bytes()


@pytest.mark.parametrize("count", [150, pytest.param(2_000, marks=pytest.mark.slow)])
def test_damaged_files_are_read_or_refused_in_plain_words(bench: Any, tmp_path: Path, count: int) -> None:
    outcome_of = bench("reading.fuzz").outcome_of
    outcomes = {name: outcome_of(path) for name, path in damaged_files(bench, tmp_path, count)}
    assert {name: one for name, one in outcomes.items() if one not in ("answer", "UserError")} == {}
    assert set(outcomes.values()) == {"answer", "UserError"}


def raw_of(texts: list[str], labels: list[Any], **said: Any) -> Raw:
    return Raw(Examples(texts, labels, list(range(len(texts)))), None, Schema("a.csv", "csv", **said), "labels", "")


def test_a_reading_is_right_asked_or_wrong(bench: Any) -> None:
    truth = bench("reading.truth")
    right = truth.Truth(["one ", "two\r\nlines"], ["a", "b"])
    case = truth.Case("a", "b", "c", Path("a.csv"), [right])
    assert truth.judge(case, raw_of(["two\nlines", "one"], ["b", "a"])).kind == "right"
    assert truth.judge(case, raw_of(["one", "two\nlines"], ["b", "a"])).kind == "wrong"
    assert truth.judge(case, raw_of(["one"], ["a"])).kind == "wrong"
    assert truth.judge(case, raw_of(["one", "two\nlines"], ["a", "c"], unsure=("label",))).kind == "asked"
    assert truth.judge(case, raw_of(["one", "two\nlines"], ["a", "c"], unsure=("text",))).kind == "wrong"
    doubt = ("labels may be cut: --label-separator",)
    assert truth.judge(case, raw_of(["one", "two\nlines"], ["a", "c"], warnings=doubt)).kind == "asked"


def test_spans_are_the_same_where_blanks_between_words_differ(bench: Any) -> None:
    truth = bench("reading.truth")
    one, other = truth.Truth(["a bc d"], [((2, 4, "X"),)]), truth.Truth(["abc  d"], [((1, 3, "X"),)])
    assert truth.difference(one, other) == ""
    assert truth.difference(one, truth.Truth(["abc  d"], [((0, 3, "X"),)])).startswith("label:")
