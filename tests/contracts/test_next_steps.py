"""What every next step owes; a new file joins without an edit here."""

import ast
import re
from dataclasses import FrozenInstanceError, fields, is_dataclass

import pytest

from haoqi.core.config import settings_of
from haoqi.core.say import LANGUAGES, texts
from haoqi.explore.advice.next_steps import Suggests, next_steps

SOURCE = re.compile(r"\b(19|20)\d\d\b")


@pytest.mark.parametrize("name", next_steps.names())
def test_next_step_is_frozen_and_every_setting_is_explained(name: str) -> None:
    step = next_steps.build(name)
    assert isinstance(step, Suggests)
    assert is_dataclass(step)
    assert all(setting.help for setting in settings_of(next_steps.get(name)))
    for field in fields(step):
        with pytest.raises(FrozenInstanceError):
            setattr(step, field.name, 1)


@pytest.mark.parametrize("name", next_steps.names())
def test_next_step_cites_its_source(name: str) -> None:
    assert SOURCE.search(ast.get_docstring(ast.parse(next_steps.source(name))) or "")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", next_steps.names())
def test_next_step_has_its_name_and_all_of_its_reasons_in_every_language(name: str, language: str) -> None:
    known = texts(language)
    assert f"step.{name}" in known
    stem = name.removesuffix("_labels")
    told = set(re.findall(rf'"({stem}\w*)"', next_steps.source(name))) - {name}
    assert {f"step.why.{reason}" for reason in told} <= known.keys()
    assert any(key.startswith(f"step.why.{stem}") for key in known)
