"""BERT for reading, in torch alone: importing Transformers takes three times as long as all else that an answer needs.

The arithmetic is that of `transformers.models.bert` step by step, so that scores are the same to the last bit. It is
for computing, not for training, as there is no dropout; nor for exporting, as tools know networks by their pattern.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from haoqi.models.bases._card import Base

# What a configuration must say, where it says it at all.
_PLAIN: Mapping[str, Any] = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "add_cross_attention": False,
    "chunk_size_feed_forward": 0,
    "quantization_config": None,
}
_TABLE = "embeddings.word_embeddings.weight"


class Bert(nn.Module):
    """An encoder whose parts have the names that Transformers gives them.

    Args:
        config: the settings of its configuration file.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        self.config = SimpleNamespace(**{**config, "_attn_implementation": "sdpa"})
        width, eps = config["hidden_size"], config.get("layer_norm_eps", 1e-12)
        inner, heads = config["intermediate_size"], config["num_attention_heads"]
        tables = {"word": "vocab_size", "position": "max_position_embeddings", "token_type": "type_vocab_size"}
        self.embeddings = nn.ModuleDict(
            {f"{name}_embeddings": _table(config[size], width) for name, size in tables.items()}
        )
        self.embeddings["LayerNorm"] = _norm(width, eps)
        layers = nn.ModuleList(_Layer(width, inner, heads, eps) for _ in range(config["num_hidden_layers"]))
        self.encoder = nn.ModuleDict({"layer": layers})

    def get_input_embeddings(self) -> nn.Module:
        """Return the table of tokens, under the name that Transformers has for it."""
        table: nn.Module = self.embeddings["word_embeddings"]
        return table

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        *,
        inputs_embeds: Tensor | None = None,
        position_ids: Tensor | None = None,
    ) -> SimpleNamespace:
        """Return the states of the last layer as `last_hidden_state`, shape (rows, longest, width).

        Args:
            input_ids: tokens, shape (rows, longest).
            attention_mask: 1 for tokens and 0 for padding; None: there is none.
            inputs_embeds: vectors in the place of tokens, shape (rows, longest, width).
            position_ids: of the tokens, shape (1, longest); None: from 0.
        """
        tables: Any = self.embeddings
        # Tables may lie in 16 bits, of which rows are taken exactly.
        words = tables["word_embeddings"](input_ids) if inputs_embeds is None else inputs_embeds
        words = words.to(tables["LayerNorm"].weight.dtype)
        places, kind = tables["position_embeddings"].weight, tables["token_type_embeddings"].weight
        places = places[: words.shape[1]] if position_ids is None else places[position_ids]
        states = tables["LayerNorm"](words + kind[0] + places)
        fused, shape = self.config._attn_implementation == "sdpa", words.shape[:2]
        mask = _mask(attention_mask, shape, states.dtype, fused=fused)
        layers: Any = self.encoder["layer"]
        for layer in layers:
            states = layer(states, mask, shape, fused=fused)
        return SimpleNamespace(last_hidden_state=states)


class _Layer(nn.Module):
    def __init__(self, width: int, inner: int, heads: int, eps: float) -> None:
        super().__init__()
        self.size = width // heads
        projections = nn.ModuleDict({name: _linear(width, width) for name in ("query", "key", "value")})
        self.attention = nn.ModuleDict({"self": projections, "output": _closing(width, width, eps)})
        self.intermediate = nn.ModuleDict({"dense": _linear(width, inner)})
        self.output = _closing(inner, width, eps)

    def forward(self, states: Tensor, mask: Tensor | None, shape: Sequence[int], *, fused: bool) -> Tensor:
        own: Any = self.attention
        query, key, value = (
            own["self"][name](states).view(*shape, -1, self.size).transpose(1, 2) for name in ("query", "key", "value")
        )
        if "prefix" in own["self"]:  # see encoders/adapters/prefix.py
            key, value = own["self"]["prefix"](key, value)
            mask = own["self"]["prefix"].mask(mask)
        scale = self.size**-0.5
        if fused:
            found = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=scale)
        else:
            weights = torch.matmul(query, key.transpose(2, 3)) * scale
            found = torch.matmul(functional.softmax(weights if mask is None else weights + mask, dim=-1), value)
        found = own["output"]["dense"](found.transpose(1, 2).contiguous().reshape(*shape, -1))
        states = own["output"]["LayerNorm"](found + states)
        inside = functional.gelu(self.intermediate["dense"](states))
        return self.output["LayerNorm"](self.output["dense"](inside) + states)  # type: ignore[no-any-return]


def load_bert(base: Base) -> Bert | None:
    """Return the encoder of a base, its weights mapped; None: it is not a plain BERT, or not whole.

    Weights are 32-bit floats on the CPU, but for the table of tokens, which stays as it was stored: few of its rows
    are read.
    """
    try:
        config = json.loads((base.folder / "config.json").read_text(encoding="utf-8"))
        if any(config.get(name, usual) != usual for name, usual in _PLAIN.items()) or "model_type" not in config:
            return None
        model = Bert(config)
        model.load_state_dict(_weights(base.folder, list(model.state_dict())), assign=True)
    except Exception:  # whoever asks loads it by Transformers then, which says what is the matter
        return None
    return model.requires_grad_(False).eval()


def _weights(folder: Path, names: Sequence[str]) -> dict[str, Tensor]:
    """Return the weights of these names."""
    found: dict[str, Tensor] = {}
    for file in sorted(folder.glob("model*.safetensors")):
        read = load_file(file)
        found |= {name: read[name].float() for name in names if name in read and name != _TABLE}
        if _TABLE in names and _TABLE in read:
            half = read[_TABLE].dtype in (torch.float16, torch.bfloat16)
            # Mapped again, so that what was copied into 32 bits need not stay mapped beside the copies.
            found[_TABLE] = load_file(file)[_TABLE] if half else read[_TABLE].float()
    return {name: found[name] for name in names}


def _mask(mask: Tensor | None, shape: Sequence[int], kind: torch.dtype, *, fused: bool) -> Tensor | None:
    """Return the mask of padding for attention: nothing where there is none."""
    if mask is None or bool(mask.all()):
        return None
    inside = mask.bool()[:, None, None, :].expand(-1, 1, shape[1], -1)
    if fused:
        return inside
    return torch.where(inside, torch.zeros((), dtype=kind, device=mask.device), torch.finfo(kind).min)


def _table(rows: int, width: int) -> nn.Embedding:
    # Given no weights it would draw some, which on this device imports torch's compiler.
    return nn.Embedding(rows, width, _weight=torch.empty(rows, width, device="meta"))


def _linear(inputs: int, outputs: int) -> nn.Linear:
    return nn.Linear(inputs, outputs, device="meta")


def _norm(width: int, eps: float) -> nn.LayerNorm:
    return nn.LayerNorm(width, eps=eps, device="meta")


def _closing(inputs: int, width: int, eps: float) -> nn.ModuleDict:
    return nn.ModuleDict({"dense": _linear(inputs, width), "LayerNorm": _norm(width, eps)})
