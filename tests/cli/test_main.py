import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from haoqi.cli.commands import app_for
from haoqi.core import folder


def test_a_wrong_command_is_answered_with_the_nearest_one(run: Callable[..., Any]) -> None:
    what, hint = run("improv").two_lines
    assert what == "haoqi has no command improv"
    assert hint.startswith("did you mean improve?")


def test_a_missing_argument_is_two_lines(run: Callable[..., Any]) -> None:
    ended = run("evaluate", "reviews")
    assert (ended.code, ended.two_lines[0]) == (2, "missing argument 'FILE'")


def test_the_version_is_that_of_the_package(run: Callable[..., Any]) -> None:
    from importlib.metadata import version

    assert run("--version").out == f"haoqi {version('haoqi')}\n"


def test_no_words_at_all_show_the_help(run: Callable[..., Any]) -> None:
    assert run() == run("--help")


def test_help_lists_every_command_with_its_first_line(run: Callable[..., Any]) -> None:
    text = run("--help").out
    for name in ("improve", "predict", "evaluate", "report", "releases", "check", "doctor", "tasks", "methods"):
        assert f"\n  {name} " in text


def test_a_fault_of_ours_is_told_shortly_and_kept_whole(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("haoqi.cli.plugins.show", _fail)
    ended = run("tasks")
    assert ended.code == 1
    assert "ZeroDivisionError: no reason" in ended.two_lines[0]
    kept = [path for path in folder.home().glob("crash-*.txt") if str(path) in ended.two_lines[1]]
    assert "Traceback" in kept[0].read_text(encoding="utf-8")


def test_debug_shows_where_an_error_comes_from(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haoqi.cli.plugins.show", _fail)
    assert "Traceback" in run("tasks", "--debug").err
    monkeypatch.setenv("HAOQI_DEBUG", "1")
    assert "Traceback" in run("tasks").err


def test_ctrl_c_is_one_line_and_code_130(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("haoqi.cli.plugins.show", stop)
    ended = run("tasks")
    assert (ended.code, ended.out) == (130, "")
    assert ended.err.count("\n") == 1


def test_a_reader_that_has_gone_is_no_error() -> None:
    command = f"{sys.executable} -m haoqi improve --help | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert done.stdout.startswith("Usage: haoqi improve")
    assert done.stderr == ""


def test_every_command_has_help_and_an_underscore_nowhere(run: Callable[..., Any]) -> None:
    for command in app_for("").registered_commands:
        assert command.callback is not None
        assert command.callback.__doc__
        assert "_" not in (command.name or "")


def _fail(*_: object, **__: object) -> None:
    raise ZeroDivisionError("no\nreason")
