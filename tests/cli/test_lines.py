import json
from dataclasses import replace

from haoqi.cli import lines
from haoqi.core.events import Advanced, Clock, Note, Released, Stage, Tried, Trying, as_plain

TRIED = Tried(2, "tfidf", "macro_f1", 0.978, 0.962, 0.99, 3.3, "new champion", True)
RELEASED = Released("reviews", 3, "releases/reviews/3", "macro_f1", 0.982, 0.962, 0.995, "report.html")


def test_what_matters_is_a_line_each() -> None:
    told = [
        Stage("reading", "a.csv"),
        Note("2 rows"),
        Note("odd", warning=True),
        Trying(2, "tfidf", "cheap", 4.0),
        TRIED,
    ]
    assert [lines.plain(event) for event in told] == [
        "reading: a.csv",
        "  2 rows",
        "  warning: odd",
        "2. tfidf (cheap; about 4 s)",
        "2. macro-F1 0.978 [0.962, 0.990] in 3 s: new champion",
    ]


def test_progress_and_clock_are_no_lines() -> None:
    assert lines.plain(Advanced(0.5)) is None
    assert lines.plain(Clock(1.0, 60.0, 1, None)) is None


def test_a_failure_is_told_without_a_score() -> None:
    failed = Tried(4, "full", "macro_f1", None, None, None, 1.3, "out of memory", False)
    assert lines.plain(failed) == "4. failed in 1 s: out of memory"


def test_json_holds_all_of_an_event_on_one_line() -> None:
    line = lines.as_json(Note("评论\nzwei"))
    assert "\n" not in line
    assert json.loads(line) == as_plain(Note("评论\nzwei"))


def test_the_ending_says_how_good_how_sure_and_what_to_type() -> None:
    text = "\n".join(lines.ending(RELEASED))
    assert "reviews, version 3: macro-F1 0.982, 95 % sure it lies between 0.962 and 0.995" in text
    assert 'haoqi predict reviews "' in text
    assert "report.html" in text


def test_what_should_be_known_before_all_else_ends_the_lines() -> None:
    hint = "haoqi bases get minilm (84 MB) comes first"
    told = lines.ending(replace(RELEASED, hints=(hint,)))
    assert told[-1].strip() == hint
    assert lines.ending(RELEASED) == told[:-1]
