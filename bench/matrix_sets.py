"""The sets of the matrix: public data, cut to a size at which every method has its turn."""

import csv
import json
import random
import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cases
import table
import tasks as asked

Files = Callable[[Path, int, int], dict[str, Any]]
"""(folder, training rows, test rows) to the settings that read them, source among them."""


@dataclass(frozen=True)
class Loaded:
    """What is learnt from and asked."""

    task: Any
    train: Any
    valid: Any
    test: Any
    base: Any
    """The base that suits the language; None where it is not installed."""


@dataclass(frozen=True)
class Set:
    """One set: what it is, how much of it is taken, and what reads it."""

    task: str
    about: str
    files: Files
    rows: int = 1000
    """Training rows, of which a tenth is for stopping early and for thresholds."""
    test: int = 1000
    settings: dict[str, Any] = field(default_factory=dict)

    def load(self, rows: int | None = None) -> Loaded:
        """Return the examples as a run would learn them."""
        from haoqi import data
        from haoqi import tasks as room
        from haoqi.data.settings import DataSettings

        with tempfile.TemporaryDirectory() as scratch:
            given = self.files(Path(scratch), rows or self.rows, self.test)
            settings = DataSettings(**{**self.settings, **given})
            raw = data.read(settings)
            task, _ = room.resolve(self.task, raw, settings)
            facts = {"seed": 0, "folder": Path(scratch) / "data", "classes": task.output.kind.has_classes}
            splits = data.prepare(raw, task.output.read, settings, **facts).splits
        task = room.learn_classes(task, splits.train.labels)
        splits = replace(splits, valid=_known(splits.valid, task), test=_known(splits.test, task))
        return Loaded(task, splits.train, splits.valid, splits.test, _base(splits.train.texts))


def _known(examples: Any, task: Any) -> Any:
    """Return the rows that have a label; one that no training row has is wrong for every method, and stays."""
    return examples.take([row for row, label in enumerate(examples.labels) if label is not None])


def _base(texts: Sequence[str]) -> Any:
    from haoqi.core import folder
    from haoqi.core.errors import UserError
    from haoqi.data.preparing.languages import language_shares
    from haoqi.models.bases import choose, resolve

    try:
        return resolve(choose(language_shares(texts)), folder.cache())
    except UserError:
        return None


def _written(folder: Path, head: Sequence[str], train: Sequence[Any], test: Sequence[Any]) -> dict[str, str]:
    paths = {
        name: asked.write_rows(folder / f"{name}.csv", head, rows) for name, rows in (("train", train), ("test", test))
    }
    return {"source": paths["train"], "test_file": paths["test"]}


def _drawn(rows: Sequence[Any], count: int) -> list[Any]:
    return random.Random(0).sample(list(rows), min(count, len(rows)))


def _of_case(name: str) -> Files:
    """Return the files of a case of cases.py, whose test rows are drawn beside."""

    def files(folder: Path, rows: int, test: int) -> dict[str, str]:
        found = cases.rows_of(name, 0, rows + test)
        return _written(folder, ["text", "label"], found[test:], found[:test])

    return files


def _sst2(folder: Path, rows: int, test: int) -> dict[str, str]:
    def read(name: str) -> list[tuple[str, str]]:
        lines = (table.DATA / "sst2" / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
        return [
            (text, {"0": "negative", "1": "positive"}[label])
            for text, _, label in (one.rpartition("\t") for one in lines)
        ]

    return _written(folder, ["text", "label"], _drawn(read("train"), rows), _drawn(read("test"), test))


def _tnews(folder: Path, rows: int, test: int) -> dict[str, str]:
    def read(name: str) -> list[tuple[str, str]]:
        return [(one["sentence"], one["label_desc"]) for one in asked.json_lines("fewclue_tnews", name)]

    return _written(folder, ["text", "label"], _drawn(read("train_0"), rows), _drawn(read("test_public"), test))


def _clinc(folder: Path, rows: int, test: int) -> dict[str, str]:
    place = table.DATA / "clinc150"
    of = {intent: top for top, below in json.loads((place / "domains.json").read_text()).items() for intent in below}
    plain = json.loads((place / "data_full.json").read_text(encoding="utf-8"))
    paths = {part: [(text, f"{of[label]}/{label}") for text, label in plain[part]] for part in ("train", "test")}
    return _written(folder, ["text", "label"], _drawn(paths["train"], rows), _drawn(paths["test"], test))


def _genres(folder: Path, rows: int, test: int) -> dict[str, str]:
    with (table.DATA / "movielens_latest_small" / "movies.csv").open(encoding="utf-8", newline="") as file:
        found = [
            (line["title"], line["genres"]) for line in csv.DictReader(file) if line["genres"] != "(no genres listed)"
        ]
    found = _drawn(found, rows + test)
    return _written(folder, ["text", "label"], found[test:], found[:test])


def _films(folder: Path, rows: int, test: int) -> dict[str, str]:
    place = table.DATA / "movielens_latest_small"
    ratings: dict[str, list[float]] = {}
    with (place / "ratings.csv").open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            ratings.setdefault(line["movieId"], []).append(float(line["rating"]))
    with (place / "movies.csv").open(encoding="utf-8", newline="") as file:
        found = [
            (f"{line['title']}: {line['genres'].replace('|', ', ')}", round(statistics.mean(given), 3))
            for line in csv.DictReader(file)
            if len(given := ratings.get(line["movieId"], [])) >= 10
        ]
    found = _drawn(found, rows + test)
    return _written(folder, ["text", "label"], found[test:], found[:test])


def _stsb(language: str) -> Files:
    def files(folder: Path, rows: int, test: int) -> dict[str, str]:
        splits = []
        for part, count in (("train", rows), ("test", test)):
            with (table.DATA / "stsb_en_zh" / f"stsb-{language}-{part}.csv").open(encoding="utf-8", newline="") as file:
                splits.append(_drawn(list(csv.reader(file)), count))
        return _written(folder, ["first", "second", "label"], *splits)

    return files


def _bustm(folder: Path, rows: int, test: int) -> dict[str, str]:
    def read(*names: str) -> list[Any]:
        found = [one for name in names for one in asked.json_lines("fewclue_bustm", name)]
        return [(one["sentence1"], one["sentence2"], str(one["label"])) for one in found]

    train = _drawn(read("train_few_all", "dev_few_all"), rows)
    return _written(folder, ["first", "second", "label"], train, _drawn(read("test_public"), test))


def _semeval(folder: Path, rows: int, test: int) -> dict[str, str]:
    train, held = (asked.semeval_rows(name) for name in ("TRAIN_FILE.TXT", "TEST_FILE_FULL.TXT"))
    return _written(folder, ["text", "label"], _drawn(train, rows), _drawn(held, test))


def _tydi(folder: Path, rows: int, test: int) -> dict[str, str]:
    found = _drawn(asked.tydi_questions(), rows + test)
    paths = {"train": folder / "train.json", "test": folder / "test.json"}
    for name, part in (("train", found[test:]), ("test", found[:test])):
        paths[name].write_text(json.dumps(asked.squad(part)), encoding="utf-8")
    return {"source": str(paths["train"]), "test_file": str(paths["test"])}


def _conll(folder: Path, rows: int, test: int) -> dict[str, str]:
    paths = {}
    for name, part, count in (("train", "eng.train", rows), ("test", "eng.testb", test)):
        found = _drawn(asked.bio_sentences(table.DATA / "conll2003" / part), count)
        paths[name] = folder / f"{name}.bio"
        blocks = ["\n".join(f"{word} {tag}" for word, tag in zip(*one, strict=True)) for one in found]
        paths[name].write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
    return {"source": str(paths["train"]), "test_file": str(paths["test"]), "format": "columns"}


def _cluener(folder: Path, rows: int, test: int) -> dict[str, str]:
    paths = {}
    for name, part, count in (("train", "train", rows), ("test", "dev", test)):
        found = _drawn(_objects((table.DATA / "cluener" / f"{part}.json").read_text(encoding="utf-8")), count)
        plain = [
            {
                "text": one["text"],
                "entities": [
                    {"start": start, "end": end + 1, "label": label}
                    for label, names in one["label"].items()
                    for places in names.values()
                    for start, end in places
                ],
            }
            for one in found
        ]
        paths[name] = folder / f"{name}.jsonl"
        paths[name].write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in plain), encoding="utf-8")
    return {"source": str(paths["train"]), "test_file": str(paths["test"])}


def _objects(text: str) -> list[Any]:
    """Return the JSON values that follow one another in a text."""
    found, at, decoder = [], 0, json.JSONDecoder()
    while at < len(text.rstrip()):
        at += len(text[at:]) - len(text[at:].lstrip())
        value, at = decoder.raw_decode(text, at)
        found.append(value)
    return found


def why_not(name: str, method: str) -> str:
    """Return why a method has no cell on a set, before anything is tried; "" where it may have one."""
    from haoqi import tasks
    from haoqi.methods.method import methods

    if SETS[name].task not in tasks.names():
        return f"there is no task {SETS[name].task} here"
    task = tasks.build(SETS[name].task, ())
    able = methods.get(method).accepts.takes(task.output.kind, pairs=task.pairs)
    return "" if able else "does not learn such answers"


_PAIR = {"text": "first", "pair": "second", "label": "label"}
SETS: dict[str, Set] = {
    "sst2": Set("sentiment", "film reviews, two feelings (en)", _sst2, rows=2000),
    "ag_news": Set("topic", "news, four topics (en)", _of_case("ag_news")),
    "hotels": Set("sentiment", "hotel reviews, ChnSentiCorp (zh)", _of_case("hotels-zh")),
    "tnews": Set("topic", "headlines, 15 topics, 240 examples (zh)", _tnews, rows=240),
    "clinc150": Set("hierarchy", "150 intents below ten domains (en)", _clinc, rows=2000),
    "genres": Set("multilabel", "films by their title, several genres (en)", _genres),
    "films": Set("regression", "films by title and genres, their mean rating (en)", _films, rows=1800, test=450),
    "conll2003": Set("entities", "names in news (en)", _conll, rows=2000),
    "cluener": Set("entities", "ten types of names (zh)", _cluener),
    "stsb-en": Set("similarity", "how alike two sentences are (en)", _stsb("en"), rows=2000, settings=_PAIR),
    "stsb-zh": Set("similarity", "how alike two sentences are (zh)", _stsb("zh"), settings=_PAIR),
    "bustm": Set("paraphrase", "whether two questions mean the same (zh)", _bustm, rows=320, settings=_PAIR),
    "semeval": Set("relations", "19 relations between two marked words (en)", _semeval, rows=3000),
    "tydi": Set("answers", "answers in a context (en)", _tydi, rows=1500, test=400),
}
"""By the name that `--only` takes, in the order of the page."""
