"""The real files in the formats they come in, whole, with what is right for each."""

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import table
from reading import entities, sets
from reading.tables import truth
from reading.truth import Case, Truth

# Files from which nothing can be learnt here: pairs of languages, questions with answers, ratings, archives.
REFUSED = (
    "cmn_en_zh/cmn.txt",
    "tydiqa_en/train.json",
    "movielens_latest_small/ratings.csv",
    "movielens_latest_small/links.csv",
    "semeval2010_task8/TRAIN_FILE.TXT",
    "checklist_sentiment/sentiment_suite.extracted.json.gz",
    "egret_wenda_faq/egret-wenda-corpus.zip",
    "stock_tweets_timestamped/seeking_alpha_articles_new.csv",
    "fewclue_tnews/unlabeled.json",
    "clinc150/domains.json",
)


def cases() -> Iterator[Case]:
    """Yield every file of the data folder that this bench knows the truth of."""
    if not table.DATA.is_dir():
        return
    yield from one_text()
    yield from two_texts()
    yield from tagged()
    for name in REFUSED:
        yield case(name, [])


def case(name: str, truths: list[Truth]) -> Case:
    """Return a file or folder of the data as a case."""
    return Case("originals", "as published", name, table.DATA / name, truths)


def in_parts(parts: dict[str, list[tuple[str, Any]]]) -> Truth:
    """Return the rows of several splits one after another."""
    every = [row for few in parts.values() for row in few]
    return replace(truth(every), parts=[name for name, few in parts.items() for _ in few])


def one_text() -> Iterator[Case]:
    def news(split: str) -> list[tuple[str, Any]]:
        return [(row["sentence"], row["label"]) for row in sets.json_of(f"ag_news/agnews_{split}.json")]

    yield case("ag_news/agnews_train.json", [truth(news("train"))])
    yield case("ag_news/agnews_test.json", [truth(news("test"))])
    yield case("ag_news", [in_parts({"train": news("train"), "test": news("test")})])
    yield case("chnsenticorp_htl/ChnSentiCorp_htl_all.csv", [truth(sets.hotels())])
    intents = sets.json_of("clinc150/data_full.json")
    parts: dict[str, list[tuple[str, Any]]] = {"train": [], "valid": [], "test": []}
    for name, rows in intents.items():
        parts[{"val": "valid"}.get(name.split("_")[-1], name.split("_")[-1])] += [tuple(row) for row in rows]
    yield case("clinc150/data_full.json", [in_parts(parts)])
    films = {"train": sets.sst2(), "valid": sets.sst2("dev"), "test": sets.sst2("test")}
    yield case("sst2", [in_parts(films)])
    for part, file in (("train", "train"), ("valid", "dev"), ("test", "test")):
        yield case(f"sst2/{file}.tsv", [truth(films[part])])
    for agreement in ("50", "66", "75", "All"):
        name = f"financial_phrasebank/Sentences_{agreement}Agree.txt"
        yield case(name, [truth(sets.phrasebank(agreement))])
    for file in ("train_0", "train_few_all", "dev_few_all", "test_public"):
        rows = sets.json_lines(f"fewclue_tnews/{file}.json")
        numbers = truth([(row["sentence"], str(row["label"])) for row in rows])
        yield case(f"fewclue_tnews/{file}.json", [truth(sets.tnews(file)), numbers])
    yield case("stock_tweets_timestamped/stockerbot-export-test.csv", [truth(sets.tweets())])
    with (table.DATA / "movielens_latest_small" / "movies.csv").open(encoding="utf-8", newline="") as file:
        films_of = [(row["title"], frozenset(row["genres"].split("|"))) for row in csv.DictReader(file)]
    yield case("movielens_latest_small/movies.csv", [truth(films_of)])


def two_texts() -> Iterator[Case]:
    talks = sets.json_lines("dialogsum/dialogsum.dev.jsonl")
    fair = ([talk["dialogue"] for talk in talks], [talk["summary"] for talk in talks])
    topics = [talk["topic"] for talk in talks]
    yield case("dialogsum/dialogsum.dev.jsonl", [truth(list(zip(texts, topics, strict=True))) for texts in fair])
    for file in ("train_0", "train_few_all", "dev_few_all", "test_public"):
        rows = sets.json_lines(f"fewclue_bustm/{file}.json")
        both = [(f"{row['sentence1']}\n{row['sentence2']}", row["label"]) for row in rows]
        yield case(
            f"fewclue_bustm/{file}.json", [truth(both), truth([(row["sentence1"], row["label"]) for row in rows])]
        )
    for language in ("en", "zh"):
        path = Path("stsb_en_zh") / f"stsb-{language}-dev.csv"
        with (table.DATA / path).open(encoding="utf-8", newline="") as file:
            scored = [(one, other, re.sub(r"\.0+$", "", score)) for one, other, score in csv.reader(file)]
        both = truth([(f"{one}\n{other}", score) for one, other, score in scored])
        yield case(str(path), [both, truth([(one, score) for one, _, score in scored])])
    with (table.DATA / "crows_pairs" / "crows_pairs_anonymized.csv").open(encoding="utf-8", newline="") as file:
        pairs = list(csv.DictReader(file))
    yield case("crows_pairs/crows_pairs_anonymized.csv", [
        truth([(text, row[label]) for row, text in zip(pairs, texts, strict=True)])
        for texts in ([r["sent_more"] for r in pairs], [f"{r['sent_more']}\n{r['sent_less']}" for r in pairs])
        for label in ("bias_type", "stereo_antistereo")
    ])  # fmt: skip


def tagged() -> Iterator[Case]:
    words = {split: sets.Tagged("conll2003", sets.conll2003(split)) for split in ("train", "testa", "testb")}
    for split, data in words.items():
        yield case(f"conll2003/eng.{split}", [entities.truth(data)])
    whole = sets.Tagged("conll2003", [row for data in words.values() for row in data.rows])
    named = [part for part, data in zip(("train", "valid", "test"), words.values(), strict=True) for _ in data.rows]
    yield case("conll2003", [replace(entities.truth(whole), parts=named)])
    for split in ("train", "dev"):
        yield case(f"cluener/{split}.json", [entities.truth(sets.Tagged("cluener", sets.cluener(split), tight=True))])
