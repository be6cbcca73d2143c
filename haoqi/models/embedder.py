"""Embeddings of texts by one base: out of a store while plans are compared, else from a base held in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.models.bases import Base
from haoqi.models.features import LONGEST, FeatureStore
from haoqi.models.predictor import Progress


@dataclass(frozen=True)
class Embedder:
    """A base that is read from disk at the first text, and no sooner."""

    base: Base
    store: FeatureStore | None = field(default=None, compare=False)
    """Where embeddings are kept; a model that was read from disk has none, and keeps nobody's texts."""

    def __call__(self, texts: Sequence[str], progress: Progress | None = None) -> npt.NDArray[np.float32]:
        """Return embeddings as `FeatureStore.embeddings` says, shape (n, width)."""
        if self.store is not None:
            return self.store.embeddings(self.base, texts, progress)
        import torch

        from haoqi.models.encoder import mask_of, pool
        from haoqi.models.pieces import read_texts
        from haoqi.models.reading import Reading, in_batches

        card, placement = self.base.card, self._placement
        found = np.zeros((len(texts), card.width), np.float32)
        reading = Reading(read_texts(self._tokenizer, texts, min(LONGEST, card.max_tokens), card.prefix))
        for rows in in_batches(reading.lengths, progress):
            batch = reading.collate(rows, placement.device)
            with torch.inference_mode(), placement.arithmetic():
                states = self._encoder(input_ids=batch.ids, attention_mask=mask_of(batch)).last_hidden_state
            found[rows] = pool(states.float(), batch.lengths, card.pooling, normalise=True).cpu().numpy()
        return found

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
