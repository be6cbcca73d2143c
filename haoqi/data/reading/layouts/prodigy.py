"""Prodigy's export: a record for each question, with the answer accept, reject or ignore."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from haoqi.core.say import say
from haoqi.data.reading.fields import columns_of
from haoqi.data.reading.layouts import Asked, Content, are_records, layouts

_ANSWERS = {"accept", "reject", "ignore"}
_BESIDE = (
    "tokens",
    "options",
    "config",
    "answer",
    "_input_hash",
    "_task_hash",
    "_session_id",
    "_view_id",
    "_is_binary",
)


@layouts.register
class Prodigy:
    """Only what was accepted is learnt. Where one label alone was asked for, rejected texts are those without it."""

    def recognises(self, document: Any) -> float:
        return 1.0 if are_records(document, "answer") and _are_answers(document) else 0.0

    def read(self, document: Any, asked: Asked) -> Content:
        counts = Counter(row["answer"] for row in document)
        notes: list[str] = []
        if not asked.labelled:
            rows, skipped = list(document), {}
        elif _is_binary(document):
            rows = [row for row in document if row["answer"] != "ignore"]
            rows = [row if row["answer"] == "accept" else {**row, "label": f"not {row['label']}"} for row in rows]
            notes.append(say("layout.one_label"))
            skipped = {say("left.ignored"): counts["ignore"]}
        else:
            rows = [row for row in document if row["answer"] == "accept"]
            skipped = {say("left.answered", answer=answer): counts[answer] for answer in ("reject", "ignore")}
        chosen = any("accept" in row for row in rows)
        if chosen:
            rows = _choices(rows)
        fields = [{key: value for key, value in row.items() if key not in (*_BESIDE, "accept")} for row in rows]
        columns = columns_of(fields, asked.name)
        if "text" not in columns and rows:
            columns["text"] = [_words(row) for row in rows]
        label = next((name for name in ("label (accepted)", "spans", "label") if name in columns), None)
        if label == "spans" and not any(columns["spans"]) and "label" in columns:
            label = "label"
        roles = {"text": "text"} | ({"label": label} if label and asked.labelled else {})
        why = dict.fromkeys(roles, say("layout.by_prodigy"))
        return Content(columns, roles, why, skipped={why: n for why, n in skipped.items() if n}, notes=notes)


def _are_answers(document: Sequence[Mapping[str, Any]]) -> bool:
    answers = {row["answer"] for row in document if isinstance(row["answer"], str)}
    alike = all(isinstance(row["answer"], str) for row in document) and answers <= _ANSWERS
    shaped = any(
        key in row for row in document[:50] for key in ("_input_hash", "_task_hash", "spans", "options", "label")
    )
    return alike and shaped


def _is_binary(document: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether all questions were of one and the same label of whole texts."""
    labels = {row.get("label") for row in document if isinstance(row.get("label"), str)}
    whole = not any(row.get("spans") or "accept" in row for row in document)
    return whole and len(labels) == 1 and all("label" in row for row in document)


def _choices(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows with the options that were chosen as their label, by the names that options have."""
    names = {
        str(one.get("id")): str(one.get("text") or one.get("id")) for row in rows for one in row.get("options") or ()
    }
    short = all(len(name) <= 60 for name in names.values())
    found = []
    for row in rows:
        accepted = row.get("accept") or []
        chosen = [str(one) for one in (accepted if isinstance(accepted, list) else [accepted])]
        found.append([names.get(one, one) if short else one for one in chosen])
    single = all(len(one) <= 1 for one in found)
    cells = [(one[0] if one else None) if single else one for one in found]
    return [{**row, "label (accepted)": cell} for row, cell in zip(rows, cells, strict=True)]


def _words(row: Mapping[str, Any]) -> str:
    tokens = row.get("tokens") or ()
    return " ".join(str(one.get("text", "")) for one in tokens if isinstance(one, dict))
