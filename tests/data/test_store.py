"""What is kept comes back the same, or is said to be damaged."""

from pathlib import Path

import pytest

from haoqi.core.errors import UserError
from haoqi.data.examples import Examples, Span
from haoqi.data.preparing.store import load, save


@pytest.mark.parametrize(
    "labels",
    [
        ["a", "b", None],
        [("a", "b"), (), None],
        [(Span(0, 2, "PER"), Span(3, 4, "LOC")), (), None],
        [1.5, -2.0, None],
        [None, None, None],
    ],
)
def test_every_kind_of_label_survives(tmp_path: Path, labels: list[object]) -> None:
    examples = Examples(
        ["one text", "另一个", ""],
        labels,
        [0, 5, 9],
        pairs=["p", "q", "r"],
        words=[((0, 3), (4, 8)), ((0, 3),), ()],
        originals=["One  text", "另一个", " "],
        groups=["g", "", "h"],
        times=[0.0, 1.5, -3.0],
    )
    save(examples, tmp_path / "train.parquet")
    assert load(tmp_path / "train.parquet") == examples
    assert [path.name for path in tmp_path.iterdir()] == ["train.parquet"]


def test_missing_columns_stay_missing(tmp_path: Path) -> None:
    examples = Examples.of(["a"], ["x"])
    save(examples, tmp_path / "train.parquet")
    assert load(tmp_path / "train.parquet") == examples


def test_a_cut_off_file_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = tmp_path / "train.parquet"
    save(Examples.of(["a"] * 100, ["x"] * 100), path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UserError, match="damaged"):
        load(path)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        save(Examples.of(["a"], ["x"]), tmp_path / "absent" / "train.parquet")
