"""`haoqi next` tells the next steps from the release alone, and writes the texts that they are about, over nothing."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from haoqi.evaluate.advice import Advice, ChosenRow, NextStep

Run = Callable[..., Any]

ROWS = (ChosenRow(6, "电池, 第二天\n就坏了", "positive", "negative", 0.91),)
LABEL = NextStep("label_more", "label_more", 0.0214, 0.008, 0.034, 485.0, 0.2, {"count": 50, "passes": 4, "rows": 90})
RECHECK = NextStep("recheck_labels", "recheck_labels", 0.002, -0.001, 0.005, 9.0, 0.2, {"count": 1}, ROWS)
STOP = NextStep("stop", "stop", 0.0, 0.0, 0.0, evidence={"worth": 0.0005})
FACTS = {"point_rows": None, "seconds_each": 9.7, "suspects": 1, "rows": 90}


@pytest.fixture
def advised(released: str) -> str:
    from haoqi.models.releases import releases

    steps = [NextStep(**{**vars(one), "evidence": {**one.evidence, **FACTS}}) for one in (LABEL, STOP, RECHECK)]
    Advice("macro_f1", 0.9, tuple(steps), 0.0005).write(releases.get(released).folder)
    return released


def test_the_step_to_take_comes_first_with_gain_interval_and_costs(run: Run, advised: str) -> None:
    out = run("next", advised).out
    assert out.startswith(
        "Label 50 more texts: expected +0.021 macro-F1 (+0.008 to +0.034, 80 % interval) for 8 min 5 s"
    )
    header, label, stop, recheck = out.splitlines()[2:6]
    assert header.split()[0] == "step"
    assert "+0.021  +0.008 to +0.034  8 min 5 s" in label
    assert stop.startswith("Stop here")
    assert recheck.startswith("Recheck 1 label")
    assert "for a gain of 0.010, label more than can be foretold" in out
    assert "1 of 90 training labels looks wrong" in out


def test_json_has_every_number_and_one_step_stands_alone(run: Run, advised: str) -> None:
    found = json.loads(run("next", advised, "--json").out)
    assert [step["kind"] for step in found["steps"]] == ["label_more", "stop", "recheck_labels"]
    assert found["steps"][0]["gain"] == 0.0214
    [one] = json.loads(run("next", advised, "--step", "recheck-labels", "--json").out)["steps"]
    assert one["rows"][0]["text"] == ROWS[0].text
    assert "Label 50" not in run("next", advised, "--step", "recheck-labels").out


@pytest.mark.parametrize("kind", [".csv", ".tsv", ".jsonl"])
def test_texts_are_written_and_never_over_another_file(run: Run, advised: str, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"to_label{kind}"
    assert run("next", advised, "--file", str(path)).out.splitlines()[-1] == f"{path}: 1 text"
    with path.open(encoding="utf-8", newline="") as file:
        if kind == ".jsonl":
            [row] = [json.loads(line) for line in file]
        else:
            [row] = csv.DictReader(file, delimiter="\t" if kind == ".tsv" else ",")
    assert (row["step"], str(row["row"]), row["text"]) == ("recheck_labels", "7", ROWS[0].text)
    assert (row["label"], row["suggested"]) == ("positive", "negative")
    assert "already there" in run("next", advised, "--file", str(path)).two_lines[0]
    assert run("next", advised, "--file", str(path), "--force").code == 0


def test_what_cannot_be_is_said_in_two_lines(run: Run, advised: str, tmp_path: Path) -> None:
    assert "there is no step label" in run("next", advised, "--step", "label").two_lines[0]
    assert "cannot be written as .xlsx" in run("next", advised, "--file", str(tmp_path / "a.xlsx")).two_lines[0]
    none = run("next", advised, "--step", "stop", "--file", str(tmp_path / "a.csv"))
    assert "has no texts to look at" in none.two_lines[0]
    assert not (tmp_path / "a.csv").exists()
    assert "did you mean" in run("next", f"{advised}s").two_lines[1]


def test_a_gain_whose_interval_nobody_knows_is_told_without_one(run: Run, released: str) -> None:
    from haoqi.models.releases import releases

    longer = NextStep("train_longer", "train_longer", 0.005, 0.005, 0.005, 0.0, 4.8, {"minutes": 0.08, "lately": 0.0})
    facts = {**longer.evidence, "plans": 7, "lessons": 0, "first": "tfidf"}
    steps = (NextStep(**{**vars(longer), "evidence": facts}), STOP)
    Advice("macro_f1", 0.9, steps, 0.0005).write(releases.get(released).folder)
    first = run("next", released).out.splitlines()[0]
    assert "expected +0.005 macro-F1 for 4.8 s of the machine" in first
    assert "–" not in first and "80 %" not in first
