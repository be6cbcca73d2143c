"""Seconds per unit of each kind of load: measured once, scaled to the machine, corrected by the plans of a run."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.core.hardware import Hardware
from haoqi.methods.work import KINDS, Load

Floats = npt.NDArray[np.float64]

TABLE = Path(__file__).with_name("throughput.json")
"""What is shipped; `bench/costs.py --fit` measures it anew."""

MATRIX = frozenset({"forward", "training", "dense", "compared"})
"""Kinds that go at the pace of matrix products; all others go at the pace of text work."""

MACHINE_DOUBT = 0.2
"""Standard deviation of the logarithm of how much faster or slower a machine is than its probe says."""

METHOD_DOUBT = 0.25
"""The same for how much more or less a method takes on new data than its load says."""

# Clocks and disks are off by so many seconds, whatever the plan.
_JITTER_SECONDS = 0.02
# A plan that took so many standard deviations more or less than believed counts in proportion, not by its square.
_OUTLYING = 2.0
# Of the gain that bf16 has in matrix products, encoders have its fourth root (docs/decisions/explore-costs.md:
# 6.3 times, and 1.3-2).
_BF16_POWER = 0.25
_ROUNDS = 30
# Of the corrections of methods on a base: what the belief that nothing is off weighs, how much less each older plan
# weighs than the one after it, and the seconds below which a plan says nothing.
_UNMOVED, _FADING, _LEAST_TOLD = 1.2, 0.7, 0.5
# Fewer plans than this say nothing of how steady a machine is.
_FEWEST_TOLD = 3


@dataclass(frozen=True)
class Cost:
    """How long something will take: log-normal, since errors of speed are factors."""

    seconds: float
    """The median: longer is as likely as shorter."""
    spread: float
    """Standard deviation of its natural logarithm."""

    def at_most(self, deviations: float = 1.0) -> float:
        """Return the seconds that it stays below: with one deviation five times out of six."""
        return self.seconds * math.exp(deviations * self.spread)

    def within(self, limit: float | None) -> "Cost":
        """Return the cost of what is ended by a clock after `limit` seconds; None: by none."""
        return self if limit is None else replace(self, seconds=min(self.seconds, limit))


@dataclass(frozen=True)
class MeasuredPlan:
    """What a plan did, and the seconds that it took."""

    method: str
    load: Load
    seconds: float
    base: str = ""


@dataclass(frozen=True)
class Throughput:
    """Beliefs about speed: logarithms of seconds per unit, of the machine's factor and of each method's.

    A plan is believed to take the sum over kinds of count times rate, times the machine's factor, times its
    method's. All are normal on the logarithmic scale.
    """

    names: tuple[str, ...]
    """The kinds of load, then "machine", then methods."""
    logs: Floats
    """Their means, shape (names,)."""
    covariance: Floats
    """Shape (names, names)."""
    noise: float
    """Standard deviation of what is left unexplained of the logarithm of a plan's seconds."""
    corrections: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """The factor by which plans of a method and a base were off all this of late, beyond what noise explains."""

    def cost(self, load: Load, method: str, base: str = "") -> Cost:
        """Return how long a load of a method will take, on a base if it has one."""
        whole = self.knowing([method])
        log, slope = whole._predict(np.array([load.counts]), [method])
        seconds = float(np.exp(log[0])) * self.corrections.get((method, base), 1.0)
        variance = float(slope[0] @ whole.covariance @ slope[0]) + float(whole._variance(np.array([seconds]))[0])
        return Cost(seconds, math.sqrt(variance))

    def paced(self, seconds: float) -> float:
        """Return how long text work takes here that takes so long on the machine that the rates were measured on."""
        usual, text = reference_throughput(), [name for name in KINDS if name not in MATRIX]
        mine, theirs = (dict(zip(one.names, one.logs.tolist(), strict=True)) for one in (self, usual))
        faster = sum(mine[name] - theirs[name] for name in text) / len(text)
        return seconds * math.exp(mine["machine"] - theirs["machine"] + faster)

    def scaled(self, ratio_matrix: float, ratio_text: float) -> "Throughput":
        """Return the rates of a machine that takes so many times as long for matrix products and for text."""
        more = [math.log(ratio_matrix if name in MATRIX else ratio_text) if name in KINDS else 0 for name in self.names]
        return replace(self, logs=self.logs + np.array(more))

    def learnt(self, measured: Sequence[MeasuredPlan]) -> "Throughput":
        """Return the rates that are likeliest given measured plans, and the doubt that is left.

        The maximum of the posterior, by Gauss and Newton's iteration on the logarithm of seconds: what a plan took
        moves the rates that make up most of its time, the more the less sure they were. Outliers, as when the
        machine was busy, weigh less (Huber, 1964, doi:10.1214/aoms/1177703732). It depends on its arguments alone.
        """
        if not measured:
            return self
        whole = self.knowing([one.method for one in measured])
        counts, methods = np.array([one.load.counts for one in measured]), [one.method for one in measured]
        seconds = np.maximum(np.array([one.seconds for one in measured]), 1e-3)
        prior, variance = np.linalg.inv(whole.covariance), whole._variance(seconds)
        logs = whole.logs.copy()
        for _ in range(_ROUNDS):
            predicted, slope = replace(whole, logs=logs)._predict(counts, methods)
            off = np.log(seconds) - predicted
            outlying = np.minimum(1.0, _OUTLYING * np.sqrt(variance) / np.maximum(np.abs(off), 1e-9))
            weighed = slope.T * (outlying / variance)
            precision = prior + weighed @ slope
            step = np.linalg.solve(precision, weighed @ off + prior @ (whole.logs - logs))
            logs = logs + np.clip(step, -1.0, 1.0)
            if np.abs(step).max() < 1e-6:
                break
        found = replace(whole, logs=logs, covariance=np.linalg.inv(precision))
        predicted, _ = found._predict(counts, methods)
        off = np.log(seconds) - predicted
        beyond = np.sign(off) * np.maximum(0.0, np.abs(off) - _OUTLYING * np.sqrt(variance))
        scatter = max(self.noise, _scatter(measured, off))
        return replace(found, corrections=_corrections(measured, beyond), noise=scatter)

    def knowing(self, methods: Sequence[str]) -> "Throughput":
        """Return rates that have a factor for each of these methods; one that was never seen has 1, in doubt."""
        new = tuple(sorted(set(methods) - set(self.names)))
        if not new:
            return self
        count = len(self.names)
        covariance = np.diag([0.0] * count + [METHOD_DOUBT**2] * len(new))
        covariance[:count, :count] = self.covariance
        return replace(
            self, names=self.names + new, logs=np.append(self.logs, np.zeros(len(new))), covariance=covariance
        )

    def to_plain(self) -> dict[str, Any]:
        """Return the table as JSON holds it: seconds or factors, each with its doubt."""
        doubts = np.sqrt(np.diag(self.covariance))
        facts = {
            name: [float(f"{math.exp(log):.4g}"), round(float(doubt), 3)]
            for name, log, doubt in zip(self.names, self.logs, doubts, strict=True)
        }
        kinds = {name: facts[name] for name in KINDS}
        methods = {name: facts[name] for name in self.names if name not in (*KINDS, "machine")}
        return {"noise": round(self.noise, 3), "kinds": kinds, "methods": methods}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Throughput":
        """Return what `to_plain` made plain, the machine's factor being 1 in doubt."""
        facts = {**plain["kinds"], "machine": [1.0, MACHINE_DOUBT], **plain["methods"]}
        names = (*KINDS, "machine", *plain["methods"])
        doubts = [max(facts[name][1], METHOD_DOUBT) if name in plain["methods"] else facts[name][1] for name in names]
        return cls(
            names,
            np.log([facts[name][0] for name in names]),
            np.diag(np.square(doubts).astype(np.float64)),
            plain["noise"],
        )

    def _predict(self, counts: Floats, methods: Sequence[str]) -> tuple[Floats, Floats]:
        """Return the logarithm of seconds, shape (n,), and how it changes with each of `logs`, shape (n, names)."""
        kinds, place = len(KINDS), {name: at for at, name in enumerate(self.names)}
        parts = counts * np.exp(self.logs[:kinds])
        total = np.maximum(parts.sum(axis=1), 1e-9)
        slope = np.zeros((len(counts), len(self.names)))
        slope[:, :kinds] = parts / total[:, None]
        slope[:, place["machine"]] = 1.0
        mine = np.array([place[method] for method in methods])
        slope[np.arange(len(counts)), mine] = 1.0
        return np.log(total) + self.logs[place["machine"]] + self.logs[mine], slope

    def _variance(self, seconds: Floats) -> Floats:
        return self.noise**2 + np.square(_JITTER_SECONDS / np.maximum(seconds, 1e-3))


def _scatter(measured: Sequence[MeasuredPlan], off: Floats) -> float:
    """Return by how much logarithms of seconds are off on the whole: on a machine that others use, more than usual.

    It is a robust standard deviation (Hampel, 1974, doi:10.1080/01621459.1974.10482962); 0 of fewer than three plans.
    """
    errors = [abs(error) for one, error in zip(measured, off.tolist(), strict=True) if one.seconds >= _LEAST_TOLD]
    return 1.4826 * float(np.median(errors)) if len(errors) >= _FEWEST_TOLD else 0.0


def _corrections(measured: Sequence[MeasuredPlan], off: Floats) -> dict[tuple[str, str], float]:
    """Return the factor by which plans of each method and base were off of late, drawn towards 1.

    It is the weighted median of what their logarithms were off by (Edgeworth, 1888): one plan that met a busy moment
    sways it little once there are others, and a machine that became busy is believed after two. What took less than
    half a second says nothing.
    """
    found: dict[tuple[str, str], list[float]] = {}
    for one, error in zip(measured, off.tolist(), strict=True):
        if one.seconds >= _LEAST_TOLD:
            found.setdefault((one.method, one.base), []).append(error)
    corrections = {}
    for key, errors in found.items():
        # one that was off by nothing stands for what is believed without them; the latest count most
        weighted = sorted([(0.0, _UNMOVED), *((error, _FADING**age) for age, error in enumerate(reversed(errors)))])
        half, passed = sum(weight for _, weight in weighted) / 2, 0.0
        for error, weight in weighted:
            passed += weight
            if passed >= half:
                corrections[key] = math.exp(error)
                break
    return corrections


@cache
def reference_throughput() -> Throughput:
    """Return the rates of the machine that they were measured on: the same everywhere, so no clock sways them."""
    return Throughput.from_plain(_table())


@cache
def estimate_throughput(hardware: Hardware) -> Throughput:
    """Return the shipped rates scaled to a machine by what its probe says."""
    measured = Hardware(cores=0, memory_bytes=0, gpu=None, **_table()["machine"])
    text = measured.text_speed / hardware.text_speed if hardware.text_speed else 1.0
    return reference_throughput().scaled(_pace(measured) / _pace(hardware), text)


def _table() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
    return found


def _pace(machine: Hardware) -> float:
    """Return the billions of operations a second that encoders reach, but for a constant."""
    faster = machine.bf16_gflops / machine.fp32_gflops if machine.precision == "bf16" else 1.0
    return machine.fp32_gflops * float(faster**_BF16_POWER)
