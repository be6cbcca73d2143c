"""At a terminal the base that a run would be without is offered, once; a script is not asked."""

import io
import sys
from pathlib import Path

import pytest

from haoqi.cli import offer
from haoqi.core.errors import UserError
from haoqi.run import run_of


class Terminal(io.StringIO):
    """Text that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def brought(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Return the names of bases that are fetched, on a machine that has none."""
    monkeypatch.setenv("HAOQI_HOME", str(tmp_path))
    for place in ("_packages", "_resolve"):
        monkeypatch.setattr(f"haoqi.models.bases.{place}.package_file", lambda card, cache=None: None)
    names = list[str]()
    monkeypatch.setattr("haoqi.models.bases.fetch", lambda name, cache, progress=None: names.append(name))
    return names


def answered(monkeypatch: pytest.MonkeyPatch, said: str, source: Path, **settings: object) -> tuple[object, str]:
    monkeypatch.setattr(sys, "stdin", Terminal(said))
    out = Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    raw = offer.offered(run_of(str(source), **settings))
    return raw, out.getvalue()


@pytest.mark.parametrize(("said", "wanted"), [("\n", ["minilm"]), ("y\n", ["minilm"]), ("n\n", []), ("", [])])
def test_enter_and_yes_bring_it(
    said: str, wanted: list[str], brought: list[str], reviews: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw, out = answered(monkeypatch, said, reviews)
    assert brought == wanted
    assert raw is not None
    assert out.count("Bring minilm (84 MB)?") == 1


def test_a_script_is_not_asked(brought: list[str], reviews: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert offer.offered(run_of(str(reviews))) is None
    assert brought == []


def test_where_a_base_is_named_or_the_one_that_suits_is_here_nothing_is_asked(
    brought: list[str], reviews: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert answered(monkeypatch, "y\n", reviews, base=("minilm",)) == (None, "")
    monkeypatch.setattr("haoqi.explore.bases.missing_base", lambda texts: None)
    raw, out = answered(monkeypatch, "y\n", reviews)
    assert (raw is not None, out, brought) == (True, "", [])


def test_what_cannot_be_brought_is_said_and_the_run_goes_on(
    brought: list[str], reviews: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str, cache: Path, progress: object = None) -> None:
        raise UserError("no network", "try again")

    monkeypatch.setattr("haoqi.models.bases.fetch", fail)
    raw, out = answered(monkeypatch, "\n", reviews)
    assert raw is not None
    assert "minilm could not be brought: no network" in out
