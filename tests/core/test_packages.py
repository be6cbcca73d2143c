"""Packages are found without being imported and installed only with the right checksum."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from haoqi.core.errors import UserError
from haoqi.core.packages import find, install


def test_a_package_is_found_without_being_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "loud_package").mkdir()
    (tmp_path / "loud_package" / "__init__.py").write_text("raise RuntimeError")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert find("loud_package") == tmp_path / "loud_package"
    assert "loud_package" not in sys.modules
    assert find("no_such_package_at_all") is None


def test_pip_is_asked_for_one_file_and_no_dependencies(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def run(command: list[str], **rest: object) -> subprocess.CompletedProcess[str]:
        seen["command"] = command
        seen["wanted"] = Path(command[command.index("-r") + 1]).read_text()
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    install("some-package", "1.2", "ab" * 32)
    assert {"--no-deps", "--require-hashes"} <= set(seen["command"])
    assert seen["command"][0] == sys.executable
    assert seen["wanted"] == f"some-package==1.2 --hash=sha256:{'ab' * 32}\n"


def test_the_reason_of_pip_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "WARNING: slow\nERROR: THESE PACKAGES DO NOT MATCH THE HASHES\n  Expected ab"
    done = subprocess.CompletedProcess[str]([], 1, "", said)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    with pytest.raises(UserError, match=r"some-package 1\.2 could not be installed: THESE PACKAGES DO NOT MATCH"):
        install("some-package", "1.2", "ab" * 32)
