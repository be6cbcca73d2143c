"""How long the texts are, in characters, in words and in each base's tokens, from a sample of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from haoqi.models.bases import Base
from haoqi.models.lexical.ngrams import unspaced_share
from haoqi.tasks.words import word_offsets

_SAMPLED = 400
# Texts that stand for all, the shortest to the longest.
_QUANTILES = 40
# No method reads more of a text.
_MOST_CHARACTERS = 8192


@dataclass(frozen=True)
class TextLengths:
    """Lengths of the texts of a run, for telling what plans cost."""

    characters: float = 250.0
    """Of a text, on average."""
    words: float = 50.0
    """Of a text, on average."""
    unspaced: bool = False
    """Whether most texts are in a script without spaces between words."""
    tokens: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """For each base, the tokens of texts that stand for all, ascending."""

    def of(self, base: str | None) -> tuple[int, ...]:
        """Return the lengths in a base's tokens; without one, four characters count as a token."""
        return self.tokens.get(base or "", (round(self.characters / 4) + 2,))


def measure_lengths(texts: Sequence[str], bases: Mapping[str, Base]) -> TextLengths:
    """Return how long texts are."""
    from haoqi.models.bases import load_tokenizer

    step = max(1, len(texts) // _SAMPLED)
    sample = [text[:_MOST_CHARACTERS] for text in texts[::step][:_SAMPLED]]
    if not sample:
        return TextLengths(characters=1.0, words=1.0)
    tokens = {}
    for name, base in bases.items():
        encoded = load_tokenizer(base).encode_batch([base.card.prefix + text for text in sample])
        tokens[name] = _quantiles([len(one.ids) for one in encoded])
    return TextLengths(
        characters=sum(map(len, sample)) / len(sample),
        words=sum(len(word_offsets(text)) for text in sample) / len(sample),
        unspaced=unspaced_share(sample) > 0.3,
        tokens=tokens,
    )


def _quantiles(lengths: list[int]) -> tuple[int, ...]:
    ordered = sorted(lengths)
    count = min(_QUANTILES, len(ordered))
    return tuple(ordered[int((place + 0.5) * len(ordered) / count)] for place in range(count))
