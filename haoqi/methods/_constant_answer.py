"""Whether a training came to more than the best answer that is the same for every text."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.train.objectives.losses import Loss

# Losses of single steps swing, and a technique may make all of them a little larger.
_TOGETHER, _MARGIN = 8, 0.99
_ROWS = 20_000


def learnt_nothing(
    targets: npt.NDArray[Any],
    counting: npt.NDArray[np.float32],
    loss: Loss,
    losses: Sequence[tuple[int, float]],
    *,
    outputs: int,
    device: str = "cpu",
) -> bool:
    """Return whether the loss never fell below that of the best answer that does not look at texts.

    Soft prompts that were begun badly or learn too slowly end so, and look like a model all the same.

    Args:
        targets: what was learnt: label numbers (n,), 0/1 (n, labels), or numbers (n,).
        counting: how much each counts, shape (n,).
        loss: (logits, targets, weights) to the sum of the rows' losses.
        losses: (step, mean loss of a row) of the training, in order.
        outputs: logits of a row, or 1.
        device: of what the loss holds.
    """
    values = [one for _, one in losses]
    if len(values) < _TOGETHER:  # too few to say
        return False
    found = [float(np.mean(values[at : at + _TOGETHER])) for at in range(0, len(values), _TOGETHER)]
    return min(found) > _MARGIN * constant_loss(targets, counting, loss, outputs=outputs, device=device)


def constant_loss(
    targets: npt.NDArray[Any], counting: npt.NDArray[np.float32], loss: Loss, *, outputs: int, device: str = "cpu"
) -> float:
    """Return the mean loss of the best answer that is the same for every row.

    For classes that is how often each occurs, for numbers of mean 0, as they are learnt, 0.
    """
    import torch

    if targets.ndim == 2:
        share = np.clip(counting @ targets / max(float(counting.sum()), 1e-9), 1e-6, 1 - 1e-6)
        logits = np.log(share / (1 - share))
    elif np.issubdtype(targets.dtype, np.integer):
        logits = np.log(np.maximum(np.bincount(targets, counting, minlength=outputs), 1e-6))
    else:
        logits = np.zeros(1)
    rows = np.linspace(0, len(targets) - 1, min(len(targets), _ROWS)).astype(np.int64)
    given = torch.from_numpy(logits.astype(np.float32)).expand(len(rows), -1).to(device)
    weights = torch.from_numpy(counting[rows]).to(device)
    found = loss(given, torch.from_numpy(targets[rows]).to(device), weights)
    return float(found) / max(float(weights.sum()), 1e-9)
