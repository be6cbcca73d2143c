"""Dates of a column are read in one format, and what stays open is told."""

from datetime import UTC, date, datetime

import pytest

from haoqi.core.errors import UserError
from haoqi.data.reading.tables.dates import times_of
from haoqi.data.settings import DataSettings

SETTINGS = DataSettings("some.csv")


def days(cells: list[object]) -> tuple[list[str], tuple[str, ...]]:
    found = times_of(cells, "when", "some.csv", SETTINGS)
    return [datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d") for seconds in found.seconds], found.notes


def test_day_first_is_told_by_one_day_above_12() -> None:
    found, notes = days(["01/02/2023", "02/02/2023", "13/02/2023"])
    assert found == ["2023-02-01", "2023-02-02", "2023-02-13"]
    assert notes == ("dates are read day first, as day/month/year",)


def test_where_both_fit_the_order_of_the_rows_decides_or_it_is_told() -> None:
    # By month first the fourth row would come before the third.
    found, notes = days(["11/02/2023", "12/02/2023", "01/03/2023", "02/03/2023"])
    assert found[2] == "2023-03-01"
    assert "in order" in notes[0]
    _, notes = days(["01/01/2023", "02/02/2023"])
    assert "could be" in notes[0]


def test_twelve_hour_clocks_words_and_chinese_are_dates() -> None:
    assert days(["2024/03/01 9:00:00 AM", "2024/03/02 1:30:00 PM"])[0] == ["2024-03-01", "2024-03-02"]
    assert days(["2024年3月1日", "2024年12月31日"])[0] == ["2024-03-01", "2024-12-31"]
    assert days(["1 Mar 2024", "2 Apr 2024"])[0] == ["2024-03-01", "2024-04-02"]
    assert days(["Tue, 05 Mar 2024 08:00:00 +0800"])[0] == ["2024-03-05"]


def test_numbers_and_objects_are_dates() -> None:
    assert days([1700000000, 1700000000000, "1700000000"])[0] == ["2023-11-14"] * 3
    assert days([date(2024, 1, 2), datetime(2024, 1, 3, tzinfo=UTC)])[0] == ["2024-01-02", "2024-01-03"]


def test_an_empty_date_counts_as_the_oldest_and_is_told() -> None:
    found, notes = days(["2023-01-02", "", "2023-01-01"])
    assert found[1] == "2023-01-01"
    assert notes == ("1 row without a date in column when counts as the oldest",)


def test_what_is_no_date_is_named_by_its_row() -> None:
    with pytest.raises(UserError, match=r"row 2 of some\.csv has no date in column when, but 'soon'") as caught:
        days(["2024-01-01", "soon", "2024-01-02"])
    assert "2024-05-31" in caught.value.hint
