"""Bases that people made: found by name beside the cache."""

import json
import shutil
from pathlib import Path

import pytest

from haoqi.core.errors import UserError
from haoqi.models.bases import Base, made_of, own_card, own_names, resolve, write_card


def _own(tiny_base: str, home: Path, name: str = "mine") -> Base:
    known = resolve(tiny_base, home / "cache")
    folder = home / "bases" / name
    shutil.copytree(known.folder, folder)
    write_card(folder, known.card, {"from": "tiny", "steps": 3})
    return known


def test_it_is_found_by_its_name_with_its_card(tiny_base: str, tmp_path: Path) -> None:
    known = _own(tiny_base, tmp_path)
    found = resolve("mine", tmp_path / "cache")
    assert (found.name, found.card.name, found.fingerprint) == ("mine", "mine", known.fingerprint)
    assert own_names(tmp_path / "cache") == ["mine"] and own_names(tmp_path / "elsewhere" / "cache") == []
    assert made_of(found.folder) == {"from": "tiny", "steps": 3}
    assert made_of(known.folder) == {}


def test_a_name_that_is_almost_right_is_answered_with_it(tiny_base: str, tmp_path: Path) -> None:
    _own(tiny_base, tmp_path, "newsbase")
    with pytest.raises(UserError) as told:
        resolve("newsbasse", tmp_path / "cache")
    assert "newsbase" in told.value.hint


def test_a_damaged_card_is_said_to_be_so(tiny_base: str, tmp_path: Path) -> None:
    _own(tiny_base, tmp_path)
    file = tmp_path / "bases" / "mine" / "card.json"
    file.write_text(json.dumps({"card": {"name": "mine"}}), "utf-8")
    with pytest.raises(UserError, match="damaged"):
        own_card("mine", tmp_path / "cache")
    (tmp_path / "bases" / "mine" / "model.safetensors").unlink()
    with pytest.raises(UserError, match="not whole"):
        resolve("mine", tmp_path / "cache")
