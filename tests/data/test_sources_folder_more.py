from pathlib import Path

import pytest

import haoqi
from haoqi.core.errors import UserError

PROSE = (
    "The lamp, broken since May, was late.\nNobody came, and nobody wrote.\n\nIt is a pity, a great one, they say.\n"
)


def write(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def table(rows: int) -> str:
    return "text,label\n" + "".join(
        f"lamp {row} came late again,{'late' if row % 2 else 'lost'}\n" for row in range(rows)
    )


def test_what_a_hub_writes_beside_the_data_is_no_data(tmp_path: Path) -> None:
    write(tmp_path / "data" / "train-00000-of-00001.csv", table(40))
    write(tmp_path / "data" / "test-00000-of-00001.csv", table(10))
    write(tmp_path / "dataset_infos.json", "{}")
    write(tmp_path / "README.md", "# data")
    assert haoqi.inspect(tmp_path).splits == {"train": 40, "test": 10}


def test_annotations_of_brat_beside_their_texts_are_named(tmp_path: Path) -> None:
    for number in range(4):
        write(tmp_path / f"{number}.txt", PROSE)
        write(tmp_path / f"{number}.ann", "T1\tThing 4 8\tlamp\n")
    with pytest.raises(UserError, match="annotations of brat"):
        haoqi.inspect(tmp_path)


def test_texts_without_labels_are_said_to_have_none(tmp_path: Path) -> None:
    for number in range(6):
        write(tmp_path / f"{number}.txt", PROSE)
    with pytest.raises(UserError, match="holds 6 texts, and nothing says their labels"):
        haoqi.inspect(tmp_path)


def test_a_table_of_file_names_beside_texts_is_not_passed_over(tmp_path: Path) -> None:
    for number in range(6):
        write(tmp_path / "texts" / f"{number}.txt", PROSE)
    write(tmp_path / "labels.csv", "file,label\n" + "".join(f"{number}.txt,late\n" for number in range(6)))
    with pytest.raises(UserError, match=r"folder texts and a table labels\.csv"):
        haoqi.inspect(tmp_path)
