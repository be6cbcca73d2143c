"""The cases that strategies and priors are judged on: small files made from real data, the same every time."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import table

Rows = list[tuple[str, str]]


def _sst2() -> Iterator[tuple[str, str]]:
    for line in (table.DATA / "sst2" / "train.tsv").read_text(encoding="utf-8").splitlines():
        text, _, label = line.rpartition("\t")
        yield text, {"0": "negative", "1": "positive"}[label]


def _ag_news() -> Iterator[tuple[str, str]]:
    for row in json.loads((table.DATA / "ag_news" / "agnews_train.json").read_text(encoding="utf-8")):
        yield row["sentence"], row["label"]


def _clinc() -> Iterator[tuple[str, str]]:
    yield from json.loads((table.DATA / "clinc150" / "data_oos_plus.json").read_text(encoding="utf-8"))["train"]


def _phrasebank() -> Iterator[tuple[str, str]]:
    path = table.DATA / "financial_phrasebank" / "Sentences_50Agree.txt"
    for line in path.read_text(encoding="latin-1").splitlines():
        text, _, label = line.rpartition("@")
        yield text, label


def _hotels() -> Iterator[tuple[str, str]]:
    with (table.DATA / "chnsenticorp_htl" / "ChnSentiCorp_htl_all.csv").open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            yield row["review"], {"0": "negative", "1": "positive"}[row["label"]]


def _tnews() -> Iterator[tuple[str, str]]:
    for part in ("train_few_all", "dev_few_all"):
        for line in (table.DATA / "fewclue_tnews" / f"{part}.json").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield row["sentence"], row["label_desc"]


def _sample(name: str) -> Callable[[], Iterator[tuple[str, str]]]:
    def read() -> Iterator[tuple[str, str]]:
        from haoqi import data
        from haoqi.data.settings import DataSettings

        yield from data.read(DataSettings(name)).examples

    return read


CASES: dict[str, tuple[Callable[[], Iterator[tuple[str, str]]], int]] = {
    "sst2": (_sst2, 1600),
    "ag_news": (_ag_news, 1600),
    "clinc150": (_clinc, 3000),
    "phrasebank": (_phrasebank, 1600),
    "hotels-zh": (_hotels, 1600),
    "tnews-zh": (_tnews, 2200),
    "bbc-news": (_sample("bbc-news"), 1000),
    "zh-reviews": (_sample("zh-reviews"), 1600),
}
"""Name to what reads its rows, and how many of them a case has."""


def rows_of(name: str, seed: int = 0, rows: int | None = None) -> Rows:
    """Return the rows of a case: a draw by the seed, texts that are empty or repeated left out."""
    read, usual = CASES[name]
    seen: dict[str, str] = {}
    for text, label in read():
        if text.strip():
            seen.setdefault(text, label)
    found = list(seen.items())
    chosen = np.random.default_rng(seed).permutation(len(found))[: rows or usual]
    return [found[at] for at in chosen]


def write(name: str, folder: Path, seed: int = 0, rows: int | None = None) -> Path:
    """Write a case as a CSV file of `text` and `label`, and return its path."""
    path = folder / f"{name}-{seed}.csv"
    folder.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows(rows_of(name, seed, rows))
    return path
