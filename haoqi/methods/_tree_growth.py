"""How scikit-learn's trees grow for a task, and what that takes."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.methods._tree_columns import TreeTask
from haoqi.methods.work import Load, Size, Work, labelled

# Seconds on the machine that costs were measured on, for each 1e6 texts, columns that are looked at, and levels: as
# measured on sst2, docs/decisions/methods.md.
_SECONDS_PER_LOOK = 0.03
# What `Load.rounds` takes there.
_SECONDS_PER_ROUND = 0.645
# Of the n-grams that may be asked for, about so many are in a text.
_PRESENT = 0.006


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


def tree_work(size: Size, *, trees: float, share: float, columns: int) -> Work:
    """Return what growing trees takes.

    Args:
        size: what is learnt from and scored.
        trees: how many.
        share: of the columns, what is looked at in each node.
        columns: how many there are.
    """
    each = size.spelt * (3 if size.unspaced else 2)
    levels = math.log2(2 + size.train_rows)
    looks = trees * size.train_rows * share * columns * _PRESENT * levels / 1e6
    fit = Load(
        fits=1,
        ngrams=each * size.train_rows / 1e6,
        rounds=_SECONDS_PER_LOOK * looks / _SECONDS_PER_ROUND,
        saved=trees * 6.0 * size.train_rows**0.8 / 1e6,
    )
    score = Load(ngrams=each * size.valid_rows / 1e6, cells=trees * size.valid_rows * levels / 3e7)
    return Work(fit + labelled(size, size.train_rows), score, libraries=("pandas", "sklearn"))
