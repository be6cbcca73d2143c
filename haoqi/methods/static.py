"""A linear model of static embeddings, distilled from a base (model2vec: Tulkens and van Dongen, 2024).

Every token of the base's vocabulary passes once through the encoder, in half a minute or less; after that a text is a
sum of rows of a table, cut to its principal components and weighed by how telling each token is (Arora et al., 2017).
A million texts are embedded in a minute, and an answer takes less than a millisecond, without torch. Prefer it for data
too large for a base to read, for machines too small for one, and with few examples in place of n-grams; where a base
may read the texts, a probe knows more, so it is tried only where it is named.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from haoqi.core.config import Range
from haoqi.core.say import say
from haoqi.data.answers import Accepts
from haoqi.methods._vocabulary import needed_tokens
from haoqi.methods.method import Job, Progress, Weighs, methods
from haoqi.methods.probe import Probe
from haoqi.methods.work import Load, Size, Work, labelled
from haoqi.models.bases import load_tokenizer
from haoqi.models.encoders.pair_features import pairing_for
from haoqi.models.encoders.static_embedder import MOST_TOKENS, StaticEmbedder
from haoqi.models.encoders.static_table import MOST_COMPUTED, distil_table
from haoqi.models.encoders.tokens import read_texts
from haoqi.models.predictor import Predictor
from haoqi.models.predictors.static_linear import StaticLinear

# Training texts that say how often each token occurs.
_COUNTED = 50_000


@methods.register
@dataclass(frozen=True)
class Static:
    """How wide the table is, and how closely the examples are followed."""

    accepts: ClassVar[Accepts] = Accepts(raw=frozenset({"logits", "numbers"}), pairs=True)
    uses_base: ClassVar[bool] = True
    stochastic: ClassVar[bool] = False
    elastic: ClassVar[bool] = False
    weighs: ClassVar[Weighs] = "exactly"
    ranks: ClassVar[tuple[int, int]] = (9, 6)
    on_request: ClassVar[bool] = True

    width: Annotated[int, Range(8, 4096, log=True, search=False)] = 256
    """Numbers in a token's vector, at most as many as the base has."""
    strength: Annotated[float | None, Range(0.0001, 10.0, log=True)] = None
    """How much an error costs against large weights (C); empty: the best of four on a fifth of the examples."""

    def fit(self, job: Job) -> Predictor:
        """Return the linear model of job.train's static embeddings."""
        assert job.base is not None
        train, tokenizer = job.train, load_tokenizer(job.base)
        pairing = pairing_for(job.task)
        texts = [*train.texts, *(train.second_texts if pairing else ())][:_COUNTED]
        counting = np.resize(train.counting, len(texts))

        def told(done: int) -> None:
            job.report(Progress(0.8 * min(1.0, done / MOST_COMPUTED), say("fit.tokens", count=done)))

        tokens = read_texts(tokenizer, texts, MOST_TOKENS)
        table = distil_table(job.base, job.store, tokens, counting=counting, width=self.width, progress=told)
        if (needed := needed_tokens(tokenizer, texts)) is not None:
            tokenizer, rows = needed
            table = table[rows]
        embedder = StaticEmbedder(tokenizer, table)
        total = max(1, len(train))
        vectors = embedder.examples(
            train, pairing, lambda done: job.report(Progress(0.8 + 0.1 * done / total, say("fit.texts", count=done)))
        )
        return StaticLinear(embedder, *Probe(strength=self.strength).head(job, vectors), pairing, job.base.name)

    def work(self, size: Size) -> Work:
        """Pass every token through the base, three at a time, look texts up, and learn as a probe does."""
        narrow = Probe(named=False, strength=self.strength).work(size)
        tokens = min(MOST_COMPUTED, size.vocabulary)
        distilling = Load(
            forward=3 * tokens * size.layers * 24 * size.width**2 / 1e9, saved=size.vocabulary * self.width / 1e6
        )
        reading = 2 * size.train_rows * size.tokens / 1e6
        fit = narrow.fit + distilling + Load(pieces=reading) + labelled(size, size.train_rows)
        return Work(fit, Load(pieces=size.valid_rows * size.tokens / 1e6), tunes=True, libraries=("sklearn",))
