"""Examples as an encoder is given them, and scores as it gives them back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from haoqi.data.examples import Examples
from haoqi.models.encoders.batch_order import in_batches
from haoqi.models.encoders.context_windows import ContextSlots, read_contexts
from haoqi.models.encoders.entity_markers import read_marked
from haoqi.models.encoders.pair_features import Pairing
from haoqi.models.encoders.tokens import (
    Integers,
    Rows,
    SpecialTokens,
    find_special_tokens,
    join_pairs,
    lengths_of,
    read_texts,
)
from haoqi.models.encoders.windows import read_words
from haoqi.models.encoders.word_shapes import shapes_of
from haoqi.tasks.task import Scores
from haoqi.tasks.words import context_words, words_of

if TYPE_CHECKING:  # texts are read for compiled forms, too, which do without torch
    from torch import Tensor

    from haoqi.models.encoders.encoder import Batch, EncoderModel
    from haoqi.models.encoders.placement import Placement

# Texts, the longest result and a prefix, to the tokens of each text.
Tokenize = Callable[[Sequence[str], int, str], list[Integers]]


@dataclass(frozen=True)
class Reading:
    """Windows of tokens, one per text, or some per text where words are read."""

    ids: list[Integers]
    places: list[Rows] | None = None
    """For words: the position in its window of the first token of each word scored there. For marked stretches: of the
    tokens that the head reads together."""
    words: list[Rows] | None = None
    """For words: the numbers of these words, counted through all examples."""
    shapes: list[Rows] | None = None
    """How each token's word is written."""
    states: list[npt.NDArray[np.float16]] | None = None
    """What enters the first layer that is computed, where those below were computed before."""
    counts: Rows | None = None
    """For words: how many each example has; for contexts: of rows of scores."""
    slots: ContextSlots | None = None
    """For contexts: what the rows of scores stand for, which are scored as words are."""

    @cached_property
    def lengths(self) -> Rows:
        """Tokens of each window."""
        return lengths_of(self.ids)

    def split(self, found: npt.NDArray[np.float32]) -> Scores:
        """Return the scores of texts as they are, of words and contexts as one array for each example."""
        if self.counts is None:
            return found
        if self.slots is not None:
            return self.slots.join(found, self.counts)
        return np.split(found, np.cumsum(self.counts)[:-1]) if len(self.counts) else []

    def collate(self, rows: Rows, device: str) -> "Batch":
        """Return these windows as tensors; padding is token 0, which the mask hides."""
        from haoqi.models.encoders.encoder import collate

        chosen = rows.tolist()
        return collate(
            [self.ids[row] for row in chosen],
            device,
            places=None if self.places is None else [self.places[row] for row in chosen],
            shapes=None if self.shapes is None else [self.shapes[row] for row in chosen],
            states=None if self.states is None else [self.states[row] for row in chosen],
        )


@dataclass(frozen=True)
class Reader:
    """How examples become windows of tokens."""

    tokenizer: Any
    """A `tokenizers.Tokenizer`."""
    max_tokens: int
    """Longest window; the rest of a text is not read, or read in further windows where words are scored."""
    prefix: str = ""
    """Put before every text; not where words are scored."""
    words: bool = False
    """Whether every word is scored, rather than every text."""
    shapes: bool = False
    """Whether the encoder takes word shapes."""
    pairing: Pairing = ""
    """Whether each example is two texts, which are read as one, or has two marked stretches."""
    contexts: bool = False
    """Whether each example is a question and its context, whose words are scored."""

    def read(self, examples: Examples, tokenize: Tokenize | None = None) -> Reading:
        """Return what an encoder is given for these examples.

        Args:
            examples: what to read.
            tokenize: gives the tokens of whole texts where they may have been cut before, as a store does.
        """
        if self.pairing == "marked":
            return Reading(*read_marked(self.tokenizer, examples.texts, self.max_tokens, self._special_tokens))
        if self.contexts:
            return self._read_contexts(examples)
        if not self.words:
            first = self._tokenize(examples.texts, tokenize)
            if not self.pairing:
                return Reading(first)
            return Reading(
                join_pairs(
                    first, self._tokenize(examples.second_texts, tokenize), self.max_tokens, self._special_tokens
                )
            )
        words = words_of(examples)
        windows = read_words(self.tokenizer, examples.texts, words, self.max_tokens)
        counts = np.array([len(own) for own in words], dtype=np.int64)
        starts = np.cumsum(counts) - counts
        shapes = None
        if self.shapes:
            of_words = [shapes_of(text, own) for text, own in zip(examples.texts, words, strict=True)]
            shapes = [of_words[window.example][window.owners] for window in windows]
        return Reading(
            [window.ids for window in windows],
            [window.places for window in windows],
            [window.words + starts[window.example] for window in windows],
            shapes,
            counts=counts,
        )

    def _read_contexts(self, examples: Examples) -> Reading:
        """Return questions with their contexts; the rows of scores are counted through all windows."""
        contexts, words = examples.contexts or [""] * len(examples), context_words(examples)
        windows = read_contexts(self.tokenizer, examples.texts, contexts, words, max_tokens=self.max_tokens)
        slots, shapes = ContextSlots.of(windows), None
        if self.shapes:
            of_words = [shapes_of(text, own) for text, own in zip(contexts, words, strict=True)]
            shapes = [of_words[window.example][window.owners] for window in windows]
        sizes = [len(window.places) for window in windows]
        return Reading(
            [window.ids for window in windows],
            [window.places for window in windows],
            [slots.slots_of(number) for number in range(len(windows))],
            shapes,
            counts=np.bincount(slots.examples, sizes, minlength=len(examples)).astype(np.int64),
            slots=slots,
        )

    def _tokenize(self, texts: Sequence[str], tokenize: Tokenize | None) -> list[Integers]:
        """Return the tokens of each text, special tokens included."""
        if tokenize is not None:
            return tokenize(texts, self.max_tokens, self.prefix)
        return read_texts(self.tokenizer, texts, self.max_tokens, self.prefix, special=self._special_tokens)

    @cached_property
    def _special_tokens(self) -> SpecialTokens:
        return find_special_tokens(self.tokenizer)


def scores_of(
    model: "EncoderModel", reading: Reading, placement: "Placement", progress: Callable[[int], Any] | None = None
) -> Scores:
    """Return logits: one row per text, or one array per example with a row per word.

    Args:
        model: in evaluation mode, on the placement's device.
        reading: what to score.
        placement: where and how precisely.
        progress: called with the number of windows done.
    """
    import torch

    total = len(reading.ids) if reading.counts is None else int(reading.counts.sum())
    found = np.zeros((total, model.head.out_features), dtype=np.float32)
    for rows in in_batches(reading.ids, progress):
        with torch.inference_mode(), placement.arithmetic():
            logits: Tensor = model(reading.collate(rows, placement.device))
        where = rows if reading.words is None else np.concatenate([reading.words[row] for row in rows])
        found[where] = logits.float().cpu().numpy()
    return reading.split(found)


def with_states(reading: Reading, states: list[npt.NDArray[np.float16]]) -> Reading:
    """Return a reading whose lower layers were computed before."""
    return replace(reading, states=states)
