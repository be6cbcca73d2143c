from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haoqi import methods, tasks
from haoqi.core.errors import UserError
from haoqi.data.examples import Examples
from haoqi.methods.method import Job
from haoqi.models.feature_store.store import FeatureStore
from haoqi.models.predictors.sparse_linear import BATCH, SparseLinear

ENGLISH = [
    "the striker scored",
    "a late goal",
    "the keeper saved",
    "a new telescope",
    "the small chip",
    "a fast network",
]
CHINESE = ["主队赢了球", "门将扑出点球", "比赛进了两个球", "新的望远镜", "芯片很快", "网络很快"]
LABELS = ["sport"] * 3 + ["tech"] * 3


def fit(
    texts: list[str], labels: list[Any], task: str = "topic", *, method: str = "tfidf", **settings: Any
) -> SparseLinear:
    examples = Examples.of(texts, labels)
    several = ([label] if isinstance(label, str) else label for label in labels if not isinstance(label, float))
    names = tuple(sorted({name for one in several for name in one}))
    job = Job(tasks.build(task, names), examples, examples, seed=0, store=FeatureStore(Path("unused")))
    predictor = methods.build(method, **settings).fit(job)
    assert isinstance(predictor, SparseLinear)
    return predictor


def answers(predictor: SparseLinear, texts: list[str]) -> list[str]:
    return [
        ("sport", "tech")[int(place)] for place in np.argmax(np.asarray(predictor.scores(Examples.of(texts))), axis=1)
    ]


@pytest.mark.parametrize("features", ["words", "characters", "both"])
@pytest.mark.parametrize("texts", [ENGLISH, CHINESE])
def test_what_was_learnt_is_known(texts: list[str], features: str) -> None:
    assert answers(fit(texts, LABELS, features=features), texts) == LABELS


def test_chinese_is_read_by_character_and_one_further_than_english() -> None:
    assert fit(CHINESE, LABELS).terms[0].ngrams.longest == 3
    assert "望远镜" in "".join(fit(CHINESE, LABELS).terms[0].ngrams.names()).replace(" ", "")
    assert fit(ENGLISH, LABELS).terms[0].ngrams.longest == 2


def test_scores_are_the_same_to_the_last_bit_after_a_round_trip_and_in_any_batch(tmp_path: Path) -> None:
    predictor = fit(ENGLISH, LABELS, features="both")
    predictor.save(tmp_path, standalone=True)
    again = SparseLinear.load(tmp_path, tmp_path)
    asked = Examples.of([*ENGLISH, "", "never seen", "striker telescope chip goal goal"])
    scores = np.asarray(predictor.scores(asked))
    assert np.array_equal(scores, again.scores(asked))
    alone = np.concatenate([np.asarray(predictor.scores(asked.take([row]))) for row in range(len(asked))])
    assert np.array_equal(scores, alone)


def test_many_texts_are_scored_in_batches_and_in_order() -> None:
    predictor, heard = fit(ENGLISH, LABELS), list[int]()
    many = Examples.of(["the striker scored", "the small chip"] * (BATCH // 2 + 1))
    scores = np.asarray(predictor.scores(many, heard.append))
    assert heard == [BATCH, len(many)]
    assert np.array_equal(scores, np.tile(scores[:2], (len(many) // 2, 1)))


def test_two_labels_have_opposite_scores() -> None:
    scores = np.asarray(fit(ENGLISH, LABELS).scores(Examples.of(ENGLISH)))
    np.testing.assert_array_equal(scores[:, 0], -scores[:, 1])


def test_several_labels_are_learnt_each_for_itself() -> None:
    texts = ["goal", "chip", "goal chip", "weather"] * 3
    labels: list[Any] = [("sport",), ("tech",), ("sport", "tech"), ()] * 3
    scores = np.asarray(fit(texts, labels, task="multilabel").scores(Examples.of(texts[:4])))
    assert ((scores > 0) == [[True, False], [False, True], [True, True], [False, False]]).all()


def test_balance_favours_the_rare_label() -> None:
    texts = ["same words here"] * 9 + ["same words there"]
    labels = ["common"] * 9 + ["rare"]
    unseen = Examples.of(["same words"])
    plain, balanced = (np.asarray(fit(texts, labels, balance=one).scores(unseen)) for one in (False, True))
    assert balanced[0, 1] > plain[0, 1]


def test_texts_without_a_word_are_refused_with_a_hint() -> None:
    with pytest.raises(UserError, match="no words"):
        fit(["...", "--", "", " "], ["a", "b", "a", "b"])


def test_columns_stay_within_the_limit_and_go_to_the_commonest() -> None:
    texts = [f"common word{number}" for number in range(2000)]
    predictor = fit(texts, ["a", "b"] * 1000, most_columns=1000)
    ngrams = predictor.terms[0].ngrams
    assert ngrams.width <= 1000
    assert "common" in ngrams.names()
