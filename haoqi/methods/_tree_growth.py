"""How scikit-learn's trees grow for a task, and what that takes."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.methods._tree_columns import TreeTask
from haoqi.methods.work import Load, Size, Work, labelled

SECONDS_PER_LOOK = {"tree": 1.7e-9, "forest": 6.8e-9, "boosting": 6e-11}
"""What a text, a column that is looked at and a level of a tree take, measured on sst2; LightGBM looks at counts."""

# What 1e3 rounds of `Load` take there.
_SECONDS_PER_ROUND = 0.645


def growth(kind: str, task: TreeTask, **settings: Any) -> Any:
    """Return scikit-learn's machine for a task, not fitted.

    Args:
        kind: "Decision" or "Random": a tree, or a forest.
        task: what it learns; several classes are learnt as numbers, 0 or 1, which parts them as Gini's index does.
        settings: of the machine.
    """
    from sklearn import ensemble, tree

    what = "Classifier" if task.one_class else "Regressor"
    maker = getattr(tree, f"DecisionTree{what}") if kind == "Decision" else getattr(ensemble, f"RandomForest{what}")
    return maker(**settings)


def outputs_of(task: TreeTask) -> npt.NDArray[np.int64]:
    """Return the output that each class which occurs, or each target, stands for."""
    return np.unique(task.targets) if task.one_class else np.arange(task.width)


def tree_work(size: Size, kind: str, *, trees: float, looked_at: float) -> Work:
    """Return what growing trees takes.

    Args:
        size: what is learnt from and scored.
        kind: a key of `SECONDS_PER_LOOK`.
        trees: how many.
        looked_at: columns that each node looks at.
    """
    each = size.spelt * (3 if size.unspaced else 2)
    levels = math.log2(2 + size.train_rows)
    seconds = SECONDS_PER_LOOK[kind] * trees * size.train_rows * looked_at * levels
    fit = Load(
        fits=1,
        ngrams=each * size.train_rows / 1e6,
        rounds=seconds / _SECONDS_PER_ROUND,
        saved=trees * 6.0 * size.train_rows**0.8 / 1e6,
    )
    score = Load(ngrams=each * size.valid_rows / 1e6, cells=trees * size.valid_rows * levels / 1e7)
    return Work(fit + labelled(size, size.train_rows), score, libraries=("pandas", "sklearn"))
