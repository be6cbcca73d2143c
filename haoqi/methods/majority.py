"""The commonest answer, whatever the text (Holte, 1993, doi:10.1023/A:1022631118932, calls it 0R).

Prefer it never: it is the baseline. A method that does not beat it has learnt nothing, and on very unequal
labels its accuracy says how little an accuracy means.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from haoqi.data.answers import ANYTHING, Accepts
from haoqi.methods.method import Job, Weighs, methods
from haoqi.methods.work import Load, Size, Work, labelled
from haoqi.models.predictor import Predictor
from haoqi.models.predictors.constant import Constant


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
        """Return the frequencies of the labels as logits; for spans, of the tags of words; of numbers the mean."""
        output = job.task.output
        targets, counting = output.targets(job.train), job.train.counting
        if output.kind.is_number:
            return Constant(np.array([np.average(targets, weights=counting)], np.float32))
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
