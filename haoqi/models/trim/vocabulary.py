"""A tokenizer with fewer tokens: texts in the scripts of some data are cut as before, all others into smaller tokens.

Which tokens stay, of a Unigram or WordPiece vocabulary:
- all that are special, and all that any of the texts is cut into;
- of the scripts that make up the texts, all that are written in nothing else. A text in these scripts then has the
  same ways to be cut, with the same scores, so that it is cut as before, whether its words were seen or not;
- of scripts that occur now and then, the commonest tokens;
- every token of a single character or byte, the safe fallback: what was no unknown token before does not become one.

The idea is that of Abdaoui et al. (2020, doi:10.18653/v1/2020.sustainlp-1.16), who keep what is frequent in a corpus;
keeping whole scripts adds that unseen words are read as before. The tokens of a BPE vocabulary are left alone: each
is made of two others, so that a word is cut otherwise as soon as one of those in between is gone.
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from unicodedata import category

import numpy as np

from haoqi.models.encoders.tokens import Rows
from haoqi.models.lexical.scripts import script_shares, scripts_of

MAIN_SHARE = 0.05
"""A script with at least this share of all letters is one that the texts are written in."""
MINOR_SHARE = 0.001
"""A script with less than this share gives only the tokens that were seen."""
MINOR_TOKENS = 5_000
"""How many tokens stay of each script in between; vocabularies list the commonest first."""

_AT_ONCE = 4096
_WORD_START = "▁"
_BYTE = re.compile(r"<0x[0-9A-F]{2}>")


class CannotBeCutError(Exception):
    """Why the tokens of a tokenizer are left alone, in words for a person."""


@dataclass(frozen=True)
class Cut:
    """A tokenizer with fewer tokens."""

    tokenizer: str
    """The content of its tokenizer.json."""
    rows: Rows
    """The number that each of its tokens had in the whole vocabulary, ascending, shape (tokens,)."""
    scripts: tuple[str, ...]
    """Texts that hold letters of no other scripts, once normalised, are cut as before."""


def cut(content: str, texts: Sequence[str], prefix: str = "", always: Iterable[int] = ()) -> Cut:
    """Return a tokenizer without the tokens that texts like these can do without.

    Args:
        content: tokenizer.json of the whole tokenizer.
        texts: all that the data hold.
        prefix: what the tokenizer is given before each text; its letters say nothing of the data.
        always: numbers of tokens that must stay, such as those that a model's configuration names.

    Raises:
        CannotBeCutError: if it is of a kind that cannot be read with fewer tokens.
    """
    whole, named = _Whole.of(content), set(always)
    if not named <= whole.numbers:
        raise CannotBeCutError("the network knows special tokens that its tokenizer does not have")
    kept = named | whole.single | whole.special
    more, scripts = _by_script(whole, script_shares(texts, whole.normalised), kept)
    rows = np.array(sorted(kept | more | whole.tokens_of(whole.beyond(texts, scripts), prefix)), np.int64)
    return Cut(json.dumps(_renumbered(whole.plain, rows), ensure_ascii=False), rows, scripts)


@dataclass(frozen=True)
class _Whole:
    """A tokenizer as it was, and what cutting it needs to know."""

    plain: dict[str, Any]
    tokens: list[str]
    """The model's own, by number; what was added to them may have higher numbers."""
    tokenizer: Any

    @classmethod
    def of(cls, content: str) -> "_Whole":
        from tokenizers import Tokenizer

        plain = json.loads(content)
        tokenizer = Tokenizer.from_str(content)
        tokenizer.no_padding()
        tokenizer.no_truncation()
        found = cls(plain, _tokens(plain["model"]), tokenizer)
        if unreadable := found.uncovered():
            raise CannotBeCutError(
                f"some characters are no tokens of their own, such as {' '.join(sorted(unreadable)[:5])}"
            )
        return found

    @property
    def numbers(self) -> set[int]:
        """The numbers of all tokens, those included that were added to the model's own."""
        return {*range(len(self.tokens)), *(int(added["id"]) for added in self.plain["added_tokens"])}

    @property
    def mark(self) -> str:
        """What tokens within a word begin with."""
        model = self.plain["model"]
        return str(model["continuing_subword_prefix"]) if model["type"] == "WordPiece" else ""

    @property
    def special(self) -> set[int]:
        """Tokens with a meaning of their own; the least likely too, as unknown characters are scored by it."""
        model = self.plain["model"]
        found = {int(added["id"]) for added in self.plain["added_tokens"]}
        if model["type"] == "WordPiece":
            return found | {model["vocab"][model["unk_token"]]}
        scores = [score for _, score in model["vocab"]]
        return found | {model["unk_id"], int(np.argmin(scores))} - {None}

    @property
    def single(self) -> set[int]:
        """Tokens of one character, at the beginning of a word or within, and bytes."""
        short = {row for row, token in enumerate(self.bare) if len(token) <= 1}
        return short | {row for row, token in enumerate(self.tokens) if _BYTE.fullmatch(token)}

    @cached_property
    def bare(self) -> list[str]:
        """The tokens without what says where in a word they stand."""
        mark = self.mark or _WORD_START
        return [token.removeprefix(mark) for token in self.tokens]

    def normalised(self, text: str) -> str:
        """Return a text as the model is given it."""
        normalizer = self.tokenizer.normalizer
        return text if normalizer is None else str(normalizer.normalize_str(text))

    def beyond(self, texts: Sequence[str], scripts: Collection[str]) -> list[str]:
        """Return the texts that may need tokens beyond these scripts, and one that does not.

        Vowel signs and accents count as beyond: a normaliser may join them with a letter to one of another script.
        """
        strange = re.escape("".join(one for one in set().union(*texts) if not self._is_within(one, scripts)))
        pattern = re.compile(f"[{strange}]" if strange else "(?!)")
        return [text for place, text in enumerate(texts) if not place or pattern.search(text)]

    def _is_within(self, character: str, scripts: Collection[str]) -> bool:
        return category(character)[0] != "M" and scripts_of(self.normalised(character)) <= set(scripts)

    def tokens_of(self, texts: Sequence[str], prefix: str) -> set[int]:
        """Return the tokens that texts are cut into, a prefix before each."""
        found = set[int]()
        for start in range(0, len(texts), _AT_ONCE):
            for encoding in self.tokenizer.encode_batch_fast(
                [prefix + text for text in texts[start : start + _AT_ONCE]]
            ):
                found.update(encoding.ids)
        return found

    def uncovered(self) -> set[str]:
        """Return the characters of tokens that could not be read if those tokens were gone."""
        known, mark = set(self.tokens), self.mark
        if not mark and self.plain["model"].get("byte_fallback") and len([*filter(_BYTE.fullmatch, known)]) == 256:
            return set()
        special = {added["content"] for added in self.plain["added_tokens"]}
        written = zip(self.tokens, self.bare if mark else self.tokens, strict=True)
        letters = set[str]().union(*(letters for token, letters in written if token not in special))
        return {one for one in letters if not {one, mark + one} <= known and self._is_read(one, one in known)}

    def _is_read(self, letter: str, alone: bool) -> bool:
        """Return whether a letter can reach the model; within a word, where it is a token if it stands alone."""
        if letter not in self.normalised(letter):
            return False
        splitter = self.tokenizer.pre_tokenizer
        if not alone or splitter is None:
            return True
        return any(
            letter in word and word != letter for word, _ in splitter.pre_tokenize_str(self.normalised(f"a{letter}a"))
        )


def _tokens(model: Mapping[str, Any]) -> list[str]:
    """Return the tokens of a model by their number."""
    kind = model["type"]
    if kind == "BPE":
        raise CannotBeCutError("each token of a BPE vocabulary is made of others, and words need those in between")
    if kind not in ("Unigram", "WordPiece"):
        raise CannotBeCutError(f"a vocabulary of the kind {kind} is not known here")
    listed = enumerate(token for token, _ in model["vocab"]) if kind == "Unigram" else _by_number(model["vocab"])
    found = dict(listed)
    if [*found] != [*range(len(model["vocab"]))] or len({*found.values()}) != len(found):
        raise CannotBeCutError("its tokens are not numbered one after another")
    return [*found.values()]


def _by_number(vocabulary: Mapping[str, int]) -> list[tuple[int, str]]:
    return sorted((number, token) for token, number in vocabulary.items())


def _by_script(whole: _Whole, shares: Mapping[str, float], kept: set[int]) -> tuple[set[int], tuple[str, ...]]:
    """Return the tokens that stay because of how they are written, and the scripts of which all stay.

    Args:
        whole: the tokenizer.
        shares: each script's share of all letters, largest first.
        kept: the tokens that stay for other reasons, and take nobody's room.
    """
    main = {script for script, share in shares.items() if share >= MAIN_SHARE}
    minor = [script for script, share in shares.items() if MINOR_SHARE <= share < MAIN_SHARE]
    room = dict.fromkeys(minor, MINOR_TOKENS)
    chosen, short = set[int](), set[str]()
    for row, token in enumerate(whole.bare):
        beyond = scripts_of(token) - main
        if row in kept or not beyond <= room.keys():
            continue
        rarest = max(beyond, key=minor.index, default=None)
        if rarest is None or room[rarest]:
            chosen.add(row)
            if rarest is not None:
                room[rarest] -= 1
        else:
            short.add(rarest)
    return chosen, tuple(script for script in shares if script in main | room.keys() - short)


def _renumbered(plain: dict[str, Any], rows: Rows) -> dict[str, Any]:
    """Return a tokenizer that has these tokens only, numbered in the order they had."""
    new = {int(old): number for number, old in enumerate(rows)}
    model = dict(plain["model"])
    if model["type"] == "Unigram":
        model["vocab"] = [entry for old, entry in enumerate(model["vocab"]) if old in new]
        model["unk_id"] = None if model["unk_id"] is None else new[model["unk_id"]]
    else:
        model["vocab"] = {token: new[old] for old, token in _by_number(model["vocab"]) if old in new}
    found = {**plain, "model": model}
    found["added_tokens"] = [{**added, "id": new[added["id"]]} for added in plain["added_tokens"]]
    found["post_processor"] = _with_new_marks(plain["post_processor"], new)
    if plain.get("padding"):
        found["padding"] = {**plain["padding"], "pad_id": new[plain["padding"]["pad_id"]]}
    return found


def _with_new_marks(processor: dict[str, Any] | None, new: Mapping[int, int]) -> dict[str, Any] | None:
    """Return what puts marks around a text, by their new numbers."""
    kind = None if processor is None else processor["type"]
    if processor is None or kind == "ByteLevel":
        return processor
    if kind == "TemplateProcessing":
        marks = processor["special_tokens"]
        renumbered = {name: {**mark, "ids": [new[old] for old in mark["ids"]]} for name, mark in marks.items()}
        return {**processor, "special_tokens": renumbered}
    if kind in ("BertProcessing", "RobertaProcessing"):
        return {**processor, **{name: [processor[name][0], new[processor[name][1]]] for name in ("sep", "cls")}}
    if kind == "Sequence":
        return {**processor, "processors": [_with_new_marks(one, new) for one in processor["processors"]]}
    raise CannotBeCutError(f"marks put by {kind} are not known here")
