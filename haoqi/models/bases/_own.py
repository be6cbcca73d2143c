"""Bases that people made themselves: folders of transformers files with a card, beside the cache.

They are kept in `bases/` of the home, for nobody can fetch them again; `haoqi pretrain` writes them.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from haoqi.core import config
from haoqi.core.errors import UserError
from haoqi.core.folder import check_name, read_json, write_json
from haoqi.models.bases._card import Base, BaseCard
from haoqi.models.bases._folders import is_complete, read_folder

CARD = "card.json"


def own_folder(name: str, cache: Path) -> Path:
    """Return where a base of one's own lies, or would lie.

    Args:
        name: as a person types it.
        cache: the cache folder of the home.

    Raises:
        UserError: if it cannot be the name of a folder.
    """
    return cache.parent / "bases" / check_name(name)


def own_names(cache: Path) -> list[str]:
    """Return the names of the bases that people made, sorted."""
    place = cache.parent / "bases"
    if not place.is_dir():
        return []
    return sorted(one.name for one in place.iterdir() if not one.name.startswith(".") and (one / CARD).is_file())


def has_own(name: str, cache: Path) -> bool:
    """Return whether there is a base of this name that somebody made."""
    return name in own_names(cache)


def read_own(name: str, cache: Path) -> Base:
    """Return a base that somebody made.

    Raises:
        UserError: if its files are damaged.
    """
    folder = own_folder(name, cache)
    if not is_complete(folder):
        raise UserError(f"the base {name} in {folder} is not whole", "remove the folder, and make the base again")
    return read_folder(name, folder, own_card(name, cache))


def own_card(name: str, cache: Path) -> BaseCard:
    """Return the card of a base that somebody made; its weights are not looked at.

    Raises:
        UserError: if the card is damaged.
    """
    file = own_folder(name, cache) / CARD
    try:
        plain: dict[str, Any] = {
            key: tuple(one) if isinstance(one, list) else one for key, one in read_json(file)["card"].items()
        }
        return replace(BaseCard(**plain), name=name)
    except (KeyError, TypeError, AttributeError):
        raise UserError(f"{file} is damaged", "remove the folder, and make the base again") from None


def made_of(folder: Path) -> dict[str, Any]:
    """Return how a base came about, as whoever made it wrote down; nothing of other bases."""
    file = folder / CARD
    found = read_json(file).get("made", {}) if file.is_file() else {}
    return dict(found)


def write_card(folder: Path, card: BaseCard, made: dict[str, Any]) -> None:
    """Write the card of a base into its folder, with how it came about."""
    write_json(folder / CARD, {"card": config.as_plain(replace(card, expand=None)), "made": made})
