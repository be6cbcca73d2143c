import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def tuned(reviews: Path, tiny_base: str, home: Path) -> str:
    """Return the name of a release that a base learnt beside itself."""
    from haoqi import api

    run = api.improve(
        reviews,
        text="body",
        label="stars",
        name="tuned",
        steps=1,
        methods=("bitfit",),
        base=(tiny_base,),
        near_duplicates=False,
        advice_seconds=0.0,
        compile=False,
    )
    return run.release.name


def test_an_adapter_is_written_alone_and_answers(run: Run, tuned: str, tmp_path: Path) -> None:
    ended = run("export", tuned, str(tmp_path / "out"))
    assert (ended.code, ended.out.strip()) == (0, str(tmp_path / "out"))
    whole = json.loads(run("predict", tuned, "the soup was great", "--json").out)
    alone = json.loads(run("predict", str(tmp_path / "out"), "the soup was great", "--json").out)
    assert alone == whole


def test_what_is_there_is_not_overwritten(run: Run, tuned: str, tmp_path: Path) -> None:
    what, hint = run("export", tuned, str(tmp_path)).two_lines
    assert "is there already" in what
    assert "nothing is overwritten" in hint


def test_a_release_without_an_adapter_says_so(run: Run, released: str, tmp_path: Path) -> None:
    what, hint = run("export", released, str(tmp_path / "out"), "--as", "peft").two_lines
    assert "leaves nothing beside a base" in what
    assert "lora" in hint
    assert not (tmp_path / "out").exists()
