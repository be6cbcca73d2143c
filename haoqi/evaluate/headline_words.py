"""A headline as sentences: the score that leads, the one beside it, what was not tested, how often it was scored."""

from collections.abc import Sequence

from haoqi.core import formats
from haoqi.core.say import Sentence, named, say, spoken
from haoqi.evaluate.headline import Estimate, Headline

NAMED = 5
"""Of labels that were not tested, so many are named where the line is short."""


def leading(found: Headline) -> Sentence:
    """Return the score that leads, how sure it is, on what it rests, and what that leaves untested."""
    return _scored("headline.lead", found.lead)


def beside(found: Headline) -> Sentence | None:
    """Return the other score, with what it rests on and leaves untested; None where there is none."""
    return None if found.beside is None else _scored("headline.beside", found.beside)


def untested(labels: Sequence[str]) -> Sentence:
    """Return that some labels were not tested, the first of them by name."""
    return say("headline.untested", labels=listed(labels))


def scored_again(found: Headline) -> Sentence | None:
    """Return how often the test split has been scored by now, where that is more than this one time."""
    return say("headline.scored_again", times=found.scorings) if found.scorings > 1 else None


def place(one: Estimate) -> Sentence:
    """Return on what a score rests, briefly: "3 test examples"."""
    kind = "test" if one.split == "test" else "folds" if one.folds else "valid"
    if not one.examples:
        return say(f"headline.split.{kind}")
    return say(f"headline.place.{kind}", count=formats.count(one.examples), n=one.examples)


def listed(labels: Sequence[str], most: int = NAMED) -> str:
    """Return labels in a row, the last ones only counted where they are many."""
    shown = ", ".join(labels[:most])
    more = len(labels) - most
    return say("headline.more", labels=shown, count=formats.count(more), n=more) if more > 0 else shown


def lines(found: Headline, language: str | None = None) -> list[str]:
    """Return the whole headline as plain sentences, the score that leads first; in the terminal's language if none."""
    said = (leading(found), beside(found), scored_again(found))
    return [spoken(one, language).replace(formats.SPACE, " ") for one in said if one is not None]


def _scored(key: str, one: Estimate) -> Sentence:
    where = place(one)
    if one.untested:
        where = say("headline.but", place=where, untested=untested(one.untested))
    bounds = {"low": formats.score(one.low), "high": formats.score(one.high)}
    return say(key, metric=named("metric", one.metric), score=formats.score(one.score), where=where, **bounds)
