"""Questions and their contexts in windows of tokens: the question, then a stretch of the context, overlapping the next.

Every word of a context is scored in each window that it lies in, so that an answer is learnt wherever it lies whole; of
its scores those count that had most context. The first token of a window stands for having no answer there (Devlin et
al., 2019, arXiv:1810.04805); that of the window which believes least in having none counts for the example.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.models.encoders.tokens import Integers, Rows, find_special_tokens
from haoqi.models.encoders.windows import Aligned, Words, align, cut

OVERLAP = 0.33
"""Of a window, what the next one reads again: an answer of so many tokens lies whole in one of them."""

MOST_OF_QUESTION = 64
"""Tokens of a question that are read; and of a short window never more than half."""

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class ContextWindow:
    """A question and a stretch of its context's tokens."""

    example: int
    """Which question."""
    ids: Integers
    """Tokens with the tokenizer's special tokens."""
    places: Rows
    """The position in `ids` that stands for no answer, and those of the first tokens of the words scored here."""
    words: Rows
    """The numbers of these words in the context, shape (places - 1,)."""
    counts: Flags
    """Whether the scores of each of them count, as those with most context."""
    owners: Rows
    """The word of the context that each token belongs to; -1 for all others."""


@dataclass(frozen=True)
class ContextSlots:
    """What the rows of scores of all windows stand for, window after window, that of no answer first in each."""

    words: Rows
    """The number of the word in its context; -1 for no answer, shape (slots,)."""
    counts: Flags
    """Whether the scores of a word count, shape (slots,)."""
    firsts: Rows
    """The slot with which each window begins, shape (windows,)."""
    examples: Rows
    """The example of each window, shape (windows,)."""

    @classmethod
    def of(cls, windows: Sequence[ContextWindow]) -> "ContextSlots":
        """Return the slots of some windows."""
        none = np.array([-1], np.int64)
        words = [part for window in windows for part in (none, window.words)]
        counts = [part for window in windows for part in (none < -1, window.counts)]
        sizes = np.array([len(window.places) for window in windows], np.int64)
        return cls(
            np.concatenate(words) if words else np.zeros(0, np.int64),
            np.concatenate(counts) if counts else np.zeros(0, np.bool_),
            np.cumsum(sizes) - sizes,
            np.array([window.example for window in windows], np.int64),
        )

    def slots_of(self, window: int) -> Rows:
        """Return the slots of a window."""
        end = self.firsts[window + 1] if window + 1 < len(self.firsts) else len(self.words)
        return np.arange(self.firsts[window], end)

    def join(self, found: Floats, counts: Rows) -> list[Floats]:
        """Return the scores of each example, shape (1 + words, 2): of no answer, then of each word of its context.

        Args:
            found: scores of all slots, shape (slots, 2).
            counts: how many slots each example has, shape (examples,).
        """
        joined = []
        for end, size in zip(np.cumsum(counts), counts, strict=True):
            own, words = found[end - size : end], self.words[end - size : end]
            none = own[words < 0]
            least = none[none.sum(axis=1).argmin()][None]
            joined.append(np.concatenate([least, own[self.counts[end - size : end]]]))
        return joined

    def targets(self, answers: Sequence[Rows]) -> tuple[Rows, int]:
        """Return where right answers begin and end, 0 or 1, shape (slots, 2), and how many examples have theirs lost.

        A window that holds no right answer whole has none. Lost is what lies whole in no window.

        Args:
            answers: of each example, the rows of its scores at which right answers begin and end, 0 for none, shape
                (answers, 2).
        """
        found, learnt = np.zeros((len(self.words), 2), np.int64), np.zeros(len(answers), np.bool_)
        for window, example in enumerate(self.examples.tolist()):
            own = self.slots_of(window)
            begin = self.words[own[1]] if len(own) > 1 else 0
            for start, end in answers[example].tolist():
                first, last = start - 1 - begin, end - 1 - begin
                if start and first >= 0 and last < len(own) - 1:
                    found[own[1 + first], 0] = found[own[1 + last], 1] = 1
                    learnt[example] = True
            if not found[own].any():
                found[own[0]] = 1
        there = np.array([bool(places[0, 0]) for places in answers], np.bool_)
        return found, int((there & ~learnt).sum())


def read_contexts(
    tokenizer: Any, questions: Sequence[str], contexts: Sequence[str], words: Sequence[Words], *, max_tokens: int
) -> list[ContextWindow]:
    """Return the windows of all questions, in order, at least one of each.

    Args:
        tokenizer: a `tokenizers.Tokenizer`.
        questions: what is asked.
        contexts: what each is to be answered from.
        words: (start, end) in characters of each word of each context, in order, not overlapping.
        max_tokens: the longest window, special tokens included.
    """
    special = find_special_tokens(tokenizer)
    room = max(2, max_tokens - len(special.before) - 2 * len(special.after))
    aligned: dict[str, Aligned] = {}
    asked = tokenizer.encode_batch(list(questions), add_special_tokens=False)
    new = list(dict.fromkeys(contexts))
    spans = dict(zip(contexts, words, strict=True))
    for context, encoding in zip(new, tokenizer.encode_batch(new, add_special_tokens=False), strict=True):
        aligned[context] = align(tokenizer, context, encoding, spans[context])
    found: list[ContextWindow] = []
    for example, (context, encoding) in enumerate(zip(contexts, asked, strict=True)):
        question = encoding.ids[: min(MOST_OF_QUESTION, room // 2)]
        before = [*special.before, *question, *special.after]
        found += _windows(example, aligned[context], before, special.after, room=room - len(question))
    return found


def _windows(
    example: int, context: Aligned, before: Sequence[int], after: Sequence[int], *, room: int
) -> list[ContextWindow]:
    """Return the windows of one question."""
    whole = [(0, min(room, len(context.ids)), np.zeros(0, np.int64))]
    found = []
    for start, end, chosen in cut(len(context.ids), context.places, room, overlap=OVERLAP) or whole:
        inside = np.flatnonzero((context.places >= start) & (context.places < end))
        ids = np.array([*before, *context.ids[start:end], *after], np.int32)
        places = np.concatenate([[0], context.places[inside] - start + len(before)]).astype(np.int64)
        owners = np.concatenate([np.full(len(before), -1), context.owners[start:end], np.full(len(after), -1)])
        found.append(ContextWindow(example, ids, places, inside, np.isin(inside, chosen), owners))
    return found
