"""FewRel: under the name of each relation its sentences, as words with the two stretches' places (arXiv:1810.10147)."""

from typing import Any

from haoqi.data.reading.layouts import Asked, Content, layouts


@layouts.register
class FewRel:
    """Sentences as lists of words, h and t with their words' places; the names they stand under are the labels."""

    def recognises(self, document: Any) -> float:
        if not isinstance(document, dict) or not document:
            return 0.0
        records = [one for below in document.values() for one in (below if isinstance(below, list) else [None])]
        return 1.0 if records and all(_is_sentence(one) for one in records) else 0.0

    def read(self, document: Any, asked: Asked) -> Content:
        rows = [(one, relation) for relation, below in document.items() for one in below]
        columns: dict[str, list[Any]] = {name: [row[name] for row, _ in rows] for name in ("tokens", "h", "t")}
        return Content({**columns, "relation": [relation for _, relation in rows]})


def _is_sentence(record: Any) -> bool:
    return isinstance(record, dict) and all(isinstance(record.get(name), list) for name in ("tokens", "h", "t"))
