"""Hidden words and what stands in their place (Devlin et al., 2019, arXiv:1810.04805).

Of the hidden tokens eight in ten are replaced by the mask, one in ten by a token drawn at random, and one in ten is
left as it is, so that every token must be understood, not only masks. Other words are hidden each time (Liu et al.,
2019, arXiv:1907.11692).
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from haoqi.core import seeds
from haoqi.models.encoders.encoder import Batch, collate
from haoqi.models.encoders.tokens import Integers, Rows
from haoqi.pretraining.windows import Windows
from haoqi.train.loop.batches import epoch_steps

_MASKED, _DRAWN = 0.8, 0.1


class Hidden(NamedTuple):
    """A window with hidden words."""

    ids: Integers
    """As it is read."""
    places: Rows
    """Of the hidden tokens, in order."""
    targets: Rows
    """What stood there."""


class Guesses(NamedTuple):
    """Windows to guess at."""

    batch: Batch
    """Its `places` are those of the hidden tokens."""
    targets: Rows
    """What stood there, shape (places,)."""
    rows: Rows
    """The number of each hidden token's window within the batch, shape (places,)."""
    causal: bool = False
    """Whether a token is guessed by those before it alone."""


def budget(words: Integers, share: float) -> int:
    """Return how many tokens of a window are hidden: a share of those that may be, and one at least."""
    return max(1, round(share * int((words >= 0).sum())))


def hide(ids: Integers, words: Integers, vocabulary: "Vocabulary", *, share: float, rng: np.random.Generator) -> Hidden:
    """Return a window with words hidden at random, as many as fit into the share, and one at least.

    Args:
        ids: tokens of the window.
        words: the number of each token's word; tokens of one word are hidden together, -1 is never hidden.
        vocabulary: the mask, and what may be drawn in a token's place.
        share: of the tokens that may be hidden.
        rng: decides all of it.
    """
    most, places = budget(words, share), list[int]()
    order = rng.permutation(int(words.max()) + 1) if (words >= 0).any() else np.empty(0, np.int64)
    for word in order:
        own = np.flatnonzero(words == word)
        if len(own) and (not places or len(places) + len(own) <= most):
            places += own.tolist()
        if len(places) >= most:
            break
    chosen = np.sort(np.array(places, np.int64))
    fates, drawn = rng.random(len(chosen)), rng.choice(vocabulary.ordinary, len(chosen))
    read = ids.copy()
    read[chosen] = np.where(fates < _MASKED, vocabulary.mask, np.where(fates < _MASKED + _DRAWN, drawn, ids[chosen]))
    return Hidden(read, chosen, ids[chosen].astype(np.int64))


@dataclass(frozen=True)
class Vocabulary:
    """The tokens that the texts need, by their numbers in the base."""

    kept: Rows
    """Sorted; a token's place in it is its number from here on."""
    mask: int
    """By its new number."""
    ordinary: Rows
    """New numbers of all that are not special."""

    @classmethod
    def of(cls, windows: list[Windows], special: list[int], mask: int, size: int) -> "Vocabulary":
        """Return what some windows need.

        A table of 250,000 tokens of which the texts have a twentieth would take most of the time.

        Args:
            windows: all that will be read.
            special: numbers of special tokens in the base.
            mask: the number of the mask there.
            size: tokens of the base.
        """
        met = np.zeros(size, bool)
        for one in windows:
            for ids in one.ids:
                met[ids] = True
        met[[*special, mask]] = True
        kept = np.flatnonzero(met)
        ordinary = np.flatnonzero(~np.isin(kept, [*special, mask]))
        return cls(kept, int(np.searchsorted(kept, mask)), ordinary)

    def numbers(self, size: int) -> Rows:
        """Return the new number of each token of the base; 0 for those that are not needed."""
        found = np.zeros(size, np.int64)
        found[self.kept] = np.arange(len(self.kept))
        return found


@dataclass
class MaskedBatches:
    """Windows with hidden words as the loop wants them; in each epoch others are hidden.

    Where tokens are guessed by those before them as well, a base from scratch learns from every token of a step rather
    than from the hidden ones, and its likelihood of a text can be measured. Either way a token is then guessed at the
    place before it (Charpentier and Samuel, 2024, "GPT or BERT: why not both?", arXiv:2410.24159).
    """

    windows: Windows
    vocabulary: Vocabulary
    share: float
    batch_size: int
    batch_tokens: int
    device: str = "cpu"
    causal: float = 0.0
    """Share of the steps in which every token is guessed by those before it."""
    _draw: int = field(default=0, init=False)
    """Of the epoch under way; `epoch` sets it anew, in a training that goes on as well."""

    def epoch(self, rng: np.random.Generator) -> list[list[Rows]]:
        """Return every window once, in steps of like length."""
        self._draw = int(rng.integers(2**62))
        return epoch_steps(self.windows.lengths, self.batch_size, self.batch_tokens, rng)

    def collate(self, rows: Rows) -> Guesses:
        """Return windows with what is to be guessed."""
        if self._is_causal(rows):
            return guesses([self.following(row) for row in rows.tolist()], self.device, causal=True)
        return guesses([self.hidden(row, seeds.number(self._draw, row)) for row in rows.tolist()], self.device)

    def weight(self, rows: Rows) -> float:
        """Return about how many tokens are guessed: where whole words are hidden, some may be left over."""
        if self._is_causal(rows):
            return float(self.windows.lengths[rows].sum() - len(rows))
        return float(sum(budget(self.windows.words[row], self.share) for row in rows.tolist()))

    def hidden(self, row: int, seed: int) -> Hidden:
        """Return one window with words hidden by a seed."""
        rng = np.random.default_rng(seed)
        found = hide(self.windows.ids[row], self.windows.words[row], self.vocabulary, share=self.share, rng=rng)
        return found._replace(places=found.places - 1) if self.causal else found

    def following(self, row: int) -> Hidden:
        """Return one window as it is, every token but the first to be guessed at the place before it."""
        ids = self.windows.ids[row]
        return Hidden(ids, np.arange(len(ids) - 1), ids[1:].astype(np.int64))

    def _is_causal(self, rows: Rows) -> bool:
        if not self.causal:
            return False
        return bool(seeds.number(self._draw, "causal", int(rows[0])) / 2**63 < self.causal)


def guesses(found: list[Hidden], device: str, *, causal: bool = False) -> Guesses:
    """Return windows with what is to be guessed as tensors."""
    batch = collate([one.ids for one in found], device, places=[one.places for one in found])
    rows = np.repeat(np.arange(len(found)), [len(one.places) for one in found])
    return Guesses(batch, np.concatenate([one.targets for one in found]), rows, causal)
