"""Bases: pretrained models, found by name, on disk or in a package, and loaded.

    base = resolve("multilingual", cache)
    model, tokenizer = load_encoder(base), load_tokenizer(base)

A file here that does not begin with an underscore is an embedded base; its name is what a user types.
"""

from haoqi.models.bases._card import Base, BaseCard, Trimmed, bases
from haoqi.models.bases._choice import choose
from haoqi.models.bases._loading import (
    Generator,
    frozen_encoder,
    lean_encoder,
    load_encoder,
    load_generator,
    load_tokenizer,
    tokenizer_fingerprint,
)
from haoqi.models.bases._packages import Availability, available, install
from haoqi.models.bases._resolve import fetch, resolve

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
    "resolve",
    "tokenizer_fingerprint",
]
