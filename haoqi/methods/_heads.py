"""How the head of an encoder starts: as a linear probe on the base as it is, before anything else learns."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from haoqi.core import seeds
from haoqi.core.say import say
from haoqi.methods._embedded import best_ridge, fit_ridge
from haoqi.methods._tuning import TrainingSetup
from haoqi.methods.method import Progress
from haoqi.methods.work import Load, Size, Work
from haoqi.train.distributed.group import first_rank_first

_HEAD_START_ROWS = 5000
_HEAD_START_ROUNDS = 30
# How much an error of the probe costs against large weights, for each label, since each has its share of the rows; at
# most as much as where it is to answer by itself. One that fits its rows so closely leaves the encoder their accidents
# to learn, and one of many labels that hardly fits leaves it nothing to go by: docs/decisions/train.md. Of several
# labels per row each is a question of its own.
_STRENGTH_PER_LABEL, _MOST_STRENGTH = 0.05, 10.0


def start_head(setup: TrainingSetup) -> None:
    """Give the head the weights of a linear probe on the base as it is.

    A head that starts from nothing sends noise through the encoder until it has learnt, and spoils it
    (Kumar et al., 2022, arXiv:2202.10054). The embeddings are those that other methods use too. Words,
    contexts and pairs, which are read otherwise than they are embedded, start from nothing.
    """
    import torch

    if setup.reader.words or setup.reader.contexts or setup.reader.pairing:
        return

    job = setup.job
    rows = np.sort(seeds.generator(job.seed, "head").permutation(len(job.train))[:_HEAD_START_ROWS])
    job.report(Progress(0.0, say("fit.head_start")))
    with first_rank_first(setup.placement):
        embeddings = job.store.embeddings(job.base, job.train.take(rows).texts)  # type: ignore[arg-type]
    targets, weights = setup.targets[rows], setup.counting[rows]
    if job.task.output.kind.is_number:
        strength = best_ridge(embeddings, targets, job.train.take(rows))
        direction, bias = fit_ridge(embeddings, targets, strength, weights=weights.astype(np.float64))
        weight = direction.T.copy()
    else:
        labels = setup.model.head.out_features
        strength = _MOST_STRENGTH if targets.ndim == 2 else min(_MOST_STRENGTH, _STRENGTH_PER_LABEL * labels)
        weight, bias = fit_head(embeddings, targets, labels, strength, weights=weights)
    with torch.no_grad():
        setup.model.head.weight.copy_(torch.from_numpy(weight))
        setup.model.head.bias.copy_(torch.from_numpy(bias))


def fit_head(
    embeddings: npt.NDArray[np.float32],
    targets: npt.NDArray[Any],
    outputs: int,
    strength: float = 10.0,
    *,
    weights: npt.NDArray[np.float32],
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return weights (outputs, width) and biases (outputs,) of a logistic regression.

    Args:
        embeddings: of length 1, shape (n, width).
        targets: label numbers, shape (n,), or 0/1, shape (n, outputs).
        outputs: number of labels.
        strength: how much an error costs against large weights (C).
        weights: how much each example counts, shape (n,).
    """
    import torch
    from torch.nn import functional

    features, many = torch.from_numpy(embeddings), targets.ndim == 2
    answers, counting = torch.from_numpy(targets), torch.from_numpy(weights)
    weight = torch.zeros(outputs, features.shape[1], requires_grad=True)
    bias = torch.zeros(outputs, requires_grad=True)
    solver = torch.optim.LBFGS([weight, bias], max_iter=_HEAD_START_ROUNDS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        solver.zero_grad()
        logits = functional.linear(features, weight, bias)
        if many:
            misfits = functional.binary_cross_entropy_with_logits(logits, answers, reduction="none").sum(dim=1)
        else:
            misfits = functional.cross_entropy(logits, answers, reduction="none")
        misfit = (counting * misfits).sum()
        total = (strength * misfit + weight.pow(2).sum() / 2) / (strength * counting.sum())
        total.backward()  # type: ignore[no-untyped-call]
        return total

    solver.step(loss)  # type: ignore[no-untyped-call]
    return weight.detach().numpy(), bias.detach().numpy()


def head_start(work: Work, size: Size) -> Work:
    """Return the work with starting the head from a linear probe, which is left out where words are labelled."""
    if size.per_word:
        return work
    rows = min(size.train_rows, _HEAD_START_ROWS)
    return replace(work, fit=work.fit + head_solver(size, rows), embeds=rows, drawn=True)


def head_solver(size: Size, rows: float) -> Load:
    """Return what fitting a head takes."""
    return Load(dense=_HEAD_START_ROUNDS * 4.0 * rows * size.width * size.labels / 1e9, rounds=_HEAD_START_ROUNDS / 1e3)
