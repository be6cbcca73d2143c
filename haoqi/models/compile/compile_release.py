"""Compiling a release: every form is written, timed and compared on this machine, and the fastest faithful one kept.

Where a faster form was refused for the answers that it changes, it may still be the first stage of a cascade: texts
with a small confidence margin are answered again by a faithful form, or by the uncompiled model (`cascade_search`).
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
from haoqi.models import checksums
from haoqi.models.compile import compiled, timing
from haoqi.models.compile.cascade_search import MIN_SPEEDUP, search_cascades
from haoqi.models.compile.compiled import UNCOMPILED, Compiled, Measured
from haoqi.models.compile.faithfulness import MIN_EXAMPLES, PASSED, Candidate, FaithfulnessTest
from haoqi.models.compile.form import Compilable, Compute, count_threads, forms
from haoqi.models.model import Model

_TIMING_SECONDS = 0.4  # that the uncompiled model takes for the texts of one timing
_COMPARING_SECONDS = 5.0  # that the uncompiled model may take for the compile examples
_MAX_COMPARED, _MIN_COMPARED, _WARM_UP = 2000, 400, 16
_LIBRARIES = ("haoqi", "torch", "onnxruntime", "openvino")

Tell = Callable[[str], Any]


def compile_release(
    folder: Path,
    model: Model,
    examples: Examples,
    tell: Tell = lambda line: None,
    *,
    truncated_pass: bool = True,
    learnt: bool = False,
    stand_in: Model | None = None,
) -> Compiled:
    """Write the compiled form of a release beside its weights, and return what was measured.

    What was compiled before is replaced.

    Args:
        folder: the release's.
        model: the release, uncompiled: computed by torch.
        examples: labelled texts to compare answers on; of many, the first 2,000, or fewer where the machine is slow.
        tell: receives what is being done.
        truncated_pass: whether the beginning of a long text may answer, where its confidence margin is large.
        learnt: whether the model was trained on the examples: hardly an answer changes on training examples.
        stand_in: the same plan's model that has not learnt them: forms of it are timed and compared, and those that
            are chosen are then written of the model; None: where they were learnt, no form that rounds is tried.

    Raises:
        UserError: if there is nothing to compile, no example is labelled, or the disk does not allow it.
    """
    begun = time.perf_counter()
    tried, labelled = stand_in or model, _take_labelled(examples)
    predictor, only_learnt = _require_compilable(model), learnt and stand_in is None
    with folders.building(folder / compiled.FOLDER) as place:
        found, measured = _build_candidates(
            _require_compilable(tried), place, tell, 0 if only_learnt else len(labelled)
        )
        chosen: Candidate | None = None
        compared_examples = labelled.take([])
        if found:
            timed_examples, compared_examples = _choose_examples(tried, labelled)
            tell(say("compiling.timing", forms=", ".join([UNCOMPILED, *(one.name for one in found)])))
            uncompiled, found = timing.time_candidates(tried.predictor, found, timed_examples)
            tell(say("compiling.comparing", count=len(compared_examples)))
            test = FaithfulnessTest(tried, compared_examples, tried.predictor.scores(compared_examples))
            chosen, compared = _choose(test, uncompiled, found, tell, truncated_pass=truncated_pass)
            measured = compared | measured
        if chosen is not None and stand_in is not None:
            tell(say("compiling.writing", form=chosen.name))
            chosen, measured = _recompile(
                chosen, measured, model=model, compared_examples=compared_examples, place=place
            )
        computes = {} if chosen is None else chosen.computes
        for left in place.iterdir():
            if left.name not in computes:
                shutil.rmtree(left)
        result = Compiled(
            None if chosen is None else chosen.name,
            measured,
            metric=model.task.metric.name,
            example_count=len(compared_examples),
            machine=hardware.machine(),
            threads=count_threads(),
            versions={name: known for name in _LIBRARIES if (known := _version(name))},
            seconds=round(time.perf_counter() - begun, 2),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            probe=_probe_forms(computes, predictor) if computes else {},
            files=checksums.checksums_of(place, place),
            deferral_rules=() if chosen is None else chosen.deferral_rules,
        )
        compiled.write(place, result)
    return result


def _require_compilable(model: Model) -> Compilable:
    if hardware.gpu_name():
        raise UserError("forms are for processors, and this machine computes on its GPU", "nothing is to be done")
    if isinstance(model.predictor, Compilable) and model.predictor.graph() is not None:
        return model.predictor
    raise UserError("a model without an encoder has nothing to compile", "it is quick as it is")


def _take_labelled(examples: Examples) -> Examples:
    labelled = examples.take([row for row, label in enumerate(examples.labels) if label is not None])
    if not len(labelled):
        raise UserError("no example is labelled", "give labelled text: haoqi compile NAME FILE")
    return labelled


def _choose_examples(model: Model, labelled: Examples) -> tuple[Examples, Examples]:
    """Return examples to time and examples to compare, as many as the uncompiled model answers in the time there is."""
    first = labelled.take(range(min(_WARM_UP, len(labelled))))
    model.predictor.scores(first)  # reads what it needs from disk
    rate = len(first) / timing.measure_seconds(model.predictor, first)
    count = min(len(labelled), max(len(first), int(rate * _TIMING_SECONDS)))
    timed_examples = labelled.take(np.linspace(0, len(labelled) - 1, count).astype(np.int64))
    compared_count = min(len(labelled), _MAX_COMPARED, max(_MIN_COMPARED, int(rate * _COMPARING_SECONDS)))
    return timed_examples, labelled.take(range(compared_count))


def _build_candidates(
    predictor: Compilable, place: Path, tell: Tell, example_count: int
) -> tuple[list[Candidate], dict[str, Measured]]:
    """Return the forms that could be written and opened here and need no more compile examples, and why not others."""
    found, failed = [], dict[str, Measured]()
    graph = predictor.graph()
    assert graph is not None
    for name in forms.names():
        form, inside, begun = forms.build(name), place / name, time.perf_counter()
        if not form.exact and example_count < MIN_EXAMPLES:
            failed[name] = Measured(
                f"rounds, and {example_count} examples that were not learnt are too few to compare it"
            )
            continue
        tell(say("compiling.form", form=name))
        inside.mkdir()
        try:
            note = form.compile(graph, inside)
            compute = form.open(inside, count_threads(), lambda: graph)
            compiled.answer_to(compute, compiled.probe(graph.shapes is not None))
        except OutOfTimeError:
            raise
        except Exception as error:  # whatever a library cannot do with this network, the other forms remain
            failed[name] = Measured(_reason(error))
            continue
        size = sum(path.stat().st_size for path in inside.rglob("*") if path.is_file())
        seconds = round(time.perf_counter() - begun, 2)
        measured = Measured("", seconds=seconds, megabytes=round(size / 1e6, 2))
        found.append(Candidate(name, predictor.with_compute(compute), {name: compute}, measured, note))
    return found, failed


def _choose(
    test: FaithfulnessTest, uncompiled: Measured, found: Sequence[Candidate], tell: Tell, *, truncated_pass: bool
) -> tuple[Candidate | None, dict[str, Measured]]:
    """Return what is chosen, and what is known of all: forms are compared in order of speed until one passes."""
    torch = Candidate(
        UNCOMPILED, test.model.predictor, {}, replace(uncompiled, score=test.score(test.scores)), "", scores=test.scores
    )
    chosen, refused, measured = torch, None, {UNCOMPILED: torch.measured}
    fastest = sorted(found, key=lambda one: one.speed, reverse=True)
    for one in fastest:
        if chosen is not torch:
            verdict = f"slower than {chosen.name}"
        elif one.speed < MIN_SPEEDUP * torch.speed:
            verdict = f"not faster than {UNCOMPILED}"
        else:
            verdict, one = test.compare(one)
            if verdict == PASSED:
                chosen = one
            else:
                refused = refused or one
        measured[one.name] = _add_verdict(one, verdict)
    for verdict, pair in search_cascades(test, chosen, refused, fastest[0] if truncated_pass else None, tell=tell):
        measured[pair.name] = _add_verdict(pair, verdict)
        if verdict == PASSED:
            if chosen is not torch:
                measured[chosen.name] = _add_verdict(chosen, f"slower than {pair.name}")
            chosen = pair
    return None if chosen is torch else chosen, measured


def _recompile(
    chosen: Candidate, measured: Mapping[str, Measured], *, model: Model, compared_examples: Examples, place: Path
) -> tuple[Candidate | None, dict[str, Measured]]:
    """Return what was chosen by a stand-in as written of the model, None where that fails or answers otherwise."""
    predictor, computes = _require_compilable(model), dict[str, Compute]()
    graph = predictor.graph()
    assert graph is not None
    for left in place.iterdir():  # forms read what others wrote before them, which was of the stand-in
        shutil.rmtree(left)
    try:
        for name in (name for name in forms.names() if name in chosen.computes):
            (place / name).mkdir()
            form = forms.build(name)
            form.compile(graph, place / name)
            computes[name] = form.open(place / name, count_threads(), lambda: graph)
        stages = tuple(chosen.name.split(compiled.STAGE_SEPARATOR))
        written = compiled.assemble(
            predictor, computes, stages, deferral_rules=chosen.deferral_rules, margins=model.margins
        )
        one = replace(chosen, predictor=written, computes=computes)
        verdict, _ = FaithfulnessTest(model, compared_examples, model.predictor.scores(compared_examples)).compare(one)
        if verdict == PASSED:
            return one, dict(measured)
    except OutOfTimeError:
        raise
    except Exception as error:  # as of a candidate
        verdict = _reason(error)
    return None, {**measured, chosen.name: _add_verdict(chosen, f"of the released model it {verdict}")}


def _add_verdict(one: Candidate, verdict: str) -> Measured:
    """Return what was measured of a candidate, with the verdict and the remark of its form."""
    return replace(one.measured, verdict="; ".join(filter(None, (verdict, one.note))))


def _probe_forms(computes: Mapping[str, Compute], predictor: Compilable) -> dict[str, Any]:
    """Return what the chosen forms give for the probe, to be checked when they are loaded."""
    graph = predictor.graph()
    word_shapes = graph is not None and graph.shapes is not None
    gives = {name: compiled.answer_to(one, compiled.probe(word_shapes)).tolist() for name, one in computes.items()}
    return {"told": word_shapes, "gives": gives}


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
