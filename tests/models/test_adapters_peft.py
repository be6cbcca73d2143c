"""Adapters against PEFT's own: the same weights give the same states, and as many weights learn."""

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from haoqi.core.errors import UserError
from haoqi.models.bases import Base, load_encoder, resolve
from haoqi.models.encoders.adapters.adapter import kinds, settle
from haoqi.models.encoders.adapters.peft_format import to_peft

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of its imports
    peft = pytest.importorskip("peft")

pytestmark = pytest.mark.filterwarnings("ignore")

IDS = torch.tensor([[2, 40, 41, 42, 43, 44, 45, 3], [2, 50, 51, 3, 0, 0, 0, 0]])
MASK = (torch.arange(8) < torch.tensor([[8], [4]])).long()
WORDS = list(range(30, 60))
# Kinds with settings, and what PEFT calls a fresh one of the same size.
LINEAR = ["query", "key", "value", "dense"]
CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "lora": ("low_rank", {}, {"peft_type": "LORA", "r": 16, "target_modules": LINEAR}),
    "lora of attention": (
        "low_rank",
        {"rank": 4, "targets": "attention"},
        {"peft_type": "LORA", "r": 4, "target_modules": ["query", "key", "value", "attention.output.dense"]},
    ),
    "lora by the root": (
        "low_rank",
        {"rank": 4, "alpha": 4.0, "stabilised": True},
        {"peft_type": "LORA", "r": 4, "use_rslora": True, "target_modules": LINEAR},
    ),
    "dora": (
        "low_rank",
        {"rank": 4, "decomposed": True},
        {"peft_type": "LORA", "r": 4, "use_dora": True, "target_modules": LINEAR},
    ),
    "adalora": ("adaptive_rank", {}, {"peft_type": "ADALORA", "init_r": 12, "total_step": 9, "target_modules": LINEAR}),
    "ia3": (
        "scaling",
        {},
        {
            "peft_type": "IA3",
            "target_modules": ["key", "value", "layer.0.output.dense", "layer.1.output.dense"],
            "feedforward_modules": ["layer.0.output.dense", "layer.1.output.dense"],
        },
    ),
    "prefix": ("prefix", {"tokens": 5}, {"peft_type": "PREFIX_TUNING", "num_virtual_tokens": 5}),
    "prompt": ("prompt", {"tokens": 5}, {"peft_type": "PROMPT_TUNING", "num_virtual_tokens": 5}),
    "p-tuning": (
        "prompt",
        {"tokens": 5, "through": "mlp", "hidden": 16},
        {"peft_type": "P_TUNING", "num_virtual_tokens": 5, "encoder_hidden_size": 16},
    ),
    "p-tuning through an LSTM": (
        "prompt",
        {"tokens": 5, "through": "lstm", "hidden": 16},
        {
            "peft_type": "P_TUNING",
            "num_virtual_tokens": 5,
            "encoder_hidden_size": 16,
            "encoder_reparameterization_type": "LSTM",
        },
    ),
}


@pytest.fixture(scope="module")
def base(tiny_base: str, home: Path) -> Base:
    return resolve(tiny_base, home / "cache")


def learnt(case: str, base: Base) -> tuple[Any, Any]:
    name, settings, _ = CASES[case]
    kind, encoder = kinds.build(name, **settings), load_encoder(base)
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        kind.attach(encoder, WORDS)
        for weight in encoder.parameters():
            if weight.requires_grad:
                weight.add_(0.2 * torch.randn_like(weight))
        if name == "adaptive_rank":  # each layer keeps another number of triplets
            for number, module in enumerate(one for one in encoder.modules() if hasattr(one, "drop")):
                module.values[: number % 5] = 0
    return kind, encoder


def states(encoder: Any) -> Tensor:
    with torch.no_grad():
        found: Tensor = encoder(input_ids=IDS, attention_mask=MASK).last_hidden_state
    return found[:, -IDS.shape[1] :][MASK == 1]


def plain(base: Base) -> Any:
    from transformers import AutoModel

    return AutoModel.from_pretrained(base.folder, local_files_only=True, add_pooling_layer=False)


@pytest.mark.parametrize("case", CASES)
def test_the_same_weights_give_the_same_states(case: str, base: Base, tmp_path: Path) -> None:
    kind, encoder = learnt(case, base)
    expected = states(encoder)
    adapter = settle(kind, encoder)
    to_peft(adapter, encoder, str(base.folder)).write(tmp_path)
    other = peft.PeftModel.from_pretrained(plain(base), tmp_path).eval()
    assert (expected - states(plain(base))).abs().max() > 1e-3
    torch.testing.assert_close(states(other), expected, rtol=0, atol=1e-5)
    torch.testing.assert_close(states(encoder), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("case", CASES)
def test_as_many_weights_learn(case: str, base: Base) -> None:
    name, settings, other = CASES[case]
    encoder: Any = load_encoder(base)
    kinds.build(name, **settings).attach(encoder, WORDS)
    config = peft.get_peft_config({"task_type": "FEATURE_EXTRACTION", **other})
    theirs = peft.get_peft_model(plain(base), config)
    ours = sum(weight.numel() for weight in encoder.parameters() if weight.requires_grad)
    assert ours == theirs.get_nb_trainable_parameters()[0]


@pytest.mark.parametrize("name", ["biases", "bottleneck"])
def test_a_kind_that_peft_lacks_is_refused(name: str, base: Base) -> None:
    kind, encoder = kinds.build(name), load_encoder(base)
    kind.attach(encoder)
    with pytest.raises(UserError, match="PEFT has no"):
        to_peft(settle(kind, encoder), encoder, "tiny")
