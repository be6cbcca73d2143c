"""The base in a model's folder: a copy that works anywhere, or a reference that costs no space."""

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from haoqi.core import config
from haoqi.core.errors import UserError
from haoqi.core.folder import read_json, write_json
from haoqi.models.bases import Base, BaseCard, Trimmed

FILE = "base.json"
COPY = "base"
# All that loading needs; `model*` takes weights in several parts and their index.
FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "model*.safetensors*")


def write_base(base: Base, folder: Path, *, standalone: bool) -> None:
    """Write into a model's folder which base it needs, and a copy of it if it shall stand alone.

    Args:
        base: what the model was learnt on; its weights are unchanged.
        folder: where base.json is written, and base/ beside it.
        standalone: whether to copy the weights, as links where the disk allows: they take no space twice. What is
            a smaller copy itself is always copied: it is found nowhere else.
    """
    standalone = standalone or base.trimmed is not None
    card = config.as_plain(replace(base.card, expand=None))
    local = base.trimmed is None and (Path(base.name).expanduser() / "config.json").is_file()
    name = str(base.folder.resolve()) if local else base.name
    facts = {"name": name, "fingerprint": base.fingerprint, "standalone": standalone, "card": card}
    write_json(folder / FILE, {**facts, "trimmed": None if base.trimmed is None else base.trimmed.to_plain()})
    if not standalone:
        return
    (folder / COPY).mkdir()
    for pattern in FILES:
        for source in sorted(base.folder.glob(pattern)):
            _link_or_copy(source, folder / COPY / source.name)


def read_base(folder: Path, cache: Path) -> Base:
    """Return the base of a model's folder, from its copy or from where bases are found.

    Args:
        folder: what `write_base` wrote into.
        cache: where bases are resolved.

    Raises:
        UserError: if the reference is damaged, or the base is not here or is not the one that was used.
    """
    facts = read_json(folder / FILE)
    try:
        copied, standalone = base_in(folder / COPY, facts), facts["standalone"]
    except (KeyError, TypeError):
        raise UserError(f"{folder / FILE} is damaged", "train the model again, or copy it again") from None
    if standalone:
        return copied
    from haoqi.models.bases import resolve

    found = resolve(copied.name, cache)
    if found.fingerprint != copied.fingerprint:
        raise UserError(
            f"the base {copied.name} is not the one that the model in {folder.parent} was learnt on",
            "bring back the base as it was, or train again",
        )
    return replace(found, card=copied.card)


def base_in(folder: Path, facts: dict[str, Any]) -> Base:
    """Return the base that a folder holds, by what is written of it.

    Args:
        folder: config.json, tokenizer.json and weights.
        facts: name and fingerprint, or both under "base"; card; and what was kept, where it is a smaller copy.

    Raises:
        KeyError: if one is missing.
        TypeError: if they are of another form.
    """
    card, trimmed = BaseCard(**_tuples(facts["card"])), facts.get("trimmed")
    named = facts.get("base", facts)
    kept = None if trimmed is None else Trimmed.from_plain(_tuples(trimmed))
    return Base(named["name"], folder, card, named["fingerprint"], kept)


def _tuples(plain: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in plain.items()}


def _link_or_copy(source: Path, target: Path) -> None:
    # The hub's cache holds links; what they lead to is what is wanted.
    real = source.resolve()
    try:
        os.link(real, target)
    except OSError:
        shutil.copyfile(real, target)
