"""At a terminal the base that a run would be without is offered, once; a script is not asked."""

import io
import sys
from pathlib import Path

import pytest

from haoqi import data
from haoqi.cli import inspect, offer
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


def answered(monkeypatch: pytest.MonkeyPatch, said: str, source: Path, **settings: object) -> str:
    monkeypatch.setattr(sys, "stdin", Terminal(said))
    out = Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    run = run_of(str(source), **settings)
    offer.offer(run, data.read(run.data))
    return out.getvalue()


@pytest.mark.parametrize(("said", "wanted"), [("\n", ["minilm"]), ("y\n", ["minilm"]), ("n\n", []), ("", [])])
def test_enter_and_yes_bring_it(
    said: str, wanted: list[str], brought: list[str], reviews: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = answered(monkeypatch, said, reviews)
    assert brought == wanted
    assert out.count("Bring minilm (83.5 MB)?") == 1


def test_a_script_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert not inspect.asks()
    monkeypatch.setattr(sys, "stdin", Terminal())
    assert inspect.asks()


def test_where_a_base_is_named_or_the_one_that_suits_is_here_nothing_is_asked(
    brought: list[str], reviews: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert answered(monkeypatch, "y\n", reviews, base=("minilm",)) == ""
    monkeypatch.setattr("haoqi.explore.setup.base_choice.find_missing_base", lambda texts, cache: None)
    assert (answered(monkeypatch, "y\n", reviews), brought) == ("", [])


def test_what_cannot_be_brought_is_said_and_the_run_goes_on(
    brought: list[str], reviews: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str, cache: Path, progress: object = None) -> None:
        raise UserError("no network", "try again")

    monkeypatch.setattr("haoqi.models.bases.fetch", fail)
    out = answered(monkeypatch, "\n", reviews)
    assert "minilm could not be brought: no network" in out
