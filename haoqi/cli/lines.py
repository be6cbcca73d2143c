"""A run as plain lines, a line for each thing that matters; or as JSON, a line for each event."""

import json
from collections.abc import Callable

from haoqi.cli import words
from haoqi.core.events import Event, Note, Released, Stage, Tried, Trying, as_plain

Write = Callable[[str], None]


def plain(event: Event) -> str | None:
    """Return an event as a line for a log, or None where it does not matter enough."""
    match event:
        case Stage():
            return f"{event.name}: {event.note}" if event.note else event.name
        case Note():
            return f"  warning: {event.text}" if event.warning else f"  {event.text}"
        case Trying():
            about = "" if event.expected_seconds is None else f"; about {words.seconds(event.expected_seconds)}"
            return f"{event.number}. {event.plan} ({event.why}{about})"
        case Tried():
            return f"{event.number}. {outcome(event)} in {words.seconds(event.seconds)}: {event.verdict}"
        case _:
            return None


def outcome(event: Tried) -> str:
    """Return what an experiment scored, with its interval."""
    if event.score is None:
        return "failed"
    between = "" if event.low is None else f" [{words.score(event.low)}, {words.score(event.high)}]"
    return f"{words.metric(event.metric)} {words.score(event.score)}{between}"


def as_json(event: Event) -> str:
    """Return an event as one line of JSON."""
    return json.dumps(as_plain(event), ensure_ascii=False)


def ending(released: Released) -> list[str]:
    """Return what was released, how good and how sure, and what to type next."""
    sure = words.surely(released.metric, released.score, released.low, released.high)
    return [
        f"Released {released.name}, version {released.version}: {sure} (on the test split).",
        f'  ask it     haoqi predict {released.name} "..."',
        f"  read why   {released.report}",
        *(f"  {hint}" for hint in released.hints),
    ]
