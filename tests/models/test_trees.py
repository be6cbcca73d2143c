"""Trees as arrays give what the trees gave that they were made of, to the last bit."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.methods._tree_arrays import of_lightgbm, of_sklearn
from haoqi.models.lexical.ngrams import learn_ngrams
from haoqi.models.predictors.tree_ensemble import TreeEnsemble
from haoqi.models.trees import Trees, rounded_down

NONE, _ = learn_ngrams(["a"], "word", (1, 1), least_texts=1)
RNG = np.random.default_rng(0)
TABLE = (RNG.normal(size=(300, 12)) * (RNG.random((300, 12)) < 0.4)).astype(np.float32)
CLASSES = (TABLE[:, 0] > 0).astype(int) + (TABLE[:, 1] > 0.5)
OTHERS = (RNG.normal(size=(500, 12)) * (RNG.random((500, 12)) < 0.4)).astype(np.float32)


def test_a_forest_of_scikit_learn_gives_the_same_chances_to_the_last_bit() -> None:
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(40, random_state=3).fit(TABLE, CLASSES)
    trees = of_sklearn(forest.estimators_, np.arange(3))
    assert np.array_equal(TreeEnsemble(NONE, trees, "chances", 3).answers(OTHERS), forest.predict_proba(OTHERS))


def test_a_tree_of_scikit_learn_gives_the_same_chances_to_the_last_bit() -> None:
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(min_samples_leaf=5, random_state=0).fit(TABLE, CLASSES, np.arange(300) % 3 + 1.0)
    trees = of_sklearn([tree], np.arange(3))
    assert np.array_equal(TreeEnsemble(NONE, trees, "chances", 3).answers(OTHERS), tree.predict_proba(OTHERS))


def test_regressors_of_one_number_and_of_several_give_the_same_numbers() -> None:
    from sklearn.ensemble import RandomForestRegressor

    for numbers, width in ((TABLE[:, 0] * 3 + TABLE[:, 1], 1), (TABLE[:, :4] > 0, 4)):
        forest = RandomForestRegressor(20, random_state=1).fit(TABLE, numbers)
        found = TreeEnsemble(NONE, of_sklearn(forest.estimators_, np.arange(width)), "mean", width).answers(OTHERS)
        assert np.array_equal(found, forest.predict(OTHERS).reshape(500, width))


@pytest.mark.parametrize("objective", ["binary", "multiclass", "regression"])
def test_a_model_of_lightgbm_gives_the_same_sums_to_the_last_bit(objective: str) -> None:
    lightgbm = pytest.importorskip("lightgbm")
    targets = {"binary": CLASSES > 0, "multiclass": CLASSES, "regression": TABLE[:, 0] * 3 + TABLE[:, 1]}[objective]
    width = 3 if objective == "multiclass" else 1
    settings = {"objective": objective, "num_leaves": 7, "verbosity": -1, "min_data_in_leaf": 3, "num_threads": 1}
    settings |= {"num_class": 3} if width == 3 else {}
    model = lightgbm.train(settings, lightgbm.Dataset(TABLE, targets.astype(float)), 30)
    trees = of_lightgbm(model.model_to_string(), lambda tree: [(tree % width, 1.0)])
    raw = model.predict(OTHERS, raw_score=True).reshape(500, width)
    assert np.array_equal(TreeEnsemble(NONE, trees, "sum", width).answers(OTHERS), raw)


def test_a_lightgbm_tree_without_a_split_is_its_constant() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    settings = {"objective": "regression", "verbosity": -1, "min_data_in_leaf": 10_000, "num_threads": 1}
    model = lightgbm.train(settings, lightgbm.Dataset(TABLE, TABLE[:, 0].copy()), 2)
    trees = of_lightgbm(model.model_to_string(), lambda tree: [(0, 1.0)])
    assert np.array_equal(trees.sums(OTHERS[:4], 1)[:, 0], model.predict(OTHERS[:4], raw_score=True))


def test_a_value_may_add_to_several_outputs_by_factors() -> None:
    lines = ["num_leaves=2", "split_feature=1", "threshold=0.5", "left_child=-1", "right_child=-2", "decision_type=2"]
    text = "\n".join(["Tree=0", *lines, "leaf_value=1 3", "", ""])
    trees = of_lightgbm(text, lambda tree: [(0, -0.5), (2, 0.5)])
    table = np.array([[0, 0.5], [0, 0.6]], np.float32)
    assert trees.sums(table, 3).tolist() == [[-0.5, 0.0, 0.5], [-1.5, 0.0, 1.5]]


@given(st.lists(st.floats(-(2.0**99), 2.0**99), min_size=1), st.floats(-(2.0**99), 2.0**99, width=32))
def test_a_threshold_in_32_bits_parts_numbers_of_32_bits_as_the_threshold_in_64_does(
    thresholds: list[float], number: float
) -> None:
    wide = np.array(thresholds)
    assert ((np.float32(number) <= rounded_down(wide)) == (number <= wide)).all()


def test_no_rows_and_no_trees_have_sums() -> None:
    empty = Trees.join([])
    assert empty.sums(OTHERS[:3], 2).tolist() == [[0.0, 0.0]] * 3
    assert empty.sums(OTHERS[:0], 2).shape == (0, 2)


def test_arrays_come_back_from_disk_as_they_were(tmp_path: Path) -> None:
    from sklearn.tree import DecisionTreeClassifier

    trees = of_sklearn([DecisionTreeClassifier(random_state=0).fit(TABLE, CLASSES)], np.arange(3))
    predictor = TreeEnsemble(NONE, trees, "chances", 3)
    predictor.save(tmp_path, standalone=True)
    again = TreeEnsemble.load(tmp_path, tmp_path)
    assert np.array_equal(again.answers(OTHERS), predictor.answers(OTHERS))
