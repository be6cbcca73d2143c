"""A small network over token vectors: convolutions, or a recurrent layer, with a linear head."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor, nn

from haoqi.core import seeds
from haoqi.models.encoders.encoder import Batch
from haoqi.models.encoders.placement import own_randomness
from haoqi.models.networks.chain import Chain, runs_of

WINDOWS = (3, 4, 5)
"""Tokens that a convolution sees at once."""


@dataclass(frozen=True)
class Shape:
    """What a network is made of."""

    kind: Literal["convolutions", "recurrent"]
    tokens: int
    """Rows of the table."""
    width: int
    """Numbers in a token's vector."""
    units: int
    """Filters of each window, or units of the recurrent layer in each direction."""
    outputs: int
    """Logits per text, or per word."""
    words: bool = False
    """Whether the head reads words, whose tags a chain weighs against each other."""
    shapes: int = 0
    """Kinds of word shapes whose vectors stand beside those of tokens; 0: none."""

    def as_plain(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Shape":
        """Return what `as_plain` made plain."""
        return cls(**plain)


# Numbers that say how a word is written.
_SHAPE_WIDTH = 16


class TokenNetwork(nn.Module):
    """Logits of texts from their tokens, or log probabilities of tags from the tokens of words.

    Args:
        shape: what it is made of.
        table: the vectors that tokens begin with, shape (tokens, width); None: to be filled.
        dropout: share of the token vectors' numbers and of the head's inputs that are hidden in training.
        seed: draws all other weights.
    """

    def __init__(self, shape: Shape, table: Tensor | None = None, *, dropout: float = 0.0, seed: int = 0) -> None:
        super().__init__()
        self.shape = shape
        empty = torch.zeros(shape.tokens, shape.width) if table is None else table
        self.table = nn.Embedding(shape.tokens, shape.width, _weight=empty)
        self.dropout = nn.Dropout(dropout)
        entering = shape.width + (_SHAPE_WIDTH if shape.shapes else 0)
        with own_randomness("cpu"):
            torch.manual_seed(seeds.number(seed, "network") % 2**63)
            self.shapes = nn.Embedding(shape.shapes, _SHAPE_WIDTH) if shape.shapes else None
            if shape.kind == "convolutions":
                self.body: Convolutions | Recurrent = Convolutions(entering, shape.units)
            else:
                self.body = Recurrent(entering, shape.units)
            read = 2 * shape.units if shape.words else self.body.pooled_width
            self.head = nn.Linear(read, shape.outputs)
        self.chain = Chain(shape.outputs) if shape.words else None

    def get_input_embeddings(self) -> nn.Embedding:
        """Return the table, as Transformers calls it."""
        return self.table

    def set_input_embeddings(self, table: nn.Embedding) -> None:
        """Put another table in its place."""
        self.table = table

    def keep_tokens(self, rows: Tensor) -> None:
        """Keep the vectors of these tokens alone, in this order: they are numbered anew."""
        kept = self.table.weight.detach()[rows]
        self.table = nn.Embedding(len(rows), self.shape.width, _weight=kept).requires_grad_(False)
        self.shape = replace(self.shape, tokens=len(rows))

    def forward(self, batch: Batch) -> Tensor:
        """Return logits, shape (rows, outputs), or log probabilities of tags, shape (words, outputs)."""
        logits = self.emissions(batch)
        if self.chain is None or not len(logits):
            return logits
        return self.chain.marginals(logits, runs_of(batch, batch.ids.shape[1]))

    def emissions(self, batch: Batch) -> Tensor:
        """Return what the head says, before a chain weighs tags against each other."""
        ids, lengths = batch.ids, batch.lengths
        if not ids.shape[1]:  # nothing but empty texts, of a tokenizer that marks no ends
            ids = torch.zeros((len(ids), 1), dtype=ids.dtype, device=ids.device)
        inside = torch.arange(ids.shape[1], device=ids.device) < lengths[:, None]
        vectors = self.table(ids)
        if self.shapes is not None and batch.shapes is not None:
            vectors = torch.cat([vectors, self.shapes(batch.shapes)], dim=2)
        vectors = self.dropout(vectors) * inside[:, :, None]
        if self.chain is None:
            found = self.body.pooled(vectors, lengths, inside)
        else:
            assert batch.places is not None and isinstance(self.body, Recurrent)
            found = self.body(vectors, lengths).flatten(0, 1)[batch.places]
        logits: Tensor = self.head(self.dropout(found))
        return logits


class Convolutions(nn.Module):
    """Filters over three, four and five tokens, and the most that each finds anywhere (Kim, 2014).

    Args:
        entering: numbers in a token's vector.
        units: filters of each window.
    """

    def __init__(self, entering: int, units: int) -> None:
        super().__init__()
        self.filters = nn.ModuleList(nn.Conv1d(entering, units, size, padding=size - 1) for size in WINDOWS)
        self.pooled_width = units * len(WINDOWS)

    def pooled(self, vectors: Tensor, lengths: Tensor, inside: Tensor) -> Tensor:
        """Return the most that each filter finds in each text, shape (rows, pooled_width)."""
        found = []
        for filters, size in zip(self.filters, WINDOWS, strict=True):
            seen = torch.relu(filters(vectors.transpose(1, 2)))
            # A window that begins behind the last token is the batch's, not the text's.
            own = torch.arange(seen.shape[2], device=lengths.device) < (lengths + size - 1)[:, None]
            found.append((seen * own[:, None]).amax(dim=2))
        return torch.cat(found, dim=1)


class Recurrent(nn.Module):
    """A layer of long short-term memory that reads both ways (Graves and Schmidhuber, 2005).

    Args:
        entering: numbers in a token's vector.
        units: of each direction.
    """

    def __init__(self, entering: int, units: int) -> None:
        super().__init__()
        self.layer = nn.LSTM(entering, units, batch_first=True, bidirectional=True)
        self.pooled_width = 4 * units

    def forward(self, vectors: Tensor, lengths: Tensor) -> Tensor:
        """Return the state at each token, shape (rows, longest, 2 * units)."""
        packed = nn.utils.rnn.pack_padded_sequence(
            vectors, lengths.clamp(min=1).cpu(), batch_first=True, enforce_sorted=False
        )
        states: Tensor = nn.utils.rnn.pad_packed_sequence(
            self.layer(packed)[0], batch_first=True, total_length=vectors.shape[1]
        )[0]
        return states

    def pooled(self, vectors: Tensor, lengths: Tensor, inside: Tensor) -> Tensor:
        """Return the most and the mean of each unit over the tokens, shape (rows, pooled_width)."""
        states, own = self(vectors, lengths), inside[:, :, None]
        most = states.masked_fill(~own, -1.0).amax(dim=1)  # a state is never less
        return torch.cat([most, (states * own).sum(dim=1) / lengths.clamp(min=1)[:, None]], dim=1)
