"""The real sets that are transcribed, read from their files by ways of this bench's own."""

import csv
import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import table

Rows = list[tuple[str, Any]]
Tokens = list[tuple[list[str], list[tuple[int, int, str]]]]
SIZE = 400


@dataclass(frozen=True)
class Labelled:
    """Texts with a label each, drawn from a real set."""

    name: str
    rows: Rows
    chinese: bool = False


@dataclass(frozen=True)
class Tagged:
    """Sentences as words with spans of words, drawn from a real set; `tight`: nothing stands between words."""

    name: str
    rows: Tokens
    tight: bool = False


def labelled(name: str) -> Labelled:
    """Return a set of texts with labels, cut to a few hundred rows of at most 25 labels; none where it is not here."""
    try:
        rows = [(text, label) for text, label in LABELLED[name]() if text.strip()]
    except FileNotFoundError:
        rows = []
    return Labelled(name, _drawn(rows), name in ("hotels-zh", "tnews", "zh-reviews"))


def tagged(name: str) -> Tagged:
    """Return a set of sentences with entities, cut to a few hundred; none where it is not here."""
    try:
        rows = [row for row in TAGGED[name]() if row[0]]
    except FileNotFoundError:
        rows = []
    return Tagged(name, random.Random(0).sample(rows, min(SIZE, len(rows))), name != "conll2003")


def _drawn(rows: Rows) -> Rows:
    by_label: dict[Any, Rows] = defaultdict(list)
    for row in random.Random(0).sample(rows, len(rows)):
        by_label[row[1]].append(row)
    few = sorted(by_label, key=str)[:25]
    each = max(8, SIZE // max(1, len(few)))
    found = [row for label in few for row in by_label[label][:each]]
    return random.Random(1).sample(found, min(SIZE, len(found)))


def ag_news() -> Rows:
    return [(row["sentence"], row["label"]) for row in json_of("ag_news/agnews_train.json")]


def hotels() -> Rows:
    with (table.DATA / "chnsenticorp_htl" / "ChnSentiCorp_htl_all.csv").open(encoding="utf-8", newline="") as file:
        return [(row["review"], row["label"]) for row in csv.DictReader(file)]


def clinc150() -> Rows:
    return [(text, label) for text, label in json_of("clinc150/data_full.json")["train"]]


def sst2(split: str = "train") -> Rows:
    lines = (table.DATA / "sst2" / f"{split}.tsv").read_text(encoding="utf-8").split("\n")
    return [(line.rpartition("\t")[0], line.rpartition("\t")[2]) for line in lines if line]


def phrasebank(agreement: str = "All") -> Rows:
    path = table.DATA / "financial_phrasebank" / f"Sentences_{agreement}Agree.txt"
    content = path.read_bytes()
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:  # as its readme says; one of the four is UTF-8 all the same
        text = content.decode("latin-1")
    lines = text.split("\n")
    return [(line.rpartition("@")[0], line.rpartition("@")[2].strip()) for line in lines if line.strip()]


def tnews(file: str = "train_few_all") -> Rows:
    return [(row["sentence"], row["label_desc"]) for row in json_lines(f"fewclue_tnews/{file}.json")]


def tweets() -> Rows:
    path = table.DATA / "stock_tweets_timestamped" / "stockerbot-export-test.csv"
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        return [(row["text"], row["class"]) for row in csv.DictReader(file)]


def sample(name: str) -> Callable[[], Rows]:
    """Return what gives the rows of an installed sample; none where it is not installed."""

    def read() -> Rows:
        from haoqi.data import DataSettings
        from haoqi.data.samples import installed, read_sample

        if not installed(name):
            return []
        examples = read_sample(name, DataSettings(name)).examples
        return [(text, str(label)) for text, label in zip(examples.texts, examples.labels, strict=True)]

    return read


def conll2003(split: str = "train") -> Tokens:
    found: Tokens = []
    words, tags = list[str](), list[str]()
    lines = (table.DATA / "conll2003" / f"eng.{split}").read_text(encoding="utf-8").split("\n")
    for line in [*lines, ""]:
        cells = line.split()
        if cells and cells[0] != "-DOCSTART-":
            words.append(cells[0])
            tags.append(cells[-1])
        elif words:
            found.append((words, iob1(tags)))
            words, tags = [], []
    return found


def iob1(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """Return the spans of words that tags in IOB1 mark: B- only where a like entity stands right before."""
    spans: list[tuple[int, int, str]] = []
    for at, tag in enumerate(tags):
        if tag == "O":
            continue
        if spans and spans[-1][1] == at and spans[-1][2] == tag[2:] and tag[0] == "I":
            spans[-1] = (spans[-1][0], at + 1, tag[2:])
        else:
            spans.append((at, at + 1, tag[2:]))
    return spans


def cluener(split: str = "train") -> Tokens:
    """Return the characters of CLUENER's sentences with their entities, whose ends it counts inclusive."""
    found: Tokens = []
    for row in json_values((table.DATA / "cluener" / f"{split}.json").read_text(encoding="utf-8")):
        spans = {
            (start, end + 1, kind)
            for kind, surfaces in row.get("label", {}).items()
            for places in surfaces.values()
            for start, end in places
        }
        found.append((list(row["text"]), sorted(spans)))
    return found


def people_daily() -> Tokens:
    from haoqi.data import DataSettings
    from haoqi.data.samples import installed, read_sample

    if not installed("people-daily"):
        return []
    examples = read_sample("people-daily", DataSettings("people-daily")).examples
    rows = zip(examples.texts, examples.labels, strict=True)
    return [(list(text), [(one.start, one.end, one.label) for one in spans]) for text, spans in rows]


def json_of(name: str) -> Any:
    """Return the value of a JSON file of the data folder."""
    return json.loads((table.DATA / name).read_text(encoding="utf-8"))


def json_lines(name: str) -> list[Any]:
    """Return the values of a file with one on each line."""
    return [json.loads(line) for line in (table.DATA / name).read_text(encoding="utf-8").split("\n") if line.strip()]


def json_values(text: str) -> Iterator[Any]:
    """Yield JSON values that stand one after another."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        value, at = decoder.raw_decode(text, at)
        yield value


LABELLED: dict[str, Callable[[], Rows]] = {
    "ag_news": ag_news,
    "hotels-zh": hotels,
    "clinc150": clinc150,
    "sst2": sst2,
    "phrasebank": phrasebank,
    "tnews": tnews,
    "tweets": tweets,
    "bbc-news": sample("bbc-news"),
    "zh-reviews": sample("zh-reviews"),
    "sentiment-en": sample("sentiment-en"),
}
TAGGED: dict[str, Callable[[], Tokens]] = {
    "conll2003": conll2003,
    "cluener": cluener,
    "people-daily": people_daily,
}
