"""A file is indexed and searched from the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

FAQ = """question,answer,language
How do I reset my password?,"Choose ""Forgot password"".",en
Where is my parcel?,See the tracking page.,en
怎么重装系统？,用安装盘启动。,zh
无线网卡驱动怎么安装？,到官网下载。,zh
"""


@pytest.fixture
def faq(tmp_path: Path) -> Path:
    path = tmp_path / "faq.csv"
    path.write_text(FAQ, encoding="utf-8")
    return path


def test_questions_are_found_with_their_answers(run: Run, faq: Path, tiny_base: str) -> None:
    out = faq.parent / "faq.index"
    ended = run("index", str(faq), "--text", "question", "--base", tiny_base, "--out", str(out))
    assert ended.code == 0
    assert "Indexed 4 texts of faq.csv" in ended.out
    found = run("search", str(out), "系统重装", "-k", "2")
    lines = found.out.splitlines()
    assert "怎么重装系统？" in lines[0]
    assert lines[1].strip() == "answer: 用安装盘启动。"
    assert found.err == ""


def test_json_a_pipe_and_a_filter(run: Run, faq: Path) -> None:
    out = faq.parent / "faq.index"
    assert run("index", str(faq), "--text", "question", "--base", "none", "--out", str(out)).code == 0
    ended = run("search", str(out), "--json", "--only", "language=zh", pipe="怎么安装\n\nparcel\n")
    first, second = map(json.loads, ended.out.splitlines())
    assert [hit["text"] for hit in first["hits"]] == ["无线网卡驱动怎么安装？", "怎么重装系统？"]
    assert first["hits"][0]["meta"] == {"answer": "到官网下载。", "language": "zh"}
    assert second == {"query": "parcel", "hits": []}
    assert "nothing was found" in run("search", str(out), "zzz").out


@pytest.mark.parametrize(
    ("words", "problem", "hint"),
    [
        (("search", "nowhere", "a"), "there is no index in nowhere", "haoqi index"),
        (("search", "INDEX", "a", "--only", "language"), "names no column", "--only COLUMN=VALUE"),
        (("search", "INDEX", "a", "-k", "0"), "k is 0", "leave k out"),
        (("search", "INDEX", " "), "the query is empty", "ask a question"),
        (("index", "FAQ", "--text", "question", "--out", "INDEX"), "is there already", "--force"),
        (("index", "FAQ", "--text", "nothing", "--out", "OTHER"), "no column nothing", "--text"),
        (("index", "FAQ", "--text", "question", "--base", "nobase", "--out", "OTHER"), "nobase", ""),
    ],
)
def test_what_cannot_be_is_told_in_two_lines(
    run: Run, faq: Path, words: tuple[str, ...], problem: str, hint: str
) -> None:
    out = faq.parent / "faq.index"
    assert run("index", str(faq), "--text", "question", "--base", "none", "--out", str(out)).code == 0
    places = {"INDEX": str(out), "FAQ": str(faq), "OTHER": str(faq.parent / "other")}
    ended = run(*(places.get(word, word) for word in words))
    error, said = ended.two_lines
    assert problem in error
    assert hint in said
