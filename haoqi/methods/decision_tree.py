"""One decision tree over n-grams (Breiman, Friedman, Olshen and Stone, 1984, Classification and Regression Trees).

Each question asks for one n-gram or for how a text looks, so a person can follow every answer from the top of the
tree to its leaf. Prefer it where an answer must be explained to somebody step by step; anything else answers better,
so it is tried only where it is named. What is kept is arrays, and no library is needed to answer.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from haoqi.core.config import Range
from haoqi.data.answers import Accepts
from haoqi.methods._tree_arrays import of_sklearn
from haoqi.methods._tree_columns import tree_task
from haoqi.methods._tree_growth import growth, outputs_of, tree_work
from haoqi.methods.method import Job, Weighs, methods
from haoqi.methods.work import Size, Work
from haoqi.models.predictor import Predictor
from haoqi.models.predictors.tree_ensemble import TreeEnsemble


@methods.register
@dataclass(frozen=True)
class DecisionTree:
    """How far the tree grows."""

    accepts: ClassVar[Accepts] = Accepts(raw=frozenset({"logits", "numbers"}))
    uses_base: ClassVar[bool] = False
    stochastic: ClassVar[bool] = False
    elastic: ClassVar[bool] = False
    weighs: ClassVar[Weighs] = "roughly"
    ranks: ClassVar[tuple[int, int]] = (10, 10)
    on_request: ClassVar[bool] = True

    depth: Annotated[int, Range(1, 200, log=True)] = 100
    """The most questions that an answer takes."""
    least_rows: Annotated[int, Range(1, 100, log=True)] = 2
    """The fewest training texts in a leaf."""
    most_columns: Annotated[int, Range(10, 100_000, log=True, search=False)] = 3000
    """N-grams that the tree may ask for: those that tell most."""

    def fit(self, job: Job) -> Predictor:
        """Return the tree of job.train."""
        task = tree_task(job, self.most_columns)
        machine = growth("Decision", task, max_depth=self.depth, min_samples_leaf=self.least_rows, random_state=0)
        machine.fit(task.table, task.targets, task.weights)
        return TreeEnsemble(task.ngrams, of_sklearn([machine], outputs_of(task)), task.kind, task.width)

    def work(self, size: Size) -> Work:
        """Count the n-grams, then look at every column at each of the tree's levels."""
        return tree_work(size, "tree", trees=1.0, looked_at=float(self.most_columns))
