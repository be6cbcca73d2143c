"""Whether a form gives the answers of the release as it was trained, and how much of its score it may lose."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from haoqi.data.examples import Examples
from haoqi.evaluate.predictions import Predictions
from haoqi.models.compile.cascade import DeferralRule
from haoqi.models.compile.compiled import Measured
from haoqi.models.compile.form import Compute
from haoqi.models.model import Model
from haoqi.models.predictor import Predictor
from haoqi.tasks.task import Scores

MAX_SCORE_LOSS = 0.002
"""Of the task's first metric: a form that loses more is not chosen."""
MIN_UNCHANGED = 0.995
"""Share of the answers: a form that changes more is not chosen."""
MIN_EXAMPLES = 200
"""With fewer compile examples no form that rounds is tried: they easily miss one changed answer in a hundred."""
PASSED = "chosen"


@dataclass(frozen=True)
class Candidate:
    """A form that was opened on this machine, a cascade of some, or the uncompiled model."""

    name: str
    predictor: Predictor
    computes: Mapping[str, Compute]
    """By the names of forms."""
    measured: Measured
    note: str
    """A remark of the form."""
    scores: Scores | None = None
    """Of the compile examples, once they are computed."""
    deferral_rules: tuple[DeferralRule, ...] = ()
    """Of a cascade."""

    @property
    def speed(self) -> float:
        """Texts a second, 0 where it was not timed."""
        return self.measured.texts_per_second or 0.0


@dataclass(frozen=True)
class FaithfulnessTest:
    """Compares the answers of candidates with those of the uncompiled model."""

    model: Model
    """The uncompiled model."""
    examples: Examples
    """The compile examples, labelled."""
    scores: Scores
    """The uncompiled model's, of the examples."""

    def decode(self, scores: Scores) -> Predictions:
        """Return the answers that scores of the examples stand for."""
        task = self.model.task
        return task.output.decode(scores, self.examples, **self.model.calibration)

    def score(self, scores: Scores) -> float:
        """Return the score of answers in the task's first metric."""
        task = self.model.task
        return task.metric(self.examples, self.decode(scores), task)

    def compare(self, candidate: Candidate) -> tuple[str, Candidate]:
        """Return the verdict on a candidate, and the candidate with the measures that it rests on."""
        return self.compare_scores(candidate, candidate.predictor.scores(self.examples))

    def compare_scores(self, candidate: Candidate, scores: Scores) -> tuple[str, Candidate]:
        """Return the verdict on a candidate's scores, and the candidate with the measures that it rests on."""
        task, metric = self.model.task, self.model.task.metric
        new, old = self.decode(scores).labels, self.decode(self.scores).labels
        same = [task.output.same(*pair, **self.model.calibration) for pair in zip(new, old, strict=True)]
        unchanged, after = float(np.mean(same)), self.score(scores)
        lost = metric.shown(self.score(self.scores)) - metric.shown(after)
        measured = replace(candidate.measured, unchanged=unchanged, score=after)
        return _verdict(unchanged, lost, metric.name), replace(candidate, scores=scores, measured=measured)


def _verdict(unchanged: float, lost: float, metric: str) -> str:
    if unchanged < MIN_UNCHANGED:
        return f"changes {1 - unchanged:.1%} of the answers"
    if lost > MAX_SCORE_LOSS:
        return f"loses {lost:.4f} of {metric}"
    return PASSED
