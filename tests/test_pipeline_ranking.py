"""Items are ranked from a file to a release: queries stay whole, and are what is counted."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import haoqi
from haoqi import tasks
from haoqi.core.errors import UserError
from haoqi.data import DataSettings, prepare, read
from haoqi.data.examples import Examples
from haoqi.data.preparing.split import in_folds, some_rows

THINGS = ("battery", "screen", "coffee", "hotel", "film", "book", "train", "camera", "soup", "lamp", "chair", "song")


def rows(queries: int = 48) -> list[tuple[str, str, int]]:
    """Return queries with five items each, of which the one about the same thing is relevant."""
    found = []
    for query in range(queries):
        thing = THINGS[query % 12]
        for item in range(5):
            about = THINGS[(query + item) % 12]
            found.append((f"where is the {thing} number {query}", f"all about the {about} {query}", int(item == 0)))
    order = np.random.default_rng(0).permutation(len(found))  # items of a query do not stand together
    return [found[place] for place in order.tolist()]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ranking") / "clicks.csv"
    lines = "".join(f"{query},{item},{grade}\n" for query, item, grade in rows())
    path.write_text(f"query,item,relevance\n{lines}", encoding="utf-8")
    return path


def test_grades_of_many_items_of_each_query_are_ranking(table: Path) -> None:
    raw = read(DataSettings(str(table)))
    assert raw.schema.columns == {"text": "query", "pair": "item", "label": "relevance"}
    name, why = tasks.guess(raw)
    assert name == "ranking"
    assert "48 first texts has 5 second ones" in why
    few = replace(raw, examples=raw.examples.take(range(0, 240, 5)))
    assert tasks.guess(few)[0] == "paraphrase"


@pytest.mark.parametrize("right", ["pos", "positive"])
def test_queries_with_right_and_wrong_texts_are_rows(right: str, tmp_path: Path) -> None:
    records: list[dict[str, Any]] = [
        {"query": "a b", right: ["x y"], "neg": ["z", {"title": "t", "text": "u"}]},
        {"query": "c", right: "v w", "neg": []},
    ]
    path = tmp_path / "train.jsonl"
    path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    examples = read(DataSettings(str(path))).examples
    grades = [float(label) for label in examples.labels]
    assert list(zip(examples.texts, examples.second_texts, grades, strict=True)) == [
        ("a b", "x y", 1.0),
        ("a b", "z", 0.0),
        ("a b", "t\nu", 0.0),
        ("c", "v w", 1.0),
    ]


def test_a_query_is_in_one_split_and_in_one_fold(table: Path, tmp_path: Path) -> None:
    raw = read(DataSettings(str(table))).grouped_by_text()
    task = tasks.build("ranking", ())
    prepared = prepare(raw, task.output.read, DataSettings(str(table)), seed=0, folder=tmp_path, classes=False)
    parts = [set(part.texts) for part in (prepared.splits.train, prepared.splits.valid, prepared.splits.test)]
    assert all(parts)
    assert not (parts[0] & parts[1] or parts[0] & parts[2] or parts[1] & parts[2])
    assert all(len(part) == 5 * len(set(part.texts)) for part in (prepared.splits.valid, prepared.splits.test))
    train = prepared.splits.train
    folds = in_folds(train, 5, np.random.default_rng(0))
    for query in set(train.texts):
        assert len({fold for fold, text in zip(folds.tolist(), train.texts, strict=True) if text == query}) == 1
    chosen = train.take(some_rows(train, 23, np.random.default_rng(1)))
    assert len(chosen) == 20
    assert len(set(chosen.texts)) == 4
    assert len(some_rows(Examples.of(["a"] * 9), 4, np.random.default_rng(1))) == 4


def test_a_file_becomes_a_release_that_ranks(table: Path, home: Path) -> None:
    run = haoqi.improve(table, steps=2, methods=("majority", "tfidf"), name="clicks", advice_seconds=0.0)
    model = haoqi.load("clicks")
    assert model.task.name == "ranking"
    scores = run.release.evidence["test"]["scores"]
    assert list(scores) == ["ndcg_at_10", "mrr", "recall_at_1", "recall_at_10"]
    assert scores["ndcg_at_10"][0] > 0.9
    query = "where is the coffee number 99"
    answers = model.predict([(query, f"all about the {thing} 99") for thing in THINGS]).labels
    assert THINGS[int(np.argmax(answers))] == "coffee"
    assert all(0.0 <= answer <= 1.0 for answer in answers)
    found = haoqi.Retriever.of([f"all about the {thing} 99" for thing in THINGS], base=None, reranker="clicks")
    hits = found.search("the coffee", k=2)
    assert "coffee" in hits[0].text
    assert 0.0 <= hits[0].score <= 1.0


def test_a_majority_of_equal_scores_gains_nothing_by_the_order_of_the_file(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "sorted.csv"
    lines = "".join(f"{query},{item},{grade}\n" for query, item, grade in sorted(rows(), key=lambda row: -row[2]))
    path.write_text(f"query,item,relevance\n{lines}", encoding="utf-8")
    run = haoqi.improve(path, steps=1, methods="majority", name="sorted", advice_seconds=0.0)
    wanted = np.mean([1 / np.log2(2 + place) for place in range(5)])
    assert run.release.evidence["test"]["scores"]["ndcg_at_10"][0] == pytest.approx(wanted)


def test_what_cannot_be_ranked_is_told(tmp_path: Path) -> None:
    path = tmp_path / "negative.csv"
    lines = "".join(f"where is number {row // 4},it is in room {row},{row % 4 - 1}\n" for row in range(40))
    path.write_text(f"query,item,relevance\n{lines}", encoding="utf-8")
    with pytest.raises(UserError, match="below 0"):
        haoqi.improve(path, task="ranking", name="negative", steps=1)
    one = tmp_path / "one.csv"
    one.write_text("text,relevance\n" + "".join(f"some text {r},{r % 2}\n" for r in range(40)), "utf-8")
    with pytest.raises(UserError, match="needs two texts"):
        haoqi.improve(one, task="ranking", name="one", steps=1)
