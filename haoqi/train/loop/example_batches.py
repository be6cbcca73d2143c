"""Examples to learn from as batches: windows of like length with their targets."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from haoqi.models.encoders.encoder import Batch
from haoqi.models.encoders.model_input import Reading
from haoqi.models.encoders.tokens import Rows
from haoqi.train.loop.batches import epoch_steps


@dataclass(frozen=True)
class ExampleBatches:
    """Readings and targets as the loop wants them."""

    reading: Reading
    targets: npt.NDArray[Any]
    """One row per text, or one per word counted through all examples."""
    batch_size: int
    batch_tokens: int
    device: str = "cpu"
    weights: npt.NDArray[np.float32] | None = None
    """How much each target counts; None: all alike."""
    copies: int = 1
    """Times that a row is computed at once."""

    def epoch(self, rng: np.random.Generator) -> list[list[Rows]]:
        """Return every window once, in steps of like length."""
        return epoch_steps(self.copies * self.reading.lengths, self.batch_size, self.batch_tokens, rng)

    def collate(self, rows: Rows) -> tuple[Batch, Tensor, Tensor | None]:
        """Return windows, their targets, and how much each of these counts, as tensors."""
        where = self._targets_of(rows)
        weights = None if self.weights is None else torch.from_numpy(self.weights[where]).to(self.device)
        return self.reading.collate(rows, self.device), torch.from_numpy(self.targets[where]).to(self.device), weights

    def weight(self, rows: Rows) -> float:
        """Return how many targets these windows have, each counted by its weight."""
        where = self._targets_of(rows)
        return float(len(where) if self.weights is None else self.weights[where].sum())

    def _targets_of(self, rows: Rows) -> Rows:
        words = self.reading.words
        return rows if words is None else np.concatenate([words[row] for row in rows])
