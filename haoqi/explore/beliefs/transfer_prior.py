"""What other data sets say about plans before this run has tried any: a small table, weighed by likeness.

All is in log-odds of the score, where a method's lead is more nearly the same on easy and on hard data than it is in
points. `bench/prior.py` measures the table.
"""

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haoqi.explore.plans.method_roles import is_baseline, is_control
from haoqi.explore.plans.plan import Plan

if TYPE_CHECKING:
    from haoqi.explore.setup.context import SearchContext

TABLE = Path(__file__).with_name("transfer_prior.json")

DOUBT = 0.6
"""Standard deviation of how far a method that no table knows is from the baseline."""

SLOPE, SLOPE_DOUBT = 0.2, 0.15
"""What e times as many examples add to a score where no table knows the method, and its standard deviation; a guess."""

WITHIN = 0.25
"""Standard deviation of plans of one method about their mean, where no table says it; a guess."""

TOGETHER = 0.1
"""Standard deviation of what an ensemble brings where no data set says it; a guess."""

# A data set counts by its likeness to this one, and at least so much; no knowledge counts as half a data set.
_LEAST, _NOTHING = 0.1, 0.5
# Two methods are believed to be alike so much at most, as a correlation; the control is like none.
_MOST_ALIKE = 0.9
# What makes data sets alike, and how far apart two are that have little to say of each other.
_SCALES = {"rows_per_label": 1.5, "labels": 1.5, "tokens": 1.0, "unspaced": 0.7}


@dataclass(frozen=True)
class Features:
    """What is known of a data set before anything is tried."""

    rows_per_label: float
    labels: int
    tokens: float
    """Mean length of a text in tokens."""
    unspaced: bool = False
    """Whether its script has no spaces between words."""

    @classmethod
    def of(cls, context: "SearchContext") -> "Features":
        """Return the features of the search's data."""
        lengths = context.lengths.of(next(iter(context.bases), None))
        # Numbers are as like each other as the texts of one label.
        labels = len(context.task.labels) if context.task.output.kind.has_classes else 1
        return cls(len(context.splits.train) / labels, labels, sum(lengths) / len(lengths), context.lengths.unspaced)

    def likeness(self, other: "Features") -> float:
        """Return how much one data set says of another, in (0, 1]."""
        mine, yours = self._scaled(), other._scaled()
        apart = sum(((mine[name] - yours[name]) / scale) ** 2 for name, scale in _SCALES.items())
        return max(_LEAST, math.exp(-apart / 2))

    def _scaled(self) -> dict[str, float]:
        logs = {name: math.log(max(1.0, float(getattr(self, name)))) for name in ("rows_per_label", "labels", "tokens")}
        return {**logs, "unspaced": float(self.unspaced)}


@dataclass(frozen=True)
class PriorBelief:
    """A number that is believed with doubt: a mean and a standard deviation."""

    mean: float
    doubt: float


@dataclass(frozen=True)
class TransferPrior:
    """What is believed of plans on one data set before any was tried, in log-odds relative to the baseline."""

    offsets: Mapping[str, PriorBelief] = field(default_factory=dict)
    """By method, with "*" behind it for plans whose settings are varied, or "+" and the name of a recipe."""
    slopes: Mapping[str, PriorBelief] = field(default_factory=dict)
    """What e times as many examples add, by method."""
    within: float = WITHIN
    shared: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """Covariance of two methods' leads over the baseline: where words do not separate labels, all on a base do well."""
    leads: Mapping[tuple[str, str], PriorBelief] = field(default_factory=dict)
    """How far one method is above another, by both names, where any data set knows both."""
    together: PriorBelief | None = None
    """How far an ensemble is above the best of its members; None: no data set knows."""
    wider: PriorBelief | None = None
    """How far an ensemble is above one that a training has yet to join; None: no data set knows."""

    def mean(self, plan: Plan) -> float:
        """Return how far a plan is believed to be above the baseline."""
        offset = self._offset(plan).mean + self.slope(plan.method).mean * math.log(plan.share)
        return offset + sum(self.offsets[f"+{name}"].mean for name, _ in plan.recipe if f"+{name}" in self.offsets)

    def doubt(self, plan: Plan) -> float:
        """Return the standard deviation of what plans of one method share."""
        return self._offset(plan).doubt

    def covariance(self, one: str, other: str) -> float:
        """Return how much two methods are believed to be above what is usual together."""
        return self.shared.get((one, other), 0.0)

    def lead(self, one: Plan, other: Plan) -> PriorBelief | None:
        """Return how far a method at its defaults was above another; None: nowhere, or not above.

        Of the other's variations it is known how far they were from its defaults on the whole, and how unlike they are.
        """
        known = self.leads.get((one.method, other.method))
        if known is not None and other.settings:
            usual, varied = (self.offsets.get(arm) for arm in (other.method, f"{other.method}*"))
            if usual is None or varied is None:
                return None
            known = PriorBelief(known.mean + usual.mean - varied.mean, math.hypot(known.doubt, self.within))
        return known if known is not None and known.mean > 0 else None

    def slope(self, method: str) -> PriorBelief:
        """Return what e times as many examples add to a method's score."""
        return self.slopes.get(method, PriorBelief(SLOPE, SLOPE_DOUBT))

    def _offset(self, plan: Plan) -> PriorBelief:
        usual = self.offsets.get(plan.method)
        if usual is None:
            usual = PriorBelief(0.0, 0.0 if is_baseline(plan.method) else DOUBT)
        return self.offsets.get(f"{plan.method}*", usual) if plan.settings else usual


def load_prior(
    features: Features, table: Mapping[str, Any] | None = None, without: Collection[str] = ()
) -> TransferPrior:
    """Return what the table says of plans on data with such features.

    Args:
        features: of the data at hand.
        table: as `bench/prior.py` writes it; None: the one that is shipped.
        without: data sets of the table that are left out, as when one of them is judged.
    """
    table = _shipped() if table is None else table
    cases = {name: case for name, case in table["cases"].items() if name not in without}
    weights = {name: features.likeness(Features(**case["features"])) for name, case in cases.items()}

    def gathered(part: str, none: PriorBelief) -> dict[str, PriorBelief]:
        names = sorted({arm for case in cases.values() for arm in case[part]})
        values = {
            arm: [(weights[n], case[part][arm]) for n, case in cases.items() if arm in case[part]] for arm in names
        }
        return {arm: _pooled(found, _none(arm, none)) for arm, found in values.items()}

    offsets, slopes = gathered("offsets", PriorBelief(0.0, DOUBT)), gathered("slopes", PriorBelief(SLOPE, SLOPE_DOUBT))
    weighted = [(weights[name], case["offsets"]) for name, case in cases.items()]

    def ensembles(fact: str) -> PriorBelief | None:
        return _ensembles([(weights[name], *case[fact]) for name, case in cases.items() if fact in case])

    together, wider = ensembles("together"), ensembles("wider")
    return TransferPrior(
        offsets, slopes, float(table["within"]), _covariances(offsets, weighted), _leads(weighted), together, wider
    )


def log_odds(score: float) -> float:
    """Return the log-odds of a score in [0, 1]; those nearer than 0.5 % to an end count as that far.

    >>> round(log_odds(0.9), 3), round(log_odds(1.0), 3)
    (2.197, 5.293)
    """
    share = min(0.995, max(0.005, score))
    return math.log(share / (1 - share))


def _none(arm: str, none: PriorBelief) -> PriorBelief:
    """Return what is believed of an arm that no data set knows; recipes change little."""
    return PriorBelief(0.0, WITHIN) if arm.startswith("+") else none


def _pooled(found: list[tuple[float, float]], none: PriorBelief) -> PriorBelief:
    """Return the weighted mean of values, drawn towards none of them, and how far one more may be from it."""
    total = sum(weight for weight, _ in found)
    mean = (sum(weight * value for weight, value in found) + _NOTHING * none.mean) / (total + _NOTHING)
    spread = sum(weight * (value - mean) ** 2 for weight, value in found)
    return PriorBelief(mean, math.sqrt((spread + _NOTHING * none.doubt**2) / (total + _NOTHING)))


def _ensembles(found: list[tuple[float, float, float]]) -> PriorBelief | None:
    """Return how far an ensemble is above what it is held against, from weights, means and their standard errors.

    What the means differ by is more than data sets do: their errors are taken off, as in a meta-analysis of random
    effects (DerSimonian and Laird, 1986, doi:10.1016/0197-2456(86)90046-2).
    """
    if not found:
        return None
    total = sum(weight for weight, _, _ in found)
    mean = sum(weight * value for weight, value, _ in found) / (total + _NOTHING)
    spread = max(0.0, sum(weight * ((value - mean) ** 2 - error**2) for weight, value, error in found))
    return PriorBelief(mean, math.sqrt((spread + _NOTHING * TOGETHER**2) / (total + _NOTHING)))


def _covariances(
    offsets: Mapping[str, PriorBelief], cases: Sequence[tuple[float, Mapping[str, float]]]
) -> dict[tuple[str, str], float]:
    """Return how far two methods were above their means together, drawn towards 0, for each pair of methods.

    Args:
        offsets: what is believed of each method.
        cases: data sets' weights, and the offsets that methods had there.
    """
    methods = [arm for arm in offsets if arm.isidentifier() and not (is_baseline(arm) or is_control(arm))]
    found = {}
    for one, other in permutations(methods, 2):
        both = [(weight, case[one], case[other]) for weight, case in cases if one in case and other in case]
        mine, yours = offsets[one], offsets[other]
        apart = sum(weight * (first - mine.mean) * (second - yours.mean) for weight, first, second in both)
        most = _MOST_ALIKE * mine.doubt * yours.doubt
        found[one, other] = max(-most, min(most, apart / (sum(weight for weight, _, _ in both) + _NOTHING)))
    return found


def _leads(cases: Sequence[tuple[float, Mapping[str, float]]]) -> dict[tuple[str, str], PriorBelief]:
    """Return how far one method was above another on the same data sets, drawn towards not at all."""
    methods = sorted({arm for _, case in cases for arm in case if arm.isidentifier()})
    found = {}
    for one, other in permutations(methods, 2):
        both = [(weight, case[one] - case[other]) for weight, case in cases if one in case and other in case]
        if both:
            found[one, other] = _pooled(both, PriorBelief(0.0, DOUBT))
    return found


@cache
def _shipped() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
    return found
