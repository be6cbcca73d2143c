from pathlib import Path

import pytest

from haoqi.models.bases import load_tokenizer, resolve
from haoqi.models.encoders.word_shapes import SHAPES, lowers, shapes_of


@pytest.mark.parametrize(
    ("word", "shape"),
    [
        ("spain", "lower"),
        ("Spain", "Title"),
        ("EU", "UPPER"),
        ("McDonald", "mixed"),
        ("1996", "digits"),
        ("U2", "letters and digits"),
        (".", "mark"),
        ("水", "lower"),
        ("Élan", "Title"),
    ],
)
def test_a_word_has_one_shape(word: str, shape: str) -> None:
    found = shapes_of(word, [(0, len(word))])
    assert [SHAPES[number] for number in found] == [shape, "none"]


def test_a_tokenizer_says_whether_it_reads_capitals(tiny_base: str) -> None:
    from tokenizers import normalizers

    tokenizer = load_tokenizer(resolve(tiny_base, Path()))
    assert lowers(tokenizer)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.add_tokens(["Abc"])
    assert not lowers(tokenizer)
