import sqlite3
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any

import numpy as np
import pandas
import pyarrow
import pytest

from haoqi.core.errors import UserError
from haoqi.data.reading.tables.frames import columns_of, has_names, table_of, value_of

TEXTS = ["It broke.", "Lovely.", "Too late."]
LABELS = ["-", "+", "-"]
WANTED = {"text": TEXTS, "label": LABELS}
FRAME = pandas.DataFrame(WANTED)
ARROW = pyarrow.table(WANTED)
Row = namedtuple("Row", ["text", "label"])


@dataclass
class Review:
    text: str
    label: str


class Speaks:
    """A table of a library that speaks Arrow and nothing else."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return ARROW.__arrow_c_stream__(requested_schema)


def of_sqlite() -> list[Any]:
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    try:
        return connection.execute("select 'It broke.' as text, '-' as label union all select 'Lovely.', '+'").fetchall()
    finally:
        connection.close()


@pytest.mark.parametrize(
    "source",
    [
        pytest.param([{"text": t, "label": x} for t, x in zip(TEXTS, LABELS, strict=True)], id="records"),
        pytest.param(WANTED, id="columns"),
        pytest.param({"text": np.array(TEXTS), "label": pandas.Series(LABELS)}, id="columns of arrays"),
        pytest.param({"text": iter(TEXTS), "label": tuple(LABELS)}, id="columns read once"),
        pytest.param(FRAME, id="pandas"),
        pytest.param(FRAME.set_index(pandas.Index([7, 7, 9])), id="pandas with an index of its own"),
        pytest.param(FRAME.astype({"label": "category"}), id="categories"),
        pytest.param(FRAME.astype("string[pyarrow]"), id="pandas over Arrow"),
        pytest.param(ARROW, id="Arrow"),
        pytest.param(ARROW.to_batches()[0], id="a batch"),
        pytest.param(ARROW.to_reader(), id="a stream"),
        pytest.param(Speaks(), id="any that speaks Arrow"),
        pytest.param(list(zip(TEXTS, LABELS, strict=True)), id="pairs"),
        pytest.param([list(pair) for pair in zip(TEXTS, LABELS, strict=True)], id="lists of two"),
        pytest.param(np.array(list(zip(TEXTS, LABELS, strict=True))), id="an array of pairs"),
        pytest.param((TEXTS, LABELS), id="texts, labels"),
        pytest.param([TEXTS, LABELS], id="texts, labels in a list"),
        pytest.param((np.array(TEXTS), np.array(LABELS, dtype=object).reshape(-1, 1)), id="arrays"),
        pytest.param((pandas.Series(TEXTS, index=[4, 5, 6]), pandas.Series(LABELS)), id="series"),
        pytest.param((FRAME[["text"]], FRAME[["label"]]), id="frames of one column"),
        pytest.param((pyarrow.array(TEXTS), pyarrow.chunked_array([LABELS])), id="Arrow arrays"),
        pytest.param([Row(t, x) for t, x in zip(TEXTS, LABELS, strict=True)], id="named tuples"),
        pytest.param([Review(t, x) for t, x in zip(TEXTS, LABELS, strict=True)], id="dataclasses"),
        pytest.param(
            np.array(list(zip(TEXTS, LABELS, strict=True)), dtype=[("text", "U9"), ("label", "U1")]), id="structured"
        ),
    ],
)
def test_whatever_holds_the_rows_gives_the_same_columns(source: Any) -> None:
    assert columns_of(source, "rows") == WANTED


def test_rows_of_a_database_have_names() -> None:
    assert columns_of(of_sqlite(), "rows") == {"text": TEXTS[:2], "label": LABELS[:2]}


def test_what_can_be_read_only_once_is_read_once() -> None:
    reads: list[int] = []

    def rows() -> Iterator[dict[str, str]]:
        reads.append(1)
        for text, label in zip(TEXTS, LABELS, strict=True):
            yield {"text": text, "label": label}

    assert table_of(rows(), "rows").columns == WANTED
    assert reads == [1]


def test_frames_of_polars_are_read_lazily_and_eagerly() -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(WANTED)
    for source in (frame, frame.lazy(), frame.with_columns(polars.col("label").cast(polars.Categorical))):
        assert columns_of(source, "rows") == WANTED
    assert columns_of((frame["text"], frame["label"]), "rows") == WANTED
    gaps = polars.DataFrame({"text": TEXTS, "label": [["a"], None, ["b", "c"]]})
    assert columns_of(gaps, "rows")["label"] == [["a"], None, ["b", "c"]]


def test_a_record_that_lacks_a_name_has_nothing_there() -> None:
    found = columns_of([{"text": "a"}, {"label": "x", "text": "b", "note": "n"}], "rows")
    assert found == {"text": ["a", "b"], "label": [None, "x"], "note": [None, "n"]}


class Mood(Enum):
    GOOD = "+"
    BAD = 2
    NEITHER = (0, 0)


class Said(StrEnum):
    YES = "yes"


@pytest.mark.parametrize(
    ("cell", "plain"),
    [
        (None, None),
        (float("nan"), None),
        (np.nan, None),
        (np.float32("nan"), None),
        (np.datetime64("NaT"), None),
        (pandas.NA, None),
        (pandas.NaT, None),
        (Decimal("nan"), None),
        (pyarrow.scalar(None, pyarrow.string()), None),
        ("NA", "NA"),
        (np.str_("a"), "a"),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.float64(1.5), 1.5),
        (np.array(7), 7),
        (pyarrow.scalar("a"), "a"),
        (np.datetime64("2024-05-31T12:00:00", "ns"), datetime(2024, 5, 31, 12)),
        (pandas.Timestamp("2024-05-31"), datetime(2024, 5, 31)),
        (b"caf\xc3\xa9", "café"),
        (np.array(["a", "b"]), ["a", "b"]),
        (("a", np.int64(1)), ["a", 1]),
        ({"b", "a"}, ["a", "b"]),
        (frozenset(), []),
        (pandas.Series(["a", None]), ["a", None]),
        ({"name": np.str_("a"), 1: {2}}, {"name": "a", "1": [2]}),
        (Mood.GOOD, "+"),
        (Mood.BAD, 2),
        (Mood.NEITHER, "NEITHER"),
        (Said.YES, "yes"),
    ],
)
def test_a_cell_becomes_a_plain_value(cell: Any, plain: Any) -> None:
    found = value_of(cell)
    assert found == plain
    assert type(found) is type(plain) or isinstance(found, datetime)


def test_tables_under_the_names_of_splits_keep_them() -> None:
    table = table_of({"train": FRAME, "validation": WANTED, "test": [{"text": "New.", "label": None}]}, "rows")
    assert table.columns == {"text": [*TEXTS, *TEXTS, "New."], "label": [*LABELS, *LABELS, None]}
    assert table.parts == ["train"] * 3 + ["valid"] * 3 + ["test"]


def test_columns_that_are_called_like_splits_are_columns() -> None:
    table = table_of({"train": TEXTS, "test": LABELS}, "rows")
    assert (list(table.columns), table.parts) == (["train", "test"], None)


def test_other_columns_of_a_frame_of_texts_stay_beside_its_labels() -> None:
    frame = FRAME.rename(columns={"label": "author"})
    assert list(columns_of((frame, LABELS), "rows")) == ["text", "author", "label"]


def test_names_on_several_levels_stand_side_by_side() -> None:
    frame = pandas.DataFrame({("review", "text"): TEXTS, ("review", ""): LABELS})
    assert list(columns_of(frame, "rows")) == ["review text", "review"]


def test_other_content_has_another_fingerprint_and_the_same_has_the_same() -> None:
    marks = [table_of(source, "rows").fingerprint for source in (FRAME, ARROW, FRAME.assign(label="+"))]
    assert marks[0] == marks[1] != marks[2]


@pytest.mark.parametrize(
    ("source", "what"),
    [
        (pandas.DataFrame([["a", "b"]], columns=["text", "text"]), "several columns called text"),
        (pandas.DataFrame([["a", "b"]], columns=["1", 1]), "several columns called 1"),
        (pyarrow.table([TEXTS, TEXTS], names=["text", "text"]), "several columns called text"),
        ((FRAME, LABELS), "several columns called label"),
        ([], "has no rows"),
        (iter(()), "has no rows"),
        ({}, "has no rows"),
        (pandas.DataFrame({"text": [], "label": []}), "has no rows"),
        ({"text": TEXTS, "label": LABELS[:1]}, "differ in length: text 3, label 1"),
        ((TEXTS, LABELS[:1]), "3 texts, but 1 labels"),
        ({"text": "It broke.", "label": "-"}, "column text of rows is 'It broke.'"),
        ({"text": TEXTS, "label": {"-", "+", "?"}}, "column label of rows is"),
        (TEXTS, "row 1 is 'It broke.'"),
        (["ab", "cd"], "row 1 is 'ab'"),
        ([("a", "x"), ("b", "y", "z")], "row 2 is"),
        ([{"a", "x"}], "row 1 is"),
        ([{"text": "a", "label": "x"}, None], "row 1 is|row 2 is"),
        (pandas.Series(TEXTS), "row 1 is 'It broke.'"),
        (7, "rows is 7"),
        ((TEXTS, np.eye(3, dtype=int)), "matrix of 0 and 1"),
        ([("a", [0, 1]), ("b", [1, 0]), ("c", [0, 0])], "matrix of 0 and 1"),
        ((TEXTS, pandas.DataFrame(np.eye(3, dtype=int))), "the labels are 3 columns"),
        ([("a", b"\xff")], "not UTF-8"),
    ],
)
def test_what_cannot_be_rows_is_refused_in_words(source: Any, what: str) -> None:
    with pytest.raises(UserError, match=what) as error:
        table_of(source, "rows")
    assert error.value.hint


def test_tables_and_records_have_names_and_lists_of_text_have_none() -> None:
    assert all(has_names(one) for one in (FRAME, ARROW, WANTED, Row("a", "b"), Speaks()))
    assert not any(has_names(one) for one in (TEXTS, pandas.Series(TEXTS), np.array(TEXTS), "a", ("a", "b")))


@pytest.mark.parametrize(
    "source",
    [
        [(("a lamp", "the lamp"), 4.5), (("a pot", "the sea"), 0.5), (("a cup", "the cup"), 5.0)],
        ([("a lamp", "the lamp"), ("a pot", "the sea"), ("a cup", "the cup")], [4.5, 0.5, 5.0]),
    ],
)
def test_a_text_may_be_two(source: Any) -> None:
    assert columns_of(source, "rows") == {
        "text1": ["a lamp", "a pot", "a cup"],
        "text2": ["the lamp", "the sea", "the cup"],
        "label": [4.5, 0.5, 5.0],
    }


def test_two_words_with_a_tag_each_are_no_two_texts() -> None:
    rows = [(["Peter", "flew"], ["B-PER", "O"]), (["Anna", "sang"], ["B-PER", "O"]), (["It", "rained"], ["O", "O"])]
    assert list(columns_of(rows, "rows")) == ["text", "label"]
