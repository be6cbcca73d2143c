"""A random forest over n-grams (Breiman, 2001, doi:10.1023/A:1010933404324).

Each tree learns from a draw of the texts and looks at a draw of the columns in each node; their mean is the answer.
Prefer it for few columns that act together, for labels with mistakes, and where a model that hardly needs settings is
wanted as a witness. On plain texts a linear model of the same n-grams is better and a hundred times smaller, so it is
tried only where it is named. What is kept is arrays, and no library is needed to answer.
"""

import time
from dataclasses import dataclass
from typing import Annotated, ClassVar

from haoqi.core import seeds
from haoqi.core.config import Range
from haoqi.core.say import say
from haoqi.data.answers import Accepts
from haoqi.methods._tree_arrays import of_sklearn
from haoqi.methods._tree_columns import tree_task
from haoqi.methods._tree_growth import growth, outputs_of, tree_work
from haoqi.methods.method import Job, Progress, Weighs, methods
from haoqi.methods.work import Size, Work
from haoqi.models.compile.form import count_threads
from haoqi.models.predictor import Predictor
from haoqi.models.predictors.tree_ensemble import TreeEnsemble
from haoqi.models.trees import Trees

# Trees that grow between two looks at the clock; scikit-learn's own copies of them are given up after that.
_AT_ONCE = 10


@methods.register
@dataclass(frozen=True)
class RandomForest:
    """How many trees grow, and how far."""

    accepts: ClassVar[Accepts] = Accepts(raw=frozenset({"logits", "numbers"}))
    uses_base: ClassVar[bool] = False
    stochastic: ClassVar[bool] = True
    elastic: ClassVar[bool] = True
    weighs: ClassVar[Weighs] = "roughly"
    ranks: ClassVar[tuple[int, int]] = (9, 10)
    on_request: ClassVar[bool] = True

    trees: Annotated[int, Range(10, 2000, log=True, search=False)] = 200
    """How many trees are asked; fewer where time runs out."""
    share: Annotated[float | None, Range(0.002, 0.5, log=True)] = None
    """Share of the columns that a node looks at; empty: the square root of their number."""
    least_rows: Annotated[int, Range(1, 20, log=True)] = 1
    """The fewest training texts in a leaf."""
    depth: Annotated[int, Range(1, 500, log=True, search=False)] = 200
    """The most questions that a tree asks."""
    most_columns: Annotated[int, Range(10, 100_000, log=True, search=False)] = 3000
    """N-grams that trees may ask for: those that tell most."""

    def fit(self, job: Job) -> Predictor:
        """Return the forest of job.train."""
        begun = time.monotonic()
        task = tree_task(job, self.most_columns)
        settings = {"max_features": self.share or "sqrt", "min_samples_leaf": self.least_rows, "max_depth": self.depth}
        parts: list[Trees] = []
        for first in range(0, self.trees, _AT_ONCE):
            count = min(_AT_ONCE, self.trees - first)
            seed = seeds.number(job.seed, "trees", first) % 2**31
            machine = growth("Random", task, n_estimators=count, random_state=seed, n_jobs=count_threads(), **settings)
            machine.fit(task.table, task.targets, task.weights)
            parts.append(of_sklearn(machine.estimators_, outputs_of(task)))
            grown = first + count
            job.report(Progress(grown / self.trees, say("fit.trees", done=grown, count=self.trees)))
            if job.seconds is not None and (time.monotonic() - begun) * (1 + _AT_ONCE / grown) > job.seconds:
                break
        return TreeEnsemble(task.ngrams, Trees.join(parts), task.kind, task.width)

    def work(self, size: Size) -> Work:
        """Count the n-grams, then look at a share of the columns at each level of each tree."""
        looked_at = self.most_columns * (self.share or self.most_columns**-0.5)
        return tree_work(size, "forest", trees=float(self.trees), looked_at=looked_at)
