"""Questions on contexts whose answers are stretches of them, as SQuAD, CMRC, DRCD and TyDi have them."""

from collections.abc import Iterator
from typing import Any

from haoqi.data.reading.layouts import Asked, Content, are_records, layouts

_CONTEXTS, _QUESTIONS = ("context", "context_text"), ("question", "query_text")


@layouts.register
class Squad:
    """Each question is the text, its answers the label; where the label or a pair is named, the first answer alone."""

    def recognises(self, document: Any) -> float:
        if isinstance(document, dict):
            return self.recognises(document["data"]) if isinstance(document.get("data"), list) else 0.0
        if are_records(document, "paragraphs"):
            return 1.0 if any(_rows(document)) else 0.0
        if are_records(document, "qas"):
            return 1.0 if all(any(key in row for key in _CONTEXTS) for row in document) else 0.0
        flat = are_records(document, "context", "question", "answers")
        return 1.0 if flat and all(isinstance(row["answers"], dict | list) for row in document) else 0.0

    def read(self, document: Any, asked: Asked) -> Content:
        rows = list(_rows(document["data"] if isinstance(document, dict) else document))
        settings = asked.settings
        roles = {} if settings.text else {"text": "question"}
        if not settings.context and (settings.label or settings.pair):
            rows = [{**row, "answer": _first(row["answer"])} for row in rows]
        else:
            roles |= {"context": "context", **({"label": "answer"} if asked.labelled else {})}
        return Content(
            {name: [row[name] for row in rows] for name in ("title", "context", "question", "answer")}, roles
        )


def _rows(document: list[Any]) -> Iterator[dict[str, Any]]:
    """Yield a row for each question."""
    for record in document:
        below = record.get("paragraphs") if isinstance(record, dict) else None
        for paragraph in below if isinstance(below, list) else [record]:
            if not isinstance(paragraph, dict):
                continue
            context = next((paragraph[key] for key in _CONTEXTS if key in paragraph), None)
            questions = paragraph.get("qas")
            for one in questions if isinstance(questions, list) else [paragraph]:
                question = next((one[key] for key in _QUESTIONS if key in one), None) if isinstance(one, dict) else None
                if context is not None and question is not None:
                    answers = [] if one.get("is_impossible") is True else one.get("answers")
                    yield {"title": record.get("title"), "context": context, "question": question, "answer": answers}


def _first(answers: Any) -> str | None:
    if isinstance(answers, dict):
        answers = answers.get("text")
    first = answers[0] if isinstance(answers, list) and answers else answers
    found = first.get("text") if isinstance(first, dict) else first
    return found if isinstance(found, str) else None
