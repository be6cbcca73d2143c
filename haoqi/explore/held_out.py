"""What cheap models think of examples that they did not see: the second opinion on labels, computed once and kept."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.core.errors import UserError
from haoqi.core.folder import write_atomic
from haoqi.data.examples import Examples, Indices
from haoqi.data.recipes._suspects import doubted
from haoqi.data.split import in_folds
from haoqi.explore.lab import Lab
from haoqi.explore.plan import Plan
from haoqi.explore.rates import nominal
from haoqi.methods.method import Job
from haoqi.methods.work import embedded
from haoqi.models.predictor import Predictor
from haoqi.tasks.task import Scores

Floats = npt.NDArray[np.float32]

FOLDS = 5
"""Parts of the examples, each answered by models fitted on the others."""

ROUNDS = 2
"""How often they are: all answer, and then those that learnt nothing that was doubted."""

READING_SECONDS = 60.0
"""A base gives an opinion where it reads all texts in less than this, on the machine that costs were measured on."""


def held_out(lab: Lab, examples: Examples) -> Floats:
    """Return the probability of each label for each row, by models not fitted on it, shape (n, labels).

    TF-IDF answers, and where there is a base that reads the texts soon, a probe of it as well; each is calibrated,
    and the mean is taken. What they doubt is left out, and they answer once more. Rows that were made of one row are
    held out together.

    Args:
        lab: the task, the bases and the folder where answers are kept, by the content of the examples.
        examples: labelled, with one label each or several.

    Raises:
        UserError: if the task labels words.
    """
    _check(lab)
    return _kept(lab, ["held out", *_content(lab, examples)], lambda: _crossed(lab, examples))


def answers(lab: Lab, examples: Examples, texts: Sequence[str]) -> Floats:
    """Return the probability of each label for some texts by the same models, fitted on examples.

    Their shape is (texts, labels).

    Raises:
        UserError: if the task labels words.
    """
    _check(lab)
    return _kept(lab, ["answers", *_content(lab, examples), list(texts)], lambda: _answered(lab, examples, texts))


def opinions(lab: Lab, rows: int) -> list[Plan]:
    """Return which cheap plans are asked about so many examples: decided by the amount of text, never by a clock."""
    found = [Plan("tfidf")]
    for base in list(lab.bases)[:1]:
        probe = Plan("probe", base)
        if nominal().cost(embedded(lab.size(probe), rows), probe.method).seconds <= READING_SECONDS:
            found.append(probe)
    return found


def is_kept(lab: Lab, examples: Examples) -> bool:
    """Return whether the held-out answers to some examples were computed before in this run."""
    return _path(lab, ["held out", *_content(lab, examples)]).is_file()


def _crossed(lab: Lab, examples: Examples) -> Floats:
    """Return what the models think once those examples are left out that they doubted at first.

    Models that learnt wrong labels doubt right ones, and fewer of the wrong (docs/decisions.md).
    """
    plans = opinions(lab, len(examples))
    first = np.asarray(np.mean([_judged(lab, examples, plan)[0] for plan in plans], axis=0), dtype=np.float32)
    sure = ~doubted(examples, lab.task.output.name, lab.task.labels, first)
    parts = [_judged(lab, examples, plan, sure)[0] for plan in plans]
    return np.asarray(np.mean(parts, axis=0), dtype=np.float32)


def _answered(lab: Lab, examples: Examples, texts: Sequence[str]) -> Floats:
    asked, parts = Examples.of(texts), []
    for plan in opinions(lab, len(examples)):
        _, calibration = _judged(lab, examples, plan)
        parts.append(_probabilities(lab, asked, _fitted(lab, examples, plan).scores(asked), calibration))
    return np.asarray(np.mean(parts, axis=0), dtype=np.float32)


def _judged(
    lab: Lab, examples: Examples, plan: Plan, sure: npt.NDArray[np.bool_] | None = None
) -> tuple[Floats, dict[str, Any]]:
    """Return a plan's held-out probabilities, and the calibration that they were found with.

    Only examples that are sure are learnt from, all where it is not said which are.
    """
    folds = in_folds(examples, FOLDS, lab.generator("held out", len(examples)))
    scores = _cross_scores(lab, examples, folds, plan, sure=np.ones(len(examples), bool) if sure is None else sure)
    calibration = lab.task.output.calibrate(scores, examples, lab.task.labels)
    return _probabilities(lab, examples, scores, calibration), calibration


def _cross_scores(lab: Lab, examples: Examples, fold_of: Indices, plan: Plan, *, sure: npt.NDArray[np.bool_]) -> Floats:
    found = np.zeros((len(examples), len(lab.task.labels)), np.float32)
    for fold in np.unique(fold_of):
        held, rest = np.flatnonzero(fold_of == fold), np.flatnonzero((fold_of != fold) & sure)
        if len(rest):
            found[held] = _fitted(lab, examples.take(rest), plan).scores(examples.take(held))
    return found


def _fitted(lab: Lab, examples: Examples, plan: Plan) -> Predictor:
    base = lab.bases[plan.base] if plan.base else None
    return lab.method(plan).fit(Job(lab.task, examples, Examples.of([]), lab.seed, lab.store, base))


def _probabilities(lab: Lab, asked: Examples, scores: Scores, calibration: dict[str, Any]) -> Floats:
    found = lab.task.output.decode(scores, asked, lab.task.labels, **calibration).probabilities
    assert found is not None
    return found


def _check(lab: Lab) -> None:
    if lab.task.output.name == "spans":
        raise UserError("labels of words have no held-out probabilities", "this needs a task that labels texts")


def _content(lab: Lab, examples: Examples) -> list[object]:
    bases = [base.fingerprint for base in lab.bases.values()][:1]
    return [lab.seed, list(lab.task.labels), bases, examples.texts, examples.labels, examples.weights, examples.ids]


def _kept(lab: Lab, content: list[object], compute: Callable[[], Floats]) -> Floats:
    """Return what was computed of this content before, or compute it."""
    from safetensors import SafetensorError
    from safetensors.numpy import load, save

    path = _path(lab, content)
    try:
        found: Floats = load(path.read_bytes())["probabilities"]
    except (FileNotFoundError, KeyError, SafetensorError):
        found = compute()
        write_atomic(path, save({"probabilities": np.ascontiguousarray(found)}))
    return found


def _path(lab: Lab, content: list[object]) -> Path:
    name = hashlib.sha256(json.dumps(content, ensure_ascii=True).encode()).hexdigest()[:16]
    return lab.folder / "held_out" / f"{name}.safetensors"
