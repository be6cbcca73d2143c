"""Texts as an encoder reads them: tokens, with the special ones of the tokenizer around them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.models.bases import read_whole

Integers = npt.NDArray[np.int32]
Rows = npt.NDArray[np.int64]

LONGEST = 256
"""Tokens of a text that its embedding is made of: sentence encoders were trained on less than that, and reading
all of a long text costs more than it gains."""

# A token is rarely longer: more characters than this per token are never read.
_CHARACTERS_PER_TOKEN = 32
_AT_ONCE = 4096


@dataclass(frozen=True)
class SpecialTokens:
    """The special tokens that a tokenizer puts around a single text."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    pad: int

    @property
    def count(self) -> int:
        return len(self.before) + len(self.after)


def find_special_tokens(tokenizer: Any) -> SpecialTokens:
    """Return the special tokens of a tokenizer; from here on it neither pads nor truncates."""
    read_whole(tokenizer)
    probe = tokenizer.encode("a")
    own = [position for position, special in enumerate(probe.special_tokens_mask) if not special]
    first, last = (own[0], own[-1] + 1) if own else (len(probe.ids), len(probe.ids))
    pad = next((found for name in ("[PAD]", "<pad>") if (found := tokenizer.token_to_id(name)) is not None), 0)
    return SpecialTokens(tuple(probe.ids[:first]), tuple(probe.ids[last:]), pad)


def read_texts(
    tokenizer: Any, texts: Sequence[str], max_tokens: int, prefix: str = "", *, special: SpecialTokens | None = None
) -> list[Integers]:
    """Return the tokens of each text, special tokens included, at most `max_tokens` of them: the beginning counts.

    The tokenizer uses all cores, unless TOKENIZERS_PARALLELISM says `false`. `FeatureStore.tokenize` gives the same
    and cuts no text twice, which is fifty times quicker where it was cut before.

    Args:
        tokenizer: a `tokenizers.Tokenizer`.
        texts: what to read.
        max_tokens: the longest result; at least the special tokens and one more.
        prefix: put before every text, such as "query: ".
        special: what `find_special_tokens` gave for the tokenizer, for callers that read often.
    """
    special = special or find_special_tokens(tokenizer)
    room, most = max_tokens - len(special.after), max_tokens * _CHARACTERS_PER_TOKEN
    found: list[Integers] = []
    for start in range(0, len(texts), _AT_ONCE):
        cut = [prefix + text[:most] for text in texts[start : start + _AT_ONCE]]
        # One text alone is quicker cut here than handed to another thread.
        for encoding in [tokenizer.encode(cut[0])] if len(cut) == 1 else tokenizer.encode_batch_fast(cut):
            ids = encoding.ids
            if len(ids) > max_tokens:
                ids = [*ids[:room], *special.after]
            found.append(np.array(ids, dtype=np.int32))
    return found


def parts(rows: Rows, lengths: Rows, batch_tokens: int) -> Iterator[Rows]:
    """Cut rows into runs of like length of at most `batch_tokens` tokens each, the longest first."""
    ordered = rows[np.argsort(-lengths[rows], kind="stable")]
    start = 0
    while start < len(ordered):
        fit = max(1, batch_tokens // max(1, int(lengths[ordered[start]])))
        yield ordered[start : start + fit]
        start += fit


def lengths_of(tokens: Sequence[Sequence[int] | npt.NDArray[Any]]) -> Rows:
    """Return the length of each sequence, shape (n,)."""
    return np.fromiter((len(token) for token in tokens), dtype=np.int64, count=len(tokens))


def join_pairs(
    first: Sequence[Integers], second: Sequence[Integers], max_tokens: int, special: SpecialTokens
) -> list[Integers]:
    """Return each two texts as one, with the special tokens that end a text between them.

    Of two that are too long the longer is cut.

    Args:
        first: the tokens of each text, special tokens included.
        second: the same of the second texts.
        max_tokens: the longest result.
        special: of the tokenizer.
    """
    before, after = np.array(special.before, np.int32), np.array(special.after, np.int32)
    room = max_tokens - len(before) - 2 * len(after)
    found = []
    for one, other in zip(first, second, strict=True):
        left, right = (whole[len(before) : len(whole) - len(after)] for whole in (one, other))
        shorter = min(len(left), len(right), room // 2)
        most = max(room // 2 if shorter == room // 2 else 0, room - shorter)
        found.append(np.concatenate([before, left[:most], after, right[: room - min(len(left), most)], after]))
    return found
