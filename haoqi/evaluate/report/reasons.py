"""Why an experiment was made, in every language: the reasons of the search are known by how they are worded."""

import re

from haoqi.evaluate.report.claims import said
from haoqi.evaluate.report.markup import Child, Said
from haoqi.evaluate.report.story import Row, Story

_NUMBER = r"-?\d+(?:\.\d+)?(?:e-?\d+)?"

KNOWN: tuple[tuple[str, str], ...] = (
    ("first", "the cheapest, so that there is a model at once"),
    ("few", "with so few examples, the best that other data sets know of"),
    ("cheap", "cheap, so it comes first"),
    ("plain", "needs no base, and is what the others have to beat"),
    ("frozen", "frozen features are cheap for what they give"),
    ("costly", "tends to come out best where there is time for it"),
    ("unlike", "unlike the other training, so that both together may do better"),
    (
        "close",
        rf"better than the champion by (?P<difference>{_NUMBER}), too little to be sure \(p = (?P<p>{_NUMBER})\)",
    ),
    ("proposed", r"proposed by (?P<strategy>\S+) among (?P<count>\d+)"),
    ("lesson", r"tests a lesson: (?P<claim>.+)"),
    ("ensemble", "asks the best plans together"),
    ("distil", "learns from the ensemble, to answer faster"),
)
"""Name of a sentence in the texts to the words that the ledger has for it."""


def reason(why: str) -> tuple[str, dict[str, str]] | None:
    """Return the name of a reason and what its words held; None for one that is not known.

    >>> reason("proposed by curious among 23")
    ('proposed', {'strategy': 'curious', 'count': '23'})
    """
    for name, pattern in KNOWN:
        if found := re.fullmatch(pattern, why, re.DOTALL):
            return name, found.groupdict()
    return None


def spoken(row: Row, story: Story) -> Child:
    """Return why an experiment was made as a sentence, in the ledger's own words where they are not known."""
    if not row.why:
        return None
    found = reason(row.why)
    if found is None:
        return row.why
    name, held = found
    if row.lesson is not None and name == "lesson":
        lesson = story.lessons[row.lesson]
        return Said("reason.lesson", claim=said(lesson.kind, lesson.evidence) or lesson.claim)
    return Said(f"reason.{name}", **held)
