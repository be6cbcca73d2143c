"""DuIE: texts with lists of triples, each a subject, a predicate and an object (Li et al., 2019, NLPCC).

doi:10.1007/978-3-030-32236-6_72
"""

from collections.abc import Iterator
from typing import Any

from haoqi.core.say import say
from haoqi.data.reading.layouts import Asked, Content, are_records, layouts


@layouts.register
class DuIE:
    """Each triple is an example: its text with subject and object marked, and the predicate as the relation."""

    def recognises(self, document: Any) -> float:
        document = [document] if isinstance(document, dict) else document
        lists = are_records(document, "text", "spo_list")
        return 1.0 if lists and all(isinstance(row["spo_list"], list) for row in document) else 0.0

    def read(self, document: Any, asked: Asked) -> Content:
        records = [document] if isinstance(document, dict) else document
        rows = list(_triples(records))
        names = ("text", "head", "tail", "relation")
        columns: dict[str, list[Any]] = {name: [row[place] for row in rows] for place, name in enumerate(names)}
        empty = sum(not record["spo_list"] for record in records)
        return Content(columns, skipped={say("layout.no_triples"): empty} if empty else {})


def _triples(records: list[Any]) -> Iterator[tuple[str, str, str, str]]:
    for record in records:
        for triple in record["spo_list"]:
            value = triple.get("object")
            value = value.get("@value") if isinstance(value, dict) else value
            yield record["text"], str(triple.get("subject")), str(value), str(triple.get("predicate"))
