"""Quotes are judged by what they close, cells may stand in single quotes, and returns within lines do not cut rows."""

import csv
import io

import pytest

from haoqi.data.reading.tables.dialect import Dialect, find_dialect, lines_of, read_rows

TEXTS = ["It broke.", 'He said "no" twice, and left', "Lovely; again", "a b c d"] * 10


def rows_of(text: str, dialect: Dialect) -> list[list[str]]:
    return [row for _, row in read_rows(lines_of(text), dialect) if row]


def written(**form: object) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n", **form)  # type: ignore[arg-type]
    writer.writerows([("text", "label"), *((text, str(place % 3)) for place, text in enumerate(TEXTS))])
    return buffer.getvalue()


@pytest.mark.parametrize("sign", ["\x1f", "^", "~", ",", "\t"])
def test_quotes_enclose_cells_whatever_stands_between_them(sign: str) -> None:
    text = written(delimiter=sign)
    found = find_dialect(text)
    assert (found.delimiter, found.quoted) == (sign, True)
    assert [row[0] for row in rows_of(text, found)[1:]] == TEXTS


def test_quotes_that_people_wrote_stay_where_nothing_closes_them_at_the_end_of_a_cell() -> None:
    said = ['"That is" what he said', "plain words", "more words here", "and others"] * 10
    text = "".join(f"{place % 2}\t{one}\n" for place, one in enumerate(said))
    found = find_dialect(text)
    assert not found.quoted
    assert [row[1] for row in rows_of(text, found)] == said


def test_backslashes_before_quotes_are_told_where_no_delimiter_stands_within() -> None:
    said = ['He said "no" and left', "plain words"] * 10
    text = written_with_backslashes(said)
    found = find_dialect(text)
    assert found.escape == "\\"
    assert [row[0] for row in rows_of(text, found)] == said


def written_with_backslashes(said: list[str]) -> str:
    return "".join('"{}","{}"\n'.format(one.replace('"', '\\"'), place % 2) for place, one in enumerate(said))


@pytest.mark.parametrize("escape", ["\\'", "''"])
@pytest.mark.parametrize("sign", [",", ";"])
def test_cells_in_single_quotes_lose_them(sign: str, escape: str) -> None:
    said = ["It's broken, again", "plain words", "Lovely; again"] * 10
    lines = ["'{}'{}'{}'".format(one.replace("'", escape), sign, place % 2) for place, one in enumerate(said)]
    text = "\n".join(lines) + "\n"
    found = find_dialect(text)
    assert (found.delimiter, found.shown_quote) == (sign, "'")
    assert [row[0] for row in rows_of(text, found)] == said
    assert find_dialect(text, quote=found.shown_quote, delimiter=sign) == found


def test_words_that_end_with_an_apostrophe_are_no_cells_in_quotes() -> None:
    text = "".join(f"'tis the dogs',{place % 2}\n" for place in range(20))
    assert find_dialect(text).shown_quote == '"'


def test_a_return_within_a_line_is_a_blank() -> None:
    text = "text,label\n" + "one\rtwo,a\nthree,b\n" * 5
    assert rows_of(text, find_dialect(text))[1] == ["one two", "a"]


def test_lines_are_the_same_in_lots_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "one\n\ntwo\nthree and more\n" * 3 + "end"
    whole = list(lines_of(text))
    assert whole == [f"{line}\n" for line in text.split("\n")]
    for size in (1, 2, 3, 7):
        monkeypatch.setattr("haoqi.data.reading.tables.dialect._LOT", size)
        assert list(lines_of(text)) == whole


def test_long_cells_over_many_lines_do_not_hide_the_delimiter() -> None:
    texts = ["\n".join([f"a line {line} of a long text {place}" for line in range(11)]) for place in range(40)]
    buffer = io.StringIO()
    csv.writer(buffer, delimiter="\x1f", lineterminator="\n").writerows([(one, "ab"[len(one) % 2]) for one in texts])
    found = find_dialect(buffer.getvalue())
    assert (found.delimiter, found.quoted) == ("\x1f", True)


def test_a_backslash_at_the_end_of_a_cell_in_single_quotes_escapes_nothing() -> None:
    text = "".join(f"'ends with \\','{place % 2}'\n" for place in range(20))
    assert rows_of(text, find_dialect(text))[0] == ["ends with \\", "0"]
