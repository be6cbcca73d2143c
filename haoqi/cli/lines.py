"""A run as plain lines, a line for each thing that matters; or as JSON, a line for each event."""

import json
from collections.abc import Callable

from haoqi.cli import words
from haoqi.core.events import Event, Note, Released, Stage, Tried, Trying, as_plain
from haoqi.core.say import named

Write = Callable[[str], None]


def plain(event: Event) -> str | None:
    """Return an event as a line for a log, or None where it does not matter enough."""
    match event:
        case Stage():
            return (
                words.words("stage.told", stage=stage(event), note=words.translate(event.note))
                if event.note
                else stage(event)
            )
        case Note():
            return words.words("line.warning" if event.warning else "line.note", text=words.translate(event.text))
        case Trying():
            facts = {"number": event.number, "plan": words.translate(event.plan), "why": words.translate(event.why)}
            if event.expected_seconds is None:
                return words.words("line.trying", **facts)
            return words.words("line.trying_about", time=words.seconds(event.expected_seconds), **facts)
        case Tried():
            facts = {"outcome": outcome(event), "time": words.seconds(event.seconds)}
            return words.words("line.tried", number=event.number, verdict=words.translate(event.verdict), **facts)
        case _:
            return None


def stage(event: Stage) -> str:
    """Return what a part of a run is called."""
    return words.translate(named("stage", event.name))


def outcome(event: Tried) -> str:
    """Return what an experiment scored, with its interval."""
    if event.score is None:
        return words.words("line.failed")
    between = "" if event.low is None else f" [{words.score(event.low)}, {words.score(event.high)}]"
    return f"{words.metric(event.metric)} {words.score(event.score)}{between}"


def as_json(event: Event) -> str:
    """Return an event as one line of JSON."""
    return json.dumps(as_plain(event), ensure_ascii=False)


def ending(released: Released, tried: int = 0) -> list[str]:
    """Return what was released, how good, how sure and by what, which version answers, and what to type next.

    Args:
        released: the release, new or not.
        tried: experiments that were made since the command began.
    """
    from haoqi.report import promotion
    from haoqi.report.steps import in_words

    name, version, standing = released.name, released.version, released.standing
    ref = name if released.promoted else f"{name}@{version}"
    command = promotion.command(name, version, standing)
    first, *rest = _told(released)
    key = "ending.released" if released.new else "ending.stays" if tried else "ending.nothing_new"
    undo = "ending.undo" if released.promoted else "ending.promote"
    return [
        words.words(key, name=name, version=version, sure=first),
        *(f"  {line}" for line in rest),
        *(f"  {in_words(one)}" for one in promotion.told(name, version, standing)),
        words.words(_asking(released), name=ref),
        *([words.words(undo, command=command)] if command else []),
        words.words("ending.read", report=released.report),
        *(f"  {hint}" for hint in released.hints),
    ]


def _asking(released: Released) -> str:
    """Return the key of the line that shows how a release is asked."""
    return "ending.ask_marked" if released.marked else "ending.ask_pair" if released.pairs else "ending.ask"


def _told(released: Released) -> list[str]:
    if not released.headline:
        return [words.surely(released.metric, released.score, released.low, released.high)]
    from haoqi.evaluate import headline_words
    from haoqi.evaluate.headline import Headline

    return headline_words.lines(Headline.from_plain(released.headline))
