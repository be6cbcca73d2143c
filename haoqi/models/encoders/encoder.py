"""A pretrained encoder with a linear head: one row of logits per text, or per word."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from haoqi.core.errors import UserError
from haoqi.models.encoders.placement import own_randomness
from haoqi.models.encoders.tokens import Integers, Rows, lengths_of

if TYPE_CHECKING:
    from haoqi.models.encoders.adapters.adapter import Adapter

Pooling = Literal["mean", "first", "last"]

# On a processor the fused kernel of attention wins from about so many tokens on, and plain products below: by 15 %
# at 13 tokens in fp32; in bf16 its backward pass is slower up to longer texts. See docs/decisions/models.md.
PLAIN_BELOW = {"fp32": 20, "bf16": 64}


@dataclass(frozen=True)
class Batch:
    """Windows of tokens as tensors, padded on the right."""

    ids: Tensor
    """Shape (rows, longest), int64; empty along the second axis where `states` is given."""
    lengths: Tensor
    """Tokens of each row, shape (rows,)."""
    places: Tensor | None = None
    """For words: their first tokens, as positions in the flattened (rows x longest), shape (words,); for marked
    stretches those of every row that are read together, shape (rows x places,)."""
    shapes: Tensor | None = None
    """For words: how each token is written, shape (rows, longest)."""
    states: Tensor | None = None
    """What enters the first layer left, shape (rows, longest, width), where lower layers were computed before."""


class EncoderModel(nn.Module):
    """An encoder, a way to read its last states, and a linear head.

    Args:
        encoder: a Transformers model whose output has `last_hidden_state`.
        outputs: logits per text or word.
        pooling: how a text's states become one vector; None: the head reads words.
        normalise: bring a text's vector to length 1, as bases for similarity expect.
        dropout: share of the head's inputs that are hidden in training.
        shapes: kinds of word shapes that are added to the embeddings, for bases that read lower case only; 0: none.
        shapes_enter: the layer to whose input they are added: the lowest that is trained.
        places: tokens of each text whose states the head reads side by side, where it reads no vector of the text and
            no single words; 0: none.
    """

    def __init__(
        self,
        encoder: nn.Module,
        outputs: int,
        *,
        pooling: Pooling | None,
        normalise: bool = False,
        dropout: float = 0.0,
        shapes: int = 0,
        shapes_enter: int = 0,
        places: int = 0,
    ) -> None:
        super().__init__()
        width = width_of(encoder)
        self.encoder, self.pooling, self.normalise = encoder, pooling, normalise
        self.dropout = nn.Dropout(dropout)
        self.shapes_enter, self.places = shapes_enter, places
        with own_randomness("cpu"):
            self.head = nn.Linear(width * max(1, places), outputs)
            self.shapes = nn.Embedding(shapes, width) if shapes else None
        for weight in (*self.head.parameters(), *(self.shapes.parameters() if self.shapes else ())):
            nn.init.zeros_(weight)
        self.adapter: Adapter | None = None
        """What was learnt beside the encoder, where that is known apart from it."""
        # The layer itself, so that it is found again when those below it are left out.
        self._shapes_layer = [layers_of(encoder)[shapes_enter]] if shapes else []

    def forward(self, batch: Batch) -> Tensor:
        """Return logits, shape (rows, outputs), or (words, outputs) where the head reads words."""
        logits: Tensor = self.head(self.dropout(self.features(batch)))
        return logits

    def features(self, batch: Batch) -> Tensor:
        """Return what the head reads: one vector per text, or per word."""
        states = self.states(batch)
        if self.pooling is None:
            assert batch.places is not None
            found = states.flatten(0, 1)[batch.places]
            return found.reshape(-1, self.places * found.shape[1]) if self.places else found
        return pool(states, batch.lengths, self.pooling, self.normalise)

    def states(self, batch: Batch) -> Tensor:
        """Return the last layer's states, shape (rows, longest, width)."""
        inputs = {"input_ids": batch.ids} if batch.states is None else {"inputs_embeds": batch.states}
        attend_as_is_quickest(self.encoder, batch)
        with self._telling(batch.shapes):
            found: Tensor = self.encoder(attention_mask=mask_of(batch), **inputs).last_hidden_state
        return found

    @contextmanager
    def _telling(self, shapes: Tensor | None) -> Iterator[None]:
        """Add the embeddings of the words' shapes to what enters a layer."""
        if self.shapes is None or shapes is None:
            yield
            return
        embedded = self.shapes(shapes)
        first_layer: nn.Module = self._shapes_layer[0]
        hook = first_layer.register_forward_pre_hook(
            lambda module, given: (add_to_tokens(given[0], embedded), *given[1:])
        )
        try:
            yield
        finally:
            hook.remove()


def add_to_tokens(states: Tensor, embedded: Tensor) -> Tensor:
    """Return states plus what is told of the tokens, which are the last of them: soft prompts may come first."""
    before = states.shape[1] - embedded.shape[1]
    return states + (functional.pad(embedded, (0, 0, before, 0)) if before else embedded)


def attend_as_is_quickest(encoder: nn.Module, batch: Batch) -> None:
    """Let an encoder compute attention in the way that is quicker for a batch of this length; it learns the same."""
    config: Any = encoder.config
    kind = getattr(config, "_attn_implementation", None)
    if kind not in ("sdpa", "eager") or batch.lengths.device.type != "cpu":
        return
    longest = (batch.ids if batch.states is None else batch.states).shape[1]
    below = PLAIN_BELOW["bf16" if torch.is_autocast_enabled("cpu") else "fp32"]
    wanted = "eager" if longest < below else "sdpa"
    if kind != wanted:
        config._attn_implementation = wanted


def mask_of(batch: Batch) -> Tensor | None:
    """Return 1 for tokens and 0 for padding, or nothing where there is no padding: then attention is cheaper."""
    longest = (batch.ids if batch.states is None else batch.states).shape[1]
    if int(batch.lengths.min()) == longest:
        return None
    return (torch.arange(longest, device=batch.lengths.device) < batch.lengths[:, None]).long()


def pool(states: Tensor, lengths: Tensor, pooling: Pooling, normalise: bool) -> Tensor:
    """Return one vector per row of states, shape (rows, width)."""
    if pooling == "first":
        vectors = states[:, 0]
    elif pooling == "last":
        vectors = states[torch.arange(len(states), device=states.device), lengths - 1]
    else:
        inside = (torch.arange(states.shape[1], device=states.device) < lengths[:, None]).to(states.dtype)
        vectors = torch.einsum("rtw,rt->rw", states, inside) / lengths[:, None].to(states.dtype)
    return functional.normalize(vectors, dim=1) if normalise else vectors


def collate(
    ids: Sequence[Integers],
    device: str,
    *,
    places: Sequence[Rows] | None = None,
    shapes: Sequence[Rows] | None = None,
    states: Sequence[npt.NDArray[np.float16]] | None = None,
) -> Batch:
    """Return windows as one batch; padding is token 0, which the mask hides.

    Args:
        ids: tokens of each window, special tokens included.
        device: where the tensors go.
        places: for words, the position in its window of each word's first token.
        shapes: for words, the shape of each token's word.
        states: what enters the first layer that is computed, where those below were computed before.
    """
    lengths = lengths_of(ids)
    longest = int(lengths.max())
    table = None
    if states is not None:
        table = np.zeros((len(ids), longest, states[0].shape[1]), dtype=np.float32)
        for number, row in enumerate(states):
            table[number, : len(row)] = row
    flat = None if places is None else np.concatenate([number * longest + own for number, own in enumerate(places)])
    given = (
        padded(ids, longest),
        lengths,
        flat,
        None if shapes is None else padded(shapes, longest),
        table,
    )
    return Batch(*(None if one is None else torch.from_numpy(one).to(device) for one in given))  # type: ignore[arg-type]


def padded(rows: Sequence[npt.NDArray[Any]], longest: int) -> Rows:
    """Return whole numbers as one table, with 0 behind the shorter rows, shape (rows, longest)."""
    table = np.zeros((len(rows), longest), dtype=np.int64)
    for number, row in enumerate(rows):
        table[number, : len(row)] = row
    return table


def layers_of(encoder: nn.Module) -> nn.ModuleList:
    """Return an encoder's stack of layers, bottom first.

    Raises:
        UserError: if it has none that can be told apart.
    """
    count = getattr(encoder.config, "num_hidden_layers", 0)
    for module in encoder.modules():
        if isinstance(module, nn.ModuleList) and len(module) == count:
            return module
    raise _uncut(encoder)


@contextmanager
def only_layers(encoder: nn.Module, first: int, last: int) -> Iterator[None]:
    """Leave only these layers in an encoder for a while; without its first layer it takes states for tokens.

    Args:
        encoder: a BERT-like encoder: embeddings, then layers, and nothing after.
        first: the lowest layer kept, counted from 0.
        last: one past the highest layer kept.

    Raises:
        UserError: if it is not BERT-like.
    """
    layers, embeddings = layers_of(encoder), getattr(encoder, "embeddings", None)
    if embeddings is None or hasattr(encoder, "final_norm"):
        raise _uncut(encoder)
    every = list(layers)
    del layers[:]
    layers.extend(every[first:last])
    if first:
        encoder.embeddings = _Given()
    try:
        yield
    finally:
        del layers[:]
        layers.extend(every)
        encoder.embeddings = embeddings


def width_of(encoder: nn.Module) -> int:
    """Return the length of an encoder's states."""
    return int(encoder.config.hidden_size)  # type: ignore[union-attr, arg-type]


class _Given(nn.Module):
    """Stands for embeddings where states are given instead of tokens."""

    def forward(self, inputs_embeds: Tensor, **rest: Any) -> Tensor:
        return inputs_embeds


def _uncut(encoder: nn.Module) -> UserError:
    return UserError(
        f"a base of the kind {type(encoder).__name__} has no stack of layers that can be cut",
        "choose another method, or a BERT-like base",
    )
