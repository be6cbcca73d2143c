import json
from dataclasses import replace
from pathlib import Path

import pytest

from haoqi.batch import row_files
from haoqi.core.config import build
from haoqi.core.errors import UserError
from haoqi.data.schema import Schema
from haoqi.data.settings import DataSettings


def opened(path: Path, learnt: Schema | None = None, **said: str) -> row_files.Rows:
    return row_files.open_rows(path, build(DataSettings, {"source": str(path), **said}, "a test"), learnt)


def rows_of(path: Path, **said: str) -> list[dict[str, object]]:
    return [row for row, _ in opened(path, **said)]


def test_a_quoted_cell_may_run_over_lines(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text('id,text\n1,"one\nof ""two"", lines"\n2,short\n', encoding="utf-8")
    assert rows_of(path) == [{"id": "1", "text": 'one\nof "two", lines'}, {"id": "2", "text": "short"}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings_are_recognised(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "in.csv"
    path.write_text(
        "文本,编号\n" + "这本书写得很好，值得再读一遍。,1\n房间很大，服务也很好。,2\n" * 20, encoding=encoding
    )
    found = opened(path)
    assert found.columns == ["文本", "编号"]
    assert found.text == ("文本",)
    assert next(iter(found))[0]["文本"] == "这本书写得很好，值得再读一遍。"


def test_an_encoding_is_recognised_though_it_begins_late(tmp_path: Path) -> None:
    path = tmp_path / "in.txt"
    path.write_bytes(b"plain ascii\n" * 60_000 + "电池第二天就坏了\n".encode("gb18030"))
    assert rows_of(path)[-1] == {"text": "电池第二天就坏了"}


def test_tabs_semicolons_and_what_was_said_are_delimiters(tmp_path: Path) -> None:
    for name, delimiter in (("a.tsv", "\t"), ("b.csv", ";")):
        path = tmp_path / name
        path.write_text(f"id{delimiter}text\n1{delimiter}it works, mostly\n2{delimiter}it broke\n", encoding="utf-8")
        assert opened(path).columns == ["id", "text"]


def test_a_table_without_names_numbers_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("1,It arrived late and broken.\n2,Good value all the same!\n", encoding="utf-8")
    found = opened(path)
    assert (found.columns, found.text) == (["1", "2"], ("2",))
    assert len(list(found)) == 2


def test_a_single_row_is_enough_to_tell_the_text(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("id,text\n1,It broke.\n", encoding="utf-8")
    assert opened(path).text == ("text",)


def test_records_may_differ_in_their_fields(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    records = [{"text": "one"}, {"text": "two", "id": 2}]
    path.write_text("\n".join(map(json.dumps, records)) + "\n", encoding="utf-8")
    assert opened(path).columns == ["text", "id"]
    assert rows_of(path) == records


def test_parquet_and_excel_are_read_row_by_row(tmp_path: Path) -> None:
    import pyarrow
    from openpyxl import Workbook
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({"n": [1, 2], "text": ["one", "two"]}), tmp_path / "in.parquet")
    book = Workbook()
    for row in (["n", "text"], [1, "one"], [2, "two"]):
        book.active.append(row)
    book.save(tmp_path / "in.xlsx")
    wanted = [{"n": 1, "text": "one"}, {"n": 2, "text": "two"}]
    assert rows_of(tmp_path / "in.parquet") == rows_of(tmp_path / "in.xlsx") == wanted


def test_lines_of_a_text_file_are_texts_and_blank_ones_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "in.txt"
    path.write_text("one\n\ntwo, and a half\n", encoding="utf-8")
    assert rows_of(path) == [{"text": "one"}, {"text": "two, and a half"}]


def test_what_has_been_read_grows_up_to_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "in.txt"
    path.write_text("a line of text\n" * 5_000, encoding="utf-8")
    found = opened(path)
    seen = [seen for _, seen in found]
    assert seen == sorted(seen)
    assert seen[-1] == found.total == path.stat().st_size


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("empty.csv", b"", "is empty"),
        ("blank.csv", b" \n\n", "is empty"),
        ("binary.csv", bytes(range(256)) * 40, "is not a text file"),
        ("head.csv", b"id,text\n", "has no rows"),
        ("twice.csv", b"text,text\na,b\n", "several columns of one name"),
        ("long.csv", b"id,text\n1,a\n2,b,c,d\n", "line 3 of long.csv has 4 cells for 2 columns"),
        ("bad.jsonl", b'{"text": "a"}\n[1]\n', "line 2 of bad.jsonl is not a record"),
        ("whole.json", b"[]", "has no rows"),
        ("torn.parquet", b"PAR1xxxx", "cannot be read as Parquet"),
        ("torn.xlsx", b"PK", "is no Excel workbook"),
    ],
)
def test_what_cannot_be_read_is_an_error_in_words(tmp_path: Path, name: str, content: bytes, what: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        list(opened(path))
    assert what in caught.value.what
    assert caught.value.hint


def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"body": "a b c", "id": "1"}\n', encoding="utf-8")
    with pytest.raises(UserError, match="has no column boby; it has body, id") as caught:
        opened(path, text="boby")
    assert "--text body" in caught.value.hint
    with pytest.raises(UserError, match="there is no file"):
        opened(tmp_path / "absent.csv")


def test_a_wrong_encoding_is_an_error_in_words(tmp_path: Path) -> None:
    path = tmp_path / "in.txt"
    path.write_text("电池第二天就坏了\n", encoding="utf-8")
    with pytest.raises(UserError, match="not in the encoding ascii"):
        rows_of(path, encoding="ascii")
    with pytest.raises(UserError, match="there is no encoding klingon"):
        rows_of(path, encoding="klingon")


LEARNT = Schema("train.csv", "csv", columns={"text": "subject", "label": "label"}, header=1)


def test_the_column_that_was_learnt_from_is_answered_though_another_looks_better(tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.write_text(
        "subject,body\nit broke,a long text that says nothing of use at all\nfine,it is so\n", encoding="utf-8"
    )
    found = opened(path, LEARNT)
    assert (found.text, found.notes, found.warnings) == (("subject",), ("text is column subject, as learnt",), ())
    assert opened(path, LEARNT, text="body").text == ("body",)


def test_a_column_with_a_comma_in_its_name_is_known_again(tmp_path: Path) -> None:
    path = tmp_path / "form.csv"
    path.write_text('Time,"What happened, in your words?"\n9:00,it broke on day two\n9:01,all is well\n', "utf-8")
    learnt = replace(LEARNT, columns={"text": '"What happened, in your words?"', "label": "label"})
    assert opened(path, learnt).notes == ("text is column What happened, in your words?, as learnt",)


def test_a_sheet_is_named_once(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    rows = [("id", "subject"), *((number, f"it broke on day {number}") for number in range(9))]
    book.active.title = "Tickets"
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "one.xlsx")
    assert opened(tmp_path / "one.xlsx", LEARNT).notes[0] == "the sheet Tickets is read"
    book.create_sheet("About", 0).append(("Made by us",))
    book.save(tmp_path / "two.xlsx")
    assert [line for line in opened(tmp_path / "two.xlsx", LEARNT).notes if "Tickets" in line] == [
        "the sheet Tickets is read; left out: About (--sheet NAME reads another)"
    ]


def test_where_that_column_is_missing_only_one_that_could_be_meant_is_taken_and_told(tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.write_text("id,message\n1,it broke on day two\n2,all is well with it\n", encoding="utf-8")
    found = opened(path, LEARNT)
    assert found.text == ("message",)
    assert "column subject, which was learnt from, is not there: text is column message" in found.warnings[0]
    path.write_text("title,body\nit broke on day two,all is well\nthat is so,it broke again\n", encoding="utf-8")
    with pytest.raises(UserError, match="has no column subject"):
        opened(path, LEARNT)


def test_several_columns_are_joined_as_they_were_learnt(tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.write_text("title,body\nit broke,on day two\nfine,\n", encoding="utf-8")
    found = opened(path, Schema("train.csv", "csv", columns={"text": "title,body"}, header=1))
    assert [found.text_of(row) for row, _ in found] == ["it broke\non day two", "fine"]


def test_numbers_that_were_names_are_no_places_in_a_table_with_names(tmp_path: Path) -> None:
    learnt = Schema("train.csv", "csv", columns={"text": "3", "label": "1"}, header=0)
    path = tmp_path / "new.csv"
    path.write_text("3,The Lid,the lid of my kettle came late\n1,The Hedge,the hedge looks fine\n", encoding="utf-8")
    found = opened(path, learnt)
    assert found.text_of(next(iter(found))[0]) == "the lid of my kettle came late"
    path.write_text("id,day,text\n3,Monday,the lid came late\n1,Friday,it is quite fine\n", encoding="utf-8")
    assert opened(path, learnt).text == ("text",)


def test_an_array_of_records_keeps_its_fields(tmp_path: Path) -> None:
    path = tmp_path / "new.json"
    path.write_text('[{"id": 1, "text": "it broke on day two"}, {"id": 2, "text": "fine"}]', encoding="utf-8")
    assert rows_of(path) == [{"id": 1, "text": "it broke on day two"}, {"id": 2, "text": "fine"}]


def test_a_table_of_texts_alone_has_commas_in_its_quotes(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    titles = ["Princess Bride, The (1987)", "Heat (1995)", "Thing, The (1982), uncut", "Alien (1979)"]
    path.write_text("text\n" + "".join(f'"{title}"\n' for title in titles), encoding="utf-8")
    assert rows_of(path) == [{"text": title} for title in titles]


def test_a_name_that_was_learnt_is_a_name_though_it_looks_like_a_text(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("film\nHeat\nAlien\n", encoding="utf-8")
    learnt = Schema("a.csv", "csv", columns={"text": "film", "label": "rating"}, header=1)
    assert [row for row, _ in opened(path, learnt)] == [{"film": "Heat"}, {"film": "Alien"}]
    nameless = Schema("a.csv", "csv", columns={"text": "1", "label": "2"}, header=0)
    assert len(list(opened(path, nameless))) == 3
