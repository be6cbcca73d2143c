"""Trees of scikit-learn and LightGBM as arrays that answer with the same numbers (`haoqi/models/trees.py`)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.models.trees import Doubles, Trees, rounded_down

Shares = Sequence[tuple[int, float]]
"""The outputs that a tree's values add to, each with the factor by which it counts."""


def of_sklearn(machines: Sequence[Any], columns: npt.NDArray[np.int64]) -> Trees:
    """Return fitted trees of scikit-learn.

    Args:
        machines: classifiers with one output, whose leaves hold shares of classes; or regressors.
        columns: the output that each class, or each target, stands for.
    """
    return Trees.join([_of_sklearn(one, columns) for one in machines])


def _of_sklearn(machine: Any, columns: npt.NDArray[np.int64]) -> Trees:
    tree = machine.tree_
    is_leaf = tree.children_left < 0
    values = tree.value[:, 0, :] if hasattr(machine, "classes_") else tree.value[:, :, 0]
    owners, places = np.nonzero(np.where(is_leaf[:, None], values, 0.0))
    return Trees(
        np.zeros(1, np.int32),
        np.where(is_leaf, -1, tree.feature).astype(np.int32),
        rounded_down(tree.threshold),
        np.maximum(tree.children_left, 0).astype(np.int32),
        np.maximum(tree.children_right, 0).astype(np.int32),
        np.searchsorted(owners, np.arange(len(is_leaf) + 1)).astype(np.int32),
        columns[places].astype(np.int32),
        values[owners, places].astype(np.float64),
    )


def of_lightgbm(model: str, shares: Callable[[int], Shares]) -> Trees:
    """Return the trees of a LightGBM model in its own text format.

    Args:
        model: what `Booster.model_to_string` gave; its features are numbers, none of them missing.
        shares: from a tree's number, counted from 0, to the outputs that it adds to.
    """
    blocks = [block for block in model.split("\n\n") if block.lstrip().startswith("Tree=")]
    found = []
    for number, block in enumerate(blocks):
        facts = dict(line.split("=", 1) for line in block.strip().splitlines() if "=" in line)
        found.append(_of_lightgbm(facts, shares(number)))
    return Trees.join(found)


def _of_lightgbm(facts: Mapping[str, str], shares: Shares) -> Trees:
    leaves = int(facts["num_leaves"])
    asking = leaves - 1
    leaf_values = _doubles(facts["leaf_value"])
    feature, threshold, left, right = np.zeros((4, 0))
    if asking:
        feature, threshold, left, right, decisions = (
            _doubles(facts[name])
            for name in ("split_feature", "threshold", "left_child", "right_child", "decision_type")
        )
        # A kind in bit 0, what is done with missing values in bits 2 and 3: none of our features has either.
        assert not (decisions.astype(np.int64) & 0b1101).any(), "a split that is no plain comparison"
    nothing = np.zeros(leaves)
    outputs, factors = np.array([one for one, _ in shares]), np.array([factor for _, factor in shares])
    return Trees(
        np.zeros(1, np.int32),
        np.concatenate([feature, nothing - 1]).astype(np.int32),
        rounded_down(np.concatenate([threshold, nothing])),
        _places(left, asking, nothing),
        _places(right, asking, nothing),
        np.concatenate([np.zeros(asking), len(shares) * np.arange(leaves + 1)]).astype(np.int32),
        np.tile(outputs, leaves).astype(np.int32),
        np.outer(leaf_values, factors).ravel(),
    )


def _places(children: Doubles, asking: int, nothing: Doubles) -> npt.NDArray[np.int32]:
    """Return the nodes of children; below 0 a child is a leaf, and leaves come behind the nodes that ask."""
    found = np.where(children < 0, asking - 1 - children, children)
    return np.concatenate([found, nothing]).astype(np.int32)


def _doubles(words: str) -> Doubles:
    return np.array(words.split(), np.float64)
