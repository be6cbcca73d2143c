"""What every reflection owes; a new file joins without an edit here."""

import ast
import re
from dataclasses import FrozenInstanceError, fields, is_dataclass

import pytest

from haoqi.core.config import settings_of
from haoqi.core.say import LANGUAGES, texts
from haoqi.explore.reflection.reflections import Reflection, reflections

SOURCE = re.compile(r"\b(19|20)\d\d\b")


@pytest.mark.parametrize("name", reflections.names())
def test_reflection_is_frozen_and_every_threshold_is_explained(name: str) -> None:
    reflection = reflections.build(name)
    assert isinstance(reflection, Reflection)
    assert is_dataclass(reflection)
    assert all(setting.help for setting in settings_of(reflections.get(name)))
    with pytest.raises(FrozenInstanceError):
        setattr(reflection, fields(reflection)[0].name, 0.5)


@pytest.mark.parametrize("name", reflections.names())
def test_reflection_cites_its_source(name: str) -> None:
    text = ast.get_docstring(ast.parse(reflections.source(name))) or ""
    assert SOURCE.search(text)
    assert len(text.splitlines()) > 2


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", reflections.names())
def test_reflection_says_its_claim_with_numbers_in_every_language(name: str, language: str) -> None:
    assert re.search(r"{\w+}", texts(language)[f"lesson.{name}"])
