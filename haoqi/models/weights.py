"""Weights of a network in a safetensors file: in 16 bits where nothing is lost by it, or where that was agreed to."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from haoqi.core.errors import UserError
from haoqi.core.folder import write_atomic

DAMAGED = "the model is damaged; train or copy it again"


def write_weights(path: Path, weights: Mapping[str, Tensor], *, half: bool = False) -> None:
    """Write weights by name, whole or not at all.

    Args:
        path: where to.
        weights: any tensors; 32-bit floats that fit 16 bits exactly are kept in those.
        half: round all other 32-bit floats to 16 bits too, those beyond their range apart.
    """
    narrow = rounded if half else smallest
    write_atomic(path, save({name: narrow(value).contiguous() for name, value in weights.items()}))


def read_weights(path: Path) -> dict[str, Tensor]:
    """Return the weights in a file.

    Raises:
        UserError: if it is missing or damaged.
    """
    try:
        return load_file(path)
    except FileNotFoundError:
        raise UserError(f"{path} is missing", DAMAGED) from None
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path} is damaged: {error}", DAMAGED) from None


def smallest(value: Tensor) -> Tensor:
    """Return a tensor in 16 bits if nothing is lost by it."""
    if value.dtype != torch.float32:
        return value
    for kind in (torch.float16, torch.bfloat16):
        if torch.equal((narrow := value.to(kind)).float(), value):
            return narrow
    return value


def rounded(value: Tensor) -> Tensor:
    """Return a tensor in 16 bits, each number off by at most 1 part in 2,048 or 3e-8; as it is if one is too large."""
    if value.dtype != torch.float32:
        return value
    if (narrow := smallest(value)).dtype != torch.float32:
        return narrow
    half = value.half()
    return half if bool(half.isfinite().all()) else value
