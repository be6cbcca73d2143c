"""What tests of commands share: a way to run one, and a small file of reviews with a model that learnt it."""

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from haoqi.__main__ import main

GOOD = ("good", "great", "lovely", "bright", "friendly")
BAD = ("bad", "awful", "broken", "dark", "rude")
THINGS = ("battery", "screen", "coffee", "hotel", "film", "book", "train", "camera", "soup", "lamp", "chair", "song")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def two_lines(self) -> tuple[str, str]:
        """The error and its hint, after a look that there is nothing else but how a file was read."""
        *before, first, second, rest = self.err.split("\n")
        assert all(line.startswith(("text is column", "pair is column", "warning: ")) for line in before)
        assert first.startswith("error: ")
        assert second.startswith("  hint: ")
        assert (rest, self.out) == ("", "")
        return first.removeprefix("error: "), second.removeprefix("  hint: ")


Run = Callable[..., Ended]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs a command, with a pipe where there is one."""

    def run(*words: str, pipe: str | None = None) -> Ended:
        monkeypatch.setattr(sys, "stdin", io.StringIO(pipe or ""))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(words)
        out, err = capsys.readouterr()
        return Ended(int(ended.value.code or 0), out, err)

    return run


@pytest.fixture(scope="session")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of 120 reviews with the columns body and stars."""
    rows = [(f"the {thing} was {word}", "positive") for thing in THINGS for word in GOOD]
    rows += [(f"the {thing} was {word}", "negative") for thing in THINGS for word in BAD]
    path = tmp_path_factory.mktemp("reviews") / "reviews.csv"
    path.write_text("body,stars\n" + "".join(f"{text},{label}\n" for text, label in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def released(reviews: Path, home: Path) -> str:
    """Return the name of a release that learnt the reviews."""
    from haoqi import api

    run = api.improve(
        reviews,
        text="body",
        label="stars",
        steps=2,
        methods=("majority", "tfidf"),
        near_duplicates=False,
        advice_seconds=0.0,
    )
    assert run.score > 0.9
    return run.release.name


@pytest.fixture(scope="session")
def likeness(tmp_path_factory: pytest.TempPathFactory, home: Path) -> str:
    """Return the name of a release that learnt, as a number, how like two texts are."""
    from haoqi import api

    rows = [
        (f"the {one} was {word}", f"the {THINGS[(at + apart) % len(THINGS)]} was {word}", 5.0 - apart + at / 100)
        for at, one in enumerate(THINGS)
        for word in GOOD
        for apart in (0, 3)
    ]
    path = tmp_path_factory.mktemp("likeness") / "likeness.csv"
    path.write_text("left,right,score\n" + "".join(f"{a},{b},{c}\n" for a, b, c in rows), encoding="utf-8")
    run = api.improve(path, steps=1, methods="tfidf", near_duplicates=False, advice_seconds=0.0)
    return run.release.name
