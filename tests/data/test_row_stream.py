"""Files that are read one row at a time give the rows that reading them whole gives."""

import json
from pathlib import Path

import pytest

from haoqi.core.errors import UserError
from haoqi.data.reading.row_stream import StreamedFile
from haoqi.data.reading.sources import StreamingSource, sources, stream_rows
from haoqi.data.settings import DataSettings

ROWS = [{"text": f"the kettle came {number} days late", "label": "no" if number % 2 else "yes"} for number in range(60)]


def write(folder: Path, format_: str) -> Path:
    """Write the rows as one format has them."""
    path = folder / {"csv": "in.csv", "json": "in.jsonl", "parquet": "in.parquet", "excel": "in.xlsx"}[format_]
    if format_ == "csv":
        lines = ["text,label", *(f"{row['text']},{row['label']}" for row in ROWS)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    elif format_ == "json":
        path.write_text("\n".join(map(json.dumps, ROWS)) + "\n", encoding="utf-8")
    elif format_ == "parquet":
        import pyarrow
        from pyarrow import parquet

        parquet.write_table(pyarrow.Table.from_pylist(ROWS), path)
    else:
        from openpyxl import Workbook

        book = Workbook()
        for cells in (["text", "label"], *([row["text"], row["label"]] for row in ROWS)):
            book.active.append(cells)
        book.save(path)
    return path


@pytest.mark.parametrize("format_", ["csv", "json", "parquet", "excel"])
def test_a_stream_gives_the_rows_that_are_learnt_from(tmp_path: Path, format_: str) -> None:
    path = write(tmp_path, format_)
    settings = DataSettings(str(path))
    stream = stream_rows(format_, StreamedFile(path, settings))
    found = [row for row, _ in stream.read()]
    assert found == ROWS == [row for row, _ in stream.read()]  # anew by every call
    raw = sources.build(format_).read(str(path), settings)
    assert [row["text"] for row in found] == raw.examples.texts
    assert [row["label"] for row in found] == list(raw.examples.labels)
    assert [done for _, done in stream.read()][-1] == stream.total


def test_lines_are_whole_texts(tmp_path: Path) -> None:
    path = tmp_path / "in.txt"
    path.write_text("one, two\n\nthree\n", encoding="utf-8")
    stream = stream_rows("lines", StreamedFile(path, DataSettings(str(path))))
    assert [row for row, _ in stream.read()] == [{"text": "one, two"}, {"text": "three"}]


def test_an_encoding_that_was_said_wrongly_is_an_error_in_words(tmp_path: Path) -> None:
    path = tmp_path / "in.txt"
    path.write_bytes("电池第二天就坏了\n".encode("gb18030"))
    stream = stream_rows("lines", StreamedFile(path, DataSettings(str(path), encoding="utf-8")))
    with pytest.raises(UserError, match="utf-8"):
        list(stream.read())


def test_sources_that_hold_no_single_file_cannot_be_streamed() -> None:
    assert {name for name in sources.names() if isinstance(sources.build(name), StreamingSource)} == {
        "csv",
        "excel",
        "json",
        "lines",
        "parquet",
    }
