import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


def test_releases_tell_version_score_and_which_answers_now(run: Run, released: str) -> None:
    (row,) = json.loads(run("releases", released, "--json").out)
    assert (row["name"], row["version"], row["answers"]) == (released, 1, "now")
    assert row["method"] == "tfidf"
    assert float(row["score"]) > 0.9
    header, line = run("releases").out.splitlines()[:2]
    assert header.index("version") + len("version") == line.index(" 1 ") + 2


@pytest.mark.parametrize("columns", [80, 100, 140])
def test_a_narrow_terminal_shows_fewer_columns_and_none_of_them_cut(
    run: Run, released: str, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    row = json.loads(run("releases", released, "--json").out)[0]
    shown = re.sub(r"\x1b\[[0-9;]*m", "", run("releases", released).out).strip("\n")
    assert max(map(len, shown.splitlines())) <= columns
    assert "…" not in shown
    for name in ("name", "version", "metric", "score", "interval", "answers"):
        assert f" {name} " in f"{shown.splitlines()[0]} "
        assert str(row[name]) in shown


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


def test_evaluate_says_that_columns_are_those_learnt_from_unless_a_person_named_them(
    run: Run, released: str, reviews: Path
) -> None:
    told = run("evaluate", released, str(reviews)).err
    assert "text is column body: as learnt" in told
    assert "label is column stars: as learnt" in told
    told = run("evaluate", released, str(reviews), "--text", "body").err
    assert "text is column body: as said" in told
    assert "label is column stars: as learnt" in told


def test_evaluate_says_which_column_is_missing(run: Run, released: str, reviews: Path) -> None:
    assert "has no column star" in run("evaluate", released, str(reviews), "--label", "star").two_lines[0]


def test_a_version_is_promoted_and_rolled_back(run: Run, released: str, home: Path) -> None:
    from haoqi.models.releases import releases

    model, evidence = releases.load(released), releases.get(released).evidence
    for _ in range(2):
        releases.publish(model, evidence, "twice")
    assert run("promote", "twice@1").out == "twice@1 answers to twice now\n"
    assert releases.current("twice").version == 1
    assert run("rollback", "twice").out == "twice@2 answers to twice now\n"
    assert "names no version" in run("promote", "twice").two_lines[0]
    assert "has no version 7" in run("promote", "twice@7").two_lines[0]


def test_releases_lead_with_most_examples_and_name_what_was_not_tested(run: Run, released: str, home: Path) -> None:
    from haoqi.models.releases import releases

    def found(examples: int, score: float, **supports: int) -> dict[str, Any]:
        table = [{"label": label, "support": support} for label, support in supports.items()]
        return {"examples": examples, "scores": {"macro_f1": [score, score, score]}, "table": table}

    evidence = {"test": found(3, 1.0, good=3, bad=0), "valid": {**found(27, 0.7, good=20, bad=7), "folds": 3}}
    releases.publish(releases.load(released), evidence, "few")
    (row,) = json.loads(run("releases", "few", "--json").out)
    assert (row["score"], row["scored"]) == ("0.700", "cross-validated on 27 examples")
    assert (row["beside"], row["not tested"]) == ("1.000 on 3 test examples", ["bad"])
    assert "1.000 on 3 test examples  bad" in run("releases", "few").out
    (old,) = json.loads(run("releases", released, "--json").out)
    assert old["not tested"] == []


def test_evaluate_names_the_classes_that_a_file_has_none_of(run: Run, released: str, tmp_path: Path) -> None:
    path = tmp_path / "good.csv"
    path.write_text("body,stars\n" + "".join(f"the {thing} was great,positive\n" for thing in ("oven", "car", "bus")))
    asked = ("evaluate", released, str(path), "--text", "body", "--label", "stars")
    assert run(*asked).out.splitlines()[-1].endswith("(3 examples; not tested: negative)")
    found = json.loads(run(*asked, "--json").out)
    assert (found[0]["examples"], found[0]["untested"]) == (3, ["negative"])


def test_the_version_that_answers_is_told_where_a_newer_one_was_not_promoted(run: Run, released: str) -> None:
    from haoqi.models.releases import releases

    model, evidence = releases.load(released), releases.get(released).evidence
    for promote in (True, False):
        releases.publish(model, evidence, "kept", promote=promote)
    rows = json.loads(run("releases", "kept", "--json").out)
    assert [(row["version"], row["answers"]) for row in rows] == [(2, ""), (1, "now")]
