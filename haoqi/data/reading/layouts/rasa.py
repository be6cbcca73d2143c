"""Rasa's training data: intents with their examples, as JSON, YAML or Markdown."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from haoqi.core.say import say
from haoqi.data.reading.layouts import Asked, Content, layouts, refuse

_MARKED = re.compile(r"\[(?P<words>[^\[\]]+)\](?:\((?P<kind>[^()]+)\)|(?P<record>\{[^{}]*\}))")
_KIND = re.compile(r"""["']?entity["']?\s*:\s*["']?([^"',}]+)""")
_DASH = re.compile(r"^\s*[-*+]\s+")


@layouts.register
class Rasa:
    """The intent is the label; `--label entities` learns what brackets mark in the examples instead."""

    def recognises(self, document: Any) -> float:
        if not isinstance(document, dict):
            return 0.0
        nlu = document.get("nlu")
        listed = isinstance(nlu, list) and all(isinstance(one, dict) for one in nlu)
        named = isinstance(document.get("rasa_nlu_data"), dict)
        return 1.0 if named or (listed and nlu) else 0.0

    def read(self, document: Any, asked: Asked) -> Content:
        rows = list(_of_json(document) if "rasa_nlu_data" in document else _of_list(document["nlu"]))
        if not rows:
            refuse(asked, say("layout.rasa"), say("layout.rasa_empty"), say("layout.rasa_empty.hint"))
        columns: dict[str, list[Any]] = {"text": [row[0] for row in rows], "intent": [row[1] for row in rows]}
        notes = []
        if any(row[2] for row in rows):
            columns["entities"] = [row[2] for row in rows]
            notes.append(say("layout.entities_left"))
        others = sorted({key for one in _others(document) for key in one if key not in ("intent", "examples")})
        notes += [say("layout.others_left", names=", ".join(others))] if others else []
        roles = {"text": "text", "label": "intent"} if asked.labelled else {"text": "text"}
        return Content(columns, roles, dict.fromkeys(roles, say("layout.by_rasa")), notes=notes)


def unmarked(example: str) -> tuple[str, list[list[Any]]]:
    """Return an example without its brackets, and the entities that they marked.

    >>> unmarked("a table in [Rome](city)")
    ('a table in Rome', [[11, 15, 'city']])
    """
    text, at, found = "", 0, []
    for mark in _MARKED.finditer(example):
        named = _KIND.search(mark["record"]) if mark["record"] else None
        kind = mark["kind"].partition(":")[0].strip() if mark["kind"] else named[1].strip() if named else None
        text += example[at : mark.start()]
        if kind:
            found.append([len(text), len(text) + len(mark["words"]), kind])
        text += mark["words"]
        at = mark.end()
    return text + example[at:], found


def of_markdown(text: str) -> list[dict[str, Any]]:
    """Return the sections of Rasa's Markdown (`## intent:name`, then a list) as its YAML holds them."""
    found: list[dict[str, Any]] = []
    for line in text.split("\n"):
        if line.startswith("##"):
            what, _, name = line.lstrip("# ").partition(":")
            found.append({what.strip(): name.strip(), "examples": ""})
        elif found and _DASH.match(line):
            found[-1]["examples"] += f"{line}\n"
    return found


def _of_json(document: Mapping[str, Any]) -> Iterator[tuple[Any, Any, list[Any]]]:
    below = document["rasa_nlu_data"]
    for key in ("common_examples", "intent_examples"):
        for one in _listed(below.get(key)):
            if isinstance(one, dict):
                yield one.get("text"), one.get("intent"), _listed(one.get("entities"))


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else []


def _of_list(nlu: list[Mapping[str, Any]]) -> Iterator[tuple[str, str, list[Any]]]:
    for one in nlu:
        if not one.get("intent"):
            continue
        examples = one.get("examples") or ""
        lines = examples.split("\n") if isinstance(examples, str) else examples
        for line in lines if isinstance(lines, list) else ():
            said = line.get("text") if isinstance(line, dict) else line
            words = _DASH.sub("", str(said or "")).strip()
            text, entities = unmarked(words)
            if text:
                yield text, str(one["intent"]), entities


def _others(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    nlu = document.get("nlu")
    return [one for one in nlu if not one.get("intent")] if isinstance(nlu, list) else []
