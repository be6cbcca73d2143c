"""An encoder with its pooling and its head as one function of whole tensors, which exporters can follow."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from haoqi.models.encoders.encoder import PLAIN_BELOW, EncoderModel, Pooling, add_to_tokens

INPUTS = ("input_ids", "attention_mask", "shapes")
OUTPUT = "output"

Attention = Literal["eager", "sdpa"]
"""How attention is computed, in the words of Transformers: by plain products, or by torch's fused kernel."""


class Graph(nn.Module):
    """From tokens to vectors or logits, without control flow that depends on the data.

    Args:
        encoder: a Transformers model whose output has `last_hidden_state`.
        pooling: how a text's states become one vector; None: the head reads every token.
        normalise: bring a text's vector to length 1.
        tuned: where the encoder is part of one with a head, which is computed too, and may take word shapes.
    """

    def __init__(
        self, encoder: nn.Module, pooling: Pooling | None, normalise: bool, tuned: EncoderModel | None = None
    ) -> None:
        super().__init__()
        self.encoder, self.pooling, self.normalise = encoder, pooling, normalise
        self.head: nn.Module | None = None if tuned is None else _per_token(tuned)
        self.shapes: nn.Module | None = None if tuned is None else tuned.shapes
        # In a list, so that its weights are not counted twice.
        self._shapes_layer = [] if tuned is None else tuned._shapes_layer
        self._attention: Attention | None = None

    def forward(self, input_ids: Tensor, attention_mask: Tensor, shapes: Tensor | None = None) -> Tensor:
        """Return one row per text, shape (rows, width), or one per token, shape (rows, longest, width)."""
        plain = input_ids.shape[1] < PLAIN_BELOW["fp32"]
        with _attending(self.encoder, self._attention or ("eager" if plain else "sdpa")):
            states = self._states(input_ids, attention_mask, shapes)
        if self.pooling is not None:
            states = self._pooled(states, attention_mask)
        return states if self.head is None else self.head(states)

    @contextmanager
    def attending(self, attention: Attention) -> Iterator[None]:
        """Compute attention so while the block lasts, where the encoder leaves a choice; else the length decides.

        For exporters: what they write then depends on the network alone, not on the texts that it saw last.
        """
        before, self._attention = self._attention, attention
        try:
            yield
        finally:
            self._attention = before

    def example(self, rows: int = 2, longest: int = 8) -> tuple[Tensor, ...]:
        """Return inputs of the right kind, the last text shorter than the others."""
        ids = torch.ones((rows, longest), dtype=torch.int64)
        mask = torch.ones_like(ids)
        mask[-1, longest // 2 :] = 0
        return (ids, mask) if self.shapes is None else (ids, mask, torch.zeros_like(ids))

    def _states(self, ids: Tensor, mask: Tensor, shapes: Tensor | None) -> Tensor:
        if self.shapes is None or shapes is None:
            found: Tensor = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
            return found
        embedded: Tensor = self.shapes(shapes)
        first_layer: Any = self._shapes_layer[0]
        hook = first_layer.register_forward_pre_hook(
            lambda module, given: (add_to_tokens(given[0], embedded), *given[1:])
        )
        try:
            found = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        finally:
            hook.remove()
        return found

    def _pooled(self, states: Tensor, mask: Tensor) -> Tensor:
        lengths = mask.sum(dim=1, keepdim=True)
        if self.pooling == "first":
            vectors = states[:, 0]
        elif self.pooling == "last":
            last = (lengths - 1).unsqueeze(2).expand(-1, 1, states.shape[2])
            vectors = torch.gather(states, 1, last).squeeze(1)
        else:
            vectors = (states * mask.unsqueeze(2).to(states.dtype)).sum(dim=1) / lengths.to(states.dtype)
        return functional.normalize(vectors, dim=1) if self.normalise else vectors


def _per_token(model: EncoderModel) -> nn.Module:
    """Return the head; of one that reads some tokens side by side, one that gives for every token its part at each."""
    if not model.places:
        return model.head
    outputs, width = model.head.out_features, model.head.in_features // model.places
    parts = nn.Linear(width, model.places * outputs)
    with torch.no_grad():
        parts.weight.copy_(model.head.weight.reshape(outputs, model.places, width).transpose(0, 1).reshape(-1, width))
        parts.bias.zero_()[:outputs] = model.head.bias
    return parts


@contextmanager
def _attending(encoder: nn.Module, attention: Attention) -> Iterator[None]:
    """Let an encoder compute attention so for a while; afterwards its configuration is as it was."""
    config: Any = encoder.config
    before = getattr(config, "_attn_implementation", None)
    if before not in ("eager", "sdpa"):
        yield
        return
    config._attn_implementation = attention
    try:
        yield
    finally:
        config._attn_implementation = before


def build_graph(model: EncoderModel) -> Graph:
    """Return a tuned encoder as a graph; the weights are shared."""
    return Graph(model.encoder, model.pooling, model.normalise, model).eval()
