"""What is no free text is not taken for one."""

from typing import Any

import pytest

from haoqi.data.reading.tables.column_kinds import cell_kind, look_at


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("12.5", "number"),
        ("1,234.50", "number"),
        ("-3e-4", "number"),
        ("12 %", "number"),
        ("2024-05-01T09:00:00Z", "time"),
        ("01/02/2023", "time"),
        ("2024年3月1日", "time"),
        ("Tue, 05 Mar 2024 08:00:00", "time"),
        ("https://a.example/b?c=d", "address"),
        ("ann@example.org", "address"),
        ("eb7f1414-f6de-2fbe-8091-5aaf4110b8bc", "identifier"),
        ("d41d8cd98f00b204e9800998ecf8427e", "identifier"),
        ("c00017", "identifier"),
        ("34611509_1", "identifier"),
        ("/data/audio/0001/take one.wav", "path"),
        ("img_01.png", "path"),
        ('{"a": 1}', "record"),
        ("defect", "name"),
        ("It broke on day two", "text"),
        ("and/or that is the question, my friend, of it.", "text"),
        ("我买的灯坏了", "text"),
    ],
)
def test_a_cell_is_what_it_looks_like(cell: str, kind: str) -> None:
    assert cell_kind(cell) == kind


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([f"the lid of my kettle came late {n}".split() for n in range(40)], "words"),
        ([["billing"], ["billing", "urgent"], []] * 10, "names"),
        (["['a', 'b']", "['b']"] * 10, "names"),
        ([{"start": 0}, {"end": 3}], "record"),
        ([None, "", "  ", float("nan")], "empty"),
        ([1, 2, 3.5, True], "number"),
        (["good morning", "bye bye 8", "clinic hours?"] * 9, "text"),
        (["defect", "login"] * 20, "name"),
    ],
)
def test_a_column_is_what_most_of_its_cells_are(cells: list[Any], kind: str) -> None:
    assert look_at("x", cells).kind == kind


def test_a_list_in_any_row_counts_however_late_it_comes() -> None:
    assert look_at("x", [None] * 5_000 + [["a", "b"]]).kind == "names"
    assert look_at("x", ["plain"] * 5_000 + [{"a": 1}]).kind == "record"


def test_what_a_column_is_like_is_counted_on_all_rows() -> None:
    found = look_at("gold", ["yes", *[""] * 999])
    assert (found.filled, found.rows, found.share_filled) == (1, 1000, 0.001)
    assert look_at("x", ["0", "1"] * 9).binary
    assert not look_at("x", ["0", "2"] * 9).binary
