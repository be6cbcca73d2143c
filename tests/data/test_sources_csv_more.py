"""Rows of a table are gathered by column in lots, whatever the size of a lot."""

from pathlib import Path

import pytest

from haoqi.core.errors import UserError
from haoqi.data import DataSettings, read


def save(path: Path, body: str) -> str:
    path.write_text(body, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("lot", [1, 2, 5, 1000])
def test_rows_are_the_same_in_lots_of_any_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lot: int) -> None:
    monkeypatch.setattr("haoqi.data.reading.sources.csv._LOT", lot)
    monkeypatch.setattr("haoqi.data.reading.sources.csv._FIRST", lot)
    rows = [f'"text {place}\nin two lines, and more",{"ab"[place % 2]},,' for place in range(30)]
    raw = read(DataSettings(save(tmp_path / "a.csv", "text,label\n" + "\n\n".join(rows) + "\n")))
    assert raw.examples.texts == [f"text {place}\nin two lines, and more" for place in range(30)]
    assert raw.examples.labels == ["a", "b"] * 15


def test_ragged_rows_are_named_by_their_lines(tmp_path: Path) -> None:
    body = "text,label\n" + "some words,a\nother words,b\n" * 10 + "too,many,cells\n" + "short\n"
    with pytest.raises(UserError, match=r"2 of 22 rows of a.csv have a different number of columns \(lines 22, 23\)"):
        read(DataSettings(save(tmp_path / "a.csv", body)))


def test_a_cell_that_holds_whole_rows_is_warned_of(tmp_path: Path) -> None:
    rows = [f"{place}\tsome words here {place}\t{'ab'[place % 2]}" for place in range(60)]
    held = "\n".join(rows[3:8])
    body = "\n".join([*rows[:3], f'99\t"{held}"\ta', *rows[8:]]) + "\n"
    raw = read(DataSettings(save(tmp_path / "a.tsv", body), quote='"'))
    assert any("--quote none" in warning for warning in raw.schema.warnings)
