"""The cosine of two embeddings, brought to the scale of the answers (Reimers and Gurevych, 2019, arXiv:1908.10084).

The base is never changed and one number is learnt from, so some hundred pairs fit the scale, and what the base knows of
likeness is kept whole: a probe of many features spoils it where pairs are few. Prefer it for likeness, duplicates and
ranking with few pairs or little time, and wherever texts are to be indexed: it is what an index of embeddings goes by.
Numbers follow a line (Galton, 1886); the probability of a class follows a logistic curve (Platt, 1999).
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from haoqi.core import seeds
from haoqi.core.config import Range
from haoqi.core.say import say
from haoqi.data.answers import PAIRS, Accepts
from haoqi.data.examples import Examples
from haoqi.methods._embedded import Floats, fit_linear, fit_ridge
from haoqi.methods.method import Job, Progress, Weighs, methods
from haoqi.methods.work import Load, Size, Work, labelled
from haoqi.models.encoders.embedder import Embedder
from haoqi.models.encoders.pair_features import pair_width, pairing_for
from haoqi.models.predictor import Predictor
from haoqi.models.predictors.embedding_linear import EmbeddingLinear
from haoqi.tasks.task import Task

# One number and its intercept: next to no penalty.
_LOOSE = 1000.0


@methods.register
@dataclass(frozen=True)
class Cosine:
    """How many pairs fit the scale."""

    accepts: ClassVar[Accepts] = PAIRS
    uses_base: ClassVar[bool] = True
    stochastic: ClassVar[bool] = False
    elastic: ClassVar[bool] = False
    weighs: ClassVar[Weighs] = "exactly"
    ranks: ClassVar[tuple[int, int]] = (6, 0)

    most_pairs: Annotated[int, Range(20, 100_000, log=True, search=False)] = 500
    """Training pairs that fit the scale, drawn at random where there are more."""

    def fit(self, job: Job) -> Predictor:
        """Return the scaled cosine of job.train's texts."""
        assert job.base is not None
        train = job.train
        if len(train) > self.most_pairs:
            rows = seeds.generator(0, "cosine", len(train)).permutation(len(train))[: self.most_pairs]
            train = train.take(np.sort(rows))
        total = max(1, len(train))
        pairing = pairing_for(job.task)
        embedder = Embedder(job.base, job.store)
        vectors = embedder.examples(
            train, pairing, lambda done: job.report(Progress(0.9 * done / total, say("fit.texts", count=done)))
        )
        slope, intercept = fit_scale(vectors[:, :1], job.task, train)
        directions = np.zeros((pair_width(job.base.card.width, pairing), slope.shape[1]), np.float32)
        directions[0] = slope[0]
        return EmbeddingLinear(embedder, directions, intercept, pairing)

    def work(self, size: Size) -> Work:
        """Embed some training texts, and all that are scored."""
        rows = min(size.train_rows, self.most_pairs)
        fit = Load(fits=1, rounds=0.01, saved=2 * size.width * size.labels / 1e6) + labelled(size, rows)
        return Work(fit, embeds=rows, drawn=rows < size.train_rows, asks=True, libraries=("sklearn", "transformers"))


def fit_scale(cosines: Floats, task: Task, train: Examples) -> tuple[Floats, Floats]:
    """Return slopes, shape (1, outputs), and intercepts that turn cosines into what a task's output reads.

    Args:
        cosines: of the training pairs, shape (n, 1).
        task: whose output says whether they are numbers or classes.
        train: the pairs, labelled, and how much each counts.
    """
    targets, weights = task.output.targets(train), None if train.weights is None else train.counting
    if task.output.kind.is_number:
        return fit_ridge(cosines, targets, _LOOSE, weights=weights)
    classes = targets[:, None] == np.arange(task.output.width)
    return fit_linear(cosines, classes, exclusive=True, strength=_LOOSE, weights=weights)
