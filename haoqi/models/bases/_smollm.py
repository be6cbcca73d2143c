"""SmolLM2 out of its GGUF file: a LlamaForCausalLM as safetensors and a fast tokenizer."""

import json
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from haoqi.core.errors import UserError
from haoqi.models.bases._gguf import Packed, read
from haoqi.models.bases._quantised import Floats

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# Names in the file and in a Llama: of the whole model, and of one layer.
WHOLE = {"token_embd": "model.embed_tokens", "output_norm": "model.norm"}
LAYER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
# What GGUF calls a token that only the model itself writes, such as the end of a turn.
CONTROL = 3


def expand(file: Path, folder: Path) -> None:
    """Write config.json, model.safetensors and the tokenizer of a GGUF file into a folder.

    Raises:
        UserError: if the file is not of this kind, or damaged.
    """
    from safetensors.numpy import save_file

    try:
        packed = read(file.read_bytes())
        save_file(weights(packed), folder / "model.safetensors", metadata={"format": "pt"})
        tokenizer(packed.settings).save(str(folder / "tokenizer.json"), pretty=False)
        notes = {
            "config.json": config(packed.settings),
            "generation_config.json": _marks(packed.settings),
            "tokenizer_config.json": tokenizer_config(packed.settings),
        }
    except (struct.error, ValueError, KeyError, IndexError) as error:
        raise UserError(f"{file} is damaged: {error}", "haoqi bases get smollm2") from None
    for name, note in notes.items():
        (folder / name).write_text(json.dumps(note, indent=2, ensure_ascii=False), encoding="utf-8")


def weights(packed: Packed) -> dict[str, Floats]:
    """Return the tensors of a LlamaForCausalLM by their names there; the output shares the embedding table."""
    settings = packed.settings
    found = {f"{name}.weight": packed.tensor(f"{short}.weight") for short, name in WHOLE.items()}
    heads = {"attn_q": settings["llama.attention.head_count"], "attn_k": settings["llama.attention.head_count_kv"]}
    for layer in range(settings["llama.block_count"]):
        for short, name in LAYER.items():
            weight = packed.tensor(f"blk.{layer}.{short}.weight")
            if short in heads:
                weight = split_rotary_halves(weight, heads[short])
            found[f"model.layers.{layer}.{name}.weight"] = weight
    return found


def split_rotary_halves(weight: Floats, heads: int) -> Floats:
    """Return a projection's rows in the order of transformers.

    GGUF puts the two numbers that a rotary embedding turns together side by side; transformers keeps the first
    ones of a head in its first half.

    >>> import numpy as np
    >>> split_rotary_halves(np.arange(4.0, dtype=np.float32)[:, None], heads=1).ravel().tolist()
    [0.0, 2.0, 1.0, 3.0]
    """
    rows, width = weight.shape
    pairs = weight.reshape(heads, rows // heads // 2, 2, width)
    return np.ascontiguousarray(pairs.swapaxes(1, 2)).reshape(rows, width)


def tokenizer(settings: dict[str, Any]) -> "Tokenizer":
    """Return the fast tokenizer: byte-level BPE that splits numbers into digits."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    texts = settings["tokenizer.ggml.tokens"]
    vocabulary = {text: place for place, text in enumerate(texts)}
    merges = [tuple(pair.split(" ", 1)) for pair in settings["tokenizer.ggml.merges"]]
    found = Tokenizer(models.BPE(vocabulary, merges))
    digits = pre_tokenizers.Digits(individual_digits=True)
    found.pre_tokenizer = pre_tokenizers.Sequence([digits, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    found.decoder = decoders.ByteLevel()
    kinds = zip(texts, settings["tokenizer.ggml.token_type"], strict=True)
    found.add_special_tokens(
        [AddedToken(text, special=True, normalized=False) for text, kind in kinds if kind == CONTROL]
    )
    return found


def config(settings: dict[str, Any]) -> dict[str, Any]:
    """Return config.json of the Llama."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": settings["llama.embedding_length"],
        "num_hidden_layers": settings["llama.block_count"],
        "num_attention_heads": settings["llama.attention.head_count"],
        "num_key_value_heads": settings["llama.attention.head_count_kv"],
        "intermediate_size": settings["llama.feed_forward_length"],
        "max_position_embeddings": settings["llama.context_length"],
        "vocab_size": settings["llama.vocab_size"],
        # written as 32-bit float: 1e-5 comes back as 9.99999975e-06
        "rms_norm_eps": float(f"{settings['llama.attention.layer_norm_rms_epsilon']:.6g}"),
        "rope_parameters": {"rope_type": "default", "rope_theta": settings["llama.rope.freq_base"]},
        "rope_theta": settings["llama.rope.freq_base"],
        "hidden_act": "silu",
        "tie_word_embeddings": True,
        "dtype": "float32",
        **_marks(settings),
    }


def tokenizer_config(settings: dict[str, Any]) -> dict[str, Any]:
    """Return tokenizer_config.json, with the words around the turns of a conversation."""
    texts = settings["tokenizer.ggml.tokens"]
    named = {name.replace("_id", ""): texts[place] for name, place in _marks(settings).items()}
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": settings["llama.context_length"],
        "unk_token": texts[settings["tokenizer.ggml.unknown_token_id"]],
        "chat_template": settings["tokenizer.chat_template"],
        **named,
    }


def _marks(settings: dict[str, Any]) -> dict[str, int]:
    return {
        "bos_token_id": settings["tokenizer.ggml.bos_token_id"],
        "eos_token_id": settings["tokenizer.ggml.eos_token_id"],
        "pad_token_id": settings["tokenizer.ggml.padding_token_id"],
    }
