"""The part of an embedding table that some texts use, in its place while it is trained.

A table of 250,000 tokens is most of a multilingual base, and some thousand texts use a few percent of it. The rest
would be carried through every step of the optimizer for nothing.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import nn

from haoqi.models.encoders.model_input import Reading


@contextmanager
def gathered(encoder: nn.Module, readings: Sequence[Reading]) -> Iterator[list[Reading]]:
    """Give readings whose tokens are rows of a small table that stands in the encoder meanwhile.

    Afterwards the rows are back in the whole table, as they were left, and the rows of other tokens as they were.

    Args:
        encoder: a Transformers model with an embedding table of tokens.
        readings: all that is read meanwhile; tokens that occur in none of them cannot be.
    """
    model: Any = encoder
    whole = model.get_input_embeddings()
    # Token 0 stands for padding in every batch, so it is always there, and stays number 0.
    used = np.unique(np.concatenate([np.zeros(1, np.int32), *(row for reading in readings for row in reading.ids)]))
    rows = torch.from_numpy(used.astype(np.int64)).to(whole.weight.device)
    small = nn.Embedding(len(rows), whole.weight.shape[1], _weight=whole.weight.detach()[rows])
    small.weight.requires_grad_(whole.weight.requires_grad)
    model.set_input_embeddings(small)
    try:
        yield [
            replace(reading, ids=[np.searchsorted(used, row).astype(np.int32) for row in reading.ids])
            for reading in readings
        ]
    finally:
        model.set_input_embeddings(whole)
        with torch.no_grad():
            whole.weight[rows.to(whole.weight.device)] = small.weight.detach().to(whole.weight.device)
