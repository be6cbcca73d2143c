"""A folder of transformers files: whether it can be used, what its model is, and its fingerprint."""

import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

from haoqi.core.errors import UserError
from haoqi.models.bases._card import Base, BaseCard
from haoqi.models.bases._packages import checksum

PICKLES = ("pytorch_model*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
# The E5 family was trained with these words before every text; its folders seldom say so.
E5 = re.compile(r"(^|[-_])e5([-_]|$)")


def read_folder(name: str, folder: Path, card: BaseCard | None = None) -> Base:
    """Return the base that lies in a folder.

    Args:
        name: what the user typed.
        folder: holds config.json, tokenizer.json and weights as safetensors.
        card: what is known of it; read from its files when not given.

    Raises:
        UserError: if one of these files is missing or damaged, or the weights are pickled.
    """
    config = _json(folder / "config.json")
    weights = weight_files(folder)
    if not (folder / "tokenizer.json").is_file():
        raise UserError(
            f"{folder} has no tokenizer.json, the form that fast tokenizers take",
            "transformers.AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER) writes one",
        )
    if card is None:
        card = _describe(name, folder, config, weights)
    return Base(name, folder, card, fingerprint(folder, weights))


def is_complete(folder: Path) -> bool:
    """Say whether a folder holds a configuration, a tokenizer and safetensors; none is read."""
    needed = (folder / "config.json", folder / "tokenizer.json")
    return all(file.is_file() for file in needed) and any(folder.glob("model*.safetensors"))


def weight_files(folder: Path) -> list[Path]:
    """Return the safetensors files of a model, in order.

    Raises:
        UserError: if there are none; a pickle is never read, because it can run code.
    """
    found = sorted(folder.glob("model*.safetensors"))
    if found:
        return found
    pickles = sorted(path.name for pattern in PICKLES for path in folder.glob(pattern))
    if pickles:
        raise UserError(
            f"{folder} holds its weights as a pickle ({pickles[0]}), which can run code; safetensors is needed",
            "save it again where you trust it: model.save_pretrained(FOLDER)",
        )
    raise UserError(f"{folder} has no weights (model.safetensors)", "name a folder that save_pretrained wrote")


def fingerprint(folder: Path, weights: list[Path]) -> str:
    """Return 32 hexadecimal digits that follow the weights, the configuration and the tokenizer of a folder."""
    files = [*weights, folder / "config.json", folder / "tokenizer.json"]
    return sha256("".join(checksum(file) for file in files).encode()).hexdigest()[:32]


def count_parameters(weights: list[Path]) -> int:
    """Return how many numbers safetensors files hold; only their heads are read.

    Raises:
        UserError: if a file is not safetensors, or is cut off.
    """
    from safetensors import SafetensorError, safe_open

    total = 0
    for file in weights:
        try:
            with safe_open(file, framework="numpy") as opened:
                for key in opened.keys():  # noqa: SIM118 - not a mapping
                    size = 1
                    for length in opened.get_slice(key).get_shape():
                        size *= length
                    total += size
        except (SafetensorError, OSError) as error:
            raise UserError(f"{file} is damaged: {error}", "fetch it again") from None
    return total


def _describe(name: str, folder: Path, config: dict[str, Any], weights: list[Path]) -> BaseCard:
    """Return what the files of a folder tell of its model."""
    if config.get("is_encoder_decoder"):
        raise UserError(f"{folder} holds an encoder and a decoder in one", "name a model that is one of the two")
    try:
        layers, width = int(config["num_hidden_layers"]), int(config["hidden_size"])
    except (KeyError, TypeError, ValueError):
        raise UserError(
            f"{folder / 'config.json'} does not say num_hidden_layers and hidden_size",
            "a text model is needed: an encoder such as BERT, or a decoder such as Llama",
        ) from None
    decodes = _is_decoder(config)
    pooling = _json(folder / "1_Pooling" / "config.json", {})
    first = bool(pooling.get("pooling_mode_cls_token"))
    return BaseCard(
        name=name,
        kind="decoder" if decodes else "encoder",
        layers=layers,
        width=width,
        max_tokens=_max_tokens(config),
        parameters=count_parameters(weights),
        pooling="last" if decodes else "first" if first else "mean",
        prefix=_prefix(name, folder, config),
        licence=_licence(folder),
    )


def _is_decoder(config: dict[str, Any]) -> bool:
    written = any(str(one).endswith(("ForCausalLM", "LMHeadModel")) for one in config.get("architectures") or ())
    return written or bool(config.get("is_decoder"))


def _max_tokens(config: dict[str, Any]) -> int:
    positions = int(config.get("max_position_embeddings") or config.get("n_positions") or 512)
    # RoBERTa and its kin begin to count positions after the padding's
    offset = config.get("model_type") in {"roberta", "xlm-roberta", "camembert", "mpnet"}
    return positions - int(config.get("pad_token_id", 1)) - 1 if offset else positions


def _prefix(name: str, folder: Path, config: dict[str, Any]) -> str:
    said = _json(folder / "config_sentence_transformers.json", {})
    prompts = said.get("prompts") or {}
    if said.get("default_prompt_name") in prompts:
        return str(prompts[said["default_prompt_name"]])
    known_as = [Path(str(one)).name.lower() for one in (name, config.get("_name_or_path", ""))]
    return "query: " if any(E5.search(one) and "instruct" not in one for one in known_as) else ""


def _licence(folder: Path) -> str:
    """Return the licence in the front matter of a model card, or nothing."""
    card = folder / "README.md"
    if not card.is_file():
        return ""
    found = re.search(r"^license:\s*([\w.-]+)", card.read_text(encoding="utf-8", errors="replace")[:4000], re.MULTILINE)
    return found.group(1) if found else ""


def _json(file: Path, default: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return what a JSON file holds; a default makes it optional."""
    if default is not None and not file.is_file():
        return default
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"there is no {file}", "name a folder that save_pretrained wrote") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{file} cannot be read: {error}", "fetch it again") from None
    if not isinstance(found, dict):
        raise UserError(f"{file} holds no settings", "fetch it again")
    return found
