import json
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

from haoqi import methods, tasks
from haoqi.core.config import settings_of
from haoqi.data.recipes import recipes
from haoqi.data.samples import samples
from haoqi.models.bases import bases

Run = Callable[..., Any]


def test_methods_and_tasks_are_listed_with_their_first_line(run: Run) -> None:
    for words, registry in ((("methods",), methods.methods), (("tasks",), tasks.tasks), (("recipes",), recipes)):
        lines = run(*words).out.splitlines()[1:]
        assert [line.split()[0] for line in lines] == registry.names()
        assert all(registry.describe(line.split()[0]) in line for line in lines)


def test_strategies_bases_and_samples_are_listed_as_json_too(run: Run) -> None:
    assert "halving" in [row["name"] for row in json.loads(run("strategies", "--json").out)]
    assert [row["name"] for row in json.loads(run("bases", "--json").out)] == bases.names()
    assert [row["name"] for row in json.loads(run("samples", "--json").out)] == samples.names()


@pytest.mark.parametrize("name", ["tfidf", "majority"])
def test_a_method_s_page_has_its_docstring_and_every_setting(run: Run, name: str) -> None:
    text = run("methods", name).out
    assert methods.methods.describe(name) in text
    for setting in settings_of(methods.methods.get(name)):
        assert f"  {setting.name} " in text
        assert setting.help in text


def test_an_unknown_plug_in_is_answered_with_the_nearest_one(run: Run) -> None:
    assert "did you mean tfidf?" in run("methods", "tfdif").two_lines[1]
    assert "there is no sample bbc" in run("samples", "get", "bbc").two_lines[0]
    assert "minilm" in run("bases", "get", "minilmm").two_lines[1]


def test_a_sample_that_is_here_is_not_brought_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    room = import_module("haoqi.data.samples")
    monkeypatch.setattr(room, "installed", lambda name: True)
    monkeypatch.setattr(room, "install", lambda name: "the folder")
    assert run("samples", "get", "bbc-news").out == "bbc-news is already here: the folder\n"
