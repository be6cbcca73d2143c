import json
from dataclasses import replace

from haoqi.cli import lines
from haoqi.core.events import Advanced, Clock, Note, Released, Stage, Tried, Trying, as_plain
from haoqi.core.say import say, spoken

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
    assert 'haoqi predict reviews "..."\n' in text
    assert 'haoqi predict reviews "..." "..."\n' in "\n".join(lines.ending(replace(RELEASED, pairs=True)))
    assert "report.html" in text


def test_the_ending_leads_with_most_examples_and_names_what_was_not_tested() -> None:
    lead = {"metric": "macro_f1", "score": 0.793, "low": 0.616, "high": 0.931, "examples": 27, "folds": 3, "tested": 3}
    beside = {**lead, "score": 1.0, "low": 0.438, "high": 1.0, "examples": 3, "folds": 0, "tested": 2}
    told = {
        "lead": {**lead, "split": "valid", "untested": [], "scorings": 0},
        "beside": {**beside, "split": "test", "untested": ["fraud"], "scorings": 2},
    }
    first, second, third, *_ = lines.ending(replace(RELEASED, score=0.793, low=0.616, high=0.931, headline=told))
    assert first.endswith("macro-F1 0.793, 95 % sure it lies between 0.616 and 0.931 (cross-validated on 27 examples).")
    assert second == "  beside it macro-F1 1.000, between 0.438 and 1.000 (on 3 test examples; not tested: fraud)"
    assert third.startswith("  the test split has been scored 2 times")
    assert json.loads(lines.as_json(replace(RELEASED, headline=told)))["headline"] == told


def test_the_ending_of_a_version_that_does_not_answer_says_why_and_what_promotes_it() -> None:
    facts = {"source": "mails/train.csv", "added": ["a"], "missing": ["b", "c"]}
    refused = replace(RELEASED, promoted=False, answers=2, why_not="other_labels", promotion=facts)
    text = "\n".join(lines.ending(refused))
    assert "not promoted: its labels are not those of version 2" in text
    assert "New: a. Gone: b, c." in text
    assert "Version 2 was learnt from mails/train.csv." in text
    assert "haoqi promote reviews@3" in text
    assert 'haoqi predict reviews@3 "' in text
    assert json.loads(lines.as_json(refused))["promoted"] is False


def test_the_ending_says_whose_place_a_version_took_where_that_learnt_other_data() -> None:
    text = "\n".join(lines.ending(replace(RELEASED, answers=3, promotion={"replaced": 2, "source": "a.csv"})))
    assert "Version 2, which answered to reviews until now, was learnt from other data." in text
    assert "Version 2 was learnt from a.csv." in text
    assert "haoqi promote reviews@2" in text
    assert 'haoqi predict reviews "' in text


def test_what_should_be_known_before_all_else_ends_the_lines() -> None:
    hint = "haoqi bases get minilm (84 MB) comes first"
    told = lines.ending(replace(RELEASED, hints=(hint,)))
    assert told[-1].strip() == hint
    assert lines.ending(RELEASED) == told[:-1]


def test_a_claim_that_ends_as_a_sentence_stands_in_marks_within_another() -> None:
    why = say("why.lesson", claim=say("lesson.underfitting", known="0.858", unknown="0.874"))
    told = lines.plain(Trying(3, "tfidf", why, 4.0))
    assert told is not None and told.endswith("0.874 on others.”; about 4 s)")
    assert spoken(why, "zh").startswith("检验教训“") and spoken(why, "zh").endswith("。”")
