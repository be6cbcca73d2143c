"""A claim says its evidence in words, in one line, and knows kinds that are not ours."""

from haoqi.core import formats
from haoqi.explore.record.claims import MOST_NAMED, claim, measured_in, said, spoken, unbroken
from haoqi.explore.reflection.behavioural_tests import names

EVIDENCE = {"known": 0.998, "unknown": 0.791}


def test_a_claim_holds_the_numbers_of_its_evidence_and_no_gap() -> None:
    told = claim("overfitting", EVIDENCE)
    assert "0.998" in told and "0.791" in told
    assert "{" not in told
    assert formats.SPACE not in told


def test_a_kind_of_another_package_is_told_by_its_name() -> None:
    assert said("of_another_package", {}) is None
    assert claim("of_another_package", {"rows": 3}) == "of another package"
    assert measured_in("of_another_package") == "lessons.measure.other"


def test_everything_that_a_lesson_can_measure_has_its_words() -> None:
    for measure in ("metric", "brier", "hide", *names()):
        assert measured_in(measure) == f"lessons.measure.{measure}"


def test_shares_are_percent_and_long_lists_are_cut() -> None:
    assert unbroken(spoken("cut_share", 0.25)).replace(" ", "") == "25%"
    assert spoken("gap", 0.25) == "0.250"
    assert spoken("low", None) == formats.DASH
    many = [f"label{number}" for number in range(MOST_NAMED + 1)]
    assert spoken("labels", many).endswith(f"{many[MOST_NAMED - 1]}, …")
