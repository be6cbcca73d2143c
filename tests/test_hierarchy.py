"""Labels that are paths, from a file to answers: learnt, released, reported, and asked in each way."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import haoqi
from haoqi import TextClassifier
from haoqi.batch.answer_rows import added, as_line, as_record
from haoqi.evaluate.evidence import Evidence

WORDS = {
    "goal": ("sports", "football"),
    "keeper": ("sports", "football"),
    "racket": ("sports", "tennis"),
    "serve": ("sports", "tennis"),
    "suite": ("travel", "hotels"),
    "lobby": ("travel", "hotels"),
    "platform": ("travel", "trains"),
    "locomotive": ("travel", "trains"),
}
PLACES = ("paris", "rome", "oslo", "lima", "cairo", "delhi", "tokyo", "quito", "perth", "bonn")
ROWS = [(f"a {word} seen in {place}", path) for place in PLACES for word, path in WORDS.items()]


def _file(folder: Path, head: list[str], rows: list[list[str]]) -> str:
    path = folder / "news.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return str(path)


@pytest.mark.parametrize("columns", [True, False])
def test_paths_are_learnt_from_a_file_and_every_level_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: bool
) -> None:
    monkeypatch.setenv("HAOQI_HOME", str(tmp_path / "home"))
    if columns:
        source = _file(tmp_path, ["text", "level1", "level2"], [[text, *path] for text, path in ROWS])
    else:
        source = _file(tmp_path, ["text", "label"], [[text, ">".join(path)] for text, path in ROWS])
    run = haoqi.improve(source, name="news", steps=1, methods=["tfidf"], compile=False)
    model = haoqi.load("news")
    assert model.task.name == "hierarchy"
    assert set(model.task.labels) == {" > ".join(path) for path in WORDS.values()}
    answer = model("the keeper and the goal")
    assert answer.label == "sports > football"
    assert answer.levels[0] >= answer.levels[1] == answer.confidence
    record = json.loads(as_record(model, "the keeper", answer))
    assert record["level_confidence"] == [round(one, 6) for one in answer.levels]
    assert len(as_line(model, "the keeper", answer, with_text=False).split("\t")) == 3
    assert added(["text"], model.task.output.kind) == ("label", "confidence", "level_confidence")
    evidence = run.release.evidence
    assert {"hierarchical_f1", "accuracy", "level_accuracy", "top_level_accuracy"} <= set(evidence["test"]["scores"])
    assert Evidence.from_plain(evidence["test"]).kind.in_tree
    assert 'id="levels"' in Path(run.report).read_text(encoding="utf-8")


def test_scikit_learns_way_learns_paths_too() -> None:
    texts, labels = [text for text, _ in ROWS], ["/".join(path) for _, path in ROWS]
    found = TextClassifier(steps=1, methods="tfidf", task="hierarchy").fit(texts, labels)
    assert list(found.predict(["the racket", "a locomotive"])) == ["sports/tennis", "travel/trains"]
    assert np.allclose(found.predict_proba(texts).sum(axis=1), 1.0)
    assert found.score(texts, labels) > 0.9
