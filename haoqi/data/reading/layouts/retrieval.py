"""Queries, each with texts that suit it and texts that do not, as tools for retrieval and re-ranking have them."""

from collections.abc import Iterator
from typing import Any

from haoqi.core.say import say
from haoqi.data.reading.layouts import Asked, Content, layouts

_QUERIES = ("query", "question", "anchor", "查询", "问题")
_RIGHT = ("pos", "positive", "positives", "positive_passages", "positive_ctxs", "正例")
_WRONG = (
    "neg",
    "negative",
    "negatives",
    "negative_passages",
    "negative_ctxs",
    "hard_negatives",
    "hard_negative_ctxs",
    "负例",
)


@layouts.register
class Retrieval:
    """Every text below a query is a row: 1 for those that suit it, 0 for those that do not."""

    def recognises(self, document: Any) -> float:
        if not isinstance(document, list) or not document:
            return 0.0
        good = all(isinstance(row, dict) and _first(row, _QUERIES) and _first(row, _RIGHT) for row in document)
        return 0.95 if good and any(_first(row, _WRONG) for row in document) else 0.0

    def read(self, document: Any, asked: Asked) -> Content:
        rows = [row for record in document for row in _rows(record)]
        columns: dict[str, list[Any]] = {
            "query": [query for query, _, _ in rows],
            "item": [item for _, item, _ in rows],
            "relevance": [grade for _, _, grade in rows],
        }
        roles = {"text": "query", "pair": "item", **({"label": "relevance"} if asked.labelled else {})}
        why = {
            "text": say("layout.retrieval_query"),
            "pair": say("layout.retrieval_item"),
            "label": say("layout.retrieval_relevance"),
        }
        return Content(columns, roles, {role: why[role] for role in roles})


def _rows(record: dict[str, Any]) -> Iterator[tuple[str, str, float]]:
    """Yield query, text and grade of a record."""
    query = str(record[_first(record, _QUERIES)])
    for names, grade in ((_RIGHT, 1.0), (_WRONG, 0.0)):
        for name in names:
            for item in _texts(record.get(name)):
                yield query, item, grade


def _first(record: dict[str, Any], names: tuple[str, ...]) -> str:
    """Return the first of some names under which a record holds texts, "" where there is none."""
    return next((name for name in names if _texts(record.get(name))), "")


def _texts(value: Any) -> list[str]:
    """Return the texts of a field: one, a list of them, or of records with a title and a text."""
    if isinstance(value, str):
        return [value] if value.strip() else []
    if isinstance(value, dict):
        parts = [value.get(name) for name in ("title", "text", "passage", "contents")]
        return ["\n".join(part for part in parts if isinstance(part, str) and part.strip())] if any(parts) else []
    return [text for one in value for text in _texts(one)] if isinstance(value, list) else []
