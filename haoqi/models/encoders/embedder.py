"""Embeddings of texts by one base: out of a store while plans are compared, else from a base held in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from haoqi.data.examples import Examples
from haoqi.models.bases import Base
from haoqi.models.compile.form import Compute, compute_rows
from haoqi.models.encoders.pair_features import Floats, Pairing, marked_vectors, pair_vectors, sides_of
from haoqi.models.encoders.tokens import LONGEST, find_special_tokens, read_texts
from haoqi.models.predictor import Progress

if TYPE_CHECKING:
    from haoqi.models.compile.graph import Graph
    from haoqi.models.feature_store.store import FeatureStore


@dataclass(frozen=True)
class Embedder:
    """A base that is read from disk at the first text, and no sooner."""

    base: Base
    store: "FeatureStore | None" = field(default=None, compare=False)
    """Where embeddings are kept; a model that was read from disk has none, and keeps nobody's texts."""
    compute: Compute | None = field(default=None, compare=False)
    """What computes in place of torch, for a release that was compiled."""

    def __call__(
        self, texts: Sequence[str], progress: Progress | None = None, *, prefix: str | None = None
    ) -> npt.NDArray[np.float32]:
        """Return embeddings as `FeatureStore.embeddings` says, shape (n, width).

        Args:
            texts: any.
            progress: called with the number of texts done.
            prefix: what is put before every text; None: what the base's card says. Others are not kept in a store.
        """
        if self.store is not None and prefix is None:
            return self.store.embeddings(self.base, texts, progress)
        card = self.base.card
        prefix = card.prefix if prefix is None else prefix
        found = np.zeros((len(texts), card.width), np.float32)
        tokens = read_texts(self._tokenizer, texts, min(LONGEST, card.max_tokens), prefix, special=self._special_tokens)
        if self.compute is not None:
            read = compute_rows(self.compute, tokens, progress=progress)
        else:
            from haoqi.models.feature_store.store import vectors_of

            read = vectors_of(self._encoder, card.pooling, tokens, progress)
        for rows, vectors in read:
            found[rows] = vectors
        return found

    @property
    def thread_safe(self) -> bool:
        """Whether several threads may ask at once: where a form computes that may be, and no store is written to."""
        return self.store is None and self.compute is not None and self.compute.thread_safe

    def examples(self, examples: Examples, pairing: Pairing = "", progress: Progress | None = None) -> Floats:
        """Return the features of examples: embeddings, or those of pairs, shape (n, `pair_width`)."""
        if not pairing:
            return self(examples.texts, progress)
        sides = sides_of(examples, pairing)
        told = None if progress is None else _shared(progress, len(sides))
        found = np.split(self([text for side in sides for text in side], told), len(sides))
        return marked_vectors(found) if pairing == "marked" else pair_vectors(found[0], found[1], pairing)

    def graph(self, *, lean: bool = False) -> "Graph":
        """Return the base and how its states become embeddings as one network; see `Compilable.graph`."""
        from haoqi.models.bases import load_encoder
        from haoqi.models.compile.graph import Graph

        encoder = self._encoder if lean else load_encoder(self.base)
        return Graph(encoder, self.base.card.pooling, normalise=True).eval()

    @cached_property
    def _tokenizer(self) -> Any:
        from haoqi.models.bases import load_tokenizer

        return load_tokenizer(self.base)

    @cached_property
    def _special_tokens(self) -> Any:
        return find_special_tokens(self._tokenizer)

    @cached_property
    def _encoder(self) -> Any:
        from haoqi.models.bases import lean_encoder
        from haoqi.models.encoders.placement import probed

        return lean_encoder(self.base).to(probed().device)


def _shared(progress: Progress, sides: int) -> Progress:
    """Return a progress of texts, so many for each example, as one of examples."""
    return lambda done: progress(done // sides)
