from pathlib import Path
from typing import Any

import pytest

from haoqi.data.examples import Examples
from haoqi.models.bases import load_tokenizer, resolve
from haoqi.models.encoders.model_input import Reader
from haoqi.models.encoders.tokens import find_special_tokens, read_texts


@pytest.fixture(scope="module")
def tokenizer(tiny_base: str) -> Any:
    return load_tokenizer(resolve(tiny_base, Path()))


def test_marks_are_what_the_tokenizer_puts_around_a_text(tokenizer: Any) -> None:
    marks = find_special_tokens(tokenizer)
    assert [tokenizer.id_to_token(token) for token in (*marks.before, *marks.after)] == ["[CLS]", "[SEP]"]
    assert tokenizer.id_to_token(marks.pad) == "[PAD]"
    assert marks.count == 2


def test_texts_are_read_as_the_tokenizer_reads_them(tokenizer: Any) -> None:
    texts = ["A quiet, bright screen.", "", "这个酒店很好"]
    assert [row.tolist() for row in read_texts(tokenizer, texts, 64)] == [tokenizer.encode(text).ids for text in texts]


def test_a_prefix_is_put_before_every_text(tokenizer: Any) -> None:
    (found,) = read_texts(tokenizer, ["quiet"], 64, "query: ")
    assert found.tolist() == tokenizer.encode("query: quiet").ids


def test_of_a_long_text_the_beginning_is_read_and_the_marks_stay(tokenizer: Any) -> None:
    whole = tokenizer.encode("screen " * 50).ids
    (found,) = read_texts(tokenizer, ["screen " * 100_000], 10)
    assert found.tolist() == [*whole[:9], whole[-1]]


def test_long_and_short_texts_together_are_read_as_each_alone(tokenizer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haoqi.models.encoders.tokens._AT_ONCE", 2)
    texts = ["screen " * 50, "", "a bright screen", "这个酒店很好" * 9, "late"]
    together = read_texts(tokenizer, texts, 10)
    assert [row.tolist() for row in together] == [read_texts(tokenizer, [text], 10)[0].tolist() for text in texts]
    assert [len(row) for row in together] == [10, 2, 5, 10, 3]
    assert read_texts(tokenizer, [], 10) == []


class Counting:
    """A tokenizer that counts how often one text is given to it."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.asked = inner, list[str]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def encode(self, text: str) -> Any:
        self.asked.append(text)
        return self.inner.encode(text)


def test_who_reads_one_text_after_another_asks_for_the_marks_once(tokenizer: Any) -> None:
    counting = Counting(tokenizer)
    reader = Reader(counting, 64)
    for text in ("a quiet screen", "late"):
        assert reader.read(Examples.of([text])).ids[0].tolist() == tokenizer.encode(text).ids
    assert counting.asked == ["a", "a quiet screen", "late"]
