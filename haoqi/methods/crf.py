"""A conditional random field over word features (Lafferty et al., 2001, ICML).

Tags are weighed by the word, its affixes, its shape and its neighbours, and against each other along the
sentence. No base is read. Prefer it for entities that are known by their spelling, for long texts, as the first
tagger of any run, and on machines where no base can be tuned in the time there is. Trained in crfsuite by stochastic
gradient descent (Shalev-Shwartz et al., 2007, doi:10.1145/1273496.1273598): ten epochs reach what L-BFGS
reaches in sixty passes.
"""

import ctypes
import sys
import time
from collections import Counter
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, ClassVar

import numpy as np

from haoqi.core import seeds
from haoqi.core.config import Range
from haoqi.core.say import say
from haoqi.data.examples import Examples
from haoqi.methods._embedded import NEVER
from haoqi.methods.method import Job, Progress, Weighs, methods
from haoqi.methods.work import Load, Size, Work, labelled
from haoqi.models.predictor import Predictor
from haoqi.models.predictors.tagger import Tagger
from haoqi.models.word_features import word_features
from haoqi.tasks.words import split_at_spans, words_of


@methods.register
@dataclass(frozen=True)
class Crf:
    """How long it learns, and how freely."""

    outputs: ClassVar[frozenset[str]] = frozenset({"spans"})
    uses_base: ClassVar[bool] = False
    stochastic: ClassVar[bool] = True
    elastic: ClassVar[bool] = True
    weighs: ClassVar[Weighs] = "exactly"

    epochs: Annotated[int, Range(1, 100, log=True, search=False)] = 20
    """How often every example is learnt from; fewer where time runs out."""
    decay: Annotated[float, Range(0.01, 10.0, log=True)] = 0.5
    """Pull of large weights towards zero (L2)."""
    least_words: Annotated[int, Range(1, 100, search=False)] = 2
    """At how many words of the training texts a feature must hold to get a weight."""

    def fit(self, job: Job) -> Predictor:
        """Return the tagger of job.train."""
        begun = time.perf_counter()
        train = split_at_spans(repeated(job.train, seeds.generator(job.seed, "weights")))
        targets = job.task.output.targets(train, job.task.labels)
        job.report(Progress(0.0, say("fit.words")))
        held = [word_features(text, words) for text, words in zip(train.texts, words_of(train), strict=True)]
        counts = Counter(chain.from_iterable(chain.from_iterable(held)))
        features = sorted(feature for feature, count in counts.items() if count >= self.least_words or not feature)
        numbers = {feature: str(number) for number, feature in enumerate(features)}
        trainer = self._trainer(len(train))
        for words, tags in zip(held, targets, strict=True):
            if words:
                trainer.append(
                    [[numbers[one] for one in word if one in numbers] for word in words], list(map(str, tags))
                )
        left = None if job.seconds is None else job.seconds - 2 * (time.perf_counter() - begun)
        tags = job.task.output.width(job.task.labels)
        with TemporaryDirectory() as folder:
            self._train(trainer, Path(folder) / "crf", left, job)
            return _tagger(Path(folder) / "crf", features, tags)

    def work(self, size: Size) -> Work:
        """Describe all words, then visit those of the training texts in each epoch."""
        tags = 2 * size.labels + 1
        train, scored = (rows * size.spelt / 1e6 for rows in (size.train_rows, size.valid_rows))
        # A visit weighs the word's features for each tag, and each tag against each.
        visits = (self.epochs + 1) * train * (1 + tags**2 / 300)
        fit = Load(fits=1, described=train, chained=visits)
        return Work(fit + labelled(size, size.train_rows), Load(described=scored))

    def _trainer(self, rows: int) -> Any:
        from pycrfsuite import Trainer

        trainer = Trainer(algorithm="l2sgd", verbose=False)
        settings = {"c2": self.decay, "calibration.samples": min(1000, rows), "feature.possible_transitions": True}
        trainer.set_params(settings)
        return trainer

    def _train(self, trainer: Any, path: Path, left: float | None, job: Job) -> None:
        """Train for `epochs` epochs, or as many as fit into the time that is left; a first one says how many."""
        epochs = self.epochs
        if left is not None:
            begun = time.perf_counter()
            trainer.set("max_iterations", 1)
            trainer.train(str(path))
            spent = time.perf_counter() - begun
            epochs = max(1, min(epochs, int((left - spent) / spent)))
        job.report(Progress(0.2, say("fit.epochs", count=epochs, n=epochs)))
        trainer.set("max_iterations", epochs)
        _seed_shuffles(job.seed)
        trainer.train(str(path))


def repeated(train: Examples, rng: np.random.Generator) -> Examples:
    """Return each row as often as it counts; of the part of a row that is left, chance decides.

    crfsuite knows no weights.
    """
    if train.weights is None:
        return train
    times = np.floor(train.counting + rng.random(len(train))).astype(np.int64)
    return train.take(np.repeat(np.arange(len(train)), times)) if times.any() else train


def _seed_shuffles(seed: int) -> None:
    """Make crfsuite visit the examples in an order that the seed decides: it draws from the C library."""
    library = ctypes.cdll.msvcrt if sys.platform == "win32" else ctypes.CDLL(None)
    library.srand(seed % 2**31)


def _tagger(path: Path, features: list[str], tags: int) -> Tagger:
    """Return crfsuite's model in our own form, without the features that got no weight."""
    from pycrfsuite import Tagger as Crfsuite

    crfsuite = Crfsuite()
    crfsuite.open(str(path))
    found = crfsuite.info()
    crfsuite.close()
    transitions = np.zeros((tags, tags), np.float32)
    for (before, after), weight in found.transitions.items():
        transitions[int(before), int(after)] = weight
    weights = np.zeros((len(features), tags), np.float32)
    for (feature, tag), weight in found.state_features.items():
        weights[int(feature), int(tag)] = weight
    unseen = [tag for tag in range(tags) if str(tag) not in found.labels]
    weights[features.index(""), unseen] = NEVER
    used = np.flatnonzero(weights.any(axis=1))
    return Tagger(tuple(features[row] for row in used), weights[used], transitions)
