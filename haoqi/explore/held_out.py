"""What cheap models think of examples that they did not see: the second opinion on labels, computed once and kept."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.core.errors import UserError
from haoqi.core.folder import write_atomic
from haoqi.data.examples import Examples, Indices
from haoqi.data.recipes._suspects import trusted
from haoqi.data.split import in_folds
from haoqi.explore.lab import Lab
from haoqi.explore.plan import Plan
from haoqi.explore.rates import nominal
from haoqi.methods.method import Job
from haoqi.methods.work import embedded
from haoqi.models.predictor import Predictor
from haoqi.tasks.task import Scores

Floats = npt.NDArray[np.float32]

# What counts for less is left out.
_LEAST_TRUST = 1e-3

FOLDS = 5
"""Parts of the examples, each answered by models fitted on the others."""

ROUNDS = 2
"""How often they are, at most: where labels are evidently wrong, once more by models that trust these less."""

READING_SECONDS = 60.0
"""A base gives an opinion where it reads all texts in less than this, on the machine that costs were measured on."""


def held_out(lab: Lab, examples: Examples) -> Floats:
    """Return the probability of each label for each row, by models not fitted on it, shape (n, labels).

    TF-IDF answers, and where there is a base that reads the texts soon, a probe of it as well; each is calibrated,
    and the mean is taken. Where some labels are evidently wrong, they answer once more after learning each row as far
    as they trust it, and the mean of both is taken. Rows that were made of one row are held out together.

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
    """Return what the models think, of two rounds where labels are evidently wrong.

    Models that learnt wrong labels doubt right ones, and fewer of the wrong (docs/decisions.md).
    """
    first = _mean(lab, examples)
    trust = trusted(examples, lab.task.output.name, lab.task.labels, first)
    if (trust == 1).all():
        return first
    return np.asarray((first + _mean(lab, examples, trust)) / 2, dtype=np.float32)


def _mean(lab: Lab, examples: Examples, trust: npt.NDArray[np.float64] | None = None) -> Floats:
    """Return the mean of what all plans answer after learning the examples as far as they are trusted."""
    parts = [_judged(lab, examples, plan, trust)[0] for plan in opinions(lab, len(examples))]
    return np.asarray(np.mean(parts, axis=0), dtype=np.float32)


def _answered(lab: Lab, examples: Examples, texts: Sequence[str]) -> Floats:
    asked, parts = Examples.of(texts), []
    for plan in opinions(lab, len(examples)):
        _, calibration = _judged(lab, examples, plan)
        parts.append(_probabilities(lab, asked, _fitted(lab, examples, plan).scores(asked), calibration))
    return np.asarray(np.mean(parts, axis=0), dtype=np.float32)


def _judged(
    lab: Lab, examples: Examples, plan: Plan, trust: npt.NDArray[np.float64] | None = None
) -> tuple[Floats, dict[str, Any]]:
    """Return a plan's held-out probabilities, and the calibration that they were found with.

    Examples are learnt from as far as they are trusted, all wholly where it is not said.
    """
    folds = in_folds(examples, FOLDS, lab.generator("held out", len(examples)))
    learnt = examples if trust is None else replace(examples, weights=(examples.counting * trust).tolist())
    scores = _cross_scores(lab, learnt, folds, plan)
    calibration = lab.task.output.calibrate(scores, examples, lab.task.labels)
    return _probabilities(lab, examples, scores, calibration), calibration


def _cross_scores(lab: Lab, examples: Examples, fold_of: Indices, plan: Plan) -> Floats:
    found = np.zeros((len(examples), len(lab.task.labels)), np.float32)
    believed = examples.counting >= _LEAST_TRUST
    for fold in np.unique(fold_of):
        held, rest = np.flatnonzero(fold_of == fold), np.flatnonzero((fold_of != fold) & believed)
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
