"""Offering the base that a run would be without, before it begins: one question, at a terminal only."""

import sys
from typing import TYPE_CHECKING

from haoqi.core.errors import UserError
from haoqi.run import Run

if TYPE_CHECKING:
    from haoqi.data.raw import Raw


def offered(run: Run) -> "Raw | None":
    """Ask whether to bring the base that suits the texts, bring it, and return the rows that were read for that.

    Nothing is asked, and None is returned, where a base was named, all are here, or nobody sits at a terminal.

    Raises:
        UserError: if the source cannot be read, as the run itself would say.
    """
    if run.explore.base or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return None
    from haoqi.core import folder
    from haoqi.models.bases import available

    if all(one.installed for one in available(folder.cache()) if one.card.kind == "encoder"):
        return None
    from haoqi import data
    from haoqi.explore.bases import missing_base

    raw = data.read(run.data)
    card = missing_base(raw.examples.texts)
    if card is not None and _agreed(card.name, card.download_bytes / 1e6):
        bring(card.name)
    return raw


def _agreed(name: str, megabytes: float) -> bool:
    """Ask, and return whether the answer is yes, as which Enter counts."""
    print(
        f"No pretrained base is here for these texts, and most methods need one. Bring {name} ({megabytes:.0f} MB)? "
        "[Y/n] ",
        end="",
        flush=True,
    )
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
        print(f"{name} could not be brought: {error.what}\n  hint: {error.hint}", flush=True)
    else:
        print(f"{name} is here.", flush=True)
