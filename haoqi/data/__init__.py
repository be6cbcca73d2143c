"""Data: sources, cleaning, duplicates, splits, samples and the card.

`read` turns what a person named into rows, `prepare` rows into splits and a card.
"""

from haoqi.data.acquire import read
from haoqi.data.card import Card
from haoqi.data.examples import Examples, Label, Span, Splits
from haoqi.data.prepared import Prepared, load_prepared, prepare
from haoqi.data.raw import Facts, Raw
from haoqi.data.samples import samples
from haoqi.data.settings import DataSettings
from haoqi.data.sources import sources

__all__ = [
    "Card",
    "DataSettings",
    "Examples",
    "Facts",
    "Label",
    "Prepared",
    "Raw",
    "Span",
    "Splits",
    "load_prepared",
    "prepare",
    "read",
    "samples",
    "sources",
]
