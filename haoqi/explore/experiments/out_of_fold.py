"""Out-of-fold probabilities: what cheap models answer to examples that they did not learn, computed once and kept."""

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
from haoqi.data.preparing.split import in_folds
from haoqi.data.recipes._suspects import trusted
from haoqi.explore.costs.label_check_models import FOLDS, label_check_plans
from haoqi.explore.plans.plan import Plan
from haoqi.explore.setup.context import SearchContext
from haoqi.methods.blend import trust
from haoqi.methods.method import Job
from haoqi.models.predictor import Predictor
from haoqi.tasks.outputs.probability import thinned
from haoqi.tasks.task import Scores

Floats = npt.NDArray[np.float32]

# What counts for less is left out.
_LEAST_TRUST = 1e-3


def predict_out_of_fold(context: SearchContext, examples: Examples) -> Floats:
    """Return the probability of each label for each row, by models not fitted on it, shape (n, labels).

    TF-IDF answers, and where there is a base that reads the texts soon, probes of it and its neighbours as well,
    each trusted as far as makes the given labels likeliest (`methods/blend.py`). Where some labels are evidently wrong,
    they answer once more after learning each row as far as it is believed, and the mean of both is taken. Rows that
    were made of one row are held out together.

    Args:
        context: the task, the bases and the folder where answers are kept, by the content of the examples.
        examples: labelled, with one label each or several.

    Raises:
        UserError: if the task labels words.
    """
    return _found(context, examples)["probabilities"]


def predict_texts(context: SearchContext, examples: Examples, texts: Sequence[str]) -> Floats:
    """Return the probability of each label for some single texts by the same models, fitted on examples.

    Their shape is (texts, labels).

    Raises:
        UserError: if the task labels words.
    """
    known = _found(context, examples)
    content = ["answers", *_content(context, examples), list(texts)]
    return _kept(context, content, lambda: {"probabilities": _answered(context, examples, texts, known)})[
        "probabilities"
    ]


def is_computed(context: SearchContext, examples: Examples) -> bool:
    """Return whether the out-of-fold answers to some examples were computed before in this run."""
    return _path(context, ["panel", *_content(context, examples)]).is_file()


def _found(context: SearchContext, examples: Examples) -> dict[str, Floats]:
    """Return the probabilities for some examples, and how far each plan is trusted."""
    if context.task.output.kind.of_words:
        raise UserError("labels of words have no held-out probabilities", "this needs a task that labels texts")
    return _kept(context, ["panel", *_content(context, examples)], lambda: _crossed(context, examples))


def _crossed(context: SearchContext, examples: Examples) -> dict[str, Floats]:
    """Return what the models answer, the mean of two rounds where labels are evidently wrong, and the first's weights.

    Models that learnt wrong labels suspect right ones, and fewer of the wrong (docs/decisions/explore-label-errors.md).
    """
    probabilities, weights, offset = _round(context, examples, examples)
    believed = trusted(examples, context.task.output.kind, context.task.labels, probabilities)
    if (believed < 1).any():
        learnt = replace(examples, weights=(examples.counting * believed).tolist())
        probabilities = np.asarray((probabilities + _round(context, examples, learnt)[0]) / 2, dtype=np.float32)
    return {"probabilities": probabilities, "weights": weights, "offset": offset}


def _round(context: SearchContext, examples: Examples, learnt: Examples) -> tuple[Floats, Floats, Floats]:
    """Return the probabilities for some examples, the weight of each plan, and the offset of each label.

    Args:
        context: what the experiments share.
        examples: as they are given.
        learnt: the same as models learn them, some perhaps for less.
    """
    folds = in_folds(examples, FOLDS, context.generator("held out", len(examples)))
    parts = [_cross_scores(context, learnt, folds, plan) for plan in label_check_plans(context, len(examples))]
    some = thinned(len(examples), context.task.output.width)
    targets = np.asarray(context.task.output.targets(examples.take(some)))
    weights, offset = trust([part[some] for part in parts], targets, examples.counting[some])
    # Of few examples, trust is slow to believe that all members are surer than they say.
    scores = _summed(parts, weights, offset)
    sharpness = 1 / context.task.output.calibrate(scores, examples)["temperature"]
    weights, offset = (np.asarray(array * sharpness, dtype=np.float32) for array in (weights, offset))
    return _probabilities(context, examples, _summed(parts, weights, offset)), weights, offset


def _answered(context: SearchContext, examples: Examples, texts: Sequence[str], known: dict[str, Floats]) -> Floats:
    asked = Examples.of(texts)
    parts = [_fitted(context, examples, plan).scores(asked) for plan in label_check_plans(context, len(examples))]
    return _probabilities(context, asked, _summed(parts, known["weights"], known["offset"]))


def _summed(parts: Sequence[Scores], weights: Floats, offset: Floats) -> Floats:
    return sum((weight * np.asarray(part) for weight, part in zip(weights, parts, strict=True)), offset)


def _probabilities(context: SearchContext, asked: Examples, scores: Floats) -> Floats:
    found = context.task.output.decode(scores, asked).probabilities
    assert found is not None
    return np.asarray(found, dtype=np.float32)


def _cross_scores(context: SearchContext, examples: Examples, fold_of: Indices, plan: Plan) -> Floats:
    found = np.zeros((len(examples), context.task.output.width), np.float32)
    believed = examples.counting >= _LEAST_TRUST
    for fold in np.unique(fold_of):
        held, rest = np.flatnonzero(fold_of == fold), np.flatnonzero((fold_of != fold) & believed)
        context.listen(Advanced(float(fold) / FOLDS, "second opinion on labels"))
        if len(rest):
            found[held] = _fitted(context, examples.take(rest), plan).scores(examples.take(held))
    return found


def _fitted(context: SearchContext, examples: Examples, plan: Plan) -> Predictor:
    base = context.bases[plan.base] if plan.base else None
    return context.method(plan).fit(Job(context.task, examples, Examples.of([]), context.seed, context.store, base))


def _content(context: SearchContext, examples: Examples) -> list[object]:
    bases = [base.fingerprint for base in context.bases.values()][:1]
    return [
        context.seed,
        list(context.task.labels),
        bases,
        examples.texts,
        examples.labels,
        examples.weights,
        examples.ids,
        *([] if examples.pairs is None else [examples.pairs]),
    ]


def _kept(context: SearchContext, content: list[object], compute: Callable[[], dict[str, Floats]]) -> dict[str, Floats]:
    """Return what was computed of this content before, or compute it."""
    from safetensors import SafetensorError
    from safetensors.numpy import load, save

    path = _path(context, content)
    try:
        found: dict[str, Floats] = load(path.read_bytes())
    except (FileNotFoundError, SafetensorError):
        found = compute()
        write_atomic(path, save({name: np.ascontiguousarray(array) for name, array in found.items()}))
    return found


def _path(context: SearchContext, content: list[object]) -> Path:
    name = hashlib.sha256(json.dumps(content, ensure_ascii=True).encode()).hexdigest()[:16]
    return context.folder / "held_out" / f"{name}.safetensors"
