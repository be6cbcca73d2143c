"""A tokenizer learnt from texts, and a base that knows nothing yet."""

from pathlib import Path

import pytest

from haoqi.core.errors import UserError
from haoqi.models.bases import load_encoder, load_tokenizer
from haoqi.pretraining.scratch import alphabet_size, letters_of, start_base, train_tokenizer
from haoqi.pretraining.settings import PretrainSettings

TEXTS = [
    "The keeper saved a penalty in the final minute.",
    "电池第二天就坏了",
    "the keeper again, the Keeper twice",
] * 4


def test_tokens_spell_the_text_but_for_case_and_width() -> None:
    tokenizer = train_tokenizer(TEXTS, 200)
    for text in ("The keeper, again", "电池２天", "the   minute\n twice"):
        tokens = tokenizer.encode(text, add_special_tokens=False).tokens
        assert "".join(tokens).replace("▁", " ") == tokenizer.normalizer.normalize_str(text).replace("2", "[UNK]")
    assert "电池" not in tokenizer.get_vocab() and "keeper" in {token.strip("▁") for token in tokenizer.get_vocab()}
    assert train_tokenizer(TEXTS, 200).to_str() == tokenizer.to_str()


def test_unknown_characters_are_one_and_the_same_each_alone() -> None:
    tokenizer = train_tokenizer(TEXTS, 200)
    assert letters_of(tokenizer, "The ЖЖ") == ["t", "h", "e", " ", "[UNK]", "[UNK]"]
    assert tokenizer.encode("ЖЖ", add_special_tokens=False).tokens == ["[UNK]", "[UNK]"]
    alphabet = {letter for text in TEXTS for letter in letters_of(tokenizer, text)}
    assert alphabet_size(tokenizer) == len(alphabet) + 2


def test_a_base_from_nothing_loads_as_any_other(tmp_path: Path) -> None:
    settings = PretrainSettings(base="none", layers=1, width=16, pieces=120, max_tokens=32)
    base = start_base(TEXTS, settings, tmp_path / "start")
    assert (base.card.layers, base.card.width) == (1, 16)
    assert load_tokenizer(base).get_vocab_size() == len(load_encoder(base).get_input_embeddings().weight)  # type: ignore[operator]
    assert start_base(TEXTS, settings, tmp_path / "start").fingerprint == base.fingerprint


def test_a_width_without_heads_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="width of 20"):
        start_base(TEXTS, PretrainSettings(width=20), tmp_path / "start")
