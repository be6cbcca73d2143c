"""What a training learns from questions with contexts: where in each window the right answers begin and end."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from haoqi.core.say import say
from haoqi.methods.method import Job
from haoqi.models.encoders.model_input import Reading
from haoqi.models.encoders.tokens import Rows

# Fewer answers than this share that lie in no window whole are not worth a word.
_WORTH_TELLING = 0.005


def context_targets(
    job: Job, reading: Reading, answers: Sequence[Rows]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Return whether a right answer begins and ends at each row of scores, shape (slots, 2), and how much rows count.

    A window counts once, at its first row, as much as its example; all other rows count 0, so that a loss knows by the
    weights where a window begins.

    Args:
        job: what to learn.
        reading: of its training examples.
        answers: what `ContextSpan.targets` gave.
    """
    slots = reading.slots
    assert slots is not None
    targets, lost = slots.targets(answers)
    share = lost / max(1, sum(bool(places[0, 0]) for places in answers))
    if share >= _WORTH_TELLING:
        job.note(say("fit.answers_lost", count=lost, share=share))
    weights = np.zeros(len(slots.words), np.float32)
    weights[slots.firsts] = job.train.counting[slots.examples]
    return targets, weights
