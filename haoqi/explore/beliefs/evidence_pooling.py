"""Pooling evidence: what other data sets know of two methods, where the examples at hand leave them open.

On a few hundred validation examples a lead of two points is within chance, though the method that leads may have led
wherever both were tried. A hierarchical paired test takes both in: a lead is believed to be what it was on other data
sets, with the spread that it had there, and what the examples at hand show of it is weighed by its own error (Corani,
Benavoli, Demsar, Mangili and Zaffalon, 2017, "Statistical comparison of classifiers through Bayesian hierarchical
modelling", doi:10.1007/s10994-017-5641-9). Nothing is proven so and nothing is claimed to be: it settles which of two
models a person had better have, where a wrong change costs no more than a missed one. So a chance of 80 % is enough,
and of champions promoted by it at most one in five is no better, where the data at hand are to other data sets as those
are to each other.

Leads are known of a method at its defaults over another that learns from all examples as well, with more doubt where
that one's settings are varied; of an ensemble over its members, and over one that a training has yet to join; and for
labels only. Copies and variations of one method have none, so they are judged by the examples alone.
"""

import math
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from haoqi.evaluate.comparison import Comparison
from haoqi.explore.beliefs.transfer_prior import Features, PriorBelief, TransferPrior, load_prior
from haoqi.explore.plans.plan import ENSEMBLE, Plan
from haoqi.methods.method import methods

if TYPE_CHECKING:  # naming strategies must not wait for a context
    from haoqi.explore.setup.context import SearchContext

Lead = Callable[[Plan, Plan], PriorBelief | None]
"""Gives how far one plan is believed to be above another, in log-odds, before any example at hand is asked."""

_SURE = 1.96
# Cross-dataset evidence may be wrong so many times as often as a proof.
_DOUBTS = 2.0
_LEAST_ERROR = 1e-6


def no_lead(one: Plan, other: Plan) -> None:
    """Know nothing of any two plans."""


def can_pool(context: "SearchContext") -> bool:
    """Return whether a context may ask what other data sets know."""
    return context.settings.borrow and context.task.output.kind.one_class


def cross_dataset_lead(context: "SearchContext") -> Lead:
    """Return what other data sets know of two plans on the search's data; nothing where it is not to be asked."""
    if not can_pool(context):
        return no_lead

    @cache
    def prior() -> TransferPrior:
        return load_prior(Features.of(context))

    return lambda plan, other: known_lead(prior(), plan, other)


def known_lead(prior: TransferPrior, one: Plan, other: Plan) -> PriorBelief | None:
    """Return what a prior knows of the lead of one plan over another; None where it knows of none.

    What was done to the examples is not asked.
    """
    if one.method == ENSEMBLE:
        known = prior.together if other in one.made_of else prior.wider if _wider(one, other) else None
        return known if known is not None and known.mean > 0 else None
    return prior.lead(one, other) if not one.settings and one.share == other.share == 1.0 else None


def certainty_needed(alpha: float) -> float:
    """Return the chance to be better at which cross-dataset evidence promotes a plan, where a run proves at alpha.

    >>> certainty_needed(0.1)
    0.8
    """
    return max(0.5, 1 - _DOUBTS * alpha)


def probability_better(found: Comparison, lead: PriorBelief, level: float, *, selection_bias: float = 0.0) -> float:
    """Return the chance that the first of two plans is better, in (0, 1).

    Args:
        found: the two on the examples at hand.
        lead: what is believed of it elsewhere, in log-odds.
        level: the second's score, in [0, 1], where a log-odd is worth level (1 - level).
        selection_bias: the selection bias of the second's score, 0 or more.

    >>> round(probability_better(Comparison(0.02, -0.016, 0.056, 0.28), PriorBelief(0.3, 0.3), 0.8), 2)
    0.92
    """
    worth = max(_LEAST_ERROR, level * (1 - level))
    error = max(_LEAST_ERROR, (found.high - found.low) / (2 * _SURE))
    known, observed = (worth * lead.doubt) ** -2, error**-2
    mean = (worth * lead.mean * known + (found.difference + selection_bias) * observed) / (known + observed)
    return 0.5 * math.erfc(-mean * math.sqrt((known + observed) / 2))


def least_lead(lead: PriorBelief, error: float, level: float, sure: float) -> float:
    """Return the least lead on the examples at hand from which the first of two plans is believed better; 0 at least.

    Args:
        lead: what is believed of it elsewhere, in log-odds.
        error: standard error of what the examples show, above 0.
        level: the second's score, in [0, 1].
        sure: the chance that is asked for, in (0.5, 1).
    """
    from scipy.special import ndtri

    worth = max(_LEAST_ERROR, level * (1 - level))
    known, observed = (worth * lead.doubt) ** -2, error**-2
    return max(0.0, (float(ndtri(sure)) * math.sqrt(known + observed) - worth * lead.mean * known) / observed)


def _wider(one: Plan, other: Plan) -> bool:
    """Return whether a training that was not there has joined an ensemble, and no member has gone."""
    if other.method != ENSEMBLE:
        return False
    joined = [plan for plan, _ in one.members if plan not in other.made_of]
    trained = any(methods.build(plan.method, **plan.varied).stochastic for plan in joined)
    return trained and all(plan in one.made_of for plan, _ in other.members)
