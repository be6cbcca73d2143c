"""Mistakes worth reading."""

from itertools import pairwise
from typing import Any

from haoqi.core import formats
from haoqi.data.entity_marks import find_marks
from haoqi.evaluate.mistakes import Mistake
from haoqi.report.markup import Child, Markup, Said, join, tag
from haoqi.report.sections.errors import number
from haoqi.report.story import Story
from haoqi.report.table import listed

SHOWN = 10
LONGEST = 420
"""Characters of a text that are shown."""


def draw(story: Story) -> Markup | None:
    """Return the section, or None where nothing was measured."""
    shown = story.shown
    if shown is None:
        return None
    if not shown.mistakes:
        return tag("p", Said("mistakes.none"), class_="prose")
    of_spans = story.task.output.kind.of_words
    marks_spans = of_spans or story.task.output.kind.of_context
    lead: list[Child] = [Said("mistakes.lead"), *((Said("gap"), Said("mistakes.legend")) if marks_spans else ())]
    if story.task.output.kind.is_number:
        lead = [Said("mistakes.lead.numbers")]
    kind = story.task.output.kind
    draw_one = _number if kind.is_number else _span if of_spans else _answer if kind.of_context else _labels
    items = [draw_one(one) for one in shown.mistakes]
    return join(
        tag("p", lead, class_="prose"),
        listed(items, SHOWN, "mistakes"),
    )


def marked(text: str, true: tuple[Any, ...], given: tuple[Any, ...]) -> Markup:
    """Return a text, escaped, with what is truly a span underlined and what was answered tinted.

    Args:
        text: the text.
        true: the right spans, (start, end, label) each, in characters.
        given: the spans that were answered.
    """
    edges = sorted({0, len(text), *(min(edge, len(text)) for one in (*true, *given) for edge in one[:2])})
    parts: list[Child] = []
    for start, end in pairwise(edges):
        sides = {"true": _covers(true, start, end), "given": _covers(given, start, end)}
        classes = " ".join(name for name, inside in sides.items() if inside)
        piece = text[start:end]
        parts.append(tag("mark", piece, class_=classes) if classes else piece)
    return join(*parts)


def _labels(mistake: Mistake) -> Markup:
    true, given = _parts(mistake.true), _parts(mistake.predicted)
    answer = tag(
        "p",
        _side("mistakes.true", [_chip(one, "right" if one in given else "missed") for one in true]),
        _side("mistakes.predicted", [_chip(one, "right" if one in true else "wrong") for one in given]),
        _meta(mistake),
        class_="verdict",
    )
    return tag("li", answer, tag("blockquote", _text(mistake.text)))


def _text(text: str) -> Markup:
    """Return a text, cut where it is long; two stretches that are marked in it are shown as such."""
    marked = find_marks(text)
    if marked is None:
        return join(formats.clip(text, LONGEST))
    spans = ((*marked.first, "e1"), (*marked.second, "e2"))
    start = max(0, min(one[0] for one in spans) - LONGEST // 2) if len(marked.text) > LONGEST else 0
    end = min(len(marked.text), max(*(one[1] for one in spans), start + LONGEST))
    edges = sorted({start, end, *(edge for one in spans for edge in one[:2])})
    parts: list[Child] = ["…" if start else None]
    for first, last in pairwise(edges):
        piece = marked.text[first:last]
        names = [name for begin, finish, name in spans if begin <= first and last <= finish]
        parts.append(tag("mark", piece, tag("sub", ",".join(names)), class_="given") if names else piece)
    return join(*parts, "…" if end < len(marked.text) else None)


def _number(mistake: Mistake) -> Markup:
    sides = (("mistakes.true", mistake.true, "missed"), ("mistakes.predicted", mistake.predicted, "wrong"))
    told = [_side(key, [_chip(number(one), name)]) for key, one, name in sides]
    answer = tag("p", *told, _meta(mistake), class_="verdict")
    return tag("li", answer, tag("blockquote", formats.clip(mistake.text, LONGEST)))


def _span(mistake: Mistake) -> Markup:
    true, given = tuple(mistake.true or ()), tuple(mistake.predicted or ())
    same = [one[2] for one in true] == [one[2] for one in given]
    answer = tag(
        "p",
        tag("span", Said(f"kind.{mistake.kind}"), class_="outcome"),
        _side("mistakes.true", [_chip(one[2], "right" if same else "missed") for one in true]),
        _side("mistakes.predicted", [_chip(one[2], "right" if same else "wrong") for one in given]),
        _meta(mistake),
        class_="verdict",
    )
    return tag("li", answer, tag("blockquote", _around(mistake.text, true, given)))


def _answer(mistake: Mistake) -> Markup:
    """Return a question, and around the right answer and the given one what stands in its context."""
    true, given = tuple(mistake.true or ()), tuple(mistake.predicted or ())
    answer = tag(
        "p",
        tag("span", Said(f"kind.{mistake.kind}"), class_="outcome"),
        _side("mistakes.true", [_chip(formats.clip(one[2], LONGEST // 4), "missed") for one in true]),
        _side("mistakes.predicted", [_chip(formats.clip(one[2], LONGEST // 4), "wrong") for one in given]),
        _meta(mistake),
        class_="verdict",
    )
    question = tag("p", tag("strong", formats.clip(mistake.asked, LONGEST)))
    return tag("li", question, answer, tag("blockquote", _around(mistake.text, true, given)))


def _around(text: str, true: tuple[Any, ...], given: tuple[Any, ...]) -> Markup:
    """Return what stands around the spans of a text, with the spans marked."""
    first, last = min(one[0] for one in (*true, *given)), max(one[1] for one in (*true, *given))
    start = max(0, first - LONGEST // 2) if len(text) > LONGEST else 0
    end = min(len(text), max(last, start + LONGEST))
    moved = [tuple((one[0] - start, one[1] - start, one[2]) for one in side) for side in (true, given)]
    return join("…" if start else None, marked(text[start:end], *moved), "…" if end < len(text) else None)


def _covers(spans: tuple[Any, ...], start: int, end: int) -> bool:
    return any(one[0] <= start and end <= one[1] for one in spans)


def _parts(answer: Any) -> list[str]:
    if answer is None:
        return []
    return [answer] if isinstance(answer, str) else [str(one) for one in answer]


def _side(key: str, chips: list[Markup]) -> Markup:
    return tag("span", tag("small", Said(key)), " ", *(chips or [tag("i", Said("mistakes.nothing"))]), class_="side")


def _chip(label: str, class_: str) -> Markup:
    return tag("span", label, class_=f"chip {class_}")


def _meta(mistake: Mistake) -> Markup:
    row = tag("small", Said("mistakes.row", row=formats.count(mistake.id + 1)))
    if mistake.confidence is None:
        return tag("span", row, class_="sure")
    sure = Said("mistakes.sure", confidence=formats.score(mistake.confidence))
    return tag("span", row, tag("small", " · "), sure, class_="sure")
