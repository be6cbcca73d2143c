"""How fast predictors are here: timed in turns, so that none of them alone gets the moment when the machine is idle."""

import time
from collections.abc import Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from haoqi.data.examples import Examples
from haoqi.models.compile.compiled import Measured
from haoqi.models.compile.faithfulness import Candidate
from haoqi.models.predictor import Predictor

_SINGLES, _REPEATS = 7, 3  # texts that are answered alone, and how often each


def time_candidates(
    uncompiled: Predictor, candidates: Sequence[Candidate], examples: Examples, repeats: int = 3
) -> tuple[Measured, list[Candidate]]:
    """Return the speed of the uncompiled predictor, which is warm, and candidates with theirs.

    Args:
        uncompiled: what the candidates are compared with.
        candidates: what else is timed.
        examples: texts for one timing of each.
        repeats: how often each is timed; its best counts.
    """
    predictors = [uncompiled, *(one.predictor for one in candidates)]
    for predictor in predictors[1:]:
        predictor.scores(examples)
    best = [float("inf")] * len(predictors)
    for _ in range(repeats):
        best = [min(known, measure_seconds(one, examples)) for known, one in zip(best, predictors, strict=True)]
    speeds: list[dict[str, Any]] = [
        {"texts_per_second": round(len(examples) / taken, 1), "latency_ms": round(1000 * latency, 3)}
        for taken, latency in zip(best, _measure_latencies(predictors, examples), strict=True)
    ]
    timed = [
        replace(one, measured=replace(one.measured, **speed)) for one, speed in zip(candidates, speeds[1:], strict=True)
    ]
    return Measured("uncompiled", **speeds[0]), timed


def measure_seconds(predictor: Predictor, examples: Examples) -> float:
    """Return how long a predictor takes for some examples."""
    begun = time.perf_counter()
    predictor.scores(examples)
    return time.perf_counter() - begun


def _measure_latencies(predictors: Sequence[Predictor], examples: Examples) -> list[float]:
    """Return the latency of a single text in seconds: the median of some texts, of each the best repeat."""
    singles = [examples.take([row]) for row in range(min(_SINGLES, len(examples)))]
    best = [[float("inf")] * len(singles) for _ in predictors]
    for _ in range(_REPEATS):
        for mine, predictor in zip(best, predictors, strict=True):
            mine[:] = [
                min(known, measure_seconds(predictor, single)) for known, single in zip(mine, singles, strict=True)
            ]
    return [median(mine) for mine in best]
