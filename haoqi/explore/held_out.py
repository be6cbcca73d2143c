"""What cheap models think of examples that they did not see: the second opinion on labels, computed once and kept."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from haoqi.core.errors import UserError
from haoqi.core.events import Advanced
from haoqi.core.folder import write_atomic
from haoqi.data.examples import Examples, Indices
from haoqi.data.recipes._suspects import trusted
from haoqi.data.split import in_folds
from haoqi.explore.lab import Lab
from haoqi.explore.plan import Plan
from haoqi.explore.rates import nominal
from haoqi.methods.blend import trust
from haoqi.methods.method import Job
from haoqi.methods.work import embedded
from haoqi.models.predictor import Predictor
from haoqi.tasks.outputs.probability import thinned
from haoqi.tasks.task import Scores

Floats = npt.NDArray[np.float32]

# What counts for less is left out.
_LEAST_TRUST = 1e-3

FOLDS = 5
"""Parts of the examples, each answered by models fitted on the others."""

ROUNDS = 2
"""How often they are, at most: where labels are evidently wrong, once more by models that trust these less."""

STRENGTHS = (0.001, 0.008, 0.06)
"""How closely probes follow the examples (C). Each answers all parts: were each part answered at a strength of its own,
how sure the answers are would differ between parts, and some would look wrong
(docs/decisions/explore-label-errors.md)."""

READING_SECONDS = 60.0
"""A base gives an opinion where it reads all texts in less than this, on the machine that costs were measured on."""


def held_out(lab: Lab, examples: Examples) -> Floats:
    """Return the probability of each label for each row, by models not fitted on it, shape (n, labels).

    TF-IDF answers, and where there is a base that reads the texts soon, probes of it and its neighbours as well,
    each trusted as far as makes the given labels likeliest (`methods/blend.py`). Where some labels are evidently wrong,
    they answer once more after learning each row as far as it is believed, and the mean of both is taken. Rows that
    were made of one row are held out together.

    Args:
        lab: the task, the bases and the folder where answers are kept, by the content of the examples.
        examples: labelled, with one label each or several.

    Raises:
        UserError: if the task labels words.
    """
    return _found(lab, examples)["probabilities"]


def answers(lab: Lab, examples: Examples, texts: Sequence[str]) -> Floats:
    """Return the probability of each label for some texts by the same models, fitted on examples.

    Their shape is (texts, labels).

    Raises:
        UserError: if the task labels words.
    """
    known = _found(lab, examples)
    content = ["answers", *_content(lab, examples), list(texts)]
    return _kept(lab, content, lambda: {"probabilities": _answered(lab, examples, texts, known)})["probabilities"]


def opinions(lab: Lab, rows: int) -> list[Plan]:
    """Return which cheap plans are asked about so many examples: decided by the amount of text, never by a clock."""
    found = [Plan("tfidf")]
    for base in list(lab.bases)[:1]:
        probes = [Plan("probe", base, (("strength", strength),)) for strength in STRENGTHS]
        if nominal().cost(embedded(lab.size(probes[0]), rows), "probe").seconds <= READING_SECONDS:
            found += [*probes, Plan("knn", base)]
    return found


def is_kept(lab: Lab, examples: Examples) -> bool:
    """Return whether the held-out answers to some examples were computed before in this run."""
    return _path(lab, ["panel", *_content(lab, examples)]).is_file()


def _found(lab: Lab, examples: Examples) -> dict[str, Floats]:
    """Return the probabilities for some examples, and how far each plan is trusted."""
    if lab.task.output.name == "spans":
        raise UserError("labels of words have no held-out probabilities", "this needs a task that labels texts")
    return _kept(lab, ["panel", *_content(lab, examples)], lambda: _crossed(lab, examples))


def _crossed(lab: Lab, examples: Examples) -> dict[str, Floats]:
    """Return what the models think, of two rounds where labels are evidently wrong, and the first round's trust.

    Models that learnt wrong labels doubt right ones, and fewer of the wrong (docs/decisions/explore-label-errors.md).
    """
    probabilities, weights, offset = _round(lab, examples, examples)
    believed = trusted(examples, lab.task.output.name, lab.task.labels, probabilities)
    if (believed < 1).any():
        learnt = replace(examples, weights=(examples.counting * believed).tolist())
        probabilities = np.asarray((probabilities + _round(lab, examples, learnt)[0]) / 2, dtype=np.float32)
    return {"probabilities": probabilities, "weights": weights, "offset": offset}


def _round(lab: Lab, examples: Examples, learnt: Examples) -> tuple[Floats, Floats, Floats]:
    """Return the probabilities for some examples, the weight of each plan, and the offset of each label.

    Args:
        lab: what the experiments share.
        examples: as they are given.
        learnt: the same as models learn them, some perhaps for less.
    """
    folds = in_folds(examples, FOLDS, lab.generator("held out", len(examples)))
    parts = [_cross_scores(lab, learnt, folds, plan) for plan in opinions(lab, len(examples))]
    some = thinned(len(examples), len(lab.task.labels))
    targets = np.asarray(lab.task.output.targets(examples.take(some), lab.task.labels))
    weights, offset = trust([part[some] for part in parts], targets, examples.counting[some])
    # Of few examples, trust is slow to believe that all members are surer than they say.
    scores = _summed(parts, weights, offset)
    sharpness = 1 / lab.task.output.calibrate(scores, examples, lab.task.labels)["temperature"]
    weights, offset = (np.asarray(array * sharpness, dtype=np.float32) for array in (weights, offset))
    return _probabilities(lab, examples, _summed(parts, weights, offset)), weights, offset


def _answered(lab: Lab, examples: Examples, texts: Sequence[str], known: dict[str, Floats]) -> Floats:
    asked = Examples.of(texts)
    parts = [_fitted(lab, examples, plan).scores(asked) for plan in opinions(lab, len(examples))]
    return _probabilities(lab, asked, _summed(parts, known["weights"], known["offset"]))


def _summed(parts: Sequence[Scores], weights: Floats, offset: Floats) -> Floats:
    return sum((weight * np.asarray(part) for weight, part in zip(weights, parts, strict=True)), offset)


def _probabilities(lab: Lab, asked: Examples, scores: Floats) -> Floats:
    found = lab.task.output.decode(scores, asked, lab.task.labels).probabilities
    assert found is not None
    return np.asarray(found, dtype=np.float32)


def _cross_scores(lab: Lab, examples: Examples, fold_of: Indices, plan: Plan) -> Floats:
    found = np.zeros((len(examples), len(lab.task.labels)), np.float32)
    believed = examples.counting >= _LEAST_TRUST
    for fold in np.unique(fold_of):
        held, rest = np.flatnonzero(fold_of == fold), np.flatnonzero((fold_of != fold) & believed)
        lab.listen(Advanced(float(fold) / FOLDS, "second opinion on labels"))
        if len(rest):
            found[held] = _fitted(lab, examples.take(rest), plan).scores(examples.take(held))
    return found


def _fitted(lab: Lab, examples: Examples, plan: Plan) -> Predictor:
    base = lab.bases[plan.base] if plan.base else None
    return lab.method(plan).fit(Job(lab.task, examples, Examples.of([]), lab.seed, lab.store, base))


def _content(lab: Lab, examples: Examples) -> list[object]:
    bases = [base.fingerprint for base in lab.bases.values()][:1]
    return [lab.seed, list(lab.task.labels), bases, examples.texts, examples.labels, examples.weights, examples.ids]


def _kept(lab: Lab, content: list[object], compute: Callable[[], dict[str, Floats]]) -> dict[str, Floats]:
    """Return what was computed of this content before, or compute it."""
    from safetensors import SafetensorError
    from safetensors.numpy import load, save

    path = _path(lab, content)
    try:
        found: dict[str, Floats] = load(path.read_bytes())
    except (FileNotFoundError, SafetensorError):
        found = compute()
        write_atomic(path, save({name: np.ascontiguousarray(array) for name, array in found.items()}))
    return found


def _path(lab: Lab, content: list[object]) -> Path:
    name = hashlib.sha256(json.dumps(content, ensure_ascii=True).encode()).hexdigest()[:16]
    return lab.folder / "held_out" / f"{name}.safetensors"
