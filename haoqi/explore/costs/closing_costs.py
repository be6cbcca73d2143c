"""What comes after a search, and the time that is reserved for it: all of it belongs to the minutes.

The champion's last fit and its answers to the test split are the larger part (`costs`). Then come the release itself,
its compiled form, next steps and the report. Next steps have a twentieth of the minutes for sure, and more where time
is left. Compiling takes half a minute and more, whatever the data: its time is reserved where that is a small part of
the minutes; else it is done where time is left, or left to a person, who is told so. The same holds for making the
released base smaller.
"""

from haoqi.explore.costs.throughput import Throughput
from haoqi.explore.plans.plan import Plan
from haoqi.explore.setup.context import SearchContext

LATE = 0.02
"""A release may be later by this share of the minutes, rather than know less than it could."""

REPORT_SECONDS = 1.5
"""Champion test, release and report, on the machine that throughput was measured on."""

ADVICE_SHARE = 0.05
"""Of the minutes, what is reserved for next steps, at most `advice_seconds`."""

COMPILE_SECONDS, COMPILE_SECONDS_EACH = 34.0, 0.4
"""What compiling takes on that machine: libraries are loaded and forms written and timed, whatever the base; and that
for each million of its weights."""

COMPILE_SHARE = 0.15
"""Of the minutes, what is reserved for compiling at most."""

SMALLER_SHARE = 0.1
"""And for making the base of the release smaller, which rounds its weights and leaves out tokens."""

# The report compares the champion with so many others, each by so many seconds and more for rows and labels.
_COMPARED, _PAIR, _ROW, _CELL = 40, 0.01, 1e-5, 5e-7


def report_seconds(context: SearchContext, rates: Throughput, experiments: int) -> float:
    """Return what publishing takes, and writing a report of so many experiments."""
    rows, labels = len(context.judged), len(context.task.labels)  # numbers have none, and no sums of each
    pairs = min(_COMPARED, experiments) * (_PAIR + rows * (_ROW + _CELL * labels))
    return rates.paced(REPORT_SECONDS + pairs)


def advice_seconds(context: SearchContext) -> float:
    """Return how long finding next steps may take in any case."""
    budget, most = context.settings.budget_seconds, context.settings.advice_seconds
    return most if budget is None else min(most, ADVICE_SHARE * budget)


def most_advice_seconds(context: SearchContext, left: float | None) -> float:
    """Return how long finding next steps may take where so many seconds are left; None: no clock counts.

    That is 15 seconds, or what else `advice_seconds` says, or a twentieth of the minutes where that is more, and never
    past the end of the minutes.
    """
    most = context.settings.advice_seconds
    if not most or left is None:
        return most
    return max(0.0, min(left, max(most, ADVICE_SHARE * (context.settings.budget_seconds or 0.0))))


def compile_seconds(context: SearchContext, rates: Throughput, plan: Plan) -> float:
    """Return what compiling the release of a plan takes; 0 where it is not asked for, or nothing is to be compiled."""
    base = next((one.base for one, _ in plan.members if one.base), None)
    if not context.compiles or base is None or context.hardware.gpu:
        return 0.0
    card = context.bases[base].card
    return rates.paced(COMPILE_SECONDS + COMPILE_SECONDS_EACH * 12 * card.layers * card.width**2 / 1e6)


def compile_kept(context: SearchContext, rates: Throughput, plan: Plan) -> float:
    """Return the seconds that are reserved for compiling: what it takes, or none where that is too much of the time."""
    seconds, budget = compile_seconds(context, rates, plan), context.settings.budget_seconds
    return seconds if budget is None or seconds <= COMPILE_SHARE * budget else 0.0
