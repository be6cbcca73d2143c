"""Labels that are probably wrong are found, and left out, softened or corrected."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from haoqi.data.answers import ONE_CLASS, SEVERAL_CLASSES, SPANS
from haoqi.data.examples import Examples
from haoqi.data.recipes import RecipeTools, recipes
from haoqi.data.recipes._suspects import GENEROUS, find, reranked
from haoqi.tasks.words import words_of

KINDS = {"label": ONE_CLASS, "labels": SEVERAL_CLASSES, "spans": SPANS}

LABELS = ("a", "b", "c")


def planted(rows: int = 300, flipped: float = 0.2, seed: int = 0) -> tuple[Examples, np.ndarray, np.ndarray]:
    """Return examples, what a good model says of them, and which labels were turned."""
    rng = np.random.default_rng(seed)
    true = rng.integers(3, size=rows)
    turned = rng.random(rows) < flipped
    given = np.where(turned, (true + 1 + rng.integers(2, size=rows)) % 3, true)
    logits = 2.5 * np.eye(3)[true] + rng.normal(size=(rows, 3))
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    texts = [f"text {row} 文本" for row in range(rows)]
    return Examples.of(texts, [LABELS[one] for one in given]), chances.astype(np.float32), turned


def tools_of(chances: np.ndarray, output: str = "label", labels: tuple[str, ...] = LABELS) -> RecipeTools:
    def unasked(*_: object) -> np.ndarray:
        raise AssertionError("suspects are found on held-out answers alone")

    return RecipeTools(KINDS[output], labels, 0, words_of, lambda examples: chances, unasked)


def test_flipped_labels_are_found_and_right_ones_left() -> None:
    examples, chances, turned = planted()
    found = find(examples, tools_of(chances), None)
    assert turned[found.rows].mean() > 0.8
    assert turned[found.rows].sum() > 0.6 * turned.sum()
    assert found.doubt[0] == pytest.approx(found.doubt.max(), abs=0.01)  # the most doubtful first


def test_a_share_takes_so_many_and_no_row_that_nothing_speaks_against() -> None:
    examples, chances, turned = planted()
    assert len(find(examples, tools_of(chances), 0.05).rows) == 15
    assert turned[find(examples, tools_of(chances), 0.05).rows].all()
    sure = np.eye(3, dtype=np.float32)[[LABELS.index(label) for label in examples.labels]]
    assert not len(find(examples, tools_of(sure), 0.5).rows)


def test_dropped_suspects_are_gone_and_nothing_else() -> None:
    examples, chances, turned = planted()
    left = recipes.build("drop_suspects").apply(examples, tools_of(chances))
    gone = sorted(set(examples.ids) - set(left.ids))
    assert gone == sorted(find(examples, tools_of(chances), None).rows.tolist())
    assert turned[left.ids].mean() < 0.1 < turned.mean()


def test_softened_suspects_count_as_much_as_before_in_two_rows() -> None:
    examples, chances, _ = planted()
    weighed = replace(examples, weights=np.linspace(0.5, 2.0, len(examples)).tolist())
    found = find(weighed, tools_of(chances), None)
    soft = recipes.build("soften_suspects", strength=0.8).apply(weighed, tools_of(chances))
    assert len(soft) == len(examples) + len(found.rows)
    totals = np.bincount(soft.ids, soft.counting, minlength=len(examples))
    np.testing.assert_allclose(totals, weighed.counting)
    row, doubt = int(found.rows[0]), float(found.doubt[0])
    own, other = (weight for number, weight in zip(soft.ids, soft.counting, strict=True) if number == row)
    assert other / (own + other) == pytest.approx(0.8 * doubt)
    texts = [text for text, number in zip(soft.texts, soft.ids, strict=True) if number == row]
    assert len(texts) == 2
    assert len(set(texts)) == 1


def test_corrected_suspects_get_the_likelier_label() -> None:
    examples, chances, turned = planted()
    mended = recipes.build("correct_suspects").apply(examples, tools_of(chances))
    assert mended.texts == examples.texts
    changed = [row for row, label in enumerate(mended.labels) if label != examples.labels[row]]
    assert turned[changed].mean() > 0.8
    likeliest = [LABELS[place] for place in chances.argmax(axis=1)]
    assert all(mended.labels[row] == likeliest[row] for row in changed)


@pytest.mark.parametrize("name", ["drop_suspects", "correct_suspects", "soften_suspects"])
def test_the_last_example_of_a_label_is_never_touched(name: str) -> None:
    examples = Examples.of([f"t{row}" for row in range(6)], ["a", "a", "a", "a", "b", "c"])
    against = np.tile(np.array([[0.1, 0.8, 0.1]], np.float32), (6, 1))
    found = recipes.build(name, share=0.5).apply(examples, tools_of(against))
    assert {"a", "b", "c"} <= set(found.labels)
    assert found.labels[found.ids.index(5)] == "c"


def test_several_labels_are_questions_of_their_own() -> None:
    labels = [("a",), ("a", "b"), (), ("b",)] * 10
    chances = np.array([[0.9, 0.1], [0.9, 0.9], [0.1, 0.1], [0.1, 0.9]] * 10, np.float32)
    chances[0], chances[5] = [0.02, 0.1], [0.9, 0.05]
    examples, tools = Examples.of([f"t{row}" for row in range(40)], labels), tools_of(chances, "labels", ("a", "b"))
    found = find(examples, tools, None)
    assert set(found.rows.tolist()) == {0, 5}
    assert dict(zip(found.rows.tolist(), found.instead, strict=True)) == {0: (), 5: ("a",)}
    mended = recipes.build("correct_suspects").apply(examples, tools)
    assert Counter(mended.labels)[("a",)] == 10
    soft = recipes.build("soften_suspects").apply(examples, tools)
    assert soft.labels[-2:] == [(), ("a",)]


def test_beliefs_are_the_chances_of_labels_where_wrong_ones_are_evident() -> None:
    examples, chances, turned = planted()
    held = recipes.build("early_learning", strength=3.0).apply(examples, tools_of(chances))
    beliefs = np.array(held.beliefs)
    assert (held.texts, held.labels, beliefs.shape) == (examples.texts, examples.labels, (300, 3))
    assert np.allclose(beliefs.sum(axis=1), 3.0)
    given = np.array([LABELS.index(label) for label in examples.labels])
    doubted = beliefs.argmax(axis=1) != given
    assert turned[doubted].mean() > 0.8
    assert doubted[turned].mean() > 0.6
    assert (beliefs[doubted].argmax(axis=1) == chances[doubted].argmax(axis=1)).all()
    assert held.take([4, 2]).beliefs == [held.beliefs[4], held.beliefs[2]] if held.beliefs else False
    right, sure, _ = planted(flipped=0.0)
    assert recipes.build("early_learning").apply(right, tools_of(sure)) is right


def test_a_better_model_says_which_labels_are_wrong_and_held_out_answers_how_many() -> None:
    examples, chances, turned = planted()
    tools = tools_of(chances)
    found = find(examples, tools, None)
    given = np.array([LABELS.index(label) for label in examples.labels])
    better = np.full((300, 3), 0.01, np.float32)
    better[np.arange(300), given] = np.where(turned, 0.2, 0.7)
    better[np.arange(300), (given + 1) % 3] = np.where(turned, 0.7, 0.2)
    told = reranked(examples, tools, found, better)
    assert found.noise is not None and len(told.rows) == round(GENEROUS * found.noise.share * 300)
    assert turned[told.rows][: turned.sum()].all()
    assert turned[told.rows].mean() > turned[found.rows].mean()
    assert told.instead == [LABELS[(given[row] + 1) % 3] for row in told.rows]
    assert (told.doubt == found.noise.wrong[told.rows]).all()
    right, sure, _ = planted(flipped=0.0)
    nothing = find(right, tools_of(sure), None)
    assert reranked(right, tools_of(sure), nothing, better) is nothing


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_no_fewer_wrong_labels_are_found_than_by_cleanlab(seed: int) -> None:
    issues = pytest.importorskip("cleanlab.filter")
    examples, chances, turned = planted(1000, seed=seed)
    given = np.array([LABELS.index(label) for label in examples.labels])
    theirs = issues.find_label_issues(given, chances, return_indices_ranked_by="normalized_margin", n_jobs=1)
    ours = find(examples, tools_of(chances), None).rows
    assert turned[ours].sum() >= turned[theirs].sum()
    assert turned[ours].mean() > 0.5
