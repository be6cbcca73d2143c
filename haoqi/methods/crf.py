"""A conditional random field over word features (Lafferty et al., 2001, ICML).

Tags are weighed by the word, its affixes, its shape and its neighbours, and against each other along the
sentence. No base is read. Prefer it for entities that are known by their spelling, for long texts, as the first
tagger of any run, and on machines where no base can be tuned in the time there is. Trained in crfsuite by L-BFGS with a
pull of all weights towards zero (OWL-QN; Andrew and Gao, 2007, doi:10.1145/1273496.1273501), which few examples need
most. Of many examples stochastic gradient descent (Shalev-Shwartz et al., 2007, doi:10.1145/1273496.1273598) learns as
much in half the time, and where time is short it is the better of the two: L-BFGS knows little after twenty passes.
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
from haoqi.data.answers import Accepts
from haoqi.data.examples import Examples
from haoqi.methods._embedded import NEVER
from haoqi.methods.method import Job, Progress, Weighs, methods
from haoqi.methods.work import Load, Size, Work, labelled
from haoqi.models.lexical.word_features import word_features
from haoqi.models.predictor import Predictor
from haoqi.models.predictors.tagger import Tagger
from haoqi.tasks.words import split_at_spans, words_of

FEW = 2000
"""Of more training texts than this L-BFGS makes no better model than gradient descent, for twice the time."""

SETTLED = 70
"""Passes after which L-BFGS has mostly settled; with fewer, gradient descent comes further."""

OF_FEW, OF_MANY = (30, 0.1), (20, 0.5)
"""Epochs of gradient descent after which more bring little, and the pull of large weights (L2) that it has at least."""

# Gradient descent tries some step sizes first, each on at most so many examples.
_TRIALS, _TRIED_ON = 13, 100
# What the first pass took tells of the others to so much.
_MARGIN = 1.15


@methods.register
@dataclass(frozen=True)
class Crf:
    """How long it learns, and how freely."""

    accepts: ClassVar[Accepts] = Accepts(units=frozenset({"word"}))
    uses_base: ClassVar[bool] = False
    stochastic: ClassVar[bool] = False
    elastic: ClassVar[bool] = True
    weighs: ClassVar[Weighs] = "exactly"
    ranks: ClassVar[tuple[int, int]] = (6, 5)
    simple: ClassVar[bool] = True

    epochs: Annotated[int, Range(1, 500, log=True, search=False)] = 100
    """How often every example is learnt from; gradient descent, for many texts or little time, takes 20 or 30."""
    sparsity: Annotated[float, Range(0.001, 1.0, log=True, search=False)] = 0.05
    """Pull of all weights towards zero (L1), by L-BFGS, so of up to 2,000 texts: features that tell little get none."""
    decay: Annotated[float, Range(0.001, 10.0, log=True, search=False)] = 0.01
    """Pull of large weights towards zero (L2)."""
    least_words: Annotated[int, Range(1, 100, search=False)] = 2
    """At how many words of the training texts a feature must hold to get a weight."""

    def fit(self, job: Job) -> Predictor:
        """Return the tagger of job.train."""
        begun = time.perf_counter()
        train = split_at_spans(repeated(job.train, seeds.generator(job.seed, "weights")))
        targets = job.task.output.targets(train)
        job.report(Progress(0.0, say("fit.words")))
        held = [word_features(text, words) for text, words in zip(train.texts, words_of(train), strict=True)]
        counts = Counter(chain.from_iterable(chain.from_iterable(held)))
        features = sorted(feature for feature, count in counts.items() if count >= self.least_words or not feature)
        numbers = {feature: str(number) for number, feature in enumerate(features)}
        trainer = self._trainer()
        for words, tags in zip(held, targets, strict=True):
            if words:
                trainer.append(
                    [[numbers[one] for one in word if one in numbers] for word in words], list(map(str, tags))
                )
        left = None if job.seconds is None else job.seconds - 2 * (time.perf_counter() - begun)
        tags = job.task.output.width
        with TemporaryDirectory() as folder:
            self._train(trainer, Path(folder) / "crf", left, job, rows=len(train))
            return _tagger(Path(folder) / "crf", features, tags)

    def work(self, size: Size) -> Work:
        """Describe all words, then visit those of the training texts in each pass."""
        tags = 2 * size.labels + 1
        train, scored = (rows * size.spelt / 1e6 for rows in (size.train_rows, size.valid_rows))
        # A visit weighs the word's features for each tag, and each tag against each; three tell how long one takes.
        passes = self.epochs if self._settles(size.train_rows) else min(self.epochs, _descent(size.train_rows)[0])
        visits = (passes + 3) * train * (1 + tags**2 / 1500)
        fit = Load(fits=1, described=train, chained=visits)
        return Work(fit + labelled(size, size.train_rows), Load(described=scored))

    def _settles(self, rows: int) -> bool:
        """Return whether so many texts are learnt from by L-BFGS, where there is time."""
        return rows <= FEW and self.epochs >= SETTLED

    def _trainer(self) -> Any:
        from pycrfsuite import Trainer

        trainer = Trainer(algorithm="lbfgs", verbose=False)
        trainer.set_params({"c1": self.sparsity, "c2": self.decay, "feature.possible_transitions": True})
        return trainer

    def _train(self, trainer: Any, path: Path, left: float | None, job: Job, *, rows: int) -> None:
        """Train for `epochs` passes, or as many as fit into the time that is left; a first one says how many."""
        passes, tried = self.epochs, _TRIALS * min(_TRIED_ON, rows) / max(1, rows)
        if left is not None:
            begun = time.perf_counter()
            trainer.set("max_iterations", 1)
            trainer.train(str(path))
            left -= time.perf_counter() - begun
            passes = min(passes, int(left / (_MARGIN * max(_first_pass(trainer), 1e-6))))
        settles = self._settles(rows) and passes >= SETTLED
        if not settles:
            passes = max(1, min(_descent(rows)[0], passes if left is None else int(passes - tried)))
            self._descend(trainer, rows)
        key = "fit.passes" if settles else "fit.epochs"
        job.report(Progress(0.2, say(key, count=passes, n=passes)))
        trainer.set("max_iterations", passes)
        trainer.train(str(path))

    def _descend(self, trainer: Any, rows: int) -> None:
        """Have a trainer go on by stochastic gradient descent, with the examples that it has."""
        trainer.select("l2sgd")
        decay = max(self.decay, _descent(rows)[1])
        settings = {"c2": decay, "calibration.samples": min(_TRIED_ON, rows), "feature.possible_transitions": True}
        trainer.set_params(settings)
        _fix_shuffles()


def _descent(rows: int) -> tuple[int, float]:
    """Return the most epochs of gradient descent on so many texts, and the least pull of large weights."""
    return OF_FEW if rows <= FEW else OF_MANY


def _first_pass(trainer: Any) -> float:
    """Return how many seconds the first pass over the examples took; 0 where there was nothing to learn."""
    passes = trainer.logparser.iterations
    return float(passes[0].get("time", 0.0)) if passes else 0.0


def repeated(train: Examples, rng: np.random.Generator) -> Examples:
    """Return each row as often as it counts; of the part of a row that is left, chance decides.

    crfsuite knows no weights.
    """
    if train.weights is None:
        return train
    times = np.floor(train.counting + rng.random(len(train))).astype(np.int64)
    return train.take(np.repeat(np.arange(len(train)), times)) if times.any() else train


def _fix_shuffles() -> None:
    """Make crfsuite visit the examples in one order each time, by whatever seed: it draws from the C library."""
    library = ctypes.cdll.msvcrt if sys.platform == "win32" else ctypes.CDLL(None)
    library.srand(1)


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
