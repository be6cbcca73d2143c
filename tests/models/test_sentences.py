"""Sentences of a text by their places."""

import pytest

from haoqi.models.lexical.sentences import sentence_offsets


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Dr. Lee is here. He is 40.", ["Dr. Lee is here.", "He is 40."]),
        (
            "J. Smith left the U.S. for Rome. 3.5 percent stayed.",
            ["J. Smith left the U.S. for Rome.", "3.5 percent stayed."],
        ),
        ('He said "Stop!" Then he left', ['He said "Stop!"', "Then he left"]),
        ("他住在北京。“很好！”她说。", ["他住在北京。", "“很好！”", "她说。"]),
        ("a heading\n\na text", ["a heading", "a text"]),
        ("it costs 3.50 euros, e.g. here", ["it costs 3.50 euros, e.g. here"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    assert [text[start:end] for start, end in sentence_offsets(text)] == sentences


def test_no_sentence_ends_within_a_name() -> None:
    text = "He works for Yahoo! Inc in Rome. So it is."
    assert len(sentence_offsets(text)) == 3
    assert [text[a:b] for a, b in sentence_offsets(text, [(13, 23)])] == [
        "He works for Yahoo! Inc in Rome.",
        "So it is.",
    ]
