import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import ClassVar

import pytest

from haoqi.core import registry as registry_module
from haoqi.core.errors import UserError
from haoqi.core.registry import Registry
from haoqi.core.say import joined, known, say, texts

PLUGIN = '''"""Say {word} (Nobody, 2020).

More words.
"""

from dataclasses import dataclass

from {package} import shouts


@shouts.register
@dataclass(frozen=True)
class Shout:
    times: int = 1
    """How often."""
'''
ROOM = """from haoqi.core.registry import Registry

shouts = Registry("shout", "{package}", skip=("contract",))
"""


@pytest.fixture
def shouts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Registry[object]]:
    """Return the registry of a package of two plug-ins, hey and ho, a contract and a private file."""
    package = f"room_{abs(hash(request.node.name))}"
    folder = tmp_path / package
    folder.mkdir()
    (folder / "__init__.py").write_text(ROOM.format(package=package))
    for word in ("hey", "ho"):
        (folder / f"{word}.py").write_text(PLUGIN.format(word=word, package=package))
    for silent in ("contract", "_words"):
        (folder / f"{silent}.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield registry_module.import_module(package).shouts
    texts.cache_clear()  # and with it what these plug-ins said


def test_names_are_the_files(shouts: Registry[object]) -> None:
    assert shouts.names() == ["hey", "ho"]


def test_listing_and_describing_import_nothing(shouts: Registry[object]) -> None:
    shouts.names()
    assert shouts.describe("hey") == "Say hey (Nobody, 2020)."
    assert f"{shouts.package}.hey" not in sys.modules


def test_building_passes_settings_on(shouts: Registry[object]) -> None:
    assert shouts.build("hey", times=3).times == 3  # type: ignore[attr-defined]


def test_unknown_setting_is_refused_with_the_nearest(shouts: Registry[object]) -> None:
    with pytest.raises(UserError) as caught:
        shouts.build("hey", time=3)
    assert caught.value.what == "the shout hey has no setting time"
    assert "did you mean times?" in caught.value.hint


def test_unknown_name_is_refused_with_the_nearest(shouts: Registry[object]) -> None:
    for ask in (shouts.get, shouts.describe, shouts.source):
        with pytest.raises(UserError) as caught:
            ask("heyy")
        assert "did you mean hey?" in caught.value.hint


def test_file_that_registers_nothing_is_refused(shouts: Registry[object]) -> None:
    path = Path(registry_module.find_spec(shouts.package).origin)  # type: ignore[union-attr, arg-type]
    (path.parent / "mute.py").write_text('"""Nothing."""\n')
    with pytest.raises(UserError, match="the file of the shout mute registers nothing"):
        shouts.get("mute")


def test_two_plugins_in_one_file_are_refused(shouts: Registry[object]) -> None:
    first = type("First", (), {"__module__": f"{shouts.package}.hey"})
    second = type("Second", (), {"__module__": f"{shouts.package}.hey"})
    shouts.register(first)
    with pytest.raises(UserError, match=r"two shout plug-ins are called hey: .*First, .*Second"):
        shouts.register(second)


def test_other_packages_add_theirs_by_entry_point(
    shouts: Registry[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stranger.py").write_text(PLUGIN.format(word="yo", package=shouts.package))
    point = EntryPoint("yo", "stranger", f"haoqi.{shouts.package}")
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [point] if group == point.group else [])
    assert shouts.names() == ["hey", "ho", "yo"]
    assert shouts.describe("yo") == "Say yo (Nobody, 2020)."
    assert shouts.build("yo", times=2).times == 2  # type: ignore[attr-defined]


def test_a_plug_in_brings_its_words_and_changes_none_of_ours(shouts: Registry[object]) -> None:
    @shouts.register
    class Loud:
        texts: ClassVar[Mapping[str, Mapping[str, str]]] = {
            "en": {"loud.hey": "hey {name}", "loud.ho": "ho", "list.and": "spoilt"},
            "zh": {"loud.hey": "嘿 {name}", "loud.unasked": "?"},
        }

    hey, ho = say("loud.hey", name="you"), say("loud.ho")
    assert (hey, hey.within("zh")) == ("hey you", "嘿 you")
    assert (ho, ho.within("zh")) == ("ho", "ho")
    assert joined(["a", "b"], by="list.and") == "a and b"
    assert not known("loud.unasked")


def test_the_words_of_another_package_are_brought_by_name_and_a_broken_one_has_none(
    shouts: Registry[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried = PLUGIN.replace("    times", "    texts = {{'en': {{'shy.hey': 'psst'}}}}\n    times")
    (tmp_path / "shy.py").write_text(carried.format(word="psst", package=shouts.package))
    (tmp_path / "broken.py").write_text("raise RuntimeError")
    points = [EntryPoint(name, name, f"haoqi.{shouts.package}") for name in ("shy", "broken")]
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: points)
    assert not known("shy.hey")
    shouts.bring_words(["shy", "broken", "hey", "gone"])
    assert say("shy.hey") == "psst"
    assert f"{shouts.package}.hey" not in sys.modules  # the words of ours lie beside them
