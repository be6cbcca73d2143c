"""Every text of a source: folders of any files, running text, and rows without a label where labels are named."""

from pathlib import Path

import pytest

from haoqi.core.errors import UserError
from haoqi.data.reading.all_texts import read_all_texts
from haoqi.data.settings import DataSettings


def test_a_folder_of_any_files_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "a.txt").write_text("One line.\nAnother, with commas, here.\n", "utf-8")
    (tmp_path / "inner" / "b.csv").write_text("text,label\nA row of words.,x\nMore words here.,y\n", "utf-8")
    (tmp_path / "c.jsonl").write_text('{"text": "From a record."}\n{"text": "And one more."}\n', "utf-8")
    (tmp_path / "README.md").write_text("About the data.", "utf-8")
    found = read_all_texts(str(tmp_path), DataSettings(str(tmp_path)))
    wanted = {"One line.", "Another, with commas, here.", "A row of words.", "More words here.", "From a record."}
    assert set(found.examples.texts) == {*wanted, "And one more."}


def test_blank_lines_part_paragraphs(tmp_path: Path) -> None:
    file = tmp_path / "book.txt"
    file.write_text("It was dark\nand cold.\n\n\nThen came light.\n", "utf-8")
    assert read_all_texts(file, DataSettings(str(file))).examples.texts == [
        "It was dark\nand cold.",
        "Then came light.",
    ]


def test_rows_with_a_label_are_left_out_where_labels_are_named(tmp_path: Path) -> None:
    file = tmp_path / "some.csv"
    file.write_text("text,label\nA row of words.,x\nNobody knows this.,\nMore words here.,y\n", "utf-8")
    assert len(read_all_texts(file, DataSettings(str(file))).examples) == 3
    named = read_all_texts(file, DataSettings(str(file), label="label"))
    assert named.examples.texts == ["Nobody knows this."]


def test_texts_in_memory_are_taken_as_they_are() -> None:
    assert read_all_texts(["a", "b"], DataSettings("texts")).examples.texts == ["a", "b"]


def test_a_folder_without_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no files of text"):
        read_all_texts(tmp_path, DataSettings(str(tmp_path)))
