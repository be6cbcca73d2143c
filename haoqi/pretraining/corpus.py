"""The texts of a pretraining: cleaned, each once, some of them kept back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from haoqi.core import seeds
from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.preparing.clean import clean, normalise
from haoqi.data.preparing.duplicates.near import clusters, near_pairs
from haoqi.data.raw import Raw

# A text of more characters is cut into passages, so that a few books are many texts.
PASSAGE = 2000
LEAST_TEXTS = 40
"""Fewer are too few to learn from and to measure on."""
# The most texts that are kept back for each of the two purposes: an evaluation of more would cost training time.
_MOST_HELD = 500


@dataclass(frozen=True)
class Corpus:
    """Texts in three parts; texts that are almost the same are in one."""

    train: list[str]
    watched: list[str]
    """Kept back: they decide when to end."""
    measured: list[str]
    """Kept back: they measure what was learnt, and decide nothing."""
    source: str
    fingerprint: str
    notes: tuple[str, ...] = ()
    """How they were read, as sentences."""

    @property
    def texts(self) -> list[str]:
        """All of them."""
        return [*self.train, *self.watched, *self.measured]


def corpus_of(raw: Raw, held_out: float, seed: int, *, near: float = 0.85) -> Corpus:
    """Return the texts of a source in three parts, cleaned, each text once.

    Args:
        raw: the texts as they came.
        held_out: share that is kept back, at most 500 texts for each purpose.
        seed: decides which.
        near: share of common character sequences from which two texts count as almost the same.

    Raises:
        UserError: if there are too few.
    """
    known: dict[str, str] = {}
    for text in passages([clean(text) for text in raw.examples.whole_texts]):
        known.setdefault(normalise(text), text)
    known.pop("", None)
    keys, texts = list(known), list(known.values())
    if len(texts) < LEAST_TEXTS:
        raise UserError(say("pretrain.few", count=len(texts), least=LEAST_TEXTS), say("pretrain.few.hint"))
    wanted = min(_MOST_HELD, max(LEAST_TEXTS // 8, round(held_out * len(texts) / 2)))
    rng = seeds.generator(seed, "held out")
    families = clusters(len(texts), near_pairs(keys, near).pairs)
    order = rng.permutation(len(np.unique(families)))
    place = dict(zip(np.unique(families).tolist(), order.tolist(), strict=True))
    ranks = np.argsort([place[one] for one in families.tolist()], kind="stable")
    parts = _cut([families[row] for row in ranks.tolist()], ranks.tolist(), wanted)
    chosen = [[texts[row] for row in sorted(rows)] for rows in parts]
    return Corpus(chosen[2], chosen[0], chosen[1], raw.schema.source, raw.fingerprint, tuple(raw.schema.lines()))


def _cut(families: Sequence[int], rows: Sequence[int], wanted: int) -> list[list[int]]:
    """Return rows in three parts, the first two of so many or some more, no family in two."""
    found: list[list[int]] = [[], [], []]
    part = 0
    for at, row in enumerate(rows):
        if part < 2 and len(found[part]) >= wanted and families[at] != families[at - 1]:
            part += 1
        found[part].append(row)
    return found


def passages(texts: Sequence[str], most: int = PASSAGE) -> Iterator[str]:
    """Yield texts, those of more than so many characters in parts that end with a line, a sentence or a word.

    >>> list(passages(["One two. Three four."], most=12))
    ['One two.', 'Three four.']
    """
    for text in texts:
        while len(text) > most:
            ends = (text.rfind(mark, most // 2, most) for mark in ("\n", "。", ". ", " "))
            cut = next((at for at in ends if at > 0), most - 1)
            yield text[: cut + 1].strip()
            text = text[cut + 1 :].strip()
        if text:
            yield text
