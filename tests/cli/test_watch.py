import io
import json
import sys

import pytest

from haoqi.cli.watch import watching
from haoqi.core.events import Advanced, Clock, Note, Released, Stage, Tried, Trying

EVENTS = (
    Stage("reading", "reviews.csv"),
    Note("2,225 rows"),
    Clock(3.0, 180.0, 0, None),
    Trying(2, "tfidf", "cheap", 4.0),
    Advanced(0.5),
    Tried(2, "tfidf", "macro_f1", 0.978, 0.962, 0.99, 3.3, "new champion", True),
    Tried(4, "full of minilm", "macro_f1", None, None, None, 1.3, "out of memory", False),
)
RELEASED = Released("reviews", 3, "releases/reviews/3", "macro_f1", 0.982, 0.962, 0.995, "report.html")


def test_json_alone_reaches_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    with watching("reviews", as_json=True) as listen:
        for event in (*EVENTS, RELEASED):
            print("a library speaks")
            listen(event)
    out, err = capsys.readouterr()
    assert [json.loads(line)["event"] for line in out.splitlines()] == [
        type(e).__name__.lower() for e in (*EVENTS, RELEASED)
    ]
    assert err.count("a library speaks") == len(EVENTS) + 1


def test_a_pipe_gets_plain_lines_and_the_ending(capsys: pytest.CaptureFixture[str]) -> None:
    with watching("reviews") as listen:
        for event in (*EVENTS, RELEASED):
            listen(event)
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "2. macro-F1 0.978 [0.962, 0.990]" in out
    assert out.index("out of memory") < out.index("Released reviews")


def test_a_terminal_gets_the_live_view_and_the_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    with watching("reviews") as listen:
        for event in (*EVENTS, RELEASED):
            listen(event)
    out = terminal.getvalue()
    assert "\x1b[" in out
    assert "tfidf" in out
    assert "Released reviews, version 3" in out


def test_a_run_that_fails_has_no_ending(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), watching("reviews") as listen:
        listen(EVENTS[0])
        raise ZeroDivisionError
    assert "Released" not in capsys.readouterr().out
