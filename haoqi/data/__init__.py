"""Data: sources, cleaning, duplicates, splits, samples and the card.

`read` turns what a person named into rows, `prepare` rows into splits and a card. The registries of sources
and samples stand in the folders of those names.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from haoqi.data.examples import Examples, Label, Span, Splits
    from haoqi.data.preparing.card import Card
    from haoqi.data.preparing.prepared import Prepared, load_prepared, prepare
    from haoqi.data.raw import Raw
    from haoqi.data.reading.read import read
    from haoqi.data.schema import Schema
    from haoqi.data.settings import DataSettings

__all__ = [
    "Card",
    "DataSettings",
    "Examples",
    "Label",
    "Prepared",
    "Raw",
    "Schema",
    "Span",
    "Splits",
    "load_prepared",
    "prepare",
    "read",
]

# Imported when first asked for: settings are needed for every flag, numpy only where there are rows.
_HOMES = {
    **dict.fromkeys(("Examples", "Label", "Span", "Splits"), "examples"),
    **dict.fromkeys(("Prepared", "load_prepared", "prepare"), "preparing.prepared"),
    "Raw": "raw",
    "Schema": "schema",
    "Card": "preparing.card",
    "DataSettings": "settings",
    "read": "reading.read",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
