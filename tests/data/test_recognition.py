"""What a file is in: UTF-8 that was cut, marks, zeros and escapes; and what is no text at all."""

import io
from pathlib import Path
from random import Random

import pytest

from haoqi.core.errors import UserError
from haoqi.data.reading.decoding.decode import recognise_file, recognise_told
from haoqi.data.reading.decoding.recognition import Recognised, recognised

CHINESE = "这家酒店的房间很大,好评\n早餐一般,差评\n"
RUSSIAN = "Заказ пришёл с опозданием,плохо\nОчень доволен покупкой,хорошо\n"
PATH = Path("some.csv")


def told(content: bytes) -> Recognised:
    return recognised(io.BytesIO(content), PATH)


def test_utf8_may_be_cut_anywhere() -> None:
    content = CHINESE.encode()
    for start in range(4):
        for end in range(start + 8, len(content)):
            found = told(content[start:end])
            assert found.encoding == "utf-8"
            assert content[start:end].decode(found.encoding, found.errors).strip("\ufffd") in CHINESE


def test_a_cut_character_is_told() -> None:
    found = told(CHINESE.encode()[:10])
    assert (found.broken, found.errors) == (1, "replace")
    assert found.note == "1 character of some.csv is broken in utf-8 and read as U+FFFD"
    assert told(CHINESE.encode()) == Recognised("utf-8")


def test_cells_that_a_database_cut_are_utf8() -> None:
    content = b"".join(line.encode()[:20] + b",1\n" for line in ["早餐一般再来吧", "房间很大很好啊"] * 20)
    found = told(content)
    assert (found.encoding, found.broken, found.runner_up) == ("utf-8", 40, None)
    assert found.note is not None


def test_single_lines_of_another_encoding_in_utf8_are_told_with_it() -> None:
    content = (CHINESE * 40).encode() + RUSSIAN.encode("cp1251") + (CHINESE * 40).encode()
    found = told(content)
    assert (found.encoding, found.errors, found.runner_up) == ("utf-8", "replace", "cp1251")
    assert "they look like cp1251: if the whole file is in it, say --encoding cp1251" in str(found.note)


def test_a_byte_of_latin_1_at_either_end_is_no_cut_utf8() -> None:
    assert told("un café".encode("cp1252")).encoding == "cp1252"
    assert told("°C is hot".encode("cp1252")).encoding == "cp1252"


def test_an_unsure_guess_names_the_flag_and_the_other_encoding() -> None:
    found = told("텍스트\n삭제,1\n".encode("cp949")[7:])
    assert found.runner_up is not None
    assert f"if that is right, say --encoding {found.runner_up}" in str(found.note)
    assert f"perhaps {found.runner_up}: say which with --encoding" in found.described


def test_what_no_encoding_explains_is_told_with_the_flag() -> None:
    letters = Random(1)
    found = told(b"".join(bytes(letters.choices(range(0x80, 0x100), k=60)) + b",1\n" for _ in range(9)))
    assert f"no encoding explains some.csv well, and it is read as {found.encoding}" in str(found.note)
    assert "--encoding" in str(found.note)


def test_characters_that_the_usual_encoding_lacks_widen_it() -> None:
    text = "這家飯店的房間很大,好評\n服務人員的態度非常好,好評\n" * 9
    assert told(text.encode("big5")).encoding == "big5"
    euro = text + "價錢一百€,差評\n"
    found = told(euro.encode("cp950"))
    assert euro.encode("cp950").decode(found.encoding) == euro


def test_korean_is_called_by_the_narrower_name_where_that_does() -> None:
    text = "배송이 너무 늦었습니다,나쁨\n" * 9
    assert told(text.encode("euc_kr")).encoding == "euc_kr"
    assert told((text + "뷁,나쁨\n").encode("cp949")).encoding == "cp949"
    assert (text + "뷁,나쁨\n").encode("euc_kr").decode(
        told((text + "뷁,나쁨\n").encode("euc_kr")).encoding
    ) == text + "뷁,나쁨\n"


def test_one_broken_byte_in_a_long_file_is_replaced_and_told() -> None:
    content = (RUSSIAN * 50).encode("cp1251") + b"\x98\n"  # the one byte that cp1251 lacks
    found = told(content)
    assert (found.encoding, found.errors, found.broken) == ("cp1251", "replace", 1)
    assert content.decode(found.encoding, found.errors).startswith(RUSSIAN)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_chinese_in_utf16_without_a_mark_is_recognised(encoding: str) -> None:
    assert told((CHINESE * 20).encode(encoding)).encoding == encoding


def test_japanese_of_seven_bits_is_recognised_by_its_escapes() -> None:
    text = "この電話はとても良い,良い\nすぐに壊れました,悪い\n"
    assert text.encode("iso2022_jp").decode(told(text.encode("iso2022_jp")).encoding) == text


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "cp1251", "big5", "cp932"])
def test_what_is_read_in_parts_is_recognised_as_the_whole(tmp_path: Path, encoding: str) -> None:
    text = {"cp1251": RUSSIAN, "big5": "房間很大,好評\n", "cp932": "とても良い,良い\n"}.get(encoding, CHINESE)
    plain = "plain words of a person,good\n" * 60_000  # more than is read at once
    for number, content in enumerate(
        (text * 20, plain + text * 20, plain.replace("\n", " ") + text.replace("\n", " ") * 900)
    ):
        path = tmp_path / f"{number}.csv"
        path.write_bytes(content.encode(encoding))
        found = recognise_file(path)
        assert found.encoding == encoding
        assert found == recognise_told(path.read_bytes(), path)


def test_a_few_control_characters_make_nothing_binary() -> None:
    assert (
        told(b"I liked \x01 the film \x0b, and the end \x02 was worth the wait for all of us there.\n").encoding
        == "utf-8"
    )
    assert told(b"one\x01two\x01three\n" * 9).encoding == "utf-8"  # cells parted by it
    assert told(b"words and one zero \x00 among them, which is odd but harmless\n").encoding == "utf-8"


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (b"\0\0\0\1words" * 20, "give CSV"),
        (bytes(range(256)) * 20, "give CSV"),
        (b"\x1f\x8b\x08\0" + bytes(range(1, 200)) * 3, "unpack it first"),
        (b"%PDF-1.7\n" + b"plain words\n" * 50, "give CSV"),
        (b"SQLite format 3\0" + bytes(100), "ask the database"),
    ],
)
def test_what_is_no_text_is_refused(content: bytes, hint: str) -> None:
    with pytest.raises(UserError, match=r"some\.csv is not a text file") as caught:
        told(content)
    assert hint in caught.value.hint
