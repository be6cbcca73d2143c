"""Lists of texts under the names of their labels."""

from typing import Any

from haoqi.core.say import say
from haoqi.data.reading.layouts import Asked, Content, layouts
from haoqi.data.reading.records import part_of
from haoqi.data.reading.tables.column_names import LABELS, TEXTS


@layouts.register
class TextsByLabel:
    """Every key is a label, every text below it an example."""

    def recognises(self, document: Any) -> float:
        if not isinstance(document, dict) or len(document) < 2:
            return 0.0
        lists = list(document.values())
        if not all(isinstance(one, list) and one and all(isinstance(text, str) for text in one) for one in lists):
            return 0.0
        names = {str(key).strip().lower() for key in document}
        if names & {*TEXTS, *LABELS} or all(part_of(name) for name in names):
            return 0.0
        repeats = any(len(set(one)) < 0.5 * len(one) for one in lists)
        sentences = sum(" " in text or len(text) > 12 for one in lists for text in one) > 0.5 * sum(map(len, lists))
        return 0.8 if sentences and not (repeats and len({len(one) for one in lists}) == 1) else 0.0

    def read(self, document: Any, asked: Asked) -> Content:
        rows = [(text, str(label)) for label, texts in document.items() for text in texts]
        columns = {"text": [text for text, _ in rows], "label": [label for _, label in rows]}
        why = {"text": say("layout.under_names"), "label": say("layout.under_it")}
        return Content(columns, {"text": "text", "label": "label"} if asked.labelled else {"text": "text"}, why)
