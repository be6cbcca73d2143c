"""Cheap models answer training examples that they were not fitted on, once in a run."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from haoqi.data.examples import Examples
from haoqi.explore.experiments.out_of_fold import predict_out_of_fold, predict_texts
from haoqi.explore.experiments.training_data import training_examples
from haoqi.explore.plans.plan import Plan
from tests.explore.test_training_data_recipes import THINGS, context_of, reviews


def test_held_out_models_tell_wrong_labels_and_are_asked_once(
    tmp_path: Path, tiny_base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    train, turned = reviews(120, wrong=0.1)
    context = context_of(tmp_path, train, reviews(10, 1)[0], tiny_base)
    found = predict_out_of_fold(context, train)
    assert found.shape == (120, 2)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    given = np.array([context.task.labels.index(label) for label in train.labels])
    assert ((found.argmax(axis=1) != given) == turned).mean() > 0.95
    left = training_examples(Plan("tfidf").with_recipe("drop_suspects"), context, train)
    assert sum(turned[number] for number in left.ids) < 0.5 * sum(turned)
    assert len(train) - len(left) < 1.5 * sum(turned)
    monkeypatch.setattr("haoqi.explore.experiments.out_of_fold._crossed", None)
    np.testing.assert_array_equal(predict_out_of_fold(context, train), found)
    with pytest.raises(TypeError):
        predict_out_of_fold(context, train.take(range(50)))  # other examples are another question


def test_rows_made_of_one_are_held_out_together(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(THINGS, 3)) + f" {row}" for row in range(40)]
    train = Examples.of(texts, [str(one) for one in rng.choice(["bad", "good"], 40)])
    double = train.take([*range(40), *range(40)])
    context = context_of(tmp_path, double, train)
    given = np.array([context.task.labels.index(label) for label in double.labels])
    right = (predict_out_of_fold(context, double).argmax(axis=1) == given).mean()
    assert right < 0.75  # labels by chance: only who saw a copy could know


def test_several_labels_a_row_have_held_out_probabilities_each(tmp_path: Path, tiny_base: str) -> None:
    plain, _ = reviews(120)
    both = Examples.of(
        plain.texts, [("good", "odd")[: 1 + (row % 4 == 3)] if row % 2 else ("bad",) for row in range(120)]
    )
    context = context_of(tmp_path, both, both.take([0, 1]), tiny_base, task="multilabel", labels=("bad", "good", "odd"))
    found, right = predict_out_of_fold(context, both), np.array([["bad" in one, "good" in one] for one in both.labels])
    assert found.shape == (120, 3)
    assert ((found[:, :2] > 0.5) == right).mean() > 0.95
    assert predict_texts(context, both, ["a great and lovely film"])[0, 1] > 0.5


def test_answers_to_other_texts_are_given_by_models_of_all(tmp_path: Path) -> None:
    context = context_of(tmp_path, reviews(60)[0], reviews(10, 1)[0])
    found = predict_texts(context, context.splits.train, ["a great and lovely film", "a rude and broken train"])
    assert found.argmax(axis=1).tolist() == [1, 0]


def test_wrong_labels_of_pairs_are_told_by_both_texts(tmp_path: Path, tiny_base: str) -> None:
    rng = np.random.default_rng(3)
    words = [f"{thing}{number}" for thing in THINGS[:6] for number in range(8)]
    said = [[str(one) for one in rng.choice(words, 4, replace=False)] for _ in range(160)]
    same = rng.random(160) < 0.5
    second = [
        list(rng.permutation(one)) if alike else list(rng.choice(words, 4))
        for one, alike in zip(said, same, strict=True)
    ]
    turned = rng.random(160) < 0.1
    labels = ["same" if one else "other" for one in same ^ turned]
    train = replace(Examples.of([" ".join(one) for one in said], labels), pairs=[" ".join(one) for one in second])
    context = context_of(tmp_path, train, train.take([0, 1]), tiny_base, task="paraphrase", labels=("other", "same"))
    found = predict_out_of_fold(context, train)
    assert ((found.argmax(axis=1) == 1) == same).mean() > 0.9
    left = training_examples(Plan("tfidf").with_recipe("drop_suspects"), context, train)
    assert left.pairs is not None
    assert sum(turned[number] for number in left.ids) < 0.5 * sum(turned)
    assert len(train) - len(left) < 2 * sum(turned)
    beside = replace(train, pairs=train.second_texts[::-1])
    assert not np.array_equal(predict_out_of_fold(context, beside), found)  # another question
