"""A teacher answers what it did not learn, and its student is the best of the plans that are fast and near enough."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haoqi import tasks
from haoqi.core.folder import write_json
from haoqi.core.hardware import Hardware
from haoqi.data.examples import Examples, Splits
from haoqi.explore.experiments.distillation import predict_as_teacher
from haoqi.explore.plans.plan import ENSEMBLE, Plan
from haoqi.explore.settings import ExploreSettings
from haoqi.explore.setup.artifact_paths import experiment_folder
from haoqi.explore.setup.context import SearchContext

MACHINE = Hardware(cores=2, memory_bytes=8 << 30, gpu=None, fp32_gflops=100.0, bf16_gflops=100.0)
MEMBERS = (Plan("tfidf"), Plan("logistic"))
TEACHER = Plan.of(ENSEMBLE, None, {"weights": (0.75, 0.25)}, made_of=MEMBERS)


@pytest.fixture
def context(tmp_path: Path) -> SearchContext:
    task = tasks.build("topic", ("sport", "tech"))
    examples = Examples.of([f"text {row}" for row in range(30)], ["sport", "tech"] * 15)
    context = SearchContext(task, Splits(examples, examples, examples), {}, ExploreSettings(), MACHINE, tmp_path, "run")
    for plan, temperature in ((MEMBERS[0], 2.0), (MEMBERS[1], 0.5), (TEACHER, 1.0)):
        experiment_folder(plan, context).mkdir(parents=True)
        write_json(experiment_folder(plan, context) / "calibration.json", {"temperature": temperature})
    return context


@dataclass
class Parrot:
    """Answers nothing that it has learnt."""

    learnt: frozenset[str]
    logit: float

    def scores(self, examples: Examples, progress: Any = None) -> Any:
        assert self.learnt.isdisjoint(examples.texts)
        return np.tile(np.array([self.logit, 0.0], np.float32), (len(examples), 1))


def test_no_row_is_answered_by_a_teacher_that_learnt_it_or_what_was_made_of_it(context: SearchContext) -> None:
    train = context.splits.train
    doubled = train.take([*range(30), *range(30)])
    fits: list[tuple[str, int]] = []

    def fit(plan: Plan, examples: Examples, part: int) -> Any:
        fits.append((plan.method, part))
        return Parrot(frozenset(examples.texts), 4.0 if plan.method == "tfidf" else 1.0)

    own, others = predict_as_teacher(TEACHER, context, doubled, ["new", "newer"], fit=fit)
    assert sorted(fits) == [(method, part) for method in ("logistic", "tfidf") for part in range(3)]
    sure = 1 / (1 + np.exp(-(0.75 * 4.0 / 2.0 + 0.25 * 1.0 / 0.5)))
    np.testing.assert_allclose(own, np.tile([sure, 1 - sure], (60, 1)), rtol=1e-5)
    np.testing.assert_allclose(others, np.tile([sure, 1 - sure], (2, 1)), rtol=1e-5)
