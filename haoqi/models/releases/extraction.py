"""Triples by the names of two releases: one that finds entities, and one that names the relations between them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from haoqi.data.reading.tables.frames import values_of
from haoqi.models.extractor import Extractor, Triple
from haoqi.models.model import Model
from haoqi.models.releases import releases

Named = str | Path | Model
"""A release, such as "names" or "names@2", the folder of a model, or a model."""


def load_extractor(entities: Named, relations: Named, *, home: str | Path | None = None, **settings: Any) -> Extractor:
    """Return what finds triples in raw texts.

    Args:
        entities: of a task that finds spans, such as `entities`.
        relations: of the task `relations`.
        home: the folder that holds releases/ and cache/; None: HAOQI_HOME.
        settings: any of `Extractor`: within, most_words, least.

    Raises:
        UserError: if there is no such release, or one is of another task.
    """
    folder = None if home is None else Path(home).expanduser().absolute()
    models = [one if isinstance(one, Model) else releases.load(str(one), home=folder) for one in (entities, relations)]
    return Extractor(models[0], models[1], **settings)


def extract(
    texts: Iterable[str], *, entities: Named, relations: Named, home: str | Path | None = None, **settings: Any
) -> list[tuple[Triple, ...]]:
    """Return the triples in each of some raw texts, in order; what `haoqi extract` does.

    Args:
        texts: without marks.
        entities: as for `load_extractor`, which is quicker where texts come again and again.
        relations: as for `load_extractor`.
        home: as for `load_extractor`.
        settings: as for `load_extractor`.

    Raises:
        UserError: if there is no such release, one is of another task, or the texts are not a list of text.
    """
    found = load_extractor(entities, relations, home=home, **settings)
    given = texts if isinstance(texts, str) else values_of(texts)
    return [one.triples for _, one in found.stream(given)]
