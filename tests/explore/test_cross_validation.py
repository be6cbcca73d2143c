"""Cross-validation: nobody answers what it has learnt, and nobody is decoded by what it gave itself."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haoqi.data.examples import Examples
from haoqi.evaluate.metrics import metrics
from haoqi.evaluate.predictions import Predictions
from haoqi.explore.experiments.cross_validation import cross_decode, cross_scores, cross_validate
from haoqi.explore.plans.plan import Plan
from haoqi.explore.setup.context import SearchContext
from haoqi.models.predictors.constant import Constant
from haoqi.tasks import tasks
from tests.explore.test_reflections import Case, drawn

FOLDS = 4


@pytest.fixture
def context(tmp_path: Path) -> SearchContext:
    rng = np.random.default_rng(0)
    found = Case(tmp_path, drawn(rng, 60), drawn(rng, 21)).context
    return replace(found, settings=replace(found.settings, folds=FOLDS))


@dataclass
class Numbered:
    """Answers each row with its number; it refuses rows that it has learnt."""

    learnt: frozenset[int]

    def scores(self, examples: Examples) -> Any:
        assert self.learnt.isdisjoint(examples.ids)
        return np.array([[float(number), 0.0] for number in examples.ids], np.float32)


def test_every_example_is_answered_once_in_order_by_who_did_not_learn_it(context: SearchContext) -> None:
    folds = list[int]()

    def fit(examples: Examples, fold: int) -> Any:
        folds.append(fold)
        return Numbered(frozenset(examples.ids))

    scores = np.asarray(cross_scores(context, fit))
    assert folds == list(range(FOLDS))
    assert scores[:, 0].tolist() == [float(number) for number in context.judged.ids]


def test_scores_of_words_come_back_in_the_order_of_their_texts(context: SearchContext) -> None:
    class Tagger:
        def scores(self, examples: Examples) -> Any:
            return [np.full((2, 3), number) for number in examples.ids]

    scores = cross_scores(context, lambda examples, fold: Tagger())  # type: ignore[arg-type, return-value]
    assert isinstance(scores, list)
    assert [int(one[0, 0]) for one in scores] == context.judged.ids


def test_each_half_is_answered_with_scores_that_the_other_half_chose(context: SearchContext) -> None:
    asked = list[set[int]]()
    truth = np.array([[label == "a", label == "b"] for label in context.judged.labels], np.float32)

    def scores(other: Any) -> Any:
        asked.append(set(other.tolist()))
        found = 0.1 * truth
        found[other] = 9 * truth[other]  # whoever answered the rows that chose would be surer
        return found

    found = cross_decode(scores, context)
    assert asked[0].isdisjoint(asked[1])
    assert asked[0] | asked[1] == set(range(len(context.judged)))
    assert found.labels == context.judged.labels
    whole = cross_decode(9 * truth, context)
    assert found.confidence.max() < whole.confidence.min()


def test_a_plan_is_cross_validated_alike_whenever_it_is(context: SearchContext) -> None:
    one, again = (np.asarray(cross_validate(Plan("tfidf"), context)) for _ in range(2))
    np.testing.assert_array_equal(one, again)
    right = np.array(context.task.labels)[one.argmax(axis=1)] == np.array(context.judged.labels)
    assert right.mean() > 0.8


def test_the_means_of_folds_are_one_answer_since_they_know_nothing(context: SearchContext) -> None:
    judged = replace(context.judged, labels=[float(row % 7) for row in range(len(context.judged))])
    context = replace(context, task=tasks.build("similarity"))
    context.__dict__["judged"] = judged

    def fit(examples: Examples, fold: int) -> Any:
        return Constant(np.array([np.mean(np.array(examples.labels, float))], np.float32))

    scores = np.asarray(cross_scores(context, fit))
    assert scores.shape == (len(judged), 1) and np.ptp(scores) == 0
    assert scores[0, 0] == pytest.approx(np.mean(judged.labels), abs=0.05)
    given = Predictions([float(one) for one in scores[:, 0]], None)
    assert metrics.build("pearson")(judged, given, context.task) == 0
