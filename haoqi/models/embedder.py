"""Embeddings of texts by one base: out of a store while plans are compared, else from a base held in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from haoqi.models.bases import Base
from haoqi.models.features import LONGEST, FeatureStore
from haoqi.models.form import Compute, computed
from haoqi.models.predictor import Progress

if TYPE_CHECKING:
    from haoqi.models.graph import Graph

# Pieces read at once.
BATCH_TOKENS = 2048


@dataclass(frozen=True)
class Embedder:
    """A base that is read from disk at the first text, and no sooner."""

    base: Base
    store: FeatureStore | None = field(default=None, compare=False)
    """Where embeddings are kept; a model that was read from disk has none, and keeps nobody's texts."""
    compute: Compute | None = field(default=None, compare=False)
    """What computes in place of torch, for a release that was compiled."""

    def __call__(self, texts: Sequence[str], progress: Progress | None = None) -> npt.NDArray[np.float32]:
        """Return embeddings as `FeatureStore.embeddings` says, shape (n, width)."""
        if self.store is not None:
            return self.store.embeddings(self.base, texts, progress)
        from haoqi.models.pieces import lengths_of, parts, read_texts

        card = self.base.card
        found = np.zeros((len(texts), card.width), np.float32)
        pieces = read_texts(self._tokenizer, texts, min(LONGEST, card.max_tokens), card.prefix)
        if self.compute is not None:
            for rows, vectors in computed(self.compute, pieces, progress=progress):
                found[rows] = vectors
            return found
        done = 0
        for rows in parts(np.arange(len(texts)), lengths_of(pieces), BATCH_TOKENS):
            found[rows] = self._read([pieces[row] for row in rows])
            done += len(rows)
            if progress is not None:
                progress(done)
        return found

    def graph(self) -> "Graph":
        """Return the base and how its states become embeddings as one network; the weights are shared."""
        from haoqi.models.graph import Graph

        return Graph(self._encoder, self.base.card.pooling, normalise=True).eval()

    def _read(self, pieces: Sequence[npt.NDArray[np.int32]]) -> npt.NDArray[np.float32]:
        """Return the embeddings of one batch."""
        import torch

        from haoqi.models.encoder import pool

        placement = self._placement
        lengths = torch.tensor([len(row) for row in pieces], device=placement.device)
        ids = torch.zeros((len(pieces), int(lengths.max())), dtype=torch.int64, device=placement.device)
        for place, row in enumerate(pieces):
            ids[place, : len(row)] = torch.from_numpy(row)
        inside = torch.arange(ids.shape[1], device=placement.device) < lengths[:, None]
        with torch.inference_mode(), placement.arithmetic():
            states = self._encoder(input_ids=ids, attention_mask=inside.long()).last_hidden_state
        vectors: npt.NDArray[np.float32] = (
            pool(states.float(), lengths, self.base.card.pooling, normalise=True).cpu().numpy()
        )
        return vectors

    @cached_property
    def _placement(self) -> Any:
        from haoqi.models.placement import probed

        return probed()

    @cached_property
    def _tokenizer(self) -> Any:
        from haoqi.models.bases import load_tokenizer

        return load_tokenizer(self.base)

    @cached_property
    def _encoder(self) -> Any:
        from haoqi.models.bases import load_encoder

        return load_encoder(self.base).to(self._placement.device)
