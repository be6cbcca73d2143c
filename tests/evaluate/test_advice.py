"""Next steps are ranked by what they gain for their minutes, and stopping comes first where nothing pays."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from haoqi.core.errors import UserError
from haoqi.evaluate.advice import FILE, Advice, ChosenRow, NextStep, bounded, ranked, rounded

STOP = NextStep("stop", "stop", 0.0, 0.0, 0.0)
LABEL = NextStep("label_more", "label_more", 0.02, 0.008, 0.032, human_seconds=300, compute_seconds=60)
LONGER = NextStep("train_longer", "train_longer", 0.004, 0.0, 0.01, compute_seconds=120)
UNTOLD = NextStep("another_source", "another_source_untold", human_seconds=600)
WORTH = 0.001


def kinds(*steps: NextStep, worth: float = WORTH) -> list[str]:
    return [one.kind for one in ranked(steps, worth)]


def test_steps_that_pay_come_first_by_gain_per_minute_and_the_unknown_last() -> None:
    # 0.02 in 6 minutes against 0.004 in 2: each brings more than is asked, the first brings it sooner.
    assert kinds(UNTOLD, STOP, LONGER, LABEL) == ["label_more", "train_longer", "stop", "another_source"]
    slow = replace(LABEL, human_seconds=6000, low=0.2, gain=0.25)
    assert kinds(slow, replace(LONGER, gain=0.01), STOP)[0] == "train_longer"


def test_a_persons_minutes_are_asked_for_only_where_the_lower_end_pays() -> None:
    assert LABEL.pays(WORTH)  # 0.008 for 6 minutes
    assert not replace(LABEL, low=0.005).pays(WORTH)
    assert not replace(LABEL, low=-0.001).pays(0.0)
    assert kinds(replace(LABEL, low=0.005), STOP) == ["stop", "label_more"]


def test_the_machine_goes_on_where_the_expectation_pays() -> None:
    assert LONGER.pays(WORTH)  # 0.004 for 2 minutes, though it may well be 0
    assert not LONGER.pays(0.0021)
    assert not replace(LONGER, gain=0.0).pays(0.0)


def test_where_nothing_pays_stopping_is_best() -> None:
    steps = ranked([UNTOLD, LABEL, LONGER, STOP], worth=0.01)
    assert Advice("macro_f1", 0.8, steps, 0.01).best == STOP
    assert [one.kind for one in steps] == ["stop", "label_more", "train_longer", "another_source"]


def test_gain_per_minute_of_what_costs_nothing_is_not_told() -> None:
    assert LABEL.per_minute(LABEL.human_seconds) == pytest.approx(0.004)
    assert STOP.per_minute(0.0) is None
    assert UNTOLD.per_minute(60.0) is None


def test_advice_survives_a_releases_folder(tmp_path: Path) -> None:
    row = ChosenRow(3, "电池第二天就坏了", "good", "bad", 0.9123456789)
    told = rounded(replace(LABEL, gain=0.0123456789, rows=(row,), evidence={"labels": ["a"], "share": 1 / 3}))
    advice = Advice("macro_f1", 0.8, (told, STOP), WORTH, 1.5)
    advice.write(tmp_path)
    read = Advice.read(tmp_path, "reviews@1")
    assert read == advice
    assert read.best.gain == 0.0123457
    assert read.best.rows[0].doubt == 0.912346
    assert read.step("label-more") == told
    with pytest.raises(UserError, match="there is no step label"):
        read.step("label")


def test_a_release_without_advice_or_with_a_damaged_one_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="came with no next steps") as caught:
        Advice.read(tmp_path, "reviews@1")
    assert "haoqi improve" in caught.value.hint
    (tmp_path / FILE).write_text(json.dumps({"metric": "macro_f1"}))
    with pytest.raises(UserError, match="is damaged"):
        Advice.read(tmp_path, "reviews@1")


def test_no_step_promises_a_score_beyond_what_the_metric_has() -> None:
    wild = replace(LABEL, gain=0.4, low=-0.9, high=1.3)
    assert (found := bounded(wild, 0.7)) == replace(wild, gain=pytest.approx(0.3), low=-0.7, high=found.high)
    assert found.high == pytest.approx(0.3)
    assert bounded(wild, 0.7, (-1.0, 1.0)).low == -0.9
    perfect = bounded(wild, 1.0)
    assert (perfect.gain, perfect.high) == (0.0, 0.0)
    assert bounded(LABEL, 0.7) == LABEL and bounded(UNTOLD, 1.0) == UNTOLD
