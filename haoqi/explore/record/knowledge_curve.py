"""The knowledge level I(t), and what each step did for it.

I(t+1) = I(t) + α(βE(t) + (1-β)R(t)): E and R are the verified gains per second of the exploring and the
verifying or reflecting steps, β the share of time that exploring took, α the running gain of a step.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from haoqi.core.ledger import Entry

MEMORY = 0.7
"""How much of α stays from one step to the next."""


@dataclass(frozen=True)
class CurvePoint:
    """The state of knowledge after one step."""

    step: int
    spent_seconds: float
    score: float | None
    """I(t): the champion's validated score; None before there is one."""
    gain: float
    """What this step added to it."""
    role: str
    """"explore", "verify", or "reflect"."""
    plan: str
    champion: int | None
    alpha: float
    """Running mean of the gain of a step."""
    beta: float
    """Share of the time so far that exploring took."""


def knowledge_curve(entries: Sequence[Entry]) -> list[CurvePoint]:
    """Return I(t) step by step, from a run's ledger alone."""
    from haoqi.explore.plans.plan import Plan

    tried = {e.body["number"]: e for e in entries if e.kind == "experiment"}
    points: list[CurvePoint] = []
    level, alpha, exploring, total = None, 0.0, 0.0, 0.0
    for verdict in entries:
        if verdict.kind == "reflection":  # looking for lessons takes time from exploring, too
            total += float(verdict.timing.get("seconds", 0.0))
        if verdict.kind != "verdict":
            continue
        experiment = tried[verdict.body["experiment"]]
        seconds = float(experiment.timing.get("seconds", 0.0))
        total += seconds
        exploring += seconds * (experiment.body["role"] == "explore")
        score = verdict.body["score"]
        gain = 0.0 if level is None or score is None else score - level
        level = score
        alpha = MEMORY * alpha + (1 - MEMORY) * gain
        points.append(
            CurvePoint(
                step=experiment.body["number"],
                spent_seconds=float(verdict.timing.get("spent", 0.0)),
                score=score,
                gain=gain,
                role=experiment.body["role"],
                plan=Plan.from_plain(experiment.body["plan"]).words(),
                champion=verdict.body["champion"],
                alpha=alpha,
                beta=exploring / total if total else 1.0,
            )
        )
    return points
