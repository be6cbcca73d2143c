"""Compiling a release: every form is written, timed and judged on this machine, and the fastest faithful one kept.

Where a quicker form was refused for the answers that it changes, it may compute nevertheless, in a cascade: the
faithful form answers once more what is doubtful.
"""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from haoqi.core import folder as folders
from haoqi.core import hardware
from haoqi.core.errors import UserError
from haoqi.data.examples import Examples
from haoqi.models import compiled, seals
from haoqi.models.cascade import Cascade, Doubt, fitted
from haoqi.models.compiled import MASTER, THEN, Compiled, Measured
from haoqi.models.court import PASSED, Candidate, Court
from haoqi.models.form import Compilable, Compute, forms, threads_here
from haoqi.models.model import Model
from haoqi.models.predictor import Predictor
from haoqi.tasks.task import Scores

LEAST_GAIN = 1.05
"""A form must answer so many times as many texts a second as the master to be worth its space."""

_BURST_SECONDS, _BURSTS = 0.4, 3  # that the master takes for the texts of one timing; the best counts
_SINGLES = 7  # texts that are answered alone
_JUDGING_SECONDS = 5.0  # that the master may take for the judges
_MOST_JUDGES, _FEWEST_JUDGES, _FIRST = 2000, 400, 16
_FEWEST_FITTED = 100  # judges that a margin is fitted on
_LIBRARIES = ("haoqi", "torch", "onnxruntime", "openvino")

Tell = Callable[[str], Any]


def compile_release(folder: Path, model: Model, examples: Examples, tell: Tell = lambda line: None) -> Compiled:
    """Write the compiled form of a release beside its master, and return what was measured.

    What was compiled before is replaced.

    Args:
        folder: the release's.
        model: its master, computed by torch.
        examples: labelled texts that judge; of many, the first 2,000, or fewer where the machine is slow.
        tell: is told what is being done.

    Raises:
        UserError: if there is nothing to compile, no example is labelled, or the disk does not allow it.
    """
    begun = time.perf_counter()
    predictor, labelled = _compilable(model), _labelled(examples)
    with folders.building(folder / compiled.FOLDER) as place:
        found, measured = _candidates(predictor, place, tell)
        chosen: Candidate | None = None
        judges = labelled.take([])
        if found:
            burst, judges = _texts(model, labelled)
            tell(f"timing {', '.join([MASTER, *(one.name for one in found)])}")
            master, found = _timed(model.predictor, found, burst)
            tell(f"judging by {len(judges):,} examples")
            court = Court(model, judges, model.predictor.scores(judges))
            chosen, judged = _chosen(court, master, found, tell)
            measured = judged | measured
        computes = {} if chosen is None else chosen.computes
        for left in place.iterdir():
            if left.name not in computes:
                shutil.rmtree(left)
        result = Compiled(
            None if chosen is None else chosen.name,
            measured,
            metric=model.task.metric.name,
            judges=len(judges),
            machine=hardware.machine(),
            threads=threads_here(),
            versions={name: known for name in _LIBRARIES if (known := _version(name))},
            seconds=round(time.perf_counter() - begun, 2),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            probe=_probe(computes, predictor) if computes else {},
            files=seals.sealed(place, place),
            doubt=None if chosen is None else chosen.doubt,
        )
        compiled.write(place, result)
    return result


def _compilable(model: Model) -> Compilable:
    if hardware.probe(folders.cache()).gpu:
        raise UserError("forms are for processors, and this machine computes on its GPU", "nothing is to be done")
    if isinstance(model.predictor, Compilable) and model.predictor.graph() is not None:
        return model.predictor
    raise UserError("a model without an encoder has nothing to compile", "it is quick as it is")


def _labelled(examples: Examples) -> Examples:
    labelled = examples.take([row for row, label in enumerate(examples.labels) if label is not None])
    if not len(labelled):
        raise UserError("no example is labelled", "give labelled text: haoqi compile NAME FILE")
    return labelled


def _texts(model: Model, labelled: Examples) -> tuple[Examples, Examples]:
    """Return examples to time by and examples to judge by, as many as the master answers in the time there is."""
    first = labelled.take(range(min(_FIRST, len(labelled))))
    model.predictor.scores(first)  # reads what it needs from disk
    rate = len(first) / _seconds(model.predictor, first)
    count = min(len(labelled), max(len(first), int(rate * _BURST_SECONDS)))
    burst = labelled.take(np.linspace(0, len(labelled) - 1, count).astype(np.int64))
    judges = min(len(labelled), _MOST_JUDGES, max(_FEWEST_JUDGES, int(rate * _JUDGING_SECONDS)))
    return burst, labelled.take(range(judges))


def _candidates(predictor: Compilable, place: Path, tell: Tell) -> tuple[list[Candidate], dict[str, Measured]]:
    """Return the forms that could be written and opened here, and why the others could not."""
    found, failed = [], dict[str, Measured]()
    graph = predictor.graph()
    assert graph is not None
    for name in forms.names():
        tell(f"compiling {name}")
        form, inside, begun = forms.build(name), place / name, time.perf_counter()
        inside.mkdir()
        try:
            note = form.compile(graph, inside)
            compute = form.open(inside, threads_here(), lambda: graph)
            compiled.answer_to(compute, compiled.probe(graph.shapes is not None))
        except Exception as error:  # whatever a library has against this network, the other forms remain
            failed[name] = Measured(_reason(error))
            continue
        size = sum(path.stat().st_size for path in inside.rglob("*") if path.is_file())
        seconds = round(time.perf_counter() - begun, 2)
        measured = Measured("", seconds=seconds, megabytes=round(size / 1e6, 2))
        found.append(Candidate(name, predictor.computed_by(compute), {name: compute}, measured, note))
    return found, failed


def _timed(master: Predictor, found: Sequence[Candidate], burst: Examples) -> tuple[Measured, list[Candidate]]:
    """Return the master and the candidates with their speeds: taken in turns, so that none has the quiet moment."""
    predictors = [master, *(one.predictor for one in found)]
    best = [float("inf")] * len(predictors)
    for predictor in predictors[1:]:
        predictor.scores(burst)  # the master is warm
    for _ in range(_BURSTS):
        best = [min(known, _seconds(one, burst)) for known, one in zip(best, predictors, strict=True)]
    singles = [burst.take([row]) for row in range(min(_SINGLES, len(burst)))]
    delays = [median([_seconds(one, single) for single in singles]) for one in predictors]
    speeds: list[dict[str, Any]] = [
        {"texts_per_second": round(len(burst) / seconds, 1), "latency_ms": round(1000 * delay, 3)}
        for seconds, delay in zip(best, delays, strict=True)
    ]
    candidates = [
        replace(one, measured=replace(one.measured, **speed)) for one, speed in zip(found, speeds[1:], strict=True)
    ]
    return Measured("the master", **speeds[0]), candidates


def _chosen(
    court: Court, master: Measured, found: Sequence[Candidate], tell: Tell
) -> tuple[Candidate | None, dict[str, Measured]]:
    """Return which form is chosen, and what is known of all; the fastest is asked first, and the first to pass wins."""
    chosen, refused, measured = None, None, {MASTER: replace(master, score=court.score(court.scores))}
    for one in sorted(found, key=_speed, reverse=True):
        if chosen is not None:
            verdict = f"slower than {chosen.name}"
        elif _speed(one) < LEAST_GAIN * (master.texts_per_second or 0.0):
            verdict = f"not faster than {MASTER}"
        else:
            verdict, one = court.heard(one)
            if verdict == PASSED:
                chosen = one
            else:
                refused = refused or one
        measured[one.name] = _told(one, verdict)
    if chosen is None or refused is None or len(court.judges) < 2 * _FEWEST_FITTED:
        return chosen, measured
    tell(f"asking {chosen.name} again where {refused.name} is in doubt")
    verdict, pair = _cascade(court, refused, chosen)
    if verdict == PASSED:
        measured[chosen.name] = _told(chosen, f"slower than {pair.name}")
        return pair, {**measured, pair.name: _told(pair, verdict)}
    return chosen, {**measured, pair.name: _told(pair, verdict)}


def _cascade(court: Court, quick: Candidate, faithful: Candidate) -> tuple[str, Candidate]:
    """Return the verdict on a form and, for what is doubtful, another, and the two as one candidate.

    Each half of the judges is answered by the margin that the other half fitted; the larger of the two is kept.
    """
    quickly, right, margins = _scores_of(quick), court.scores, court.model.margins
    fits = [fitted(margins, quickly[half::2], right[half::2]) for half in (0, 1)]
    pair = _pair(court, quick, faithful, max(fits))
    assert pair.doubt is not None
    if 1 / (1 / _speed(quick) + pair.doubt.share / _speed(faithful)) < LEAST_GAIN * _speed(faithful):
        return f"would answer {pair.doubt.share:.0%} of the texts twice", replace(pair, note="")
    base, (timed,) = _timed(faithful.predictor, [pair], court.judges.take(range(0, len(court.judges), 2)))
    # Both were timed at another moment than the others: what is told is their ratio.
    times = _speed(timed) / (base.texts_per_second or 1.0)
    pair = replace(pair, measured=replace(pair.measured, texts_per_second=round(times * _speed(faithful), 1)))
    if times < LEAST_GAIN:
        return f"not faster than {faithful.name}", pair
    found = [*right]
    for half, margin in enumerate(fits):
        judges = court.judges.take(range(1 - half, len(court.judges), 2))
        found[1 - half :: 2] = list(_pair(court, quick, faithful, margin).predictor.scores(judges))
    return court.weighed(pair, found)


def _pair(court: Court, quick: Candidate, faithful: Candidate, margin: float) -> Candidate:
    """Return two forms as one."""
    margins, first, second = court.model.margins, quick.measured, faithful.measured
    share = float(np.mean(margins(_scores_of(quick), None) < margin))
    waits = (first.latency_ms or 0.0) + share * (second.latency_ms or 0.0)  # on average
    doubt = Doubt(margin, round(share, 4), alone=waits < (second.latency_ms or 0.0))
    took, size = (first.seconds or 0.0) + (second.seconds or 0.0), (first.megabytes or 0.0) + (second.megabytes or 0.0)
    return Candidate(
        f"{quick.name}{THEN}{faithful.name}",
        Cascade(quick.predictor, faithful.predictor, margins, doubt),
        {**quick.computes, **faithful.computes},
        Measured(
            "",
            latency_ms=round(waits, 3) if doubt.alone else second.latency_ms,
            seconds=round(took, 2),
            megabytes=round(size, 2),
        ),
        "; ".join(filter(None, (f"answers {share:.0%} of the texts twice, takes {size:.0f} MB", faithful.note))),
        doubt=doubt,
    )


def _scores_of(judged: Candidate) -> Scores:
    assert judged.scores is not None
    return judged.scores


def _speed(one: Candidate) -> float:
    return one.measured.texts_per_second or 0.0


def _told(one: Candidate, verdict: str) -> Measured:
    """Return what was measured of a candidate, with the verdict and what it tells of itself."""
    return replace(one.measured, verdict="; ".join(filter(None, (verdict, one.note))))


def _probe(computes: Mapping[str, Compute], predictor: Compilable) -> dict[str, Any]:
    """Return by what the chosen forms are known again when they are loaded."""
    graph = predictor.graph()
    told = graph is not None and graph.shapes is not None
    gives = {name: compiled.answer_to(one, compiled.probe(told)).tolist() for name, one in computes.items()}
    return {"told": told, "gives": gives}


def _seconds(predictor: Predictor, examples: Examples) -> float:
    begun = time.perf_counter()
    predictor.scores(examples)
    return time.perf_counter() - begun


def _reason(error: Exception) -> str:
    if isinstance(error, UserError):
        return f"{error.what}; {error.hint}" if error.hint else error.what
    lines = str(error).strip().splitlines() or [""]
    return f"cannot be compiled: {type(error).__name__}: {lines[0][:200]}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
