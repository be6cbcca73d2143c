"""Weighted nearest neighbours among embeddings (Cover and Hart, 1967, doi:10.1109/TIT.1967.1053964).

Prefer it for many labels with few examples each, for labels that fall into several unlike kinds of text, and
where an answer should be explained by the examples it came from. New examples need no training.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from haoqi.core.config import Range
from haoqi.data.answers import NUMBERS_TOO, Accepts
from haoqi.methods.method import Job, Weighs, methods
from haoqi.methods.work import Load, Size, Work, labelled
from haoqi.models.encoders.embedder import Embedder
from haoqi.models.encoders.pair_features import pair_places, pairing_for
from haoqi.models.predictor import Predictor
from haoqi.models.predictors.embedding_neighbours import EmbeddingNeighbours


@methods.register
@dataclass(frozen=True)
class Knn:
    """Who votes, and with what weight."""

    accepts: ClassVar[Accepts] = NUMBERS_TOO
    uses_base: ClassVar[bool] = True
    stochastic: ClassVar[bool] = False
    elastic: ClassVar[bool] = False
    weighs: ClassVar[Weighs] = "roughly"
    ranks: ClassVar[tuple[int, int]] = (9, 5)
    simple: ClassVar[bool] = True

    neighbours: Annotated[int, Range(1, 100, log=True)] = 15
    """How many of the nearest training texts, or pairs, vote."""
    reach: Annotated[float, Range(0.01, 1.0, log=True)] = 0.1
    """How much farther than the nearest a text may be, in cosine, before its vote falls to a third; a pair, in half its
    squared distance."""

    def fit(self, job: Job) -> Predictor:
        """Return the training texts' embeddings with their labels."""
        assert job.base is not None
        output = job.task.output
        targets = output.targets(job.train)
        if output.kind.is_number:
            targets = targets[:, None]
        else:
            targets = (targets[:, None] == np.arange(output.width) if targets.ndim == 1 else targets).astype(bool)
        embedder = Embedder(job.base, job.store)
        pairing = pairing_for(job.task)
        vectors = embedder.examples(job.train, pairing)
        known = (pair_places(vectors, pairing) if pairing else vectors).astype(np.float16)
        exclusive = output.kind.one_class
        weights = None if job.train.weights is None else job.train.counting.astype(np.float32)
        votes = (targets, self.neighbours, self.reach, exclusive, weights)
        return EmbeddingNeighbours(embedder, known, *votes, pairing)

    def work(self, size: Size) -> Work:
        """Embed all texts, and compare each that is scored with each that is known."""
        fit = Load(fits=1, saved=size.train_rows * size.width / 2e6) + labelled(size, size.train_rows)
        score = Load(compared=size.valid_rows * size.train_rows / 1e6)
        return Work(fit, score, embeds=size.train_rows, asks=True, libraries=("transformers",))
