"""Which bases a search starts from: those that were named must be there, the suitable one may be missing."""

from pathlib import Path
from typing import Any

import pytest

from haoqi.core.errors import UserError
from haoqi.core.events import Event, Note
from haoqi.core.say import spoken
from haoqi.explore.settings import ExploreSettings
from haoqi.explore.setup.base_choice import choose_bases, find_missing_base
from haoqi.models import bases
from haoqi.models.bases import Base

CACHE = Path("cache")
ENGLISH, CHINESE = {"en": 0.97, "other": 0.03}, {"zh": 1.0}


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return the names of the bases that are installed."""
    found = {"minilm", "multilingual"}

    def resolve(name: str, cache: Path, **rest: Any) -> Base:
        if name not in found:
            raise UserError(f"{name} is not here", "get it")
        return Base(name, cache / name, bases.bases.build(name), "0" * 32)

    monkeypatch.setattr(bases, "resolve", resolve)
    return found


def chosen(languages: dict[str, float], *named: str) -> tuple[list[str], list[Event]]:
    told: list[Event] = []
    return list(choose_bases(ExploreSettings(base=named), languages, CACHE, told.append)), told


def test_the_languages_choose_where_no_base_is_named(here: set[str]) -> None:
    english, told = chosen(ENGLISH)
    assert (english, chosen(CHINESE)[0]) == (["minilm"], ["multilingual"])
    [note] = told
    assert isinstance(note, Note) and "en 97%" in note.text and not note.warning


def test_languages_that_round_to_nothing_are_not_named(here: set[str]) -> None:
    _, [note] = chosen({"en": 0.99, "other": 0.006, "de": 0.005})
    assert isinstance(note, Note) and "en 99%, other 1%" in note.text and "de" not in note.text.split("found")[1]


def test_bases_that_are_named_are_taken_whatever_the_languages_and_must_be_there(here: set[str]) -> None:
    assert chosen(ENGLISH, "multilingual", "minilm")[0] == ["multilingual", "minilm"]
    here.remove("minilm")
    with pytest.raises(UserError, match="minilm is not here"):
        chosen(ENGLISH, "minilm")


def test_without_the_suitable_base_the_search_goes_on_and_says_how_to_get_it(here: set[str]) -> None:
    here.remove("minilm")
    found, [note] = chosen(ENGLISH)
    assert found == []
    assert isinstance(note, Note) and note.warning and "get it" in note.text


def test_a_missing_base_is_named_before_the_run(here: set[str]) -> None:
    texts = ["The battery died on day two and nobody answered my letters."] * 3
    assert find_missing_base(texts, CACHE) is None
    here.remove("minilm")
    missing = find_missing_base(texts, CACHE)
    assert missing is not None and missing.name == "minilm"


def test_the_languages_found_are_called_as_the_terminal_calls_them(here: set[str]) -> None:
    heard = list[Event]()
    choose_bases(ExploreSettings(), ENGLISH, CACHE, heard.append)
    told = next(one.text for one in heard if isinstance(one, Note))
    assert "en 97%, other 3%" in told
    assert "其他 3%" in spoken(told, "zh") and "other" not in spoken(told, "zh")
