"""Encodings are recognised, and what is no text is refused."""

from pathlib import Path

import pytest

from haoqi.core.errors import UserError
from haoqi.data.reading.decoding.decode import decode_all, decode_told, head, read_text, recognise_file

CHINESE = "这家酒店的房间很大,好评\n早餐一般,差评\n" * 5
ACCENTED = "Le café était froid mais délicieux, à côté de l'hôtel – ein schönes Größenverhältnis\n" * 5


@pytest.mark.parametrize(
    ("encoding", "text", "told"),
    [
        ("utf-8", CHINESE, "utf-8"),
        ("utf-8-sig", CHINESE, "utf-8"),
        ("utf-16", CHINESE, "utf-16"),
        ("utf-32", ACCENTED, "utf-32"),
        ("utf-16-le", "text,label\ngood phone,positive\n", "utf-16-le"),
        ("utf-16-be", "text,label\ngood phone,positive\n", "utf-16-be"),
        ("gb18030", CHINESE, "gb18030"),
        ("cp1252", ACCENTED, "cp1252"),
        ("ascii", "plain words\n", "utf-8"),
    ],
)
def test_each_encoding_gives_its_text_back(tmp_path: Path, encoding: str, text: str, told: str) -> None:
    path = tmp_path / "some.txt"
    path.write_bytes(text.encode(encoding))
    assert read_text(path) == (text, told)
    assert head(path) == text


def test_a_broken_character_does_not_change_the_encoding(tmp_path: Path) -> None:
    path = tmp_path / "some.txt"
    path.write_bytes((CHINESE * 5).encode() + b"\xff end")
    text, encoding = read_text(path)
    assert text == CHINESE * 5 + "\ufffd end"
    assert encoding == "utf-8, 1 broken characters replaced"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b" \n\t\n", "is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "not a text file"),
        (b"PK\x03\x04" + bytes(range(32)) * 8, "not a text file"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "some.csv"
    path.write_bytes(content)
    with pytest.raises(UserError, match=words):
        read_text(path)
    assert head(path) == "" or not content.strip()


def test_a_wrong_encoding_names_the_likely_one(tmp_path: Path) -> None:
    path = tmp_path / "some.txt"
    path.write_bytes(CHINESE.encode("gb18030"))
    with pytest.raises(UserError, match="not in the encoding utf-8") as caught:
        read_text(path, "utf-8")
    assert "gb18030" in caught.value.hint


def test_an_unknown_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "some.txt"
    path.write_text("words")
    with pytest.raises(UserError, match="no encoding utf-88"):
        read_text(path, "utf-88")


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", "Заказ пришёл с опозданием,плохо\n"),
        ("euc_kr", "배송이 너무 늦었습니다,나쁨\n"),
        ("big5", "這家飯店,好\n"),
    ],
)
def test_older_encodings_are_read_without_a_word(tmp_path: Path, encoding: str, text: str) -> None:
    path = tmp_path / "some.csv"
    path.write_bytes((text * 40).encode(encoding))
    found = decode_told(path.read_bytes(), path)
    assert (found.text, found.note) == (text * 40, None)
    assert head(path) == text * 40


def test_a_guess_is_told_wherever_the_encoding_is(tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    path.write_bytes("삭제,1\n".encode("cp949"))
    found = decode_told(path.read_bytes(), path)
    assert found.runner_up is not None
    assert f"--encoding {found.runner_up}" in str(found.note)
    assert (
        read_text(path)[1]
        == found.described
        == f"{found.encoding}, perhaps {found.runner_up}: say which with --encoding"
    )


def test_an_encoding_that_is_said_is_no_guess(tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    path.write_bytes("삭제,1\n".encode("cp949"))
    found = decode_told(path.read_bytes(), path, "cp949")
    assert (found.text, found.described, found.note) == ("삭제,1\n", "cp949", None)


def test_short_files_that_belong_together_are_judged_as_one() -> None:
    words = ("삭제", "좋아요", "배송이 늦었어요", "만족합니다", "화면이 꺼져요", "다시는 안 사요", "plain words", "")
    contents = [(Path(f"{number}.txt"), word.encode("cp949")) for number, word in enumerate(words)]
    contents.append((Path("new.txt"), "새 글".encode()))
    found = decode_all(contents)
    assert [one and one.text for one in found] == [*words, "새 글"]
    assert {one and one.encoding for one in found} == {"euc_kr", "utf-8"}
    assert sum(bool(one and one.note) for one in found) <= 1


def test_files_of_several_encodings_are_judged_alone_and_what_is_no_text_is_none() -> None:
    texts = (
        "退货流程太慢了，客服也不回复我的消息",
        "这款手机的电池可以用两天，非常满意",
        "Le café était fermé à l'été",
    )
    contents = [(Path("1"), texts[0].encode("gbk")), (Path("2"), texts[1].encode("gbk"))]
    contents += [(Path("3"), texts[2].encode("cp1252")), (Path("4"), bytes(range(256)) * 4)]
    found = [one and one.text for one in decode_all(contents)]
    assert found == [*texts, None]


def test_nothing_to_read_is_said_by_all_readers(tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    with pytest.raises(UserError, match="there is no file"):
        recognise_file(path)
    path.write_bytes(b"\n \n")
    with pytest.raises(UserError, match="is empty"):
        recognise_file(path)
