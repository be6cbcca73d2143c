"""The commonest answer, whatever the text (Holte, 1993, doi:10.1023/A:1022631118932, calls it 0R).

Prefer it never: it is the baseline. A method that does not beat it has learnt nothing, and on very unequal
labels its accuracy says how little an accuracy means.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from haoqi.data.answers import ANYTHING, Accepts
from haoqi.data.examples import Weights
from haoqi.methods.method import Job, Weighs, methods
from haoqi.methods.work import Load, Size, Work, labelled
from haoqi.models.predictor import Predictor
from haoqi.models.predictors.constant import Constant

# Words of a context whose places are told apart.
_WORDS = 200


@methods.register
@dataclass(frozen=True)
class Majority:
    """Nothing can be set."""

    accepts: ClassVar[Accepts] = ANYTHING
    uses_base: ClassVar[bool] = False
    stochastic: ClassVar[bool] = False
    elastic: ClassVar[bool] = False
    weighs: ClassVar[Weighs] = "exactly"
    ranks: ClassVar[tuple[int, int]] = (5, 10)
    control: ClassVar[bool] = True

    def fit(self, job: Job) -> Predictor:
        """Return the frequencies of the labels as logits; for spans, of the tags of words; of numbers the mean.

        In contexts, of the places where answers begin and end, and of there being none.
        """
        output = job.task.output
        targets, counting = output.targets(job.train), job.train.counting
        if output.kind.is_number:
            return Constant(np.array([np.average(targets, weights=counting)], np.float32))
        if output.kind.of_context:
            return Constant(_places(targets, counting), contexts=True)
        if output.kind.several_classes:
            share = (counting @ targets + 0.5) / (counting.sum() + 1)
            return Constant(np.log(share / (1 - share)).astype(np.float32))
        places = targets
        if output.kind.of_words:
            places, counting = np.concatenate(targets), np.repeat(counting, [len(words) for words in targets])
        counts = np.bincount(places, counting, minlength=output.width) + 0.5
        return Constant(np.log(counts / counts.sum()).astype(np.float32), per_word=output.kind.of_words)

    def work(self, size: Size) -> Work:
        """Count the labels, and no more."""
        return Work(Load(fits=1) + labelled(size, size.train_rows))


def _places(answers: Sequence[npt.NDArray[np.int64]], counting: Weights) -> npt.NDArray[np.float32]:
    """Return the logarithm of how often answers begin and end at each of the first words, shape (1 + words, 2).

    Row 0 is of no answer; the last row stands for all words after those, of which each has its share.
    """
    first = np.minimum(np.array([places[0] for places in answers], np.int64), _WORDS + 1)
    counts = np.stack([np.bincount(side, counting, minlength=_WORDS + 2) for side in first.T], axis=1) + 0.5 / _WORDS
    counts[-1] /= _WORDS
    return np.asarray(np.log(counts / counts.sum(axis=0)), np.float32)
