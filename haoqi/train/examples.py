"""Examples to learn from as batches: windows of like length with their targets."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from haoqi.models.encoder import Batch
from haoqi.models.pieces import Rows
from haoqi.models.reading import Reading
from haoqi.train.batches import epoch_steps
from haoqi.train.losses import Loss


@dataclass(frozen=True)
class ExampleBatches:
    """Readings and targets as the loop wants them."""

    reading: Reading
    targets: npt.NDArray[Any]
    """One row per text, or one per word counted through all examples."""
    batch_size: int
    batch_tokens: int
    device: str = "cpu"

    def epoch(self, rng: np.random.Generator) -> list[list[Rows]]:
        """Return every window once, in steps of like length."""
        return epoch_steps(self.reading.lengths, self.batch_size, self.batch_tokens, rng)

    def collate(self, rows: Rows) -> tuple[Batch, Tensor]:
        """Return windows and their targets as tensors."""
        words = self.reading.words
        where = rows if words is None else np.concatenate([words[row] for row in rows])
        return self.reading.collate(rows, self.device), torch.from_numpy(self.targets[where]).to(self.device)

    def weight(self, rows: Rows) -> float:
        """Return how many targets these windows have."""
        words = self.reading.words
        return float(len(rows) if words is None else sum(len(words[row]) for row in rows))


def loss_of(loss: Loss) -> Any:
    """Return a loss of (module, batch) from one of (logits, targets)."""

    def summed(module: nn.Module, batch: tuple[Batch, Tensor]) -> Tensor:
        return loss(module(batch[0]), batch[1])

    return summed
