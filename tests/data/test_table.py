from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

import haoqi
from haoqi.core.errors import UserError
from haoqi.data.reading.tables.table import tell_apart

ROWS = 40


def text(row: int) -> str:
    return f"the lamp of room {row} broke and was {'late' if row % 3 else 'lost'}"


def label(row: int) -> str:
    return ("defect", "delivery")[row % 2]


def test_dates_and_decimals_in_cells_do_no_harm(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["Date", "Comment", "Topic"])
    for row in range(ROWS):
        book.active.append([datetime(2024, 1, 1) + timedelta(row), text(row), label(row)])
    book.save(tmp_path / "form.xlsx")
    found = haoqi.inspect(tmp_path / "form.xlsx")
    assert found.schema.columns == {"text": "Comment", "label": "Topic"}
    assert found.schema.kinds["Date"] == "times"
    rows = [{"price": Decimal("1.50"), "text": text(row), "label": label(row)} for row in range(ROWS)]
    assert haoqi.inspect(rows).schema.kinds["price"] == "numbers"


def test_typed_tables_give_times_and_texts_that_were_written_as_bytes(tmp_path: Path) -> None:
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    columns = {
        "when": pyarrow.array(range(ROWS), pyarrow.timestamp("ms")),
        "text": [text(row).encode() for row in range(ROWS)],
        "label": [label(row) for row in range(ROWS)],
        "blob": [b"\xff\xfe"] * ROWS,
    }
    parquet.write_table(pyarrow.table(columns), tmp_path / "a.parquet")
    found = haoqi.inspect(tmp_path / "a.parquet")
    assert found.schema.columns == {"text": "text", "label": "label"}
    assert found.rows[0][0] == text(0)
    assert found.schema.kinds["when"] == "times"


def test_the_names_of_the_columns_said_again_are_no_rows(tmp_path: Path) -> None:
    part = "text,label\n" + "".join(f"{text(row)},{label(row)}\n" for row in range(ROWS))
    path = tmp_path / "joined.csv"
    path.write_text(part * 2, encoding="utf-8")
    found = haoqi.inspect(path)
    assert (found.schema.rows, set(found.labels)) == (2 * ROWS, {"defect", "delivery"})
    assert found.schema.skipped == {"the names of the columns again": 1}


@pytest.mark.parametrize(
    "more", [",,,Open-Ended Response,Response", 'Id,Start,IP,"What do you think of it?",Which topic?']
)
def test_further_rows_of_names_in_exports_of_surveys_are_no_rows(tmp_path: Path, more: str) -> None:
    lines = [f"{118000 + row},2024-01-{row % 28 + 1:02d},10.0.0.{row},{text(row)},{label(row)}" for row in range(ROWS)]
    path = tmp_path / "survey.csv"
    path.write_text("\n".join(["Respondent ID,StartDate,IPAddress,Q1,Q2", more, *lines]), encoding="utf-8")
    found = haoqi.inspect(path)
    assert (found.schema.rows, set(found.labels)) == (ROWS, {"defect", "delivery"})
    assert found.schema.skipped == {"further names of the columns": 1}


def test_a_first_row_that_lacks_some_numbers_stays(tmp_path: Path) -> None:
    lines = [f"{row or ''},{row + 1},{text(row)},{label(row)}" for row in range(ROWS)]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["age,visits,text,label", *lines]), encoding="utf-8")
    assert haoqi.inspect(path).schema.rows == ROWS


def test_doubled_columns_are_told_apart_unless_it_is_open_which_is_meant() -> None:
    names, told = tell_apart(["text", "Watchers", "Watchers", "label"], [["a"], ["x"], ["y"], ["b"]], "a.csv")
    assert names == ["text", "Watchers", "Watchers 2", "label"]
    assert told == ["columns of the same name are called Watchers 2"]
    assert tell_apart(["Comment", "Comment"], [["a", "b"], ["", "c"]], "a.csv")[0] == ["Comment", "Comment 2"]
    with pytest.raises(UserError, match="several columns called Comment"):
        tell_apart(["Comment", "Comment"], [["a", "b"], ["d", "c"]], "a.csv")


def test_a_table_in_markdown_has_neither_a_row_of_dashes_nor_empty_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    rows = "".join(f"| {text(row)} | {label(row)} |\n" for row in range(ROWS))
    path.write_text("| text | label |\n|:-----|------:|\n" + rows, encoding="utf-8")
    found = haoqi.inspect(path)
    assert (found.schema.rows, set(found.labels), found.schema.left_out) == (ROWS, {"defect", "delivery"}, ())


@pytest.mark.parametrize(("start", "end"), [("start", "end"), ("start_position", "end_position"), ("begin", "stop")])
def test_a_row_for_each_stretch_of_a_text_is_told(start: str, end: str) -> None:
    rows = [{"text": text(row // 2), start: 4, end: 8, "label": label(row)} for row in range(ROWS)]
    warnings = haoqi.inspect(rows).schema.warnings
    assert any(f"{start} and {end} are places in the text" in one for one in warnings)
    far = [{**row, end: 4_000} for row in rows]
    assert not any("are places in the text" in one for one in haoqi.inspect(far).schema.warnings)
