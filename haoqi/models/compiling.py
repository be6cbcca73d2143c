"""Compiling a release: every form is written, timed and judged on this machine, and the fastest faithful one kept."""

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
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
from haoqi.models.compiled import MASTER, Compiled, Measured
from haoqi.models.form import Compilable, Compute, forms, threads_here
from haoqi.models.model import Model
from haoqi.models.predictor import Predictor

MOST_LOST = 0.002
"""Of the task's first metric: a form that loses more is not chosen."""
LEAST_UNCHANGED = 0.995
"""Share of the answers: a form that changes more is not chosen."""
LEAST_GAIN = 1.05
"""A form must answer so many times as many texts a second as the master to be worth its space."""

_BURST_SECONDS, _BURSTS = 0.4, 3  # that the master takes for the texts of one timing; the best counts
_SINGLES = 7  # texts that are answered alone
_JUDGING_SECONDS = 5.0  # that the master may take for the judges
_MOST_JUDGES, _FEWEST_JUDGES, _FIRST = 2000, 400, 16
_LIBRARIES = ("haoqi", "torch", "onnxruntime", "openvino")

Tell = Callable[[str], Any]


@dataclass(frozen=True)
class _Candidate:
    """A form that was opened on this machine."""

    name: str
    predictor: Predictor
    compute: Compute
    measured: Measured
    note: str
    """What the form told of itself."""


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
        chosen, judges = None, labelled.take([])
        if found:
            burst, judges = _texts(model, labelled)
            tell(f"timing {', '.join([MASTER, *(one.name for one in found)])}")
            master, found = _timed(model.predictor, found, burst)
            tell(f"judging by {len(judges):,} examples")
            chosen, judged = _judged(model, master, found, judges)
            measured = judged | measured
        for left in place.iterdir():
            if left.name != chosen:
                shutil.rmtree(left)
        compute = next((one.compute for one in found if one.name == chosen), None)
        result = Compiled(
            chosen,
            measured,
            metric=model.task.metric.name,
            judges=len(judges),
            machine=hardware.machine(),
            threads=threads_here(),
            versions={name: known for name in _LIBRARIES if (known := _version(name))},
            seconds=round(time.perf_counter() - begun, 2),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            probe={} if compute is None else _probe(compute, predictor),
            files=seals.sealed(place, place),
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


def _candidates(predictor: Compilable, place: Path, tell: Tell) -> tuple[list[_Candidate], dict[str, Measured]]:
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
        found.append(_Candidate(name, predictor.computed_by(compute), compute, measured, note))
    return found, failed


def _timed(master: Predictor, found: Sequence[_Candidate], burst: Examples) -> tuple[Measured, list[_Candidate]]:
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


def _judged(
    model: Model, master: Measured, found: Sequence[_Candidate], judges: Examples
) -> tuple[str | None, dict[str, Measured]]:
    """Return which form is chosen, and what is known of all; the fastest is asked first, and the first to pass wins."""
    metric, labels = model.task.metric, model.task.labels
    right = model.predict(judges).labels
    before = metric(judges.labels, right, labels)
    chosen, measured = None, {MASTER: replace(master, score=before)}
    for one in sorted(found, key=lambda one: one.measured.texts_per_second or 0.0, reverse=True):
        if chosen is not None:
            verdict = f"slower than {chosen}"
        elif (one.measured.texts_per_second or 0.0) < LEAST_GAIN * (master.texts_per_second or 0.0):
            verdict = f"not faster than {MASTER}"
        else:
            given = replace(model, predictor=one.predictor).predict(judges).labels
            unchanged = float(np.mean([new == old for new, old in zip(given, right, strict=True)]))
            after = metric(judges.labels, given, labels)
            verdict = _verdict(unchanged, before - after, metric.name)
            chosen = one.name if verdict == "chosen" else None
            one = replace(one, measured=replace(one.measured, unchanged=unchanged, score=after))
        told = "; ".join(filter(None, (verdict, one.note)))
        measured[one.name] = replace(one.measured, verdict=told)
    return chosen, measured


def _verdict(unchanged: float, lost: float, metric: str) -> str:
    if unchanged < LEAST_UNCHANGED:
        return f"changes {1 - unchanged:.1%} of the answers"
    if lost > MOST_LOST:
        return f"loses {lost:.4f} of {metric}"
    return "chosen"


def _probe(compute: Compute, predictor: Compilable) -> dict[str, Any]:
    """Return by what the chosen form is known again when it is loaded."""
    graph = predictor.graph()
    told = graph is not None and graph.shapes is not None
    return {"told": told, "gives": compiled.answer_to(compute, compiled.probe(told)).tolist()}


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
