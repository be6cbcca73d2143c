"""GAN-BERT: unlabelled texts beside few labelled ones, and a generator of false ones (Croce et al., 2020, ACL).

A generator makes vectors like those of texts; a discriminator says of a vector which label it has, or that it is false
(doi:10.18653/v1/2020.acl-main.191; Salimans et al., 2016, arXiv:1606.03498). So it must know what real texts are like,
unlabelled ones included, and its labels' bounds come to lie where there are no texts. Here the vectors are those of a
frozen base, so that all of it takes seconds on a CPU. Prefer it where labels are few, some tens for each class, and
unlabelled texts of the same kind are many; it is not tried where there are none.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from haoqi.core import seeds
from haoqi.core.config import Choices, Range
from haoqi.core.say import say
from haoqi.data.answers import Accepts
from haoqi.methods._names import NAMING_TOKENS, NAMINGS, with_names
from haoqi.methods.method import Job, Progress, Weighs, methods
from haoqi.methods.work import Load, Size, Work, labelled
from haoqi.models.encoders.embedder import Embedder
from haoqi.models.predictor import Predictor
from haoqi.models.predictors.embedding_network import EmbeddingNetwork

Floats = npt.NDArray[np.float32]

# Of the time, what reading the texts is reported as.
_READ_SHARE = 0.5


@methods.register
@dataclass(frozen=True)
class GanBert:
    """How large the two networks are, and how long they play against each other."""

    accepts: ClassVar[Accepts] = Accepts(exclusive=True)
    uses_base: ClassVar[bool] = True
    uses_unlabelled: ClassVar[bool] = True
    stochastic: ClassVar[bool] = True
    elastic: ClassVar[bool] = True
    weighs: ClassVar[Weighs] = "roughly"
    ranks: ClassVar[tuple[int, int]] = (10, 8)

    learning_rate: Annotated[float, Range(1e-4, 1e-2, log=True)] = 1e-3
    """Step size of both networks at the end of warm-up."""
    steps: Annotated[int, Range(200, 10_000, log=True)] = 1000
    """Steps, of 32 labelled and 32 unlabelled texts each."""
    hidden: Annotated[int, Range(16, 2048, log=True, search=False)] = 256
    """Units of the hidden layer of each network."""
    dropout: Annotated[float, Range(0.0, 0.8)] = 0.3
    """Share of the hidden units and of the inputs that are hidden from the discriminator."""
    unlabelled: Annotated[float, Range(0.0, 10.0, search=False)] = 1.0
    """How much telling real texts from false ones counts against the labels."""
    most: Annotated[int, Range(10, 1_000_000, log=True, search=False)] = 5000
    """Unlabelled texts that are read, drawn at random where there are more."""
    named: Annotated[bool, Choices(True, False, search=False)] = True
    """Whether the labels' names, and short sentences with them, are learnt from as well."""

    def fit(self, job: Job) -> Predictor:
        """Return the discriminator of job.train and job.unlabelled."""
        from haoqi.methods._adversaries import Play, play

        job = with_names(job) if self.named else job
        assert job.base is not None
        known, others = len(job.train), self._others(job)
        embedder = Embedder(job.base, job.store)
        total = max(1, known + len(others))
        vectors = embedder([*job.train.texts, *others], _telling(job, total))
        watched = job.valid.take(range(min(len(job.valid), 1000)))
        learnt = play(
            Play(
                vectors,
                np.asarray(job.task.output.targets(job.train)),
                job.train.counting.astype(np.float32),
                job.task.output.width,
            ),
            self,
            job,
            _scoring(job, watched, embedder) if len(watched) else None,
        )
        return EmbeddingNetwork(embedder, *learnt)

    def work(self, size: Size) -> Work:
        """Embed the texts, unlabelled ones as if there were as many as are read, then take small steps."""
        moved = 2.0 * self.hidden * (size.width + size.labels)
        fit = Load(
            fits=1,
            dense=6.0 * 64 * self.steps * 3 * moved / 1e9,
            steps=self.steps,
            updated=self.steps * moved / 1e6,
            saved=moved / 2e6,
        )
        names = NAMINGS * size.labels * NAMING_TOKENS / size.tokens if self.named else 0.0
        embeds = size.train_rows + names + self.most
        return Work(fit + labelled(size, size.train_rows), embeds=embeds, asks=True, libraries=("transformers",))

    def _others(self, job: Job) -> list[str]:
        """Return the unlabelled texts that are read."""
        texts = [] if job.unlabelled is None else job.unlabelled.texts
        if len(texts) <= self.most:
            return list(texts)
        rows = np.sort(seeds.generator(0, "unlabelled").permutation(len(texts))[: self.most])
        return [texts[row] for row in rows.tolist()]


def _telling(job: Job, total: int) -> Callable[[int], None]:
    return lambda done: job.report(Progress(_READ_SHARE * done / total, say("fit.texts", count=done)))


def _scoring(job: Job, watched: Any, embedder: Embedder) -> Callable[[tuple[Floats, ...]], float]:
    """Return what scores a discriminator on validation examples, as it will be judged."""
    vectors, task = embedder(watched.texts), job.task

    def score(learnt: tuple[Floats, ...]) -> float:
        scores = EmbeddingNetwork(embedder, *learnt).of(vectors)
        fitted = task.output.calibrate(scores, watched, task.metric)
        return float(task.metric.merit_of(watched, task.output.decode(scores, watched, **fitted), task))

    return score
