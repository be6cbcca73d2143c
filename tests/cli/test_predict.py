import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from haoqi.cli.answer_texts import lines_of

Run = Callable[..., Any]


def test_a_text_on_the_command_line_is_answered(run: Run, released: str) -> None:
    ended = run("predict", released, "the new screen was lovely")
    label, confidence = ended.out.rstrip("\n").split("\t")
    assert label == "positive"
    assert 0.5 < float(confidence) <= 1
    assert (ended.code, ended.err) == (0, "")


def test_each_line_of_a_pipe_is_answered_in_order(run: Run, released: str) -> None:
    ended = run("predict", released, pipe="the soup was awful\n\nthe song was great\r\n")
    labels = [line.split("\t")[0] for line in ended.out.splitlines()]
    texts = [line.split("\t")[2] for line in ended.out.splitlines()]
    assert labels == ["negative", "positive"]
    assert texts == ["the soup was awful", "the song was great"]


def test_a_lone_dash_is_the_pipe(run: Run, released: str) -> None:
    texts = "the soup was awful\nthe song was great\n"
    assert run("predict", released, "-", pipe=texts) == run("predict", released, pipe=texts)


@pytest.mark.parametrize("pipe", ["", "\n \n"])
def test_a_pipe_without_a_text_is_told(run: Run, released: str, pipe: str) -> None:
    ended = run("predict", released, pipe=pipe)
    assert (ended.code, ended.out, ended.err) == (0, "", "no text came through the pipe\n")


def test_json_tells_all_that_is_known(run: Run, released: str) -> None:
    found = json.loads(run("predict", released, "the chair was broken", "--json").out)
    assert found["label"] == "negative"
    assert found["scores"]["negative"] == found["confidence"] > 0.5


def test_a_file_keeps_its_rows_its_order_and_its_columns(run: Run, released: str, tmp_path: Path) -> None:
    words = ["awful", "great"] * 1_500  # more than one batch
    lines = [f'{number},"the soup, was {word}",x' for number, word in enumerate(words)]
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("id,body,label\n" + "\n".join(lines) + "\n", encoding="utf-8")
    ended = run("predict", released, "--file", str(source), "--text", "body", "--out", str(out))
    assert (ended.code, ended.out) == (0, "")
    with out.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["id", "body", "label", "predicted_label", "confidence"]
    assert [row["id"] for row in rows] == [str(number) for number in range(3_000)]
    assert [row["predicted_label"] for row in rows] == ["negative", "positive"] * 1_500
    assert {row["label"] for row in rows} == {"x"}


def test_a_file_without_out_goes_to_the_output(run: Run, released: str, tmp_path: Path) -> None:
    source = tmp_path / "in.txt"
    source.write_text("the soup was awful\n", encoding="utf-8")
    assert run("predict", released, "--file", str(source)).out.splitlines()[0] == "text,label,confidence"
    plain = run("predict", released, "--file", str(source), "--json").out
    assert json.loads(plain)["label"] == "negative"


def test_a_file_that_is_there_is_replaced_only_by_force(run: Run, released: str, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("text\nthe soup was awful\n", encoding="utf-8")
    before = source.read_bytes()
    ended = run("predict", released, "--file", str(source), "--out", str(source))
    assert "is already there" in ended.two_lines[0]
    assert source.read_bytes() == before
    assert run("predict", released, "--file", str(source), "--out", str(source), "--force").code == 0
    assert source.read_text(encoding="utf-8").startswith("text,label,confidence\nthe soup was awful,negative,")


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("reviws", "a text"), "there is no release reviws"),
        (("../x", "a text"), "there is no model in"),
        (("{name}@9", "a text"), "has no version 9"),
        (("{name}", "a text", "--file", "in.csv"), "both in.csv and a text are given"),
        (("{name}", "a text", "--text", "body"), "--text needs --file"),
        (("{name}", "a text", "--out", "out.csv"), "--out needs --file"),
        (("{name}", "--file", "absent.csv"), "there is no file absent.csv"),
        (("{name}", "--file", "absent.csv", "--out", "nowhere/out.csv"), "its folder is not there"),
    ],
)
def test_what_cannot_be_done_is_two_lines_and_code_2(
    run: Run, released: str, words: tuple[str, ...], what: str
) -> None:
    ended = run("predict", *(word.format(name=released) for word in words))
    assert ended.code == 2
    assert what in ended.two_lines[0]


def test_a_wrong_column_writes_nothing(run: Run, released: str, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("id,body\n1,the soup was awful\n", encoding="utf-8")
    ended = run("predict", released, "--file", str(source), "--text", "boby", "--out", str(tmp_path / "out.csv"))
    assert "has no column boby" in ended.two_lines[0]
    assert list(tmp_path.iterdir()) == [source]


def test_bytes_of_the_command_line_that_are_no_text_are_read_as_one_character_each(run: Run, released: str) -> None:
    ended = run("predict", released, "the lamp was great \udce9", "--json")
    assert ended.code == 0
    assert json.loads(ended.out)["text"] == "the lamp was great \ufffd"


def testlines_of_a_pipe_in_another_encoding_are_answered_and_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pipe = io.TextIOWrapper(io.BytesIO("le café\n\nplain\n".encode("latin-1")), encoding="utf-8")
    assert list(lines_of(pipe)) == ["le caf\ufffd", "plain"]
    assert "1 of the lines hold bytes that are not utf-8" in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["cp1251", "euc_kr", "big5", "cp932"])
def test_a_file_of_an_older_encoding_is_answered_in_utf8(
    run: Run, released: str, tmp_path: Path, encoding: str
) -> None:
    texts = {
        "cp1251": "Заказ пришёл с опозданием",
        "euc_kr": "배송이 너무 늦었습니다",
        "big5": "這家飯店的房間很大",
        "cp932": "とても使いやすいです",
    }
    path = tmp_path / "some.csv"
    path.write_bytes(("text\n" + f"{texts[encoding]}\n" * 20).encode(encoding))
    ended = run("predict", released, "--file", str(path))
    assert ended.code == 0
    assert [row["text"] for row in csv.DictReader(ended.out.splitlines())] == [texts[encoding]] * 20


def test_half_an_emoji_in_a_file_of_records_is_answered(run: Run, released: str, tmp_path: Path) -> None:
    path, out = tmp_path / "some.jsonl", tmp_path / "out.jsonl"
    path.write_text('{"text": "the lamp was great \\ud83d", "by": "a\\udc00"}\n', encoding="utf-8")
    assert run("predict", released, "--file", str(path), "--out", str(out)).code == 0
    row = json.loads(out.read_text(encoding="utf-8"))
    assert (row["text"], row["by"], row["label"]) == ("the lamp was great \ufffd", "a\ufffd", "positive")
