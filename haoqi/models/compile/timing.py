"""How fast predictors are here: taken in turns, so that none has the quiet moment."""

import time
from collections.abc import Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from haoqi.data.examples import Examples
from haoqi.models.compile.compiled import Measured
from haoqi.models.compile.faithfulness import Candidate
from haoqi.models.predictor import Predictor

_SINGLES, _TURNS = 7, 3  # texts that are answered alone, and how often each


def timed(
    first: Predictor, found: Sequence[Candidate], burst: Examples, turns: int = 3
) -> tuple[Measured, list[Candidate]]:
    """Return the speed of a predictor that is warm, and candidates with theirs.

    Args:
        first: what the candidates are compared with.
        found: what else is timed.
        burst: texts for one timing of each.
        turns: how often each is timed; its best counts.
    """
    predictors = [first, *(one.predictor for one in found)]
    for predictor in predictors[1:]:
        predictor.scores(burst)
    best = [float("inf")] * len(predictors)
    for _ in range(turns):
        best = [min(known, seconds(one, burst)) for known, one in zip(best, predictors, strict=True)]
    speeds: list[dict[str, Any]] = [
        {"texts_per_second": round(len(burst) / taken, 1), "latency_ms": round(1000 * delay, 3)}
        for taken, delay in zip(best, _delays(predictors, burst), strict=True)
    ]
    candidates = [
        replace(one, measured=replace(one.measured, **speed)) for one, speed in zip(found, speeds[1:], strict=True)
    ]
    return Measured("the master", **speeds[0]), candidates


def seconds(predictor: Predictor, examples: Examples) -> float:
    """Return how long a predictor takes for some examples."""
    begun = time.perf_counter()
    predictor.scores(examples)
    return time.perf_counter() - begun


def _delays(predictors: Sequence[Predictor], burst: Examples) -> list[float]:
    """Return how long one text takes that comes alone: the middle of some texts, of each the best of its turns."""
    singles = [burst.take([row]) for row in range(min(_SINGLES, len(burst)))]
    best = [[float("inf")] * len(singles) for _ in predictors]
    for _ in range(_TURNS):
        for mine, predictor in zip(best, predictors, strict=True):
            mine[:] = [min(known, seconds(predictor, single)) for known, single in zip(mine, singles, strict=True)]
    return [median(mine) for mine in best]
