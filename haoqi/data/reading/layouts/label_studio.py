"""Label Studio's export as JSON, whole or minimal: tasks with their data and the answers of annotators."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from haoqi.core.say import say
from haoqi.data.raw import Part
from haoqi.data.reading.fields import columns_of, names_in
from haoqi.data.reading.layouts import Asked, Content, are_records, layouts, refuse
from haoqi.data.reading.spans.marks import holds_marks

_ANSWERS = ("annotations", "completions")
# What the minimal export puts beside data and answers.
_BESIDE = ("annotation_id", "annotator", "lead_time", "created_at", "updated_at")
_REGIONS = ("labels", "hypertextlabels", "paragraphlabels")
_NAMED = ("choices", "taxonomy", "rating", "number", "text", "datetime")


@layouts.register
class LabelStudio:
    """Answers that were cancelled, and drafts, are not learnt; tasks without an answer serve as unlabelled text.

    Of several answers to a task the one marked as ground truth is taken, else the first.
    """

    def recognises(self, document: Any) -> float:
        if are_records(document, "data") and all(isinstance(task["data"], dict) for task in document):
            return 1.0 if all(any(key in task for key in _ANSWERS) for task in document) else 0.0
        return 0.9 if are_records(document, "annotation_id") and any("lead_time" in row for row in document) else 0.0

    def read(self, document: Any, asked: Asked) -> Content:
        if "data" not in document[0]:
            return _minimal(document, asked)
        rows, parts, told = [], [], Counter[str]()
        answers: list[dict[str, list[Mapping[str, Any]]]] = []
        for task in document:
            results, part = _answer(task, told)
            if part is None and asked.labelled:
                continue
            rows.append(task["data"])
            parts.append(part or "unlabelled")
            answers.append(_by_control(results))
        if not rows:
            refuse(asked, say("layout.label_studio"), say("layout.all_cancelled"), say("layout.all_cancelled.hint"))
        if asked.labelled and not _regions(answers):
            bare = [number for number, answer in enumerate(answers) if not answer and parts[number] == "train"]
            for number in bare:
                parts[number] = "unlabelled"
            told["empty"] = len(bare)
        columns = columns_of(rows, asked.name)
        controls = dict.fromkeys(name for answer in answers for name in answer)
        if not controls and asked.labelled:
            refuse(asked, say("layout.label_studio"), say("layout.no_answer"), say("layout.no_answer.hint"))
        named = {}
        for control in controls:
            column = control if control not in columns else f"{control} (answer)"
            columns[column] = _cells(control, answers, parts, asked)
            named[column] = control
        roles, why = _roles(columns, list(named), document, asked)
        notes = [
            say(f"layout.tasks_{reason}", count=f"{count:,}")
            for reason, count in told.items()
            if count and reason != "cancelled"
        ]
        skipped: dict[str, int] = {say("left.cancelled"): told["cancelled"]} if told["cancelled"] else {}
        given = parts if "unlabelled" in parts else None
        return Content(columns, roles, why, given, skipped, notes)


def _minimal(document: Sequence[Mapping[str, Any]], asked: Asked) -> Content:
    rows = [{key: value for key, value in row.items() if key not in _BESIDE or key == "annotator"} for row in document]
    columns = columns_of(rows, asked.name)
    rest = [c for c in columns if c not in ("id", "annotator") and any(_is_answer(cell) for cell in columns[c])]
    roles = {"label": rest[0]} if len(rest) == 1 else {}
    return Content(columns, roles, dict.fromkeys(roles, say("layout.answers")))


def _is_answer(cell: Any) -> bool:
    return isinstance(cell, list | dict) and (holds_marks(cell) or names_in(cell) is not None)


def _answer(task: Mapping[str, Any], told: Counter[str]) -> tuple[list[Any], Part | None]:
    """Return the results of the answer that counts, and "unlabelled" where none was given, None where cancelled."""
    given: list[Any] = next((task[key] for key in _ANSWERS if isinstance(task.get(key), list)), [])
    valid = [one for one in given if isinstance(one, dict) and not one.get("was_cancelled") and not one.get("skipped")]
    if not valid:
        told["drafts"] += bool(task.get("drafts"))
        told["cancelled"] += bool(given)
        told["unanswered"] += not given
        return [], None if given else "unlabelled"
    best = next((one for one in valid if one.get("ground_truth")), valid[0])
    told["several"] += len(valid) > 1
    told["differ"] += len({repr(_plain(one.get("result"))) for one in valid}) > 1
    results = best.get("result")
    return results if isinstance(results, list) else [], "train"


def _plain(results: Any) -> list[str]:
    members = results if isinstance(results, list) else []
    return sorted(repr(one.get("value")) for one in members if isinstance(one, dict))


def _by_control(results: Sequence[Any]) -> dict[str, list[Mapping[str, Any]]]:
    """Return results by the control that gave them, relations left out."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for one in results:
        if isinstance(one, dict) and isinstance(one.get("value"), dict):
            found.setdefault(str(one.get("from_name") or one.get("type") or "label"), []).append(one)
    return found


def _cells(
    control: str, answers: Sequence[Mapping[str, list[Mapping[str, Any]]]], parts: Sequence[str], asked: Asked
) -> list[Any]:
    """Return what a control answered for each task: marks, or names of choices."""
    values = [[one["value"] for one in answer.get(control, [])] for answer in answers]
    every = [value for row in values for value in row]
    if any(key in value for value in every for key in _REGIONS):
        if not any(holds_marks([one]) for answer in answers for one in answer.get(control, [])):
            refuse(asked, say("layout.label_studio"), say("layout.no_characters", control=control),
                   say("layout.no_characters.hint"))  # fmt: skip
        return [
            [_region(value) for value in row] if part != "unlabelled" else None
            for row, part in zip(values, parts, strict=True)
        ]
    key = next((key for key in _NAMED if any(key in value for value in every)), None)
    if key is None:
        refuse(asked, say("layout.label_studio"), say("layout.other_answers", control=control),
               say("layout.other_answers.hint"))  # fmt: skip
    if key in ("rating", "number"):
        return [row[0].get(key) if row else None for row in values]
    cells = [[name for value in row for name in names_in(_listed(value.get(key))) or ()] for row in values]
    if all(len(cell) <= 1 for cell in cells):
        return [cell[0] if cell else None for cell in cells]
    return [cell if cell or part != "unlabelled" else None for cell, part in zip(cells, parts, strict=True)]


def _regions(answers: Sequence[dict[str, list[Mapping[str, Any]]]]) -> bool:
    """Return whether any answer marks stretches, so that an answer without any says that there are none."""
    values = (one["value"] for answer in answers for results in answer.values() for one in results)
    return any(key in value for value in values for key in _REGIONS)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _region(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a region with its places in the text, where it has others in the markup."""
    whole = value.get("globalOffsets")
    return {**value, **whole} if isinstance(whole, dict) else value


def _roles(
    columns: Mapping[str, Sequence[Any]], controls: Sequence[str], document: Sequence[Any], asked: Asked
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the roles that are certain: the only control is the label, the field that it speaks of the text."""
    roles: dict[str, str] = {}
    why: dict[str, str] = {}
    if len(controls) == 1:
        roles["label"], why["label"] = controls[0], say("layout.answered")
    targets = {str(one.get("to_name")) for task in document for one in _results(task)}
    named = [name for name in targets if name in columns]
    data = [c for c in columns if c not in controls and any(isinstance(cell, str) for cell in columns[c])]
    text = named[0] if len(named) == 1 else data[0] if len(data) == 1 else None
    if text is not None and text not in controls:
        roles["text"], why["text"] = text, say("layout.shown")
    return roles, why


def _results(task: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for key in _ANSWERS:
        for answer in task.get(key) or ():
            results = answer.get("result") if isinstance(answer, dict) else None
            yield from (one for one in results or () if isinstance(one, dict))
