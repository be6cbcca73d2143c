"""Compiling a release: every form is written, timed and judged on this machine, and the fastest faithful one kept.

Where a quicker form was refused for the answers that it changes, it may compute nevertheless, in a cascade: what is
doubtful is answered once more by a faithful form, or by the master (`cascading`).
"""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from haoqi.core import folder as folders
from haoqi.core import hardware
from haoqi.core.deadline import OutOfTimeError
from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.examples import Examples
from haoqi.models import seals
from haoqi.models.compile import compiled, timing
from haoqi.models.compile.cascade_search import LEAST_GAIN, cascaded
from haoqi.models.compile.compiled import MASTER, Compiled, Measured
from haoqi.models.compile.faithfulness import FEWEST, PASSED, Candidate, Court
from haoqi.models.compile.form import Compilable, Compute, forms, threads_here
from haoqi.models.model import Model

_BURST_SECONDS = 0.4  # that the master takes for the texts of one timing
_JUDGING_SECONDS = 5.0  # that the master may take for the judges
_MOST_JUDGES, _FEWEST_JUDGES, _FIRST = 2000, 400, 16
_LIBRARIES = ("haoqi", "torch", "onnxruntime", "openvino")

Tell = Callable[[str], Any]


def compile_release(
    folder: Path,
    model: Model,
    examples: Examples,
    tell: Tell = lambda line: None,
    *,
    glance: bool = True,
    learnt: bool = False,
    stand_in: Model | None = None,
) -> Compiled:
    """Write the compiled form of a release beside its master, and return what was measured.

    What was compiled before is replaced.

    Args:
        folder: the release's.
        model: its master, computed by torch.
        examples: labelled texts that judge; of many, the first 2,000, or fewer where the machine is slow.
        tell: is told what is being done.
        glance: whether an answer may come from the beginning of a long text, where that leaves no doubt.
        learnt: whether the model has learnt the examples: of what it knows by heart hardly an answer changes.
        stand_in: the same plan's model that has not learnt them: forms of it are timed and judged, and those that are
            chosen are then written of the model; None: where they were learnt, nothing that rounds is heard.

    Raises:
        UserError: if there is nothing to compile, no example is labelled, or the disk does not allow it.
    """
    begun = time.perf_counter()
    tried, labelled = stand_in or model, _labelled(examples)
    predictor, by_heart = _compilable(model), learnt and stand_in is None
    with folders.building(folder / compiled.FOLDER) as place:
        found, measured = _candidates(_compilable(tried), place, tell, 0 if by_heart else len(labelled))
        chosen: Candidate | None = None
        judges = labelled.take([])
        if found:
            burst, judges = _texts(tried, labelled)
            tell(say("compiling.timing", forms=", ".join([MASTER, *(one.name for one in found)])))
            master, found = timing.timed(tried.predictor, found, burst)
            tell(say("compiling.judging", count=len(judges)))
            court = Court(tried, judges, tried.predictor.scores(judges))
            chosen, judged = _chosen(court, master, found, tell, glance=glance)
            measured = judged | measured
        if chosen is not None and stand_in is not None:
            tell(say("compiling.writing", form=chosen.name))
            chosen, measured = _rewritten(chosen, measured, model=model, judges=judges, place=place)
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
            doubts=() if chosen is None else chosen.doubts,
        )
        compiled.write(place, result)
    return result


def _compilable(model: Model) -> Compilable:
    if hardware.gpu_name():
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
    rate = len(first) / timing.seconds(model.predictor, first)
    count = min(len(labelled), max(len(first), int(rate * _BURST_SECONDS)))
    burst = labelled.take(np.linspace(0, len(labelled) - 1, count).astype(np.int64))
    judges = min(len(labelled), _MOST_JUDGES, max(_FEWEST_JUDGES, int(rate * _JUDGING_SECONDS)))
    return burst, labelled.take(range(judges))


def _candidates(
    predictor: Compilable, place: Path, tell: Tell, judges: int
) -> tuple[list[Candidate], dict[str, Measured]]:
    """Return the forms that could be written and opened here and may be heard by so many judges, and why not others."""
    found, failed = [], dict[str, Measured]()
    graph = predictor.graph()
    assert graph is not None
    for name in forms.names():
        form, inside, begun = forms.build(name), place / name, time.perf_counter()
        if not form.exact and judges < FEWEST:
            failed[name] = Measured(f"rounds, and {judges} examples that were not learnt are too few to judge that")
            continue
        tell(say("compiling.form", form=name))
        inside.mkdir()
        try:
            note = form.compile(graph, inside)
            compute = form.open(inside, threads_here(), lambda: graph)
            compiled.answer_to(compute, compiled.probe(graph.shapes is not None))
        except OutOfTimeError:
            raise
        except Exception as error:  # whatever a library has against this network, the other forms remain
            failed[name] = Measured(_reason(error))
            continue
        size = sum(path.stat().st_size for path in inside.rglob("*") if path.is_file())
        seconds = round(time.perf_counter() - begun, 2)
        measured = Measured("", seconds=seconds, megabytes=round(size / 1e6, 2))
        found.append(Candidate(name, predictor.computed_by(compute), {name: compute}, measured, note))
    return found, failed


def _chosen(
    court: Court, master: Measured, found: Sequence[Candidate], tell: Tell, *, glance: bool
) -> tuple[Candidate | None, dict[str, Measured]]:
    """Return what is chosen, and what is known of all; the fastest form is asked first, and the first to pass wins."""
    torch = Candidate(
        MASTER, court.model.predictor, {}, replace(master, score=court.score(court.scores)), "", scores=court.scores
    )
    chosen, refused, measured = torch, None, {MASTER: torch.measured}
    fastest = sorted(found, key=lambda one: one.speed, reverse=True)
    for one in fastest:
        if chosen is not torch:
            verdict = f"slower than {chosen.name}"
        elif one.speed < LEAST_GAIN * torch.speed:
            verdict = f"not faster than {MASTER}"
        else:
            verdict, one = court.heard(one)
            if verdict == PASSED:
                chosen = one
            else:
                refused = refused or one
        measured[one.name] = _told(one, verdict)
    for verdict, pair in cascaded(court, chosen, refused, fastest[0] if glance else None, tell=tell):
        measured[pair.name] = _told(pair, verdict)
        if verdict == PASSED:
            if chosen is not torch:
                measured[chosen.name] = _told(chosen, f"slower than {pair.name}")
            chosen = pair
    return None if chosen is torch else chosen, measured


def _rewritten(
    chosen: Candidate, measured: Mapping[str, Measured], *, model: Model, judges: Examples, place: Path
) -> tuple[Candidate | None, dict[str, Measured]]:
    """Return what was chosen by a stand-in as written of the model, None where that fails or answers otherwise."""
    predictor, computes = _compilable(model), dict[str, Compute]()
    graph = predictor.graph()
    assert graph is not None
    for left in place.iterdir():  # forms read what others wrote before them, which was of the stand-in
        shutil.rmtree(left)
    try:
        for name in (name for name in forms.names() if name in chosen.computes):
            (place / name).mkdir()
            form = forms.build(name)
            form.compile(graph, place / name)
            computes[name] = form.open(place / name, threads_here(), lambda: graph)
        parts = tuple(chosen.name.split(compiled.THEN))
        written = compiled.assembled(predictor, computes, parts, doubts=chosen.doubts, margins=model.margins)
        one = replace(chosen, predictor=written, computes=computes)
        verdict, _ = Court(model, judges, model.predictor.scores(judges)).heard(one)
        if verdict == PASSED:
            return one, dict(measured)
    except OutOfTimeError:
        raise
    except Exception as error:  # as of a candidate
        verdict = _reason(error)
    return None, {**measured, chosen.name: _told(chosen, f"of the released model it {verdict}")}


def _told(one: Candidate, verdict: str) -> Measured:
    """Return what was measured of a candidate, with the verdict and what it tells of itself."""
    return replace(one.measured, verdict="; ".join(filter(None, (verdict, one.note))))


def _probe(computes: Mapping[str, Compute], predictor: Compilable) -> dict[str, Any]:
    """Return by what the chosen forms are known again when they are loaded."""
    graph = predictor.graph()
    told = graph is not None and graph.shapes is not None
    gives = {name: compiled.answer_to(one, compiled.probe(told)).tolist() for name, one in computes.items()}
    return {"told": told, "gives": gives}


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
