import json
import shutil
from pathlib import Path

import pytest

from haoqi.core.errors import UserError
from haoqi.models.bases import Base, resolve
from haoqi.models.encoders.base_copy import read_base, write_base


@pytest.fixture
def base(tiny_base: str, tmp_path: Path) -> Base:
    folder = tmp_path / "tiny"
    shutil.copytree(tiny_base, folder)
    return resolve(str(folder), tmp_path / "cache")


def test_copy_stands_alone(base: Base, tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    write_base(base, model, standalone=True)
    shutil.rmtree(base.folder)
    found = read_base(model, tmp_path / "nowhere")
    assert (found.card, found.fingerprint) == (base.card, base.fingerprint)
    assert resolve(str(found.folder), tmp_path).fingerprint == base.fingerprint


def test_reference_takes_no_space_and_finds_the_base_again(base: Base, tmp_path: Path) -> None:
    write_base(base, tmp_path, standalone=False)
    assert not (tmp_path / "base").exists()
    found = read_base(tmp_path, tmp_path / "cache")
    assert (found.folder, found.card, found.fingerprint) == (base.folder, base.card, base.fingerprint)


def test_reference_to_a_folder_does_not_depend_on_where_one_stands(
    base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_base(resolve("./tiny", tmp_path / "cache"), tmp_path, standalone=False)
    monkeypatch.chdir("/")
    assert read_base(tmp_path, tmp_path / "cache").folder == base.folder


def test_base_that_is_gone_or_another_is_refused(base: Base, tmp_path: Path) -> None:
    write_base(base, tmp_path, standalone=False)
    config = base.folder / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text("utf-8")) | {"note": 1}), encoding="utf-8")
    with pytest.raises(UserError, match="is not the one"):
        read_base(tmp_path, tmp_path / "cache")
    shutil.rmtree(base.folder)
    with pytest.raises(UserError, match="does not exist"):
        read_base(tmp_path, tmp_path / "cache")


@pytest.mark.parametrize("content", ["{", "{}", '{"card": {"strange": 1}}', "[]"])
def test_damaged_reference_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "base.json").write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match="damaged"):
        read_base(tmp_path, tmp_path)


def test_copy_is_made_where_links_cannot_be(base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("os.link", refuse)
    write_base(base, tmp_path, standalone=True)
    assert resolve(str(tmp_path / "base"), tmp_path).fingerprint == base.fingerprint
