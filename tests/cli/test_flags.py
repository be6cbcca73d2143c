import re
from collections.abc import Callable
from typing import Any

import pytest

from haoqi.core.flat import flat_settings
from haoqi.run import Run


def test_the_help_of_improve_has_a_flag_and_the_docstring_of_every_setting(run: Callable[..., Any]) -> None:
    text = run("improve", "--help").out
    together = " ".join(text.split())
    for setting in flat_settings(Run):
        if setting.name != "source":
            assert re.search(rf"^  --{setting.name.replace('_', '-')}\b", text, re.MULTILINE), setting.name
            assert setting.help in together, setting.name


def test_settings_stand_under_the_heading_of_what_they_are_about(run: Callable[..., Any]) -> None:
    text = run("improve", "--help").out
    place = {
        word: text.index(word)
        for word in ("\nData:", "  --encoding", "\nRun:", "  --seed", "\nExplore:", "  --minutes")
    }
    assert place["\nData:"] < place["  --encoding"] < place["\nRun:"] < place["  --seed"]
    assert place["\nExplore:"] < place["  --minutes"]


def test_ranges_choices_and_defaults_are_told(run: Callable[..., Any]) -> None:
    together = " ".join(run("improve", "--help").out.split())
    assert "(0.01 to 0.5; default 0.1)" in together
    assert "--split stratified|group|time|random" in together
    assert "--clean / --no-clean" in together


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--minutes", "abc"), "minutes must be a number, but is 'abc'"),
        (("--minutes", "-3"), "minutes must lie between"),
        (("--split", "sideways"), "split must be one of stratified"),
        (("--methods", "tdif"), "there is no method tdif"),
        (("--strategy", "halvin"), "there is no strategy halvin"),
        (("--task", "topics"), "there is no task topics"),
        (("--group", "author", "--time", "day"), "--group and --time contradict each other"),
        (("--name", "../x"), "cannot be a name"),
        (("--minuts", "3"), "haoqi improve has no option --minuts"),
        (("--minutes",), "option '--minutes' requires an argument"),
        (("--config", "absent.yaml"), "there is no file absent.yaml"),
    ],
)
def test_a_wrong_flag_is_two_lines_and_code_2(run: Callable[..., Any], words: tuple[str, ...], what: str) -> None:
    ended = run("improve", "absent.csv", *words)
    assert ended.code == 2
    assert what in ended.two_lines[0]
    assert ended.two_lines[1]


def test_a_wrong_option_is_answered_with_the_nearest_one(run: Callable[..., Any]) -> None:
    assert run("improve", "--minuts", "3").two_lines[1].startswith("did you mean --minutes?")


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        (("reviews", "-5 stars, never again"), 'reviews -- "-5 stars, never again"'),
        (("reviews", "-5 stars, never again", "--json"), 'reviews --json -- "-5 stars, never again"'),
        (("reviews", "good", "--not good at all"), 'reviews good -- "--not good at all"'),
        (("reviews", "--file of complaints"), 'reviews -- "--file of complaints"'),
        (("reviews", '-it is "$5"'), "reviews -- '-it is \"$5\"'"),
        (("reviews", "-5"), "reviews -- -5"),
    ],
)
def test_a_text_that_begins_with_a_dash_is_shown_behind_two(
    run: Callable[..., Any], words: tuple[str, ...], typed: str
) -> None:
    ended = run("predict", *words)
    assert ended.code == 2
    assert ended.two_lines[1].endswith(f"what begins with a dash stands behind --: haoqi predict {typed}")


def test_what_takes_no_words_has_no_hint_of_two_dashes(run: Callable[..., Any]) -> None:
    assert run("doctor", "-x").two_lines == ("haoqi doctor has no option -x", "haoqi doctor --help lists what there is")


def test_lists_are_read_from_commas_and_from_repeats(run: Callable[..., Any]) -> None:
    together = run("improve", "absent.csv", "--methods", "majority,tdif")
    apart = run("improve", "absent.csv", "--methods", "majority", "--methods", "tdif")
    assert together == apart
    assert "tdif" in together.err
