"""Nearest label description by embedding, without training (Yin et al., 2019, arXiv:1909.00161).

A text gets the label whose name or description lies nearest to it among the embeddings of a base. Prefer it
where hardly any example is labelled and the labels' names say what they mean; describe them for more. The
similarity to each label is measured against what is usual for that label over the training texts, whose labels
are not used, because some descriptions are near to everything (Radovanovic et al., 2010, on hubs).
"""

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from haoqi.core.config import Choices
from haoqi.data.answers import CLASSES_OF_TEXTS, Accepts
from haoqi.methods.method import Job, Weighs, methods
from haoqi.methods.work import Load, Size, Work, embedded
from haoqi.models.encoders.embedder import Embedder
from haoqi.models.lexical.ngrams import unspaced_share
from haoqi.models.predictor import Predictor
from haoqi.models.predictors.embedding_linear import EmbeddingLinear
from haoqi.tasks.task import Task

# A cosine times this is a logit; calibration finds the right scale, this is where it starts.
SCALE = 20.0
# Training texts that say which similarity is usual.
USUAL_TEXTS = 500
# A label in a short sentence.
_LABEL_TOKENS = 10


@methods.register
@dataclass(frozen=True)
class ZeroShot:
    """How labels are put into words."""

    accepts: ClassVar[Accepts] = CLASSES_OF_TEXTS
    uses_base: ClassVar[bool] = True
    stochastic: ClassVar[bool] = False
    elastic: ClassVar[bool] = False
    weighs: ClassVar[Weighs] = "exactly"
    ranks: ClassVar[tuple[int, int]] = (10, 6)
    simple: ClassVar[bool] = True

    template: str = ""
    """A sentence with {label} in it, compared with the texts; empty: one in the language of the labels."""
    centre: Annotated[bool, Choices(True, False)] = True
    """Whether each label's similarity is measured against its mean over training texts."""

    def fit(self, job: Job) -> Predictor:
        """Return directions that point to the labels' descriptions."""
        assert job.base is not None
        embedder = Embedder(job.base, job.store)
        directions = self._describe(job.task, embedder)
        intercept = np.zeros(len(directions), np.float32)
        if self.centre and len(job.train):
            similar = embedder(job.train.texts[:USUAL_TEXTS]) @ directions.T
            usual = np.average(similar, axis=0, weights=job.train.counting[:USUAL_TEXTS])
            intercept = -usual.astype(np.float32)
        return EmbeddingLinear(embedder, (SCALE * directions.T).astype(np.float32), SCALE * intercept)

    def work(self, size: Size) -> Work:
        """Embed the texts that are scored, at most 500 others, and the labels."""
        labels = replace(size, lengths=(_LABEL_TOKENS,))
        fit = Load(fits=1) + embedded(labels, 2 * size.labels)
        usual = min(size.train_rows, USUAL_TEXTS) if self.centre else 0
        return Work(fit, embeds=usual, asks=True, libraries=("transformers",))

    def _describe(self, task: Task, embedder: Embedder) -> npt.NDArray[np.float32]:
        """Return one vector of length 1 per label: the mean over the ways to put it into words."""
        said = [self.words(label, task.descriptions.get(label, "")) for label in task.labels]
        # All at once: a base is read from disk anew for every call on a store.
        vectors = embedder([text for texts in said for text in texts])
        parts = np.split(vectors, np.cumsum([len(texts) for texts in said])[:-1])
        means = np.stack([part.mean(axis=0) for part in parts])
        lengths = np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
        directions: npt.NDArray[np.float32] = (means / lengths).astype(np.float32)
        return directions

    def words(self, label: str, description: str = "") -> list[str]:
        """Return what a label's direction is made of: its name, a sentence about it, its description."""
        name = label.replace("_", " ").replace("-", " ").strip()
        usual = "这段文字是关于{label}的。" if unspaced_share([name]) > 0.3 else "This text is about {label}."
        said = (self.template or usual).replace("{label}", name)
        return [said] if self.template else [name, said, *([description] if description else [])]
