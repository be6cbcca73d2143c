"""Quantities as a person reads them: times in every language, and chances that are never called certain."""

from haoqi.core.say import Sentence, say

SURE = 0.99
"""A chance above this is called "over 99 %": a test on some hundred texts makes nobody surer than that."""


def duration(value: float) -> Sentence:
    """Return a length of time in words.

    >>> [str(duration(seconds)) for seconds in (0.42, 8.4, 125, 3725)]
    ['0.4 s', '8 s', '2 min 5 s', '1 h 2 min']
    >>> duration(125).within("zh")
    '2 分 5 秒'
    """
    if value < 1:
        return say("time.seconds", seconds=f"{max(value, 0):.1f}")
    return whole(round(value))


def whole(seconds: int) -> Sentence:
    """Return a time in whole seconds, in minutes or hours where there are many."""
    if seconds < 60:
        return say("time.seconds", seconds=seconds)
    if seconds >= 3600:
        hours, minutes = divmod(round(seconds / 60), 60)
        return say("time.hours_minutes", hours=hours, minutes=minutes) if minutes else say("time.hours", hours=hours)
    minutes, rest = divmod(seconds, 60)
    return say("time.minutes_seconds", minutes=minutes, seconds=rest) if rest else say("time.minutes", minutes=minutes)


def p_value(value: float) -> str:
    """Return a p-value, never as 0.

    >>> p_value(0.00004), p_value(0.0312)
    ('p < 0.001', 'p = 0.031')
    """
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def signed(value: float) -> str:
    """Return a difference with its sign, which one that rounds to nothing has not.

    >>> signed(0.0123), signed(-0.5), signed(-0.0001)
    ('+0.012', '-0.500', '0.000')
    """
    shown = f"{value:+.3f}"
    return shown if float(shown) else "0.000"


def chance(value: float) -> str:
    """Return how likely something is, in percent, and never as certain.

    >>> str(chance(0.9998)), str(chance(0.954))
    ('over 99 %', '95 %')
    """
    return say("chance.over") if value > SURE else f"{value:.0%}".replace("%", " %")
