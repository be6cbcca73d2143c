"""Adapters as PEFT's files hold them: adapter_config.json and adapter_model.safetensors, for its `PeftModel`.

What is written is for the bare encoder, as `AutoModel` gives it: how its states become an answer PEFT does not know.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from haoqi.core.errors import UserError
from haoqi.core.folder import write_json
from haoqi.models.encoders.adapters.adapter import Adapter, Weights
from haoqi.models.encoders.adapters.adaptive_rank import AdaptiveRank
from haoqi.models.encoders.adapters.low_rank import LowRank
from haoqi.models.encoders.adapters.prefix import Prefix
from haoqi.models.encoders.adapters.prompt import Prompt
from haoqi.models.encoders.adapters.scaling import Scaling

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
# Before the name of a module of the encoder, where PEFT has put itself around it.
_AROUND = "base_model.model."
# Added to a rank that something is divided by, as PEFT does.
_NEVER_0 = 1e-5


@dataclass(frozen=True)
class PeftFiles:
    """What the two files hold."""

    config: Mapping[str, Any]
    weights: Weights

    def write(self, folder: Path) -> None:
        """Write both into an existing folder."""
        from haoqi.models.weights import write_weights

        write_json(folder / CONFIG, dict(self.config))
        write_weights(folder / WEIGHTS, self.weights)


def to_peft(adapter: Adapter, encoder: Any, base: str) -> PeftFiles:
    """Return an adapter as PEFT has it.

    Args:
        adapter: what was learnt.
        encoder: beside which, for its sizes.
        base: what the base is called, or the folder that it lies in.

    Raises:
        UserError: if PEFT has no such kind.
    """
    write = _WRITERS.get(type(adapter.kind))
    if write is None:
        raise UserError(
            f"PEFT has no {type(adapter.kind).__module__.rpartition('.')[2]} adapters",
            "export it --as adapter, which Haoqi loads, or --as merged where it can be",
        )
    config, weights = write(adapter.kind, adapter.weights, encoder)
    usual = {"base_model_name_or_path": base, "task_type": "FEATURE_EXTRACTION", "inference_mode": True}
    return PeftFiles({**usual, **config}, {name: value.float().contiguous() for name, value in weights.items()})


_Written = tuple[dict[str, Any], dict[str, Tensor]]


def _low_rank(kind: LowRank, weights: Weights, encoder: Any) -> _Written:
    names = {"down": "lora_A.weight", "up": "lora_B.weight", "length": "lora_magnitude_vector"}
    config = {
        "peft_type": "LORA",
        "r": kind.rank,
        "lora_alpha": kind.alpha,
        "lora_dropout": 0.0,
        "use_rslora": kind.stabilised,
        "use_dora": kind.decomposed,
        "bias": "none",
        "target_modules": _modules(weights),
    }
    return config, _renamed(weights, names)


def _adaptive_rank(kind: AdaptiveRank, weights: Weights, encoder: Any) -> _Written:
    """Return triplets padded with such as do not count: PEFT has the same rank everywhere until it cuts."""
    modules = _modules(weights)
    rank = max(len(weights[f"{name}.values"]) for name in modules)
    found: dict[str, Tensor] = {}
    for name in modules:
        right, values, left = (weights[f"{name}.{own}"] for own in ("right", "values", "left"))
        missing = rank - len(values)
        found[f"{_AROUND}{name}.lora_A"] = torch.cat([right, right.new_zeros(missing, right.shape[1])])
        # By what PEFT divides, the rank is multiplied here.
        scaled = values * (kind.alpha / kind.rank) * (rank + _NEVER_0) / rank
        found[f"{_AROUND}{name}.lora_E"] = torch.cat([scaled, scaled.new_zeros(missing)])[:, None]
        found[f"{_AROUND}{name}.lora_B"] = torch.cat([left, left.new_zeros(len(left), missing)], dim=1)
    config = {
        "peft_type": "ADALORA",
        "r": rank,
        "init_r": rank,
        "target_r": rank,
        "lora_alpha": rank,
        "lora_dropout": 0.0,
        "total_step": 3,
        "tinit": 0,
        "tfinal": 0,
        "bias": "none",
        "target_modules": modules,
    }
    return config, found


def _scaling(kind: Scaling, weights: Weights, encoder: Any) -> _Written:
    found = {
        f"{_AROUND}{name.rpartition('.')[0]}.ia3_l": value[None] if name.endswith(".inputs") else value[:, None]
        for name, value in weights.items()
    }
    inputs = [name.rpartition(".")[0] for name in weights if name.endswith(".inputs")]
    return {"peft_type": "IA3", "target_modules": _modules(weights), "feedforward_modules": inputs}, found


def _prefix(kind: Prefix, weights: Weights, encoder: Any) -> _Written:
    values = list(weights.values())  # keys and values of each layer, in turn
    config = {"peft_type": "PREFIX_TUNING", "prefix_projection": False, **_sizes(kind.tokens, encoder)}
    return config, {"prompt_embeddings": torch.cat(values, dim=1)}


def _prompt(kind: Prompt, weights: Weights, encoder: Any) -> _Written:
    config = {"peft_type": "PROMPT_TUNING", "prompt_tuning_init": "RANDOM", **_sizes(kind.tokens, encoder)}
    return config, {"prompt_embeddings": weights["prompt.vectors"]}


def _sizes(tokens: int, encoder: Any) -> dict[str, Any]:
    config = encoder.config
    return {
        "num_virtual_tokens": tokens,
        "num_transformer_submodules": 1,
        "token_dim": config.hidden_size,
        "num_layers": config.num_hidden_layers,
        "num_attention_heads": config.num_attention_heads,
    }


def _modules(weights: Weights) -> list[str]:
    """Return the names of the modules that have weights, each once, in order."""
    return list(dict.fromkeys(name.rpartition(".")[0] for name in weights))


def _renamed(weights: Weights, names: Mapping[str, str]) -> dict[str, Tensor]:
    found = {}
    for name, value in weights.items():
        module, _, own = name.rpartition(".")
        found[f"{_AROUND}{module}.{names[own]}"] = value
    return found


_WRITERS: Mapping[type, Callable[[Any, Weights, Any], _Written]] = {
    LowRank: _low_rank,
    AdaptiveRank: _adaptive_rank,
    Scaling: _scaling,
    Prefix: _prefix,
    Prompt: _prompt,
}
