"""Texts as windows of tokens with the words that they belong to."""

import numpy as np

from haoqi.models.bases import load_tokenizer, resolve
from haoqi.pretraining.segment import Segmenter
from haoqi.pretraining.windows import windows_of


def test_tokens_of_a_word_have_its_number_and_special_ones_none(tiny_base: str, home) -> None:  # type: ignore[no-untyped-def]
    tokenizer = load_tokenizer(resolve(tiny_base, home))
    found = windows_of(tokenizer, ["The batteries 电池坏了"], 64, segmenter=Segmenter({"电池": 5.0}))
    tokens = [tokenizer.id_to_token(token) for token in found.ids[0]]
    words = found.words[0].tolist()
    assert words[0] == words[-1] == -1
    assert tokens[0] == "[CLS]" and tokens[-1] == "[SEP]"
    battery = [word for word, token in zip(words, tokens, strict=True) if token.startswith("##")]
    assert len(battery) > 1 and set(battery) == {1}
    assert words[tokens.index("电")] == words[tokens.index("池")] != words[tokens.index("坏")]


def test_long_texts_are_cut_into_windows_that_lose_nothing(tiny_base: str, home) -> None:  # type: ignore[no-untyped-def]
    tokenizer = load_tokenizer(resolve(tiny_base, home))
    text = "the film won three prizes and deserved none of them. " * 5
    whole = tokenizer.encode(text, add_special_tokens=False).ids
    found = windows_of(tokenizer, ["a", text, ""], 12, prefix="the ")
    own = [ids[2:-1] for ids, row in zip(found.ids, found.texts, strict=True) if row == 1]
    assert max(found.lengths) <= 12
    assert np.concatenate(own).tolist() == whole
    assert found.texts.tolist() == [0] + [1] * len(own)  # a text without tokens has no window
    assert all(words[1] == -1 for words in found.words)  # the prefix is never hidden
