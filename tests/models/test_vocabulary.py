import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors

from haoqi.models.trim import vocabulary
from haoqi.models.trim.vocabulary import CannotBeCutError, Cut, cut

ALPHABETS = {"Han": "好天气很", "Latin": "abc", "Cyrillic": "жщя", "": "1!。"}
LETTERS = "▁" + "".join(ALPHABETS.values())
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
TOKENS = ("好天", "天气", "▁好", "很好天气", "气1", "ab", "▁abc", "bc", "a好", "жщ", "▁щя", "жщя", "ж天", "11", "▁!")
CHINESE = ["好天气很好", "很好天气1。好天!", "天气abc好", "好天气" * 40]

STRANGE = "ю"
Words = st.text(st.sampled_from(LETTERS.replace("▁", " ") + " "), max_size=24)


def unigram(tokens: Sequence[str], scores: Sequence[float] = (), **settings: Any) -> Tokenizer:
    """Return a tokenizer as XLM-R's: every letter is a token, and the longer ones that are given."""
    listed = [*LETTERS, *tokens]
    given = [*scores, *(-2.0 - 0.1 * number for number in range(len(listed)))][: len(listed)]
    found = Tokenizer(models.Unigram([*((mark, 0.0) for mark in SPECIAL), *zip(listed, given, strict=True)], 3, False))
    found.normalizer = normalizers.NFKC()
    words = pre_tokenizers.Metaspace(prepend_scheme="always")
    found.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), words])
    found.add_special_tokens([*SPECIAL, AddedToken("<mask>", lstrip=True, special=True)])
    found.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    return found


def word_pieces(tokens: Sequence[str]) -> Tokenizer:
    """Return a tokenizer as BERT's, of the same letters."""
    letters = LETTERS.replace("▁", "")
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    listed = [*special, *letters, *(f"##{letter}" for letter in letters if letter not in "。!" + ALPHABETS["Han"])]
    listed += [token.replace("▁", "##") for token in tokens]
    numbered = {token: number for number, token in enumerate(dict.fromkeys(listed))}
    found = Tokenizer(models.WordPiece(numbered, unk_token="[UNK]"))
    found.normalizer = normalizers.BertNormalizer(lowercase=True)
    found.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    found.add_special_tokens(special)
    found.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return found


def smaller(tokenizer: Tokenizer, texts: Sequence[str] = CHINESE, always: Sequence[int] = ()) -> tuple[Cut, Tokenizer]:
    found = cut(tokenizer.to_str(), texts, always=always)
    return found, Tokenizer.from_str(found.tokenizer)


def unknown(tokenizer: Tokenizer, text: str) -> int:
    mark = next(number for name in ("<unk>", "[UNK]") if (number := tokenizer.token_to_id(name)) is not None)
    return tokenizer.encode(text).ids.count(mark)


MANY = {"unigram": unigram(TOKENS), "word pieces": word_pieces([token for token in TOKENS if token.isalnum()])}


@pytest.mark.parametrize("kind", MANY)
@given(st.data())
def test_texts_in_the_scripts_of_the_data_are_cut_as_before(kind: str, data: st.DataObject) -> None:
    whole = MANY[kind]
    found, small = smaller(whole)
    assert found.scripts[0] == "Han"
    kept = "".join(letters for script, letters in ALPHABETS.items() if script in ("", *found.scripts))
    text = data.draw(st.text(st.sampled_from(kept + " 😀"), max_size=24))
    before, after = whole.encode(text), small.encode(text)
    assert after.tokens == before.tokens
    assert found.rows[after.ids].tolist() == before.ids
    assert after.offsets == before.offsets


@pytest.mark.parametrize("kind", MANY)
@given(text=Words)
def test_nothing_becomes_unknown_that_was_not(kind: str, text: str) -> None:
    whole = MANY[kind]
    _, small = smaller(whole)
    assert unknown(whole, text) == unknown(small, text) == 0
    spelt = "".join(token.removeprefix("##") for token in small.encode(text, add_special_tokens=False).tokens)
    assert spelt == "".join(token.removeprefix("##") for token in whole.encode(text, add_special_tokens=False).tokens)
    assert unknown(small, text + STRANGE) == unknown(whole, text + STRANGE) == 1


@given(
    st.lists(st.text(st.sampled_from(LETTERS), min_size=2, max_size=4), max_size=30, unique=True),
    st.lists(st.floats(-9, -1), min_size=50, max_size=50),
    st.lists(Words, min_size=1, max_size=4),
    Words,
)
def test_both_hold_for_any_vocabulary_and_any_data(
    tokens: list[str], scores: list[float], texts: list[str], asked: str
) -> None:
    whole = unigram(tokens, scores)
    found, small = smaller(whole, texts)
    for text in [*texts, asked]:
        assert unknown(whole, text) == unknown(small, text) == 0
        own = {script for script, letters in ALPHABETS.items() if set(text) & set(letters)} - {""}
        if text in texts or own <= set(found.scripts):
            assert small.encode(text).tokens == whole.encode(text).tokens


@pytest.mark.parametrize("kind", MANY)
def test_other_scripts_lose_their_tokens_but_not_their_letters(kind: str) -> None:
    whole = MANY[kind]
    found, small = smaller(whole)
    assert found.scripts == ("Han", "Latin")
    assert len(found.rows) == small.get_vocab_size() < whole.get_vocab_size()
    assert whole.encode("жщя", add_special_tokens=False).tokens in (["жщя"], ["▁", "жщя"])
    assert [token.strip("▁#") for token in small.encode("жщя", add_special_tokens=False).tokens if token != "▁"] == [
        *"жщя"
    ]


def test_tokens_that_were_seen_stay_whatever_their_script() -> None:
    rare = "жщ" + "好天气" * 1000
    whole = unigram(TOKENS)
    _, small = smaller(whole, [rare])
    assert "жщ" in small.get_vocab()
    assert "жщя" not in small.get_vocab()
    assert small.encode(rare).tokens == whole.encode(rare).tokens


def test_of_scripts_that_occur_now_and_then_the_first_tokens_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "MINOR_TOKENS", 1)
    monkeypatch.setattr(vocabulary, "MINOR_SHARE", 0.0)
    texts = ["好" * 100 + "c", "好" * 100 + "я"]
    whole = unigram(TOKENS)
    found, small = smaller(whole, texts)
    assert found.scripts == ("Han",)
    assert {"ab", "жщ"} <= small.get_vocab().keys()
    assert not {"▁abc", "▁щя", "жщя"} & small.get_vocab().keys()
    monkeypatch.setattr(vocabulary, "MINOR_TOKENS", 4)
    found, small = smaller(whole, texts)
    # Of Cyrillic there are four, of Latin too, but for those that mix both.
    assert found.scripts == ("Han", "Latin", "Cyrillic")
    assert small.get_vocab() == whole.get_vocab()
    monkeypatch.setattr(vocabulary, "MINOR_SHARE", 0.01)
    assert not {"ab", "жщ"} & smaller(whole, texts)[1].get_vocab().keys()


def test_unknown_characters_cost_what_they_cost_before() -> None:
    """The least likely token decides what an unknown character costs, so that it stays."""
    whole = unigram(["жщяж"], [-1.0] * len(LETTERS) + [-50.0])
    assert "жщяж" in smaller(whole)[1].get_vocab()


def test_special_tokens_keep_their_meaning() -> None:
    whole = unigram(TOKENS)
    whole.enable_padding(pad_id=1, pad_token="<pad>")
    found, small = smaller(whole)
    encoded = small.encode("<mask>好")
    assert encoded.tokens[:2] == ["<s>", "<mask>"]
    assert small.token_to_id("<mask>") == small.get_vocab_size() - 1
    assert found.rows[small.token_to_id("<mask>")] == whole.token_to_id("<mask>")
    assert small.encode_batch(["好", "好好好好"])[0].tokens[-1] == "<pad>"


def test_marks_are_renumbered_however_they_are_put() -> None:
    whole = word_pieces(["жщя", "ab"])
    plain = json.loads(whole.to_str())
    ids = {name: number for name, number in plain["model"]["vocab"].items() if name.startswith("[")}
    # Numbers that change: the marks come last.
    last = len(plain["model"]["vocab"])
    order = [token for token in plain["model"]["vocab"] if token not in ids] + list(ids)
    plain["model"]["vocab"] = {token: number for number, token in enumerate(order)}
    plain["added_tokens"] = [{**one, "id": order.index(one["content"])} for one in plain["added_tokens"]]
    sep, cls = (["[SEP]", last - 1], ["[CLS]", last - 2])
    for processor in (
        {"type": "BertProcessing", "sep": sep, "cls": cls},
        {"type": "RobertaProcessing", "sep": sep, "cls": cls, "trim_offsets": True, "add_prefix_space": False},
        {"type": "Sequence", "processors": [{"type": "BertProcessing", "sep": sep, "cls": cls}]},
    ):
        small = Tokenizer.from_str(cut(json.dumps({**plain, "post_processor": processor}), CHINESE).tokenizer)
        assert small.get_vocab_size() < last
        assert small.encode("好").tokens == ["[CLS]", "好", "[SEP]"]
        assert small.encode("好").ids[-1] == small.token_to_id("[SEP]")


def test_what_a_network_names_stays() -> None:
    whole = unigram(TOKENS)
    number = whole.token_to_id("жщя")
    assert number not in smaller(whole)[0].rows
    assert number in smaller(whole, always=[number])[0].rows
    with pytest.raises(CannotBeCutError, match="does not have"):
        smaller(whole, always=[whole.get_vocab_size()])


def test_what_would_be_cut_otherwise_is_left_alone() -> None:
    merged = Tokenizer(models.BPE({"a": 0, "b": 1, "ab": 2}, [("a", "b")]))
    with pytest.raises(CannotBeCutError, match="BPE"):
        cut(merged.to_str(), CHINESE)
    with pytest.raises(CannotBeCutError, match="WordLevel"):
        cut(Tokenizer(models.WordLevel({"a": 0}, "a")).to_str(), CHINESE)
    with pytest.raises(CannotBeCutError, match="some characters are no tokens of their own, such as ю"):
        cut(unigram([*TOKENS, "юж"]).to_str(), CHINESE)
    gap = json.loads(word_pieces(["ab"]).to_str())
    gap["model"]["vocab"]["ab"] += 1
    with pytest.raises(CannotBeCutError, match="one after another"):
        cut(json.dumps(gap), CHINESE)


def test_a_letter_that_never_reaches_the_model_does_not_matter() -> None:
    assert "Ａж" not in smaller(unigram(["Ａж", *TOKENS]))[1].get_vocab()  # NFKC makes it an A


def test_bytes_are_a_fallback_for_every_character() -> None:
    listed = [("<unk>", 0.0), *((f"<0x{byte:02X}>", -9.0) for byte in range(256)), ("好天", -1.0), ("жщ", -1.0)]
    whole = Tokenizer(models.Unigram(listed, 0, True))
    _, small = smaller(whole, ["好天"])
    assert small.encode("жщ").tokens == [f"<0x{byte:02X}>" for byte in "жщ".encode()]
    assert whole.encode("жщ").tokens == ["жщ"]


def test_the_result_is_a_file_that_tokenizers_reads(tmp_path: Path) -> None:
    found, small = smaller(MANY["unigram"])
    (tmp_path / "tokenizer.json").write_text(found.tokenizer, encoding="utf-8")
    assert Tokenizer.from_file(str(tmp_path / "tokenizer.json")).to_str() == small.to_str()


def test_a_prefix_is_read_as_before_but_does_not_count_as_the_language_of_the_data() -> None:
    whole = unigram(["щяж", *TOKENS])
    found = cut(whole.to_str(), CHINESE, "жщя: ")
    small = Tokenizer.from_str(found.tokenizer)
    assert "Cyrillic" not in found.scripts
    assert "щяж" not in small.get_vocab()
    assert small.encode("жщя: 好").tokens == whole.encode("жщя: 好").tokens
