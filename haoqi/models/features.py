"""What frozen weights compute, computed once per base and text and kept for every plan."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.models.bases import Base


@dataclass(frozen=True)
class FeatureStore:
    """Embeddings and hidden states on disk, shared by all plans of a run.

    Rows are found by a hash of the text, so that splits, samples and resumed runs share them. Writes
    are whole shards, renamed into place: a killed process loses the shard under way and nothing else.
    """

    folder: Path
    limit_bytes: int = 4_000_000_000
    """Beyond this, hidden states are computed and not kept."""

    def embeddings(
        self, base: Base, texts: Sequence[str], progress: Callable[[int], Any] | None = None
    ) -> npt.NDArray[np.float32]:
        """Return mean-pooled, L2-normalised embeddings of the texts, shape (n, width)."""
        raise NotImplementedError

    def hidden(
        self, base: Base, layer: int, texts: Sequence[str], progress: Callable[[int], Any] | None = None
    ) -> list[npt.NDArray[np.float16]]:
        """Return what enters a layer (0: the embeddings' output), each of shape (tokens, width)."""
        raise NotImplementedError
