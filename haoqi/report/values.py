"""Merits as a person reads them: the deciding metric's own values, also where less of it is better."""

from haoqi.core import formats
from haoqi.report.markup import Said
from haoqi.report.story import Story


def own(merit: float | None, story: Story) -> float | None:
    """Return the metric's value, or the difference of two values, that a merit or a difference stands for."""
    return None if merit is None else story.task.metric.shown(merit)


def score(merit: float | None, story: Story) -> str:
    """Return the metric's own value with three digits."""
    return formats.score(own(merit, story))


def signed(difference: float | None, story: Story) -> str:
    """Return a difference of the metric's own values with its sign: below 0 is a gain where less is better."""
    return formats.signed(own(difference, story))


def ends(low: float | None, high: float | None, story: Story) -> tuple[float | None, float | None]:
    """Return the ends of an interval of merits as own values, the lower first."""
    found = own(low, story), own(high, story)
    return found if story.task.metric.greater_is_better else found[::-1]


def between(low: float | None, high: float | None, story: Story) -> str:
    """Return an interval of merits as one of own values."""
    return formats.between(*ends(low, high, story))


def differences(low: float | None, high: float | None, story: Story) -> Said:
    """Return an interval of differences of own values, each end with its sign."""
    first, last = ends(low, high, story)
    return Said("range", low=formats.signed(first), high=formats.signed(last))


def less_is_better(story: Story) -> Said | None:
    """Return a word on which way the metric counts, where that is not the usual one."""
    return None if story.task.metric.greater_is_better else Said("metric.less_is_better")
