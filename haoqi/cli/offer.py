"""Offering the base that a run would be without, before it begins: one question, at a terminal only."""

from typing import TYPE_CHECKING

from haoqi.cli import words
from haoqi.core.errors import UserError
from haoqi.run import Run

if TYPE_CHECKING:
    from haoqi.data.raw import Raw


def offer(run: Run, raw: "Raw") -> None:
    """Ask whether to bring the base that suits the texts, and bring it; nothing is asked where a base was named.

    Args:
        run: what was asked for.
        raw: its rows, by whose languages the base is chosen.
    """
    if run.explore.base:
        return
    from haoqi.core import folder
    from haoqi.models.bases import available

    if all(one.installed for one in available(folder.cache()) if one.card.kind == "encoder"):
        return
    from haoqi.explore.setup.base_choice import find_missing_base

    card = find_missing_base(raw.examples.texts, folder.cache())
    if card is not None and _agreed(card.name, card.download_bytes):
        bring(card.name)


def _agreed(name: str, size: float) -> bool:
    """Ask, and return whether the answer is yes, as which Enter counts."""
    print(words.words("offer.base", name=name, size=words.size(size)), end=" ", flush=True)
    try:
        return input().strip().lower() in ("", "y", "yes", "j", "ja", "是", "好")
    except EOFError:
        return False


def bring(name: str) -> None:
    """Bring a base, and say what came of it; the run goes on without it where that fails."""
    from haoqi.core import folder
    from haoqi.models.bases import fetch

    try:
        fetch(name, folder.cache())
    except UserError as error:
        print(words.words("offer.failed", name=name, what=error.what, hint=error.hint), flush=True)
    else:
        print(words.words("offer.done", name=name), flush=True)
