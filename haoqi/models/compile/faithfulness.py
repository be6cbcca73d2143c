"""Whether a form gives the answers of the release as it was trained, and how much of its score it may lose."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from haoqi.data.examples import Examples
from haoqi.evaluate.predictions import Predictions
from haoqi.models.compile.cascade import Doubt
from haoqi.models.compile.compiled import Measured
from haoqi.models.compile.form import Compute
from haoqi.models.model import Model
from haoqi.models.predictor import Predictor
from haoqi.tasks.task import Scores

MOST_LOST = 0.002
"""Of the task's first metric: a form that loses more is not chosen."""
LEAST_UNCHANGED = 0.995
"""Share of the answers: a form that changes more is not chosen."""
FEWEST = 200
"""Fewer judges easily miss one answer in a hundred that changes, so that nothing that rounds is heard by them."""
PASSED = "chosen"


@dataclass(frozen=True)
class Candidate:
    """A form that was opened on this machine, some of them as a cascade, or the master."""

    name: str
    predictor: Predictor
    computes: Mapping[str, Compute]
    """By the names of forms."""
    measured: Measured
    note: str
    """What the form told of itself."""
    scores: Scores | None = None
    """Of the judges, where they were asked."""
    doubts: tuple[Doubt, ...] = ()
    """Of a cascade."""

    @property
    def speed(self) -> float:
        """Texts a second, 0 where it was not timed."""
        return self.measured.texts_per_second or 0.0


@dataclass(frozen=True)
class Court:
    """Judges, and what the master answers to them."""

    model: Model
    """The master."""
    judges: Examples
    """Labelled."""
    scores: Scores
    """The master's, of the judges."""

    def answers(self, scores: Scores) -> Predictions:
        """Return the answers that scores of the judges stand for."""
        return self.model.task.output.decode(scores, self.judges, **self.model.calibration)

    def score(self, scores: Scores) -> float:
        """Return what answers are worth in the task's first metric."""
        task = self.model.task
        return task.metric(self.judges, self.answers(scores), task)

    def heard(self, one: Candidate) -> tuple[str, Candidate]:
        """Return the verdict on a candidate, and the candidate with what that is founded on."""
        return self.weighed(one, one.predictor.scores(self.judges))

    def weighed(self, one: Candidate, scores: Scores) -> tuple[str, Candidate]:
        """Return the verdict on scores of the judges, and the candidate with what that is founded on."""
        task, metric = self.model.task, self.model.task.metric
        new, old = self.answers(scores).labels, self.answers(self.scores).labels
        same = [task.output.same(*pair, **self.model.calibration) for pair in zip(new, old, strict=True)]
        unchanged, after = float(np.mean(same)), self.score(scores)
        lost = metric.shown(self.score(self.scores)) - metric.shown(after)
        verdict = _verdict(unchanged, lost, metric.name)
        return verdict, replace(one, scores=scores, measured=replace(one.measured, unchanged=unchanged, score=after))


def _verdict(unchanged: float, lost: float, metric: str) -> str:
    if unchanged < LEAST_UNCHANGED:
        return f"changes {1 - unchanged:.1%} of the answers"
    if lost > MOST_LOST:
        return f"loses {lost:.4f} of {metric}"
    return PASSED
