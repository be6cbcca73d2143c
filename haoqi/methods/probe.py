"""Logistic regression on a frozen base's embeddings (Alain and Bengio, 2016, arXiv:1610.01644).

The base is read once per text and never changed, so hundreds of labels are learnt in the time of one forward
pass; what they are called is learnt from like texts, which helps where examples are few. Prefer it for few to some
thousand examples, for many labels, and wherever the meaning decides rather than single words; tuning the base itself
overtakes it once there are many examples.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from haoqi.core.config import Choices, Range
from haoqi.core.say import say
from haoqi.data.answers import CLASSES_OF_TEXTS, NUMBERS_TOO, Accepts
from haoqi.data.examples import Examples
from haoqi.methods._embedded import (
    TRIAL_ROWS,
    Floats,
    Targets,
    best_ridge,
    fit_linear,
    fit_ridge,
    held_out,
    logistic_loss,
)
from haoqi.methods._names import NAMING_TOKENS, NAMINGS, with_names
from haoqi.methods.method import Job, Progress, Weighs, methods
from haoqi.methods.work import Load, Size, Work, labelled
from haoqi.models.encoders.embedder import Embedder
from haoqi.models.encoders.pair_features import pair_emphasis, pairing_for
from haoqi.models.predictor import Predictor
from haoqi.models.predictors.embedding_linear import EmbeddingLinear

# Two labels like strong regularisation, a hundred weak; beyond both ends nothing improves.
STRENGTHS = (0.001, 0.004, 0.015, 0.06)


@methods.register
@dataclass(frozen=True)
class Probe:
    """How closely the examples are followed."""

    accepts: ClassVar[Accepts] = NUMBERS_TOO
    uses_base: ClassVar[bool] = True
    stochastic: ClassVar[bool] = False
    elastic: ClassVar[bool] = False
    weighs: ClassVar[Weighs] = "exactly"
    ranks: ClassVar[tuple[int, int]] = (5, 1)

    named: Annotated[bool, Choices(True, False, search=False), CLASSES_OF_TEXTS] = True
    """Whether the labels' names, and short sentences with them, are learnt from as well."""
    strength: Annotated[float | None, Range(0.0001, 10.0, log=True)] = None
    """How much an error costs against large weights (C); empty: the best of four on a fifth of the examples."""

    def fit(self, job: Job) -> Predictor:
        """Return the linear model of job.train's embeddings."""
        kind = job.task.output.kind
        pairing = pairing_for(job.task)
        job = with_names(job) if self.named and kind.has_classes and not pairing else job
        assert job.base is not None
        total = max(1, len(job.train))
        embedder = Embedder(job.base, job.store)
        vectors = embedder.examples(
            job.train, pairing, lambda done: job.report(Progress(0.9 * done / total, say("fit.texts", count=done)))
        )
        emphasis = pair_emphasis(job.base.card.width, pairing)
        return EmbeddingLinear(embedder, *self.head(job, vectors, emphasis), pairing)

    def head(self, job: Job, vectors: Floats, emphasis: Floats | None = None) -> tuple[Floats, Floats]:
        """Return directions and intercept of a linear model of job.train, whatever its features, shape (n, width).

        Args:
            job: what to learn.
            vectors: the features.
            emphasis: how many times as far each of them reaches, shape (width,); None: all alike.
        """
        fit = self._numbers if job.task.output.kind.is_number else self._classes
        return fit(job, vectors, emphasis)

    def _classes(self, job: Job, vectors: Floats, emphasis: Floats | None) -> tuple[Floats, Floats]:
        """Return directions and intercept of a logistic regression."""
        output, exclusive = job.task.output, job.task.output.kind.one_class
        targets = output.targets(job.train)
        if targets.ndim == 1:
            targets = targets[:, None] == np.arange(output.width)
        strength = self.strength or _best_strength(
            vectors, targets.astype(bool), exclusive, job.train, emphasis=emphasis
        )
        job.report(Progress(0.95, say("fit.strength", strength=strength)))
        weights = None if job.train.weights is None else job.train.counting
        return fit_linear(vectors, targets.astype(bool), exclusive, strength, weights=weights, emphasis=emphasis)

    def _numbers(self, job: Job, vectors: Floats, emphasis: Floats | None) -> tuple[Floats, Floats]:
        """Return direction and intercept of a ridge regression."""
        numbers = job.task.output.targets(job.train)
        strength = self.strength or best_ridge(vectors, numbers, job.train, emphasis)
        job.report(Progress(0.95, say("fit.strength", strength=strength)))
        weights = None if job.train.weights is None else job.train.counting
        return fit_ridge(vectors, numbers, strength, weights=weights, emphasis=emphasis)

    def work(self, size: Size) -> Work:
        """Embed all texts, then pass over the embeddings some hundred times for each strength."""
        tried = 0.0 if self.strength else 0.8 * len(STRENGTHS) * min(size.train_rows, TRIAL_ROWS)
        fit = Load(
            fits=1,
            dense=100.0 * 4.0 * (size.train_rows + tried) * size.width * size.labels / 1e9,
            rounds=0.01 * (1 if self.strength else 1 + len(STRENGTHS)),  # compiled, so a tenth of the fixed part
            saved=size.width * size.labels / 1e6,
        )
        # Names are texts that are short.
        names = NAMINGS * size.labels * NAMING_TOKENS / size.tokens if self.named else 0.0
        libraries = ("sklearn", "transformers")
        return Work(
            fit + labelled(size, size.train_rows), embeds=size.train_rows + names, asks=True, libraries=libraries
        )


def _best_strength(
    vectors: Floats, targets: Targets, exclusive: bool, train: Examples, *, emphasis: Floats | None = None
) -> float:
    """Return the strength with the least loss on a fifth of some examples, learnt from the rest of them."""
    held, rest, counting = held_out(train)
    if not len(held) or not len(rest):
        return STRENGTHS[1]

    def loss(strength: float) -> float:
        known = None if train.weights is None else counting[rest]
        directions, intercept = fit_linear(
            vectors[rest], targets[rest], exclusive, strength, weights=known, emphasis=emphasis
        )
        return logistic_loss(vectors[held] @ directions + intercept, targets[held], exclusive, counting[held])

    return min(STRENGTHS, key=loss)
