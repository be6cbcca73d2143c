import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., Any]


def test_releases_tell_version_score_and_which_answers_now(run: Run, released: str) -> None:
    (row,) = json.loads(run("releases", released, "--json").out)
    assert (row["name"], row["version"], row["answers"]) == (released, 1, "now")
    assert row["method"] == "tfidf"
    assert float(row["score"]) > 0.9
    header, line = run("releases").out.splitlines()[:2]
    assert header.index("version") + len("version") == line.index(" 1 ") + 2


def test_an_unknown_name_is_answered_with_the_nearest_one(run: Run, released: str) -> None:
    assert f"did you mean {released}?" in run("releases", f"{released}s").two_lines[1]


def test_report_prints_a_path_and_nothing_else(run: Run, released: str) -> None:
    ended = run("report", released)
    assert ended.out.count("\n") == 1
    assert Path(ended.out.strip()).read_text(encoding="utf-8").lstrip().lower().startswith("<!doctype html")


def test_evaluate_scores_labelled_text(run: Run, released: str, reviews: Path) -> None:
    ended = run("evaluate", released, str(reviews), "--text", "body", "--label", "stars")
    assert ended.code == 0
    assert "95 % sure it lies between" in ended.out.splitlines()[-1]
    found = json.loads(run("evaluate", released, str(reviews), "--text", "body", "--label", "stars", "--json").out)
    assert found[0]["low"] <= found[0]["score"] <= found[0]["high"]


def test_evaluate_says_which_column_is_missing(run: Run, released: str, reviews: Path) -> None:
    assert "has no column star" in run("evaluate", released, str(reviews), "--label", "star").two_lines[0]


def test_a_version_is_promoted_and_rolled_back(run: Run, released: str, home: Path) -> None:
    from haoqi.models import releases

    model, evidence = releases.load(released), releases.get(released).evidence
    for _ in range(2):
        releases.publish(model, evidence, "twice")
    assert run("promote", "twice@1").out == "twice@1 answers to twice now\n"
    assert releases.current("twice").version == 1
    assert run("rollback", "twice").out == "twice@2 answers to twice now\n"
    assert "names no version" in run("promote", "twice").two_lines[0]
    assert "has no version 7" in run("promote", "twice@7").two_lines[0]


def test_the_version_that_answers_is_told_where_a_newer_one_was_not_promoted(run: Run, released: str) -> None:
    from haoqi.models import releases

    model, evidence = releases.load(released), releases.get(released).evidence
    for promote in (True, False):
        releases.publish(model, evidence, "kept", promote=promote)
    rows = json.loads(run("releases", "kept", "--json").out)
    assert [(row["version"], row["answers"]) for row in rows] == [(2, ""), (1, "now")]
