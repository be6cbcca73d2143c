"""Words and meaning together: TF-IDF, a probe and neighbours, stacked (Wolpert, 1992, Neural Networks 5(2):241-259).

N-grams learn from every example in seconds; the base reads only as many as the time is worth, and still knows
what the words cannot: synonyms, negation, order. How far each is trusted is learnt on answers to examples that
neither was fitted on. Prefer it on slow machines and for sentiment, where either alone leaves something on
the table; where the probe or TF-IDF alone is as good, it is the simpler model.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from haoqi.core import seeds
from haoqi.core.config import Range
from haoqi.core.say import say
from haoqi.data.answers import NUMBERS_TOO, Accepts
from haoqi.data.examples import Indices, Weights
from haoqi.data.preparing.split import in_folds
from haoqi.methods.knn import Knn
from haoqi.methods.method import Job, Progress, Weighs, methods
from haoqi.methods.probe import Probe
from haoqi.methods.tfidf import Tfidf
from haoqi.methods.work import Load, Size, Work
from haoqi.models.encoders.pair_features import pairing_for, sides_of
from haoqi.models.predictor import Predictor
from haoqi.models.predictors.blend import Blend

Floats = npt.NDArray[np.float32]

FOLDS = 3
"""Parts of the examples, each answered by models fitted on the others."""

ROUNDS = 200

EQUAL = 0.5
"""Standard deviation of a member's weight about an equal share, before any answer is seen."""

BATCH = 256
"""Examples that are read before the time is checked."""

READING = 0.5
"""Of the time there is, what reading training examples may take: validation examples are to be read, too."""


@methods.register
@dataclass(frozen=True)
class Stack:
    """How much the base reads, and how closely its probe follows."""

    accepts: ClassVar[Accepts] = NUMBERS_TOO
    uses_base: ClassVar[bool] = True
    stochastic: ClassVar[bool] = False
    elastic: ClassVar[bool] = True
    weighs: ClassVar[Weighs] = "roughly"
    ranks: ClassVar[tuple[int, int]] = (4, 7)

    most_read: Annotated[int, Range(50, 1_000_000, log=True, search=False)] = 4000
    """The most training examples that the base reads; n-grams learn from all."""
    words: Annotated[float, Range(0.05, 10.0, log=True)] = 1.0
    """How closely the n-grams follow the examples (C)."""

    def fit(self, job: Job) -> Predictor:
        """Return the blend learnt from job.train."""
        begun = time.perf_counter()
        rows = self._read(job, begun)
        tfidf, readers = Tfidf(strength=self.words), (Probe(), Knn())
        held = [self._held_out(tfidf.fit, job, np.arange(len(job.train)))[rows]]
        held += [self._held_out(reader.fit, job, rows) for reader in readers]
        targets = np.asarray(job.task.output.targets(job.train.take(rows)))
        trusted = trust_numbers if job.task.output.kind.is_number else trust
        weights, offset = trusted(held, targets, job.train.take(rows).counting)
        job.report(Progress(0.9, say("fit.all")))
        quiet = replace(job, report=lambda progress: None)
        small = replace(quiet, train=job.train.take(rows))
        return Blend((tfidf.fit(quiet), *(reader.fit(small) for reader in readers)), weights, offset)

    def work(self, size: Size) -> Work:
        """Embed what is read; fit every member on each fold's other examples, score the fold, then fit on all."""
        read = min(self.most_read, size.train_rows)
        fit = Load(dense=4.0 * ROUNDS * read * 3 * size.labels / 1e9, rounds=ROUNDS / 1e3)
        score = Load()
        for member, rows in ((Tfidf(strength=self.words), size.train_rows), (Probe(), read), (Knn(), read)):
            others = replace(size, train_rows=rows - rows // FOLDS, valid_rows=rows // FOLDS)
            held, whole = member.work(others), member.work(replace(size, train_rows=rows))
            fit += (held.fit + held.score).times(FOLDS) + whole.fit
            score += whole.score
            fit = replace(fit, saved=fit.saved - FOLDS * held.fit.saved)  # only the last is kept
        libraries = ("pandas", "sklearn", "transformers")
        return Work(fit, score, embeds=read, drawn=True, asks=True, libraries=libraries)

    def _read(self, job: Job, begun: float) -> Indices:
        """Return the rows that the base reads, fewer than wanted where time is short, and let it read them.

        The order is the same for all settings of one run, so what was read is read once for all of them.
        """
        order = np.random.default_rng(len(job.train)).permutation(len(job.train))[: self.most_read]
        read, limit = 0, None if job.seconds is None else READING * job.seconds
        while read < len(order):
            batch = order[read : read + BATCH]
            sides = sides_of(job.train.take(batch), pairing_for(job.task))
            job.store.embeddings(job.base, [text for side in sides for text in side])  # type: ignore[arg-type]
            read += len(batch)
            spent = time.perf_counter() - begun
            job.report(Progress(0.8 * min(1.0, read / len(order)), say("fit.read", count=read)))
            if limit is not None and spent * (read + BATCH) / read > limit and read < len(order):
                job.note(say("fit.read_cut", count=read, all=len(order)))
                break
        return np.sort(order[:read])

    def _held_out(self, fit: Callable[[Job], Predictor], job: Job, rows: Indices) -> Floats:
        """Return each row's scores from a model that was not fitted on it, nor on a row that was made of the same one.

        Their shape is (rows, labels), of numbers (rows, 1).
        """
        fold = in_folds(job.train.take(rows), FOLDS, seeds.generator(0, "blend", len(rows)))
        scores = np.zeros((len(rows), job.task.output.width), np.float32)
        quiet = replace(job, report=lambda progress: None)
        for part in range(FOLDS):
            job.report(Progress(0.8, say("fit.part", number=part + 1, all=FOLDS)))
            mine, others = rows[fold == part], rows[fold != part]
            if len(mine) and len(others):
                predictor = fit(replace(quiet, train=job.train.take(others)))
                scores[fold == part] = predictor.scores(job.train.take(mine))
        return scores


def trust(parts: list[Floats], targets: npt.NDArray[Any], counting: Weights) -> tuple[Floats, Floats]:
    """Return the weights of some scores and the offset of each label that the targets make likeliest.

    Before anything is seen, all members are believed alike, each weight within about `EQUAL`; with few examples that
    belief keeps luck from choosing. No weight is below 0 (Breiman, 1996, "Stacked Regressions"): a member that
    seems to know the wrong answers was unlucky.

    Args:
        parts: scores of each member, shape (n, labels), from models that did not see these examples.
        targets: label numbers, shape (n,), or 0/1, shape (n, labels).
        counting: how much each example counts, shape (n,).
    """
    import torch
    from torch.nn import functional

    tables, answers = [torch.from_numpy(part) for part in parts], torch.from_numpy(targets)
    shares = torch.from_numpy((counting / counting.sum()).astype(np.float32))
    equal, count = 1.0 / len(parts), len(targets)
    roots = torch.full((len(parts),), math.sqrt(equal), requires_grad=True)  # of the weights, which are none below 0
    offset = torch.zeros(parts[0].shape[1], requires_grad=True)
    solver = torch.optim.LBFGS([roots, offset], max_iter=ROUNDS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        solver.zero_grad()
        weights = roots.square()
        logits = sum(weight * table for weight, table in zip(weights, tables, strict=True)) + offset
        if targets.ndim == 2:
            misfits = functional.binary_cross_entropy_with_logits(logits, answers, reduction="none").mean(dim=1)
        else:
            misfits = functional.cross_entropy(logits, answers, reduction="none")
        unlike = ((weights - equal) / EQUAL).square().sum() + offset.square().sum()
        total = (shares * misfits).sum() + unlike / (2 * count)
        total.backward()  # type: ignore[no-untyped-call]
        return total

    solver.step(loss)  # type: ignore[no-untyped-call]
    return roots.detach().square().numpy().astype(np.float32), offset.detach().numpy().astype(np.float32)


def trust_numbers(parts: list[Floats], targets: npt.NDArray[Any], counting: Weights) -> tuple[Floats, Floats]:
    """Return what `trust` does for numbers: the weights and the offset that have the least squared error.

    Args:
        parts: numbers of each member, shape (n, 1), from models that did not see these examples.
        targets: the right numbers, shape (n,).
        counting: how much each example counts, shape (n,).
    """
    from scipy.optimize import nnls

    given, right = np.concatenate(parts, axis=1).astype(np.float64), targets.astype(np.float64)
    share, equal = counting / counting.sum(), np.full(len(parts), 1 / len(parts))
    centre, middle = share @ given, float(share @ right)
    error = math.sqrt(float(share @ (right - middle - (given - centre) @ equal) ** 2))
    pull = error / EQUAL * np.eye(len(parts))
    rows = np.sqrt(counting)[:, None]
    found = nnls(
        np.concatenate([rows * (given - centre), pull]),
        np.concatenate([rows[:, 0] * (right - middle), pull @ equal]),
    )[0]
    return found.astype(np.float32), np.array([middle - centre @ found], np.float32)
