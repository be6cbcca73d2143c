"""The order in which texts are computed when nothing is learnt: like lengths together, the longest first."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from haoqi.models.encoders.tokens import Integers, Rows, lengths_of, parts

BATCH_TOKENS = 2048
"""Tokens computed at once; more do not get quicker on a CPU, and need more memory."""
GPU_BATCH_TOKENS = 32768


def in_batches(tokens: Sequence[Integers], progress: Callable[[int], Any] | None = None) -> Iterator[Rows]:
    """Yield the rows of one batch after another, like lengths together, the longest first.

    Args:
        tokens: token ids of each text.
        progress: called with the number of rows done.
    """
    import torch

    done, batch_tokens = 0, GPU_BATCH_TOKENS if torch.cuda.is_available() else BATCH_TOKENS
    for rows in parts(np.arange(len(tokens)), lengths_of(tokens), batch_tokens):
        yield rows
        done += len(rows)
        if progress is not None:
            progress(done)
