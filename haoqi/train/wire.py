"""What processes of one training send one another: pickles of their own memory, tensors as arrays."""

import io
import marshal
import pickle
from collections.abc import Callable
from importlib import import_module
from types import CellType, CodeType, FunctionType
from typing import Any

import torch
from torch import Tensor


def dumps(message: Any) -> bytes:
    """Return a message as bytes for a process of our own: never for a file, and never from elsewhere."""
    written = io.BytesIO()
    _Pickler(written, protocol=pickle.HIGHEST_PROTOCOL).dump(message)
    return written.getvalue()


def loads(message: bytes, device: str = "cpu") -> Any:
    """Return what `dumps` was given, its plain tensors on a device."""
    unpickler = _Unpickler(io.BytesIO(message))
    unpickler.device = device
    return unpickler.load()


class _Pickler(pickle.Pickler):
    """A pickler that copies a tensor once, and knows functions made by functions, as losses are."""

    def persistent_id(self, value: Any) -> Any:
        # Torch's own way to pickle a tensor goes through a file format.
        plain = type(value) is Tensor and not value.requires_grad and value.dtype is not torch.bfloat16
        return value.cpu().numpy() if plain else None

    def reducer_override(self, value: Any) -> Any:
        if not isinstance(value, FunctionType) or "<" not in value.__qualname__:
            return NotImplemented
        held = tuple(cell.cell_contents for cell in value.__closure__ or ())
        made = (marshal.dumps(value.__code__), value.__module__, value.__name__)
        return _function, (*made, value.__defaults__, value.__kwdefaults__, held)


class _Unpickler(pickle.Unpickler):
    device: str

    def persistent_load(self, array: Any) -> Tensor:
        return torch.from_numpy(array).to(self.device)


def _function(code: bytes, module: str, name: str, *given: Any) -> Callable[..., Any]:
    """Return a function made anew from its code, its defaults, and what it holds from around it."""
    defaults, named, held = given
    read: CodeType = marshal.loads(code)
    found = FunctionType(read, vars(import_module(module)), name, defaults, tuple(CellType(one) for one in held))
    found.__kwdefaults__ = named
    return found
