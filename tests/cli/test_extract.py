"""Triples out of raw texts on the command line: on it, through a pipe, and in files."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from haoqi import api

Run = Callable[..., Any]
PEOPLE = ("Ann", "Bob", "Eve", "Max", "Lea", "Tom")
FIRMS = ("Acme", "Initech", "Globex", "Umbrella", "Hooli", "Stark")
TEXT = "Ann works for Acme"


@pytest.fixture(scope="module")
def releases(home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Return the names of a release that finds people and firms, and of one that knows who works where."""
    folder = tmp_path_factory.mktemp("triples")
    tagged, marked = [], []
    for person in PEOPLE:
        for firm in FIRMS:
            for verb, relation in (
                ("works for", "works_for(e1,e2)"),
                ("employs", "works_for(e2,e1)"),
                ("saw", "Other"),
            ):
                one, other = (firm, person) if verb == "employs" else (person, firm)
                text = f"{one} {verb} {other}"
                kinds = ("ORG", "PER") if verb == "employs" else ("PER", "ORG")
                spans = [[0, len(one), kinds[0]], [len(text) - len(other), len(text), kinds[1]]]
                tagged.append(json.dumps({"text": text, "spans": spans}))
                marked.append(json.dumps({"text": f"<e1>{one}</e1> {verb} <e2>{other}</e2>", "relation": relation}))
    (folder / "names.jsonl").write_text("\n".join(tagged), encoding="utf-8")
    (folder / "work.jsonl").write_text("\n".join(marked), encoding="utf-8")
    settings: dict[str, Any] = {"steps": 1, "near_duplicates": False, "advice_seconds": 0.0}
    names = api.improve(folder / "names.jsonl", methods=("crf",), **settings)
    work = api.improve(folder / "work.jsonl", methods=("tfidf",), **settings)
    assert (names.release.task.name, work.release.task.name) == ("entities", "relations")
    assert min(names.score, work.score) > 0.9
    return names.release.name, work.release.name


def flags(releases: tuple[str, str]) -> list[str]:
    return ["--entities", releases[0], "--relations", releases[1]]


def test_a_text_on_the_command_line(run: Run, releases: tuple[str, str]) -> None:
    ended = run("extract", TEXT, *flags(releases))
    triple, sure = ended.out.rstrip("\n").split("\t")
    assert triple == "Ann (PER) | works_for | Acme (ORG)"
    assert 0.2 < float(sure) <= 1
    assert run("extract", "Hooli employs Tom", *flags(releases)).out.startswith("Tom (PER) | works_for | Hooli (ORG)\t")
    assert run("extract", "Tom saw Hooli", *flags(releases)).out == "(none)\n"


def test_a_pipe_and_json(run: Run, releases: tuple[str, str]) -> None:
    ended = run("extract", "--json", *flags(releases), pipe=f"{TEXT}\nnobody here\n")
    first, second = map(json.loads, ended.out.splitlines())
    assert [first["triples"][0][name] for name in ("head", "relation", "tail")] == ["Ann", "works_for", "Acme"]
    assert TEXT[first["triples"][0]["tail_start"] : first["triples"][0]["tail_end"]] == "Acme"
    assert second["triples"] == []


@pytest.mark.parametrize("kind", [".csv", ".jsonl", ".json"])
def test_a_file_into_a_file(run: Run, releases: tuple[str, str], tmp_path: Path, kind: str) -> None:
    path, out = tmp_path / "in.csv", tmp_path / f"out{kind}"
    path.write_text(f"id,text\n1,{TEXT}\n2,nothing at all\n3,Globex employs Eve\n", encoding="utf-8")
    ended = run("extract", "--file", str(path), "--out", str(out), *flags(releases))
    assert ended.code == 0, ended.err
    assert ended.err.endswith(f"triples of 3 rows are in {out}\n")
    text = out.read_text(encoding="utf-8")
    if kind == ".csv":
        rows = list(csv.DictReader(io.StringIO(text)))
        assert [(one["id"], one["head"], one["tail"]) for one in rows] == [("1", "Ann", "Acme"), ("3", "Eve", "Globex")]
    else:
        records = json.loads(text) if kind == ".json" else [json.loads(line) for line in text.splitlines()]
        assert [len(one["triples"]) for one in records] == [1, 0, 1]
        assert [one["id"] for one in records] == ["1", "2", "3"]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["in.csv", f"out{kind}"]
    assert run("extract", "--file", str(path), "--out", str(out), *flags(releases)).code == 2


def test_a_release_of_the_wrong_task_is_named(run: Run, releases: tuple[str, str]) -> None:
    what, hint = run("extract", TEXT, "--entities", releases[1], "--relations", releases[1]).two_lines
    assert what == "entities are to come from a model of the task relations, which finds none"
    assert "--entities NAME" in hint
    what, _ = run("extract", TEXT, "--entities", releases[0], "--relations", releases[0]).two_lines
    assert what == "relations are to come from a model of the task entities, which names none between two stretches"
    assert "extract needs" not in what


def test_what_python_gives_is_the_same(releases: tuple[str, str]) -> None:
    import haoqi

    found = haoqi.extract([TEXT, ""], entities=releases[0], relations=releases[1])
    assert [list(map(str, one)) for one in found] == [["Ann (PER) | works_for | Acme (ORG)"], []]


def test_marked_text_is_predicted_and_unmarked_text_is_refused_with_an_example(
    run: Run, releases: tuple[str, str], tmp_path: Path
) -> None:
    marked = "<e1>Ann</e1> works for <e2>Acme</e2>"
    assert run("predict", releases[1], marked).out.startswith("works_for(e1,e2)\t")
    what, hint = run("predict", releases[1], TEXT).two_lines
    assert what == f"text 0 is '{TEXT}': the text has no mark <e1>"
    assert "<e1>flowers</e1>" in hint
    path = tmp_path / "in.csv"
    path.write_text(f"text,head,tail\n{TEXT},Ann,Acme\nHooli employs Tom,Hooli,Tom\n", encoding="utf-8")
    ended = run("predict", releases[1], "--file", str(path))
    rows = list(csv.DictReader(io.StringIO(ended.out)))
    assert [one["label"] for one in rows] == ["works_for(e1,e2)", "works_for(e2,e1)"]
