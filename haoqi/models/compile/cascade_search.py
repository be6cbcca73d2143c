"""The search for a cascade: which fast stages are tried before a faithful one, and how much speed that gains.

A form that was refused alone, for the answers that it changes, may still be the first stage: texts with a small
confidence margin are deferred to a faithful stage. That is the form that was chosen or, where none was faster, the
uncompiled model itself. Where texts are long, a truncated first pass comes before all of that.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from haoqi.core.say import say
from haoqi.data.examples import Examples
from haoqi.evaluate.metric import Array
from haoqi.models.compile.cascade import Cascade, DeferralRule, fit_margin
from haoqi.models.compile.compiled import STAGE_SEPARATOR, Measured, truncate
from haoqi.models.compile.faithfulness import MIN_EXAMPLES, PASSED, Candidate, FaithfulnessTest
from haoqi.models.compile.form import Compilable
from haoqi.models.compile.timing import time_candidates
from haoqi.tasks.task import Scores

MIN_SPEEDUP = 1.05
"""A form must answer so many times as many texts a second as the uncompiled model to be worth its space; so must one
more stage."""
TRUNCATION_LENGTHS = (64, 96, 128)
"""Tokens of a text that a truncated first pass may read."""

_MIN_TRUNCATED_SPEEDUP = 1.3  # over the same form with whole texts: where texts are short, nothing is truncated
_TIMED_SECONDS, _MIN_TIMED = 2.0, 48  # what the faithful stage takes for the texts of one timing; so many at least
_REPEATS = 2  # of many texts, which vary less

Tell = Callable[[str], Any]


def search_cascades(
    test: FaithfulnessTest,
    faithful: Candidate,
    refused: Candidate | None,
    fastest: Candidate | None,
    *,
    tell: Tell,
) -> list[tuple[str, Candidate]]:
    """Return the cascades that were tried, each with its verdict; the last that passed is the fastest.

    Args:
        test: compares answers with those of the uncompiled model.
        faithful: what was chosen, or the uncompiled model; compared before.
        refused: the fastest form that was refused for its answers, compared before; None: there is none.
        fastest: the fastest form, which computes the truncated first pass; None: nothing is truncated.
        tell: receives what is being done.
    """
    found: list[tuple[str, Candidate]] = []
    if len(test.examples) < MIN_EXAMPLES:
        return found
    if refused is not None:
        tell(say("compiling.cascade", faithful=faithful.name, fast=refused.name))
        found.append(_try_cascade(test, refused, faithful))
        if found[0][0] == PASSED:
            faithful = found[0][1]
    truncated = None if fastest is None else _best_truncated_pass(test, fastest, faithful, tell)
    if truncated is not None:
        tell(say("compiling.cascade", faithful=faithful.name, fast=truncated.name))
        found.append(_try_cascade(test, truncated, faithful))
    return found


def _try_cascade(test: FaithfulnessTest, fast: Candidate, faithful: Candidate) -> tuple[str, Candidate]:
    """Return the verdict on a cascade of a fast stage and a faithful one, and the cascade as a candidate.

    Each half of the compile examples is answered with the margin fitted on the other half; the larger one is kept.
    """
    fits = _fit_margins(test, fast)
    pair = _pair_stages(test, fast, faithful, max(fits))
    share = pair.deferral_rules[0].share
    if _expected_speed(fast, faithful, share) < MIN_SPEEDUP * faithful.speed:
        return f"would answer {share:.0%} of the texts twice", replace(pair, note="")
    timed_examples = _choose_timed(test, faithful, _margins(test, fast))
    base, (one,) = time_candidates(faithful.predictor, [pair], timed_examples, _REPEATS)
    pair = _route_single_texts(pair, fast, faithful, one.measured.latency_ms or 0.0)
    # Both were timed at another moment than the others: what is reported is their ratio.
    times = one.speed / (base.texts_per_second or 1.0)
    pair = replace(pair, measured=replace(pair.measured, texts_per_second=round(times * faithful.speed, 1)))
    if times < MIN_SPEEDUP:
        return f"not faster than {faithful.name}", pair
    return test.compare_scores(pair, _combine_scores(test, fast, faithful, fits))


def _best_truncated_pass(test: FaithfulnessTest, form: Candidate, faithful: Candidate, tell: Tell) -> Candidate | None:
    """Return the truncated pass by a form that promises most before a faithful stage, with its scores.

    None: no truncated pass is fast enough.
    """
    predictor, ((name, compute),) = test.model.predictor, form.computes.items()
    if not isinstance(predictor, Compilable) or not _scores_whole_texts(predictor):
        return None
    tell(say("compiling.truncated", form=name))
    candidates = []
    for max_tokens in TRUNCATION_LENGTHS:
        stage, truncated = truncate(name, compute, max_tokens)
        candidates.append(replace(form, name=stage, predictor=predictor.with_compute(truncated), note=""))
    timed_examples = _choose_timed(test, faithful)
    base, (whole, *shorter) = time_candidates(faithful.predictor, [form, *candidates], timed_examples, _REPEATS)
    scale = faithful.speed / (base.texts_per_second or 1.0)
    promising: list[tuple[float, Candidate]] = []
    for one in shorter:
        if one.speed < _MIN_TRUNCATED_SPEEDUP * whole.speed:
            continue
        speed = round(scale * one.speed, 1)
        scored = replace(
            one,
            measured=replace(one.measured, texts_per_second=speed),
            scores=one.predictor.scores(test.examples),
        )
        share = float(np.mean(~(_margins(test, scored) >= max(_fit_margins(test, scored)))))
        promising.append((_expected_speed(scored, faithful, share), scored))
    return max(promising, key=lambda pair: pair[0])[1] if promising else None


def _scores_whole_texts(predictor: Compilable) -> bool:
    """Return whether texts are scored as a whole; where each word is scored, nothing can be cut off."""
    graph = predictor.graph()
    return graph is not None and graph.pooling is not None


def _fit_margins(test: FaithfulnessTest, fast: Candidate) -> list[float]:
    """Return the margin fitted on each half of the compile examples."""
    scores = _scores_of(fast)
    return [fit_margin(test.model.margins, scores[half::2], test.scores[half::2]) for half in (0, 1)]


def _combine_scores(test: FaithfulnessTest, fast: Candidate, faithful: Candidate, fits: list[float]) -> Scores:
    """Return the scores of a cascade, each half of the compile examples by the margin of the other.

    They are put together from what either stage gave before: it would give the same again, except that rounding to
    eight bits depends a little on the texts computed in the same block.
    """
    margins, fast_scores, faithful_scores = _margins(test, fast), _scores_of(fast), _scores_of(faithful)
    found = [
        first if margin >= fits[1 - row % 2] else second
        for row, (margin, first, second) in enumerate(zip(margins, fast_scores, faithful_scores, strict=True))
    ]
    return np.stack(found) if isinstance(fast_scores, np.ndarray) else found


def _pair_stages(test: FaithfulnessTest, fast: Candidate, faithful: Candidate, margin: float) -> Candidate:
    """Return two stages as one candidate."""
    first, second = fast.measured, faithful.measured
    share = float(np.mean(~(_margins(test, fast) >= margin)))
    rule = DeferralRule(margin, round(share, 4))
    took, size = second.seconds or 0.0, second.megabytes or 0.0
    if not fast.computes.keys() <= faithful.computes.keys():
        took, size = took + (first.seconds or 0.0), size + (first.megabytes or 0.0)
    return Candidate(
        f"{fast.name}{STAGE_SEPARATOR}{faithful.name}",
        Cascade(fast.predictor, faithful.predictor, test.model.margins, rule),
        {**fast.computes, **faithful.computes},
        Measured("", seconds=round(took, 2), megabytes=round(size, 2)),
        f"recomputes {share:.0%} of the texts, takes {size:.0f} MB",
        deferral_rules=(rule, *faithful.deferral_rules),
    )


def _route_single_texts(pair: Candidate, fast: Candidate, faithful: Candidate, both_ms: float) -> Candidate:
    """Return two stages with the expected latency of a single text, and whether it goes through the fast stage at all.

    Args:
        pair: as `_pair_stages` made it.
        fast: the first stage.
        faithful: the stages after it.
        both_ms: what both take for one deferred text, which is more than their sum where they share cores.
    """
    rule, second = pair.deferral_rules[0], faithful.measured.latency_ms or 0.0
    expected = (1 - rule.share) * (fast.measured.latency_ms or 0.0) + rule.share * both_ms
    rule = replace(rule, alone=expected < second)
    assert isinstance(pair.predictor, Cascade)
    return replace(
        pair,
        predictor=replace(pair.predictor, rule=rule),
        measured=replace(pair.measured, latency_ms=round(min(expected, second), 3)),
        deferral_rules=(rule, *pair.deferral_rules[1:]),
    )


def _expected_speed(fast: Candidate, faithful: Candidate, share: float) -> float:
    """Return how many texts a second two stages are expected to answer."""
    return 1 / (1 / fast.speed + share / faithful.speed)


def _choose_timed(test: FaithfulnessTest, faithful: Candidate, by: Array | None = None) -> Examples:
    """Return compile examples to time with: evenly spaced, so that the share of deferred ones is kept."""
    most = max(_MIN_TIMED, int(faithful.speed * _TIMED_SECONDS))
    order = np.arange(len(test.examples)) if by is None else np.argsort(by, kind="stable")
    return test.examples.take(order[np.linspace(0, len(order) - 1, min(most, len(order))).astype(np.int64)])


def _margins(test: FaithfulnessTest, fast: Candidate) -> Array:
    return test.model.margins(_scores_of(fast), None)


def _scores_of(candidate: Candidate) -> Scores:
    assert candidate.scores is not None
    return candidate.scores
