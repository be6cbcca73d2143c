"""How a table is cut is judged on all of it; a lone quote never swallows rows."""

import pytest

from haoqi.data.reading.tables.dialect import Dialect, find_dialect, lines_of, looks_swallowed, read_rows


def cut(text: str, **said: str) -> tuple[Dialect, list[list[str]]]:
    dialect = find_dialect(text, **said)
    return dialect, [row for _, row in read_rows(lines_of(text), dialect) if row]


def test_a_lone_quote_far_down_does_not_swallow_rows() -> None:
    lines = [f"{n}\tkettle\tthe lid of it came late {n}" for n in range(600)]
    lines[400] = '400\tgarden\t"the hedge looks fine'
    lines[450] = '450\tgarden\tas it "should'
    dialect, rows = cut("\n".join(lines) + "\n")
    assert (dialect.delimiter, dialect.quoted, len(rows)) == ("\t", False, 600)
    assert rows[400][2] == '"the hedge looks fine'


def test_cells_over_several_lines_with_commas_are_cells() -> None:
    text = 'id,text\n1,"one\nof ""two"", lines"\n2,short\n'
    assert cut(text)[1] == [["id", "text"], ["1", 'one\nof "two", lines'], ["2", "short"]]
    poem = 'id,text\n1,"roses are red,\nviolets are blue"\n2,short\n' * 3
    assert cut(poem)[0].quoted


def test_an_escape_before_quotes_is_found() -> None:
    text = "text,label\n" + '"She said \\"it broke\\", twice","defect"\n"fine, all of it","praise"\n' * 20
    dialect, rows = cut(text)
    assert dialect.escape == "\\"
    assert rows[1] == ['She said "it broke", twice', "defect"]


@pytest.mark.parametrize("delimiter", ["_!_", "::", "|||", "\x01", "^"])
def test_long_and_rare_delimiters_are_found(delimiter: str) -> None:
    rows = [["1", "news, garden", f"the hedge, and the lawn, look fine {n}"] for n in range(30)]
    dialect, found = cut("\n".join(delimiter.join(row) for row in rows))
    assert dialect.delimiter == delimiter
    assert [[cell.strip() for cell in row] for row in found] == rows


def test_lines_before_the_table_are_left_out_and_told() -> None:
    table = "message;queue\nit broke, again;defect\nfine, all of it;praise\n"
    dialect, rows = cut("\ufeffsep=;\n" + table)
    assert (dialect.delimiter, dialect.skip, rows[0]) == (";", 1, ["message", "queue"])
    dialect, rows = cut("# exported by desk tool 4.2\n# filter: all\n" + table.replace(";", ","), delimiter=",")
    assert (dialect.skip, dialect.why_skip, rows[0]) == (2, "comments", ["message", "queue"])
    tagged = "#tag,text\n#a,one\n#b,two\n"
    assert cut(tagged)[0].skip == 0


def test_what_is_said_goes_before_what_is_found() -> None:
    assert cut("a;b,c\nd;e,f\n", delimiter="semicolon")[1][0] == ["a", "b,c"]
    assert cut('"a",b\n"c",d\n', quote="none")[1][0] == ['"a"', "b"]


def test_whole_rows_in_a_cell_are_recognised() -> None:
    assert looks_swallowed("x\n1\ta\tb\n2\tc\td", "\t", 3)
    assert not looks_swallowed("one, two\nthree, four", ",", 2)
    assert looks_swallowed("x\na,1\nb,2\nc,3", ",", 2)
