"""Quicker looks before a faithful answer: which are tried, when they are in doubt, and what that wins.

A form that the court refused alone, for the answers that it changes, may look first nevertheless: where it is in doubt,
what is faithful is asked again. That is the form that was chosen or, where none was faster, the master itself. Where
texts are long, a glance at their beginning comes before all of that.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from haoqi.core.say import say
from haoqi.data.examples import Examples
from haoqi.evaluate.metric import Array
from haoqi.models.compile.cascade import Cascade, Doubt, fitted
from haoqi.models.compile.compiled import THEN, Measured, look
from haoqi.models.compile.faithfulness import FEWEST, PASSED, Candidate, Court
from haoqi.models.compile.form import Compilable
from haoqi.models.compile.timing import timed
from haoqi.tasks.task import Scores

LEAST_GAIN = 1.05
"""A form must answer so many times as many texts a second as the master to be worth its space, and so one more look."""
REACHES = (64, 96, 128)
"""Pieces of a text that a glance may be shown."""

_LEAST_HASTE = 1.3  # a glance must be so much faster than the form with whole texts: where they are short, none is
_TIMED_SECONDS, _FEWEST_TIMED = 2.0, 48  # what answers so far takes for the texts of one timing; so many at least
_TURNS = 2  # of many texts, which vary less

Tell = Callable[[str], Any]


def cascaded(
    court: Court, faithful: Candidate, refused: Candidate | None, quickest: Candidate | None, *, tell: Tell
) -> list[tuple[str, Candidate]]:
    """Return the cascades that were tried, each with its verdict; the last that passed is the fastest.

    Args:
        court: judges.
        faithful: what was chosen, or the master; judged.
        refused: the fastest form that was refused for its answers, judged; None: there is none.
        quickest: the fastest form, which glances at the beginning of long texts; None: no glance is taken.
        tell: is told what is being done.
    """
    found: list[tuple[str, Candidate]] = []
    if len(court.judges) < FEWEST:
        return found
    if refused is not None:
        tell(say("compiling.again", faithful=faithful.name, quick=refused.name))
        found.append(_tried(court, refused, faithful))
        if found[0][0] == PASSED:
            faithful = found[0][1]
    glance = None if quickest is None else _glance(court, quickest, faithful, tell)
    if glance is not None:
        tell(say("compiling.again", faithful=faithful.name, quick=glance.name))
        found.append(_tried(court, glance, faithful))
    return found


def _tried(court: Court, quick: Candidate, faithful: Candidate) -> tuple[str, Candidate]:
    """Return the verdict on a quick look and, for what is doubtful, a faithful one, and the two as one candidate.

    Each half of the judges is answered by the margin that the other half fitted; the larger of the two is kept.
    """
    fits = _fits(court, quick)
    pair = _pair(court, quick, faithful, max(fits))
    share = pair.doubts[0].share
    if _expected(quick, faithful, share) < LEAST_GAIN * faithful.speed:
        return f"would answer {share:.0%} of the texts twice", replace(pair, note="")
    base, (one,) = timed(faithful.predictor, [pair], _spread(court, faithful, _margins(court, quick)), _TURNS)
    pair = _settled(pair, quick, faithful, one.measured.latency_ms or 0.0)
    # Both were timed at another moment than the others: what is told is their ratio.
    times = one.speed / (base.texts_per_second or 1.0)
    pair = replace(pair, measured=replace(pair.measured, texts_per_second=round(times * faithful.speed, 1)))
    if times < LEAST_GAIN:
        return f"not faster than {faithful.name}", pair
    return court.weighed(pair, _answered(court, quick, faithful, fits))


def _glance(court: Court, form: Candidate, faithful: Candidate, tell: Tell) -> Candidate | None:
    """Return the glance by a form that promises most before what is faithful, with its scores; None: none is quick."""
    predictor, ((name, compute),) = court.model.predictor, form.computes.items()
    if not isinstance(predictor, Compilable) or not _of_whole_texts(predictor):
        return None
    tell(say("compiling.glances", form=name))
    glances = []
    for reach in REACHES:
        called, short = look(name, compute, reach)
        glances.append(replace(form, name=called, predictor=predictor.computed_by(short), note=""))
    base, (whole, *shorter) = timed(faithful.predictor, [form, *glances], _spread(court, faithful), _TURNS)
    scale = faithful.speed / (base.texts_per_second or 1.0)
    promising: list[tuple[float, Candidate]] = []
    for one in shorter:
        if one.speed < _LEAST_HASTE * whole.speed:
            continue
        speed = round(scale * one.speed, 1)
        judged = replace(
            one,
            measured=replace(one.measured, texts_per_second=speed),
            scores=one.predictor.scores(court.judges),
        )
        share = float(np.mean(~(_margins(court, judged) >= max(_fits(court, judged)))))
        promising.append((_expected(judged, faithful, share), judged))
    return max(promising, key=lambda pair: pair[0])[1] if promising else None


def _of_whole_texts(predictor: Compilable) -> bool:
    """Return whether texts are scored as a whole; words are scored wherever they stand."""
    graph = predictor.graph()
    return graph is not None and graph.pooling is not None


def _fits(court: Court, quick: Candidate) -> list[float]:
    """Return the margin that each half of the judges fits."""
    quickly = _scores_of(quick)
    return [fitted(court.model.margins, quickly[half::2], court.scores[half::2]) for half in (0, 1)]


def _answered(court: Court, quick: Candidate, faithful: Candidate, fits: list[float]) -> Scores:
    """Return the scores of a cascade, each half of the judges by the margin of the other.

    They are put together from what either gave before: it would give the same again, up to what eight bits of one text
    owe to the texts computed with it.
    """
    margins, quickly, faithfully = _margins(court, quick), _scores_of(quick), _scores_of(faithful)
    found = [
        first if near >= fits[1 - row % 2] else second
        for row, (near, first, second) in enumerate(zip(margins, quickly, faithfully, strict=True))
    ]
    return np.stack(found) if isinstance(quickly, np.ndarray) else found


def _pair(court: Court, quick: Candidate, faithful: Candidate, margin: float) -> Candidate:
    """Return two looks as one candidate."""
    first, second = quick.measured, faithful.measured
    share = float(np.mean(~(_margins(court, quick) >= margin)))
    doubt = Doubt(margin, round(share, 4))
    took, size = second.seconds or 0.0, second.megabytes or 0.0
    if not quick.computes.keys() <= faithful.computes.keys():
        took, size = took + (first.seconds or 0.0), size + (first.megabytes or 0.0)
    return Candidate(
        f"{quick.name}{THEN}{faithful.name}",
        Cascade(quick.predictor, faithful.predictor, court.model.margins, doubt),
        {**quick.computes, **faithful.computes},
        Measured("", seconds=round(took, 2), megabytes=round(size, 2)),
        f"looks at {share:.0%} of the texts again, takes {size:.0f} MB",
        doubts=(doubt, *faithful.doubts),
    )


def _settled(pair: Candidate, quick: Candidate, faithful: Candidate, both_ms: float) -> Candidate:
    """Return two looks with how long one text alone is to wait, and whether it is asked of the quick one at all.

    Args:
        pair: as `_pair` made it.
        quick: the first look.
        faithful: what it is before.
        both_ms: what both take for one text in doubt, which is more than either for itself where they share cores.
    """
    doubt, second = pair.doubts[0], faithful.measured.latency_ms or 0.0
    waits = (1 - doubt.share) * (quick.measured.latency_ms or 0.0) + doubt.share * both_ms  # on average
    doubt = replace(doubt, alone=waits < second)
    assert isinstance(pair.predictor, Cascade)
    return replace(
        pair,
        predictor=replace(pair.predictor, doubt=doubt),
        measured=replace(pair.measured, latency_ms=round(min(waits, second), 3)),
        doubts=(doubt, *pair.doubts[1:]),
    )


def _expected(quick: Candidate, faithful: Candidate, share: float) -> float:
    """Return how many texts a second two looks promise to answer."""
    return 1 / (1 / quick.speed + share / faithful.speed)


def _spread(court: Court, faithful: Candidate, by: Array | None = None) -> Examples:
    """Return judges to time by: evenly drawn, of those in doubt as many as there are."""
    most = max(_FEWEST_TIMED, int(faithful.speed * _TIMED_SECONDS))
    order = np.arange(len(court.judges)) if by is None else np.argsort(by, kind="stable")
    return court.judges.take(order[np.linspace(0, len(order) - 1, min(most, len(order))).astype(np.int64)])


def _margins(court: Court, quick: Candidate) -> Array:
    return court.model.margins(_scores_of(quick), None)


def _scores_of(judged: Candidate) -> Scores:
    assert judged.scores is not None
    return judged.scores
