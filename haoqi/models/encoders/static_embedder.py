"""Static embeddings: a text is the sum of its tokens' vectors, out of a table; no network is computed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.data.examples import Examples
from haoqi.models.encoders.pair_features import Floats, Pairing, pair_vectors
from haoqi.models.encoders.tokens import SpecialTokens, find_special_tokens, lengths_of, read_texts
from haoqi.models.lexical.sparse_rows import SparseRows
from haoqi.models.predictor import Progress

MOST_TOKENS = 2048
"""Tokens of a text that are read."""

# Texts that are looked up at once.
BATCH = 2048


@dataclass(frozen=True)
class StaticEmbedder:
    """A tokenizer, and a table with a vector for each of its tokens."""

    tokenizer: Any
    """A `tokenizers.Tokenizer`."""
    table: npt.NDArray[np.float16]
    """Vectors, each as long as its token is telling, shape (tokens, width); those of special tokens are 0."""

    def __call__(self, texts: Sequence[str], progress: Progress | None = None) -> Floats:
        """Return embeddings of length 1, or 0 where no token is known, shape (n, width)."""
        found = np.zeros((len(texts), self.table.shape[1]), np.float32)
        for start in range(0, len(texts), BATCH):
            stop = min(len(texts), start + BATCH)
            found[start:stop] = self._embed(texts[start:stop])
            if progress is not None:
                progress(stop)
        return found

    def examples(self, examples: Examples, pairing: Pairing = "", progress: Progress | None = None) -> Floats:
        """Return the features of examples: embeddings, or those of pairs, shape (n, `pair_width`)."""
        if not pairing:
            return self(examples.texts, progress)
        first = self(examples.texts)
        return pair_vectors(first, self(examples.second_texts, progress), pairing)

    def _embed(self, texts: Sequence[str]) -> Floats:
        tokens = read_texts(self.tokenizer, texts, MOST_TOKENS, special=self._special_tokens)
        flat = np.concatenate(tokens) if tokens else np.zeros(0, np.int32)
        used, places = np.unique(flat, return_inverse=True)
        rows = np.repeat(np.arange(len(texts)), lengths_of(tokens))
        sums = SparseRows.counted(rows, places, (len(texts), len(used))) @ self.table[used].astype(np.float32)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        found: Floats = np.where(lengths > 0, sums / np.maximum(lengths, 1e-9), 0.0).astype(np.float32)
        return found

    @cached_property
    def _special_tokens(self) -> SpecialTokens:
        return find_special_tokens(self.tokenizer)
