import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from haoqi.core import folder
from haoqi.core.events import Event, Trying, as_plain

Run = Callable[..., Any]
FLAGS = ("--text", "body", "--label", "stars", "--no-near-duplicates")


def test_a_run_ends_with_a_release_its_interval_and_what_to_type(run: Run, reviews: Path) -> None:
    ended = run("improve", str(reviews), *FLAGS, "--methods", "majority,tfidf", "--steps", "2", "--name", "told")
    assert ended.code == 0
    assert "95 % sure it lies between" in ended.out
    assert "haoqi predict told" in ended.out


def test_json_is_one_event_per_line(run: Run, reviews: Path) -> None:
    ended = run("improve", str(reviews), *FLAGS, "--methods", "majority", "--steps", "1", "--name", "json", "--json")
    events = [json.loads(line)["event"] for line in ended.out.splitlines()]
    assert events[0] == "stage"
    assert events[-1] == "released"
    assert "tried" in events


def test_open_shows_the_report(run: Run, reviews: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    run("improve", str(reviews), *FLAGS, "--methods", "majority", "--steps", "1", "--name", "open", "--open")
    assert opened[0].startswith("file://")
    assert opened[0].endswith(".html")


def test_flags_go_before_the_file_of_settings(run: Run, reviews: Path, tmp_path: Path) -> None:
    config = tmp_path / "run.yaml"
    config.write_text(f"source: {reviews}\ntext: body\nlabel: stars\nmethods: [majority]\nsteps: 9\n", encoding="utf-8")
    ended = run("improve", "--config", str(config), "--steps", "1", "--name", "config")
    assert ended.code == 0
    assert (folder.releases() / "config" / "1").is_dir()


def test_check_says_what_would_be_done_and_writes_nothing(run: Run, reviews: Path, tmp_path: Path) -> None:
    config = tmp_path / "run.yaml"
    config.write_text(f"source: {reviews}\nname: unborn\ntext: body\nlabel: stars\nminutes: 3\n", encoding="utf-8")
    before = sorted(folder.home().rglob("*"))
    found = json.loads(run("check", str(config), "--json").out)
    assert found["labels"] == ["negative", "positive"]
    assert found["budget"] == "3 minutes"
    assert "tfidf" in found["methods"]
    assert sorted(folder.home().rglob("*")) == before
    assert "3 minutes" in run("check", str(config)).out


def test_check_names_an_unknown_key(run: Run, reviews: Path, tmp_path: Path) -> None:
    config = tmp_path / "run.yaml"
    config.write_text(f"source: {reviews}\nminuts: 3\n", encoding="utf-8")
    what, hint = run("check", str(config)).two_lines
    assert "minuts" in what
    assert "did you mean minutes?" in hint


def test_a_search_that_is_interrupted_releases_what_was_found(
    run: Run, reviews: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from haoqi.cli import lines

    def stop_after_two(event: Event) -> str:
        if isinstance(event, Trying) and event.number == 3:
            raise KeyboardInterrupt
        return json.dumps(as_plain(event))

    monkeypatch.setattr(lines, "as_json", stop_after_two)
    flags = (*FLAGS, "--methods", "majority,tfidf", "--steps", "9", "--name", "stopped", "--json")
    ended = run("improve", str(reviews), *flags)
    events = [json.loads(line) for line in ended.out.splitlines()]
    assert ended.code == 0
    assert events[-1]["event"] == "released"
    assert len([event for event in events if event["event"] == "tried"]) == 2


@pytest.mark.slow
def test_ctrl_c_releases_what_was_found(reviews: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "haoqi", "improve", str(reviews), *FLAGS, "--minutes", "5", "--json"]
    # Nothing is too little worth, so that it has not ended by itself when the signal comes.
    command += ["--methods", "majority,tfidf", "--variants", "100", "--worth", "0"]
    with subprocess.Popen(
        command,
        env={**os.environ, "HAOQI_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        told = []
        for line in process.stdout:
            told.append(json.loads(line))
            if told[-1]["event"] == "tried" and told[-1]["number"] == 2:
                process.send_signal(signal.SIGINT)
        errors = process.stderr.read() if process.stderr else ""
    assert process.returncode == 0, errors
    assert told[-1]["event"] == "released"
    assert any(one.get("warning") and "stopped" in one["text"] for one in told if one["event"] == "note")


def test_check_leaves_out_what_a_number_does_not_have(run: Run, tmp_path: Path) -> None:
    rows = [f"the room number {n} was fine,{n / 7:.2f}" for n in range(60)]
    (tmp_path / "stays.csv").write_text("\n".join(["text,rating", *rows]), encoding="utf-8")
    config = tmp_path / "run.yaml"
    config.write_text(f"source: {tmp_path / 'stays.csv'}\nminutes: 1\n", encoding="utf-8")
    told = run("check", str(config)).out
    heads = {line.split()[0] for line in told.splitlines() if line[:1].strip()}
    assert "labels" not in heads and {"task", "metrics", "budget"} <= heads
    assert all(line.split(maxsplit=1)[1:] for line in told.splitlines() if line[:1].strip())
    assert "1 minute" in told and "1 minutes" not in told
    assert json.loads(run("check", str(config), "--json").out)["labels"] == []
