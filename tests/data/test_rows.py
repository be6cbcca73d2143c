"""What is left out without being asked, what is told of it, and where it stops."""

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from haoqi.core.errors import UserError
from haoqi.data import prepare, read
from haoqi.data.examples import Examples
from haoqi.data.preparing.prepared import Prepared
from haoqi.data.raw import Raw
from haoqi.data.settings import DataSettings

WORDS = ("lamp", "kettle", "bicycle", "garden", "bakery", "museum", "hotel", "harbour", "stadium", "theatre", "oven")


def raw_of(count: int, *, blank: int = 0, unlabelled: int = 0) -> Raw:
    texts = [f"{' '.join(Random(n).choices(WORDS, k=6))} {n}" for n in range(count)]
    labels = [("good", "bad")[n % 2] for n in range(count)]
    texts = [" " if n < blank else text for n, text in enumerate(texts)]
    return Raw.of(Examples.of(texts, [None if n >= count - unlabelled else label for n, label in enumerate(labels)]))


def run(raw: Raw, folder: Path, **settings: object) -> Prepared:
    return prepare(raw, str, DataSettings("some.csv", **settings), seed=0, folder=folder)  # type: ignore[arg-type]


def test_few_rows_without_text_are_left_out_and_named(tmp_path: Path) -> None:
    card = run(raw_of(200, blank=10), tmp_path / "data").card
    assert card.dropped["without text"] == 10
    told = "10 rows without text are left out (rows 1, 2, 3, 4, 5, ...); --bad-rows 0 stops at them"
    assert told in card.schema.warnings
    assert told in card.notes


def test_more_rows_without_text_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"11 of 200 rows .* are without text") as caught:
        run(raw_of(200, blank=11), tmp_path / "data")
    assert "--bad-rows 0.06" in caught.value.hint
    assert run(raw_of(200, blank=11), tmp_path / "data", bad_rows=0.06).card.dropped["without text"] == 11


def test_what_a_person_says_goes_before(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"1 of 200 rows .* is without text"):
        run(raw_of(200, blank=1), tmp_path / "data", bad_rows=0.0)
    with pytest.raises(UserError, match=r"3 of 200 rows .* are without a label"):
        run(raw_of(200, unlabelled=3), tmp_path / "data", bad_rows=0.01)


def test_rows_without_a_label_serve_as_unlabelled_text_up_to_a_fifth(tmp_path: Path) -> None:
    prepared = run(raw_of(200, unlabelled=40), tmp_path / "data")
    assert prepared.splits.unlabelled is not None
    assert len(prepared.splits.unlabelled) == 40
    assert any("40 rows without a label" in warning for warning in prepared.card.schema.warnings)
    with pytest.raises(UserError, match=r"41 of 200 rows"):
        run(raw_of(200, unlabelled=41), tmp_path / "more")


@pytest.mark.parametrize(("broken", "fine"), [(4, True), (5, False)])
def test_rows_of_another_width_are_left_out_up_to_a_fiftieth(tmp_path: Path, broken: int, fine: bool) -> None:
    lines = [
        f"{text},{label}" + ",more" * (n % 40 == 7 and n < 40 * broken)
        for n, (text, label) in enumerate(raw_of(200).examples)
    ]
    (tmp_path / "a.csv").write_text("\n".join(["text,label", *lines]))
    if not fine:
        with pytest.raises(UserError, match=r"5 of 200 rows"):
            read(DataSettings(str(tmp_path / "a.csv")))
        return
    raw = read(DataSettings(str(tmp_path / "a.csv")))
    assert len(raw.examples) == 196
    assert any("4 rows" in warning and "lines 9, 49" in warning for warning in raw.schema.warnings)


def test_one_label_for_several_rows_below_it_gets_a_hint_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"27 of 30 rows .* are without a label") as caught:
        run(raw_of(30, unlabelled=27), tmp_path / "data")
    assert "stands for the rows below it" in caught.value.hint
    assert "--bad-rows" not in caught.value.hint


def test_rows_without_a_second_text_are_learnt_and_named(tmp_path: Path) -> None:
    raw = raw_of(200)
    pairs = [" " if row < 20 else text[::-1] for row, text in enumerate(raw.examples.texts)]
    card = run(Raw.of(replace(raw.examples, pairs=pairs)), tmp_path / "data").card
    assert card.dropped == {}
    assert "20 rows have no second text, and are learnt so (rows 1, 2, 3, 4, 5, ...)" in card.schema.warnings, (
        card.schema.warnings
    )
