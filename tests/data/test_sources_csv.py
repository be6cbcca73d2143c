"""Tables in text, read as people have them, through the one door."""

from pathlib import Path
from typing import Any

import pytest

from haoqi import data
from haoqi.core.errors import UserError
from haoqi.data.settings import DataSettings

TEXTS = [f"the lid of my kettle came late on day {n}, again" for n in range(30)]
LABELS = ["defect", "login", "praise"] * 10


def read(path: Path, content: str | bytes, **said: Any) -> data.Raw:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return data.read(DataSettings(str(path), **said))


def table(delimiter: str = ",", end: str = "\n", names: str = "text,label") -> str:
    lines = [names.replace(",", delimiter)] if names else []
    for text, label in zip(TEXTS, LABELS, strict=True):
        lines.append(delimiter.join([f'"{text}"' if delimiter == "," else text, label]))
    return end.join(lines) + end


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|", "_!_"])
def test_line_ends_and_delimiters_change_nothing(tmp_path: Path, delimiter: str, end: str) -> None:
    raw = read(tmp_path / "a.csv", table(delimiter, end))
    assert (raw.examples.texts, raw.examples.labels) == (TEXTS, LABELS)
    assert raw.schema.delimiter == delimiter


def test_without_names_columns_are_numbered_and_can_be_said_so(tmp_path: Path) -> None:
    raw = read(tmp_path / "a.csv", table(names=""))
    assert (raw.schema.columns, raw.schema.header) == ({"text": "1", "label": "2"}, 0)
    assert "the first line holds no names of columns: they are called 1, 2, 3" in raw.schema.notes
    assert read(tmp_path / "a.csv", table(), text="1", label="2").examples.texts == TEXTS


def test_a_class_3_in_the_first_row_is_data_also_where_columns_are_said_by_number(tmp_path: Path) -> None:
    lines = [f'{(3, 1, 2)[n % 3]},The Lid,"{text}"' for n, text in enumerate(TEXTS)]
    for said in ({}, {"text": "3", "label": "1"}):
        raw = read(tmp_path / "a.csv", "\n".join(lines), **said)
        assert (raw.examples.texts, set(raw.examples.labels)) == (TEXTS, {"1", "2", "3"})


def test_odd_labels_stay_what_they_are(tmp_path: Path) -> None:
    odd = ["<script>alert('x')</script>", "=1+1", "C++/C#", 'R&D "quoted"', "a|b"]
    lines = ["text,label", *(f'"{text}","{odd[n % 5].replace(chr(34), chr(34) * 2)}"' for n, text in enumerate(TEXTS))]
    assert read(tmp_path / "a.csv", "\n".join(lines)).examples.labels[:5] == odd


def test_scripts_and_signs_are_read(tmp_path: Path) -> None:
    texts = [
        "คนส่งของวางโคมไฟผิดบ้าน เลขที่",
        "وصل الطرد متأخرا جدا رقم",
        "灯泡第二天就坏了，第",
        "die Lampe ist kaputt, Nummer",
    ]
    lines = ["text,label", *(f'"{texts[n % 4]} {n} 👍🏽",{("ส่งของ", "دفع", "灯", "über")[n % 4]}' for n in range(40))]
    raw = read(tmp_path / "a.csv", "\ufeff" + "\n".join(lines))
    assert raw.examples.texts[0] == f"{texts[0]} 0 👍🏽"
    assert set(raw.examples.labels) == {"ส่งของ", "دفع", "灯", "über"}


def test_a_column_of_splits_divides_the_rows(tmp_path: Path) -> None:
    splits = ["train"] * 20 + ["dev"] * 5 + ["test"] * 5
    lines = ["text,label,split", *(f'"{t}",{label},{s}' for t, label, s in zip(TEXTS, LABELS, splits, strict=True))]
    raw = read(tmp_path / "a.csv", "\n".join(lines))
    assert raw.parts == ["train"] * 20 + ["valid"] * 5 + ["test"] * 5
    assert "splits are told by column split" in raw.schema.notes


def test_a_wrong_delimiter_is_told_with_the_right_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has one column when cut at ';'") as caught:
        read(tmp_path / "a.csv", table("\t"), delimiter=";")
    assert caught.value.hint == "its delimiter looks like a tab; leave --delimiter out"
