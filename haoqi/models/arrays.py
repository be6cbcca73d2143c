"""Named arrays in one safetensors file: what every predictor keeps, with nothing in it that could run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.core.errors import UserError
from haoqi.core.folder import write_atomic


def save_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write arrays by name, whole or not at all."""
    from safetensors.numpy import save

    write_atomic(path, save({name: np.ascontiguousarray(array) for name, array in arrays.items()}))


def load_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays that `save_arrays` wrote.

    Raises:
        UserError: if the file is missing or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return load(path.read_bytes())
    except FileNotFoundError:
        raise UserError(f"{path} is missing", "the model is damaged; train or copy it again") from None
    except (SafetensorError, ValueError, KeyError):
        raise UserError(f"{path} is damaged", "the model is damaged; train or copy it again") from None
