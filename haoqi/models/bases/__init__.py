"""Bases: pretrained models, found by name, on disk or in a package, and loaded.

    base = resolve("multilingual", cache)
    model, tokenizer = load_encoder(base), load_tokenizer(base)

A file here that does not begin with an underscore is an embedded base; its name is what a user types.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from haoqi.models.bases._card import Base, BaseCard, Trimmed, bases
    from haoqi.models.bases._choice import choose
    from haoqi.models.bases._loading import (
        Generator,
        frozen_encoder,
        lean_encoder,
        load_encoder,
        load_generator,
        load_tokenizer,
        read_tokenizer,
        read_whole,
        tokenizer_fingerprint,
    )
    from haoqi.models.bases._own import made_of, own_card, own_folder, own_names, write_card
    from haoqi.models.bases._packages import Availability, available, install
    from haoqi.models.bases._resolve import fetch, resolve
    from haoqi.models.bases._sharing import shared_encoder

__all__ = [
    "Availability",
    "Base",
    "BaseCard",
    "Generator",
    "Trimmed",
    "available",
    "bases",
    "choose",
    "fetch",
    "frozen_encoder",
    "install",
    "lean_encoder",
    "load_encoder",
    "load_generator",
    "load_tokenizer",
    "made_of",
    "own_card",
    "own_folder",
    "own_names",
    "read_tokenizer",
    "read_whole",
    "resolve",
    "shared_encoder",
    "tokenizer_fingerprint",
    "write_card",
]

# Imported when first asked for: a released model has its base with it, and looks for none.
_HOMES = {
    **dict.fromkeys(("Base", "BaseCard", "Trimmed", "bases"), "_card"),
    "choose": "_choice",
    **dict.fromkeys(("Generator", "frozen_encoder", "lean_encoder", "load_encoder", "load_generator"), "_loading"),
    **dict.fromkeys(("load_tokenizer", "read_tokenizer", "read_whole", "tokenizer_fingerprint"), "_loading"),
    **dict.fromkeys(("made_of", "own_card", "own_folder", "own_names", "write_card"), "_own"),
    **dict.fromkeys(("Availability", "available", "install"), "_packages"),
    **dict.fromkeys(("fetch", "resolve"), "_resolve"),
    "shared_encoder": "_sharing",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
