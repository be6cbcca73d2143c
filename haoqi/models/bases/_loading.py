"""A base as a model in memory: the encoder, its tokenizer, or a generator of text."""

import copy
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from haoqi.core.errors import UserError
from haoqi.models.bases._card import Base

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedModel


def load_encoder(base: Base) -> "PreTrainedModel":
    """Return the bare transformer of a base, in 32-bit floats on the CPU, in evaluation mode.

    It has no pooling head and its attention is the fused kernel of torch ("sdpa"). The caller owns it: every call
    reads the files anew, which is quicker than to copy the weights, as they are mapped and not read until needed.

    Raises:
        UserError: if the files do not make a whole model.
    """
    import torch
    from transformers import AutoConfig, AutoModel

    with _reading(base), quiet():
        config = AutoConfig.from_pretrained(base.folder, local_files_only=True, trust_remote_code=False)
        kinds: Any = AutoModel._model_mapping[type(config)]
        kind = kinds[0] if isinstance(kinds, tuple) else kinds
        without = {"add_pooling_layer": False} if "add_pooling_layer" in inspect.signature(kind).parameters else {}
        model, info = kind.from_pretrained(
            base.folder,
            config=config,
            dtype=torch.float32,
            attn_implementation="sdpa",
            local_files_only=True,
            use_safetensors=True,
            output_loading_info=True,
            **without,
        )
    _check_whole(base, info)
    return model.eval()  # type: ignore[no-any-return]


def lean_encoder(base: Base) -> Any:
    """Return what `load_encoder` does, for answers: without Transformers where the base is a plain BERT.

    It computes the same to the last bit, requires no gradient, and has no dropout to learn with.

    Raises:
        UserError: if the files do not make a whole model.
    """
    from haoqi.models.bases._bert import load_bert

    return load_bert(base) or load_encoder(base)


def frozen_encoder(base: Base, device: str = "cpu") -> "PreTrainedModel":
    """Return what `load_encoder` does, for reading only: the weights are shared, and held for the next caller.

    The modules are the caller's own, so that layers may be left out or replaced. The weights require no gradient;
    a change in place is found when the next caller loads the base. One base is held, the last.

    Args:
        base: the encoder.
        device: where the weights are.

    Raises:
        UserError: if the files do not make a whole model.
        AssertionError: if somebody changed the weights.
    """
    from torch.nn import Parameter

    weights = sorted(base.folder.glob("model*.safetensors"))
    original, versions = _load_shared(base, tuple(_stamp(file) for file in weights), device)
    if versions != _versions(original):
        _load_shared.cache_clear()
        raise AssertionError("the weights of a shared base were changed in place: train what load_encoder returns")
    shared: dict[int, Any] = {id(one): one for one in original.buffers()}
    shared |= {id(one): Parameter(one.detach(), requires_grad=False) for one in original.parameters()}
    return copy.deepcopy(original, shared)  # type: ignore[no-any-return]


def load_tokenizer(base: Base) -> "Tokenizer":
    """Return the fast tokenizer of a base, which neither pads nor cuts; what is too long the caller cuts.

    It is shared with earlier callers, in other threads, too: nobody makes it pad or cut.

    Raises:
        UserError: if the file is damaged.
    """
    tokenizer: Tokenizer = _read_tokenizer(_tokenizer_file(base))
    read_whole(tokenizer)
    return tokenizer


def read_tokenizer(file: Path) -> "Tokenizer":
    """Return the tokenizer in a file of its own, as `load_tokenizer` returns that of a base.

    Raises:
        UserError: if the file is missing or damaged.
    """
    if not file.is_file():
        raise UserError(f"{file} is missing", "the model is damaged; train or copy it again")
    return _read_tokenizer(_stamp(file))


def read_whole(tokenizer: Any) -> None:
    """Let a tokenizer neither pad nor cut; one that does neither is not touched, as other threads may read with it."""
    if tokenizer.padding is not None:
        tokenizer.no_padding()
    if tokenizer.truncation is not None:
        tokenizer.no_truncation()


def tokenizer_fingerprint(base: Base) -> str:
    """Return 32 hexadecimal digits that bases with the same tokenizer share."""
    return _fingerprint(_tokenizer_file(base))


@dataclass(frozen=True)
class Generator:
    """A decoder that answers."""

    model: "PreTrainedModel"
    """In evaluation mode."""
    tokenizer: Any
    """The transformers tokenizer, which knows how a conversation is written."""

    def generate(self, prompt: str, max_new_tokens: int = 128) -> str:
        """Return the likeliest answer to a prompt, the same at every call.

        Args:
            prompt: what a person says; wrapped as a conversation where the model was trained on those.
            max_new_tokens: at most this many tokens are written, 1 or more.
        """
        import torch

        if self.tokenizer.chat_template:
            turns = [{"role": "user", "content": prompt}]
            inputs = self.tokenizer.apply_chat_template(
                turns, add_generation_prompt=True, return_tensors="pt", return_dict=True
            )
        else:
            inputs = self.tokenizer(prompt, return_tensors="pt")
        with quiet(), torch.inference_mode():
            written = self.model.generate(**inputs, max_new_tokens=max_new_tokens, do_sample=False)  # type: ignore[operator]
        answer = written[0, inputs["input_ids"].shape[1] :]
        return str(self.tokenizer.decode(answer, skip_special_tokens=True)).strip()


def load_generator(base: Base) -> Generator:
    """Return the generator of a base, in 32-bit floats on the CPU.

    Raises:
        UserError: if the base is an encoder, or its files do not make a whole model.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    if base.card.kind != "decoder":
        raise UserError(f"the base {base.name} reads text but does not write any", "use smollm2, or another decoder")
    with _reading(base), quiet():
        kind: Any = AutoModelForCausalLM
        model, info = kind.from_pretrained(
            base.folder,
            dtype=torch.float32,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
        tokenizer = AutoTokenizer.from_pretrained(base.folder, local_files_only=True, trust_remote_code=False)
    _check_whole(base, info)
    return Generator(model.eval(), tokenizer)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers from printing anything but errors, and restore its settings afterwards."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


# While transformers builds a model it replaces functions of torch and of its own for the whole process, and puts back
# what it found: two threads at once could leave the replacements in place.
_building = Lock()


@contextmanager
def _reading(base: Base) -> Iterator[None]:
    """Let one thread at a time read a model, and turn what goes wrong meanwhile into one plain error."""
    from safetensors import SafetensorError

    try:
        with _building:
            yield
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        first = str(error).strip().partition("\n")[0]
        raise UserError(f"the base {base.name} in {base.folder} cannot be loaded: {first}", HINT) from error


HINT = "fetch it again, or choose another base"


def _check_whole(base: Base, info: dict[str, Any]) -> None:
    """Refuse a model whose missing weights were filled with random numbers."""
    missing = sorted(info.get("missing_keys") or ())
    if missing:
        raise UserError(f"the base {base.name} in {base.folder} lacks weights: {', '.join(missing[:3])}", HINT)


# What a file was when it was read: its path, size and time of writing.
_Stamp = tuple[Path, int, int]


@lru_cache(maxsize=1)
def _load_shared(base: Base, weights: tuple[_Stamp, ...], device: str) -> tuple[Any, list[int]]:
    """Return the encoder whose weights are shared, and how often each was written into before that."""
    model: Any = load_encoder(base)
    model = model.requires_grad_(False).to(device)
    return model, _versions(model)


def _versions(model: Any) -> list[int]:
    return [one._version for one in (*model.parameters(), *model.buffers())]


@lru_cache(maxsize=2)
def _read_tokenizer(stamp: _Stamp) -> "Tokenizer":
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(stamp[0]))
    # tokenizers raises the bare class
    except Exception as error:
        raise UserError(f"{stamp[0]} is damaged: {error}", "fetch the base again") from None
    read_whole(tokenizer)  # before others have it
    return tokenizer


@lru_cache(maxsize=16)
def _fingerprint(stamp: _Stamp) -> str:
    return blake2b(stamp[0].read_bytes(), digest_size=16).hexdigest()


def _tokenizer_file(base: Base) -> _Stamp:
    file = base.folder / "tokenizer.json"
    if not file.is_file():
        raise UserError(f"{file} is missing", "fetch the base again")
    return _stamp(file)


def _stamp(file: Path) -> _Stamp:
    facts = file.stat()
    return file, facts.st_size, facts.st_mtime_ns
