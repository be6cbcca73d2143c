"""Gradient boosting of trees over n-grams (Friedman, 2001, doi:10.1214/aos/1013203451), by LightGBM (Ke et al., 2017).

Each tree learns what the trees before it left wrong. Prefer it to a single tree or a forest wherever one of these would
do, for numbers that jump, and where some n-grams count only together with others; on plain texts a linear model of the
same n-grams is mostly better, so it is tried only where it is named. It needs `pip install "haoqi[trees]"` to learn;
what is kept is arrays, and no library is needed to answer.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from haoqi.core import seeds
from haoqi.core.config import Range
from haoqi.core.errors import require
from haoqi.core.say import say
from haoqi.data.answers import Accepts
from haoqi.methods._embedded import NEVER
from haoqi.methods._tree_arrays import Shares, of_lightgbm
from haoqi.methods._tree_columns import TreeTask, tree_task
from haoqi.methods._tree_growth import tree_work
from haoqi.methods.method import Job, Progress, Weighs, methods
from haoqi.methods.work import Size, Work
from haoqi.models.compile.form import count_threads
from haoqi.models.predictor import Predictor
from haoqi.models.predictors.tree_ensemble import TreeEnsemble
from haoqi.models.trees import Trees

# A leaf holds at least so many texts, or a share of them where there are few.
_LEAST_ROWS, _LEAST_SHARE = 10, 0.02


@methods.register
@dataclass(frozen=True)
class GradientBoosting:
    """How many trees follow each other, how large they are, and how much each counts."""

    accepts: ClassVar[Accepts] = Accepts(raw=frozenset({"logits", "numbers"}))
    uses_base: ClassVar[bool] = False
    stochastic: ClassVar[bool] = True
    elastic: ClassVar[bool] = True
    weighs: ClassVar[Weighs] = "roughly"
    ranks: ClassVar[tuple[int, int]] = (8, 10)
    on_request: ClassVar[bool] = True

    rounds: Annotated[int, Range(10, 5000, log=True, search=False)] = 300
    """How many trees follow each other, for each class where there are several; fewer where time runs out."""
    learning_rate: Annotated[float, Range(0.01, 0.5, log=True)] = 0.1
    """How much each tree counts."""
    leaves: Annotated[int, Range(2, 255, log=True)] = 31
    """The most leaves of a tree."""
    share: Annotated[float, Range(0.01, 1.0, log=True)] = 0.2
    """Share of the columns that a tree looks at."""
    most_columns: Annotated[int, Range(10, 100_000, log=True, search=False)] = 8000
    """N-grams that trees may ask for: those that tell most."""

    def fit(self, job: Job) -> Predictor:
        """Return the trees of job.train.

        Raises:
            UserError: if LightGBM is not installed.
        """
        require("lightgbm", "trees")
        until = None if job.seconds is None else time.monotonic() + job.seconds
        task = tree_task(job, self.most_columns)
        grow = _Growth(self._settings(job, task), self.rounds, job, until)
        if task.kind == "several_chances":
            parts = [
                grow.binary(
                    task, task.targets[:, label], [(label, 1.0)], before=label / task.width, part=1 / task.width
                )
                for label in range(task.width)
            ]
        elif task.kind == "mean":
            parts = [grow(task, task.targets, {"objective": "regression"}, lambda tree: [(0, 1.0)])]
        else:
            parts = [grow.classes(task)]
        return TreeEnsemble(task.ngrams, Trees.join(parts), "sum", task.width)

    def work(self, size: Size) -> Work:
        """Count the n-grams, then look at a share of the columns for each tree."""
        trees = self.rounds * (1.0 if size.labels <= 2 else float(size.labels))
        return tree_work(size, "boosting", trees=trees, looked_at=self.share * self.most_columns)

    def _settings(self, job: Job, task: TreeTask) -> dict[str, Any]:
        """Return LightGBM's settings: one seed gives one model, on any number of threads."""
        return {
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "feature_fraction": self.share,
            "min_data_in_leaf": int(np.clip(_LEAST_SHARE * task.table.shape[0], 1, _LEAST_ROWS)),
            "min_data_in_bin": 1,
            "seed": seeds.number(job.seed, "trees") % 2**31,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": count_threads(),
            "verbosity": -1,
        }


@dataclass(frozen=True)
class _Growth:
    """LightGBM on one job."""

    settings: dict[str, Any]
    rounds: int
    job: Job
    until: float | None
    """When the job's time is over, by the clock."""

    def __call__(
        self,
        task: TreeTask,
        targets: npt.NDArray[Any],
        how: dict[str, Any],
        shares: Callable[[int], Shares],
        *,
        before: float = 0.0,
        part: float = 1.0,
    ) -> Trees:
        """Return trees that learn these targets.

        Args:
            task: whose features they read.
            targets: shape (n,).
            how: what is learnt, in LightGBM's words.
            shares: from a tree's number to the outputs that it adds to.
            before: share of the job that is behind.
            part: share of the job that this is.
        """
        import lightgbm
        from scipy.sparse import csr_matrix

        def look(now: Any) -> None:
            done = (now.iteration + 1) / self.rounds
            note = say("fit.trees", done=now.iteration + 1, count=self.rounds)
            self.job.report(Progress(min(1.0, before + part * done), note))
            if self.until is not None and (left := self.until - time.monotonic()) < 0:
                raise lightgbm.callback.EarlyStopException(now.iteration, [("", "", left, False)])

        data = lightgbm.Dataset(csr_matrix(task.table), targets, weight=task.weights, free_raw_data=True)
        model = lightgbm.train({**self.settings, **how}, data, self.rounds, callbacks=[look])
        return of_lightgbm(model.model_to_string(), shares)

    def binary(
        self, task: TreeTask, present: npt.NDArray[Any], shares: Shares, *, before: float = 0.0, part: float = 1.0
    ) -> Trees:
        """Return trees that tell whether a class is present; where all texts agree, one that says so."""
        if len(np.unique(present)) < 2:
            sign = 1.0 if len(present) and present[0] else -1.0
            return _constant([(column, -sign * NEVER * factor) for column, factor in shares])
        how = {"objective": "binary"}
        return self(task, present.astype(np.float64), how, lambda tree: shares, before=before, part=part)

    def classes(self, task: TreeTask) -> Trees:
        """Return trees that tell classes apart; one without examples is as good as ruled out."""
        known, numbers = np.unique(task.targets, return_inverse=True)
        missing = _constant([(int(one), NEVER) for one in np.setdiff1d(np.arange(task.width), known)])
        if len(known) == 1:
            return missing
        if len(known) == 2:
            pair = [(int(known[0]), -0.5), (int(known[1]), 0.5)]
            return Trees.join([self.binary(task, numbers, pair), missing])
        how = {"objective": "multiclass", "num_class": len(known)}
        found = self(task, numbers, how, lambda tree: [(int(known[tree % len(known)]), 1.0)])
        return Trees.join([found, missing])


def _constant(values: Shares) -> Trees:
    """Return a tree that is a leaf, which adds these values to these outputs."""
    nothing = np.zeros(1, np.int32)
    return Trees(
        nothing,
        nothing - 1,
        nothing.astype(np.float32),
        nothing,
        nothing,
        np.array([0, len(values)], np.int32),
        np.array([column for column, _ in values], np.int32),
        np.array([value for _, value in values], np.float64),
    )
