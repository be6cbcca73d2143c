"""What a fit and its scoring take, as counts of what is done; the explorer knows how long each takes."""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from haoqi.models.encoders.tokens import LONGEST

# Where a text's own length is not known, it is taken from its tokens.
_CHARACTERS_PER_TOKEN, _TOKENS_PER_WORD = 4.0, 1.3
# As the gradient loop has it: at most so many examples are scored, twice per epoch, for a tenth of the cost.
_WATCHED, _EVALUATIONS_PER_EPOCH, _EVALUATION_SHARE = 1000, 2, 0.1


@dataclass(frozen=True)
class Size:
    """How much there is to learn from, for predicting what it costs."""

    train_rows: int
    valid_rows: int
    """Texts that are scored."""
    tokens: float
    """Mean length of a text in tokens of the base's tokenizer."""
    labels: int
    layers: int = 0
    width: int = 0
    vocabulary: int = 0
    """Rows of the base's embedding tables."""
    characters: float = 0.0
    """Mean length of a text in characters; 0: four to a token."""
    words: float = 0.0
    """Mean length of a text in words; 0: from its tokens."""
    lengths: tuple[int, ...] = ()
    """Tokens of some typical texts, which say what is left where texts are cut; empty: all as long as the mean."""
    unspaced: bool = False
    """Whether the texts are mostly in a script without spaces between words."""
    per_word: bool = False
    """Whether every word is labelled, rather than every text."""
    watched: bool = True
    """Whether a fit may use the texts that are scored, as it may not in cross-validation."""

    @property
    def weights(self) -> float:
        """Numbers in the base's weights."""
        return 12.0 * self.layers * self.width**2 + self.vocabulary * self.width

    @property
    def letters(self) -> float:
        """Mean length of a text in characters."""
        return self.characters or _CHARACTERS_PER_TOKEN * self.tokens

    @property
    def spelt(self) -> float:
        """Mean length of a text in words."""
        return self.words or self.tokens / _TOKENS_PER_WORD

    @property
    def watched_rows(self) -> int:
        """Validation texts that a gradient method scores while it learns."""
        return min(_WATCHED, self.valid_rows) if self.watched else 0

    def tokens_within(self, limit: int) -> float:
        """Return the mean number of tokens that are read of a text where `limit` are read at once.

        The rest of a text is left out, or read in further windows where words are labelled.
        """
        return self._mean(lambda length: self._kept(length, limit))

    def padded(self, together: int) -> "Size":
        """Return a size whose texts are all as long as the longest of so many, on average."""
        ordered = sorted(self.lengths or (self.tokens,))
        count = len(ordered)
        chances = (((at + 1) / count) ** together - (at / count) ** together for at in range(count))
        longest = sum(length * chance for length, chance in zip(ordered, chances, strict=True))
        return replace(self, lengths=(round(longest),), tokens=longest)

    def forward(self, limit: int, layers: int) -> float:
        """Return the operations (1e9) of passing one text, cut to `limit` tokens, through some layers.

        24 for each token, layer and pair of units, as in a layer that is four times as wide inside, and 4 for each
        pair of tokens and unit, for attention.
        """
        squares = self._mean(lambda length: self._kept(length, limit) * min(length, limit))
        return layers * (24 * self.width**2 * self.tokens_within(limit) + 4 * self.width * squares) / 1e9

    def _kept(self, length: float, limit: int) -> float:
        return length if self.per_word else min(length, limit)

    def _mean(self, of: Callable[[float], float]) -> float:
        lengths = self.lengths or (self.tokens,)
        return sum(of(length) for length in lengths) / len(lengths)


@dataclass(frozen=True)
class Load:
    """Counts of what is done; each kind has its own seconds per unit."""

    plans: float = 0.0
    """Experiments: files opened and written, whatever the method."""
    fits: float = 0.0
    loads: float = 0.0
    """Times a base is read from disk."""
    loaded: float = 0.0
    """1e6 weights read with it."""
    copied: float = 0.0
    """1e6 weights of a base in memory that are copied, to be changed."""
    pieces: float = 0.0
    """1e6 tokens cut by a tokenizer."""
    aligned: float = 0.0
    """1e6 tokens cut and matched to words."""
    forward: float = 0.0
    """1e9 operations of encoders without gradients."""
    training: float = 0.0
    """1e9 operations of encoders with gradients."""
    steps: float = 0.0
    """Steps of an optimizer."""
    updated: float = 0.0
    """1e6 weights that steps move, counted at each step."""
    ngrams: float = 0.0
    """1e6 n-grams counted."""
    sparse: float = 0.0
    """1e6 n-grams of texts that a linear solver passes over, times labels."""
    dense: float = 0.0
    """1e9 operations of linear solvers on embeddings."""
    rounds: float = 0.0
    """1e3 rounds of solvers, each with its fixed part."""
    compared: float = 0.0
    """1e6 pairs of embeddings compared."""
    described: float = 0.0
    """1e6 words described by features of their spelling."""
    chained: float = 0.0
    """1e6 visits of a sequence model to a word."""
    found: float = 0.0
    """1e6 texts looked up in the store of features."""
    saved: float = 0.0
    """1e6 numbers of a model written to disk."""
    answered: float = 0.0
    """1e3 texts decoded, judged and written."""
    cells: float = 0.0
    """1e6 scores of texts that are decoded."""
    tagged: float = 0.0
    """1e6 words tagged, decoded or judged."""
    scipy: float = 0.0
    """1 where this library is yet to be imported."""
    pandas: float = 0.0
    """1 where this library is yet to be imported."""
    sklearn: float = 0.0
    """1 where this library is yet to be imported."""
    transformers: float = 0.0
    """1 where this library is yet to be imported."""

    def __add__(self, other: "Load") -> "Load":
        return Load(*(mine + yours for mine, yours in zip(self.counts, other.counts, strict=True)))

    def times(self, factor: float) -> "Load":
        """Return all counts multiplied."""
        return Load(*(factor * count for count in self.counts))

    @property
    def counts(self) -> tuple[float, ...]:
        """The counts in the order of the fields."""
        return tuple(getattr(self, name) for name in KINDS)


KINDS = tuple(field.name for field in fields(Load))


@dataclass(frozen=True)
class States:
    """What leaves the frozen layers of a base, which is computed once per text and kept."""

    below: int
    """The layers that are computed."""
    limit: int
    """Tokens that are read of a text."""


@dataclass(frozen=True)
class Work:
    """What a method takes, in two parts, and what it takes from the store of features."""

    fit: Load
    """Of one fit, less what the store computes."""
    score: Load = Load()
    """Of scoring `valid_rows` texts, less what the store computes."""
    embeds: float = 0.0
    """Training texts whose embeddings are used."""
    drawn: bool = False
    """Whether these are drawn in an order of the method's own, rather than taken as they come."""
    asks: bool = False
    """Whether the embeddings of the texts that are scored are used."""
    tunes: bool = False
    """Whether each fit changes a copy of the base."""
    states: States | None = None
    """Hidden states of all training and validation texts, where the method uses them."""
    libraries: tuple[str, ...] = ()
    """What is imported at first use, of those that `Load` counts."""


@dataclass(frozen=True)
class Tuning:
    """How a base is tuned, as far as it costs."""

    epochs: float
    batch_size: int
    max_tokens: int
    layers: int
    """That learn."""
    moved: float
    """Weights that learn."""
    passes: float = 3.0
    """What a step's operations are of a forward pass: forward, towards the inputs, towards the weights."""
    rows: int | None = None
    """Texts of an epoch; None: all training rows."""
    evaluates: bool = True
    """Whether the validation examples are scored in between."""
    padded: int = 1
    """Texts drawn at random whose longest is as long as a text is after padding; 1: batches are of like length."""
    effort: float = 1.0
    """Times that a step computes each of its rows."""


def work_of(method: Any, size: Size) -> Work:
    """Return what a method says that it takes, or, of one that says nothing, what methods of its sort usually take.

    The explorer corrects either by the seconds that the method's plans have taken in this run, as rows and tokens scale
    them: what is said once need not be exact.

    Args:
        method: with `uses_base` and `stochastic`, and perhaps a `work`.
        size: what one fit learns from and scores.
    """
    said = getattr(method, "work", None)
    if said is not None:
        found: Work = said(size)
        return found
    if not method.uses_base:
        each = size.letters / 1e6
        return Work(Load(fits=1, ngrams=each * size.train_rows), Load(ngrams=each * size.valid_rows))
    if not method.stochastic:
        return Work(Load(fits=1) + labelled(size, size.train_rows), embeds=size.train_rows, asks=True)
    moved = 12.0 * size.layers * size.width**2
    return tuned(size, Tuning(epochs=3, batch_size=16, max_tokens=LONGEST, layers=size.layers, moved=moved))


def tuned(size: Size, how: Tuning) -> Work:
    """Return what tuning a base takes, and scoring texts with it."""
    rows = size.train_rows if how.rows is None else how.rows
    watched = size.watched_rows if how.evaluates else 0
    per_epoch = math.ceil(rows / how.batch_size)
    steps, text = per_epoch * how.epochs, size.forward(how.max_tokens, how.layers)
    learnt = text if how.padded == 1 else size.padded(how.padded).forward(how.max_tokens, how.layers)
    learning = how.effort * max(1, rows)
    every = max(1, per_epoch / _EVALUATIONS_PER_EPOCH, watched * per_epoch / (3 * _EVALUATION_SHARE * learning))
    evaluated = watched * (math.floor(steps / every) if watched else 0)
    fit = Load(
        fits=1,
        training=how.passes * how.effort * rows * how.epochs * learnt,
        forward=evaluated * text,
        steps=steps,
        updated=steps * how.moved / 1e6,
        saved=how.moved / 1e6,
        answered=evaluated / 1e3,
        tagged=_tags(size, evaluated + size.train_rows),
    )
    score = Load(forward=size.valid_rows * size.forward(how.max_tokens, size.layers))
    return Work(
        fit + read(size, size.train_rows + watched, how.max_tokens),
        score + read(size, size.valid_rows, how.max_tokens),
        tunes=True,
        libraries=("transformers",),
    )


def read(size: Size, rows: float, limit: int) -> Load:
    """Return what cutting texts into tokens takes."""
    million_tokens = rows * size.tokens / 1e6  # the tokenizer reads all of a text, or nearly
    return Load(aligned=million_tokens) if size.per_word else Load(pieces=rows * size.tokens_within(4 * limit) / 1e6)


def embedded(size: Size, texts: float) -> Load:
    """Return what embedding some texts takes, reading the base from disk apart."""
    return Load(
        pieces=texts * size.tokens_within(4 * LONGEST) / 1e6, forward=texts * size.forward(LONGEST, size.layers)
    )


def answered(size: Size, rows: float) -> Load:
    """Return what decoding and judging scored texts takes, and keeping the answers."""
    return Load(
        answered=rows / 1e3,
        cells=0.0 if size.per_word else rows * size.labels / 1e6,
        tagged=_tags(size, rows),
    )


def labelled(size: Size, rows: float) -> Load:
    """Return what turning labels into numbers takes: next to nothing, except for the tags of words."""
    return Load(tagged=_tags(size, rows))


def _tags(size: Size, rows: float) -> float:
    return rows * size.spelt / 1e6 if size.per_word else 0.0
