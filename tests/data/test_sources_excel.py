"""Workbooks as people have them: titles above the names, a cover sheet, numbers shown with zeros, sizes that lie."""

import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from haoqi import data
from haoqi.core.errors import UserError
from haoqi.data.settings import DataSettings

openpyxl = pytest.importorskip("openpyxl")

QUEUES = ("defect", "login", "praise")
ROWS = [[n, f"the lid of my kettle came late on day {n}", QUEUES[n % 3]] for n in range(30)]
NAMES = ["ticket", "message", "queue"]


def book(path: Path, **sheets: list[list[Any]]) -> Path:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(path)
    return path


def read(path: Path, **said: Any) -> data.Raw:
    return data.read(DataSettings(str(path), **said))


def test_titles_and_blank_rows_above_the_names_are_left_out(tmp_path: Path) -> None:
    raw = read(book(tmp_path / "a.xlsx", Sheet=[["Tickets of the second quarter"], [], NAMES, *ROWS]))
    assert raw.schema.columns == {"text": "message", "label": "queue"}
    assert (len(raw.examples), raw.schema.header) == (30, 2)
    assert "1 row of title left out" in raw.schema.notes


def test_the_sheet_that_looks_like_a_table_is_read_and_the_others_are_told(tmp_path: Path) -> None:
    cover = [["Ticket export"], ["made on", 2024], ["by", "the help desk"]]
    path = book(tmp_path / "a.xlsx", About=cover, Tickets=[NAMES, *ROWS])
    raw = read(path)
    assert (raw.schema.sheet, len(raw.examples)) == ("Tickets", 30)
    assert raw.schema.notes[0] == "the sheet Tickets is read; left out: About (--sheet NAME reads another)"
    assert read(path, sheet="2").examples.texts == raw.examples.texts
    with pytest.raises(UserError, match="has no sheet Ticket; it has About, Tickets") as caught:
        read(path, sheet="Ticket")
    assert "did you mean Tickets?" in caught.value.hint


def test_a_size_that_is_written_wrong_is_not_believed(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", Sheet=[NAMES, *ROWS])
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("sheet1.xml"):
                content = re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1"', content)
                assert b'ref="A1"' in content
            new.writestr(name, content)
    assert len(read(tmp_path / "b.xlsx").examples) == 30


def test_numbers_shown_with_zeros_in_front_are_read_as_shown(tmp_path: Path) -> None:
    path = book(
        tmp_path / "a.xlsx", Sheet=[["text", "code"], *([row[1], (7, 12)[n % 2]] for n, row in enumerate(ROWS))]
    )
    made = openpyxl.load_workbook(path)
    for cell in made.active["B"][1:]:
        cell.number_format = "000"
    made.save(path)
    assert set(read(path).examples.labels) == {"007", "012"}


def test_a_header_that_is_said_is_taken(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", Sheet=[["x", "y", "z"], NAMES, *ROWS])
    assert read(path, header=2).schema.columns == {"text": "message", "label": "queue"}
    assert read(path, header=0, text="2", label="3", bad_rows=0.1).examples.texts[0] == "y"


def test_what_is_no_workbook_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04 and then nothing of use")
    with pytest.raises(UserError, match="is no Excel workbook"):
        read(tmp_path / "a.xlsx")
