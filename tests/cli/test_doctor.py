import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from haoqi.core import folder
from haoqi.core.hardware import Hardware

Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haoqi.core.hardware.probe", lambda cache, again=True: Hardware(4, 8 << 30, None, 100.0, 300.0))


def test_machine_versions_bases_samples_and_extras_are_told(run: Run) -> None:
    ended = run("doctor", "--json")
    found = {row["what"]: row for row in json.loads(ended.out)}
    assert ended.code == 0
    assert "4 cores" in found["machine"]["found"]
    assert "computes in bf16" in found["arithmetic"]["found"]
    assert {"Python", "torch", "base minilm", "sample bbc-news", "extra serve"} <= found.keys()
    assert str(folder.home()) in found["home"]["found"]


def test_a_missing_extra_is_named_with_its_install_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haoqi.cli.doctor._version", lambda name: "1.0" * (name != "uvicorn"))
    found = {row["what"]: row for row in json.loads(run("doctor", "--json").out)}
    assert found["extra serve"]["found"] == "lacks uvicorn"
    assert found["extra serve"]["to mend it"] == 'pip install "haoqi[serve]"'


def test_a_home_that_cannot_be_written_is_told_and_is_code_1(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("HAOQI_HOME", str(tmp_path / "file" / "home"))
    ended = run("doctor")
    assert ended.code == 1
    assert "HAOQI_HOME" in ended.out
