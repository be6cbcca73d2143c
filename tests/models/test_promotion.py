from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haoqi import tasks
from haoqi.evaluate.metrics import metrics
from haoqi.models.model import Model
from haoqi.models.predictors.constant import Constant
from haoqi.models.releases import promotion, releases
from haoqi.models.releases.promotion import Promotion

SOURCE = {"fingerprint": "1", "source": "a/train.csv"}
ELSEWHERE = {"fingerprint": "2", "source": "b/train.csv"}


def model(*labels: str, task: str = "classification") -> Model:
    return Model(tasks.build(task, labels), Constant(np.zeros(len(labels), np.float32)))


def evidence(score: float, low: float, high: float, split: str = "test", examples: int = 50) -> dict[str, Any]:
    return {split: {"examples": examples, "scores": {"macro_f1": [score, low, high], "accuracy": [1.0, 1.0, 1.0]}}}


GOOD = evidence(0.9, 0.85, 0.95)


def publish(
    home: Path,
    *labels: str,
    learnt: Mapping[str, str] = SOURCE,
    found: Mapping[str, Any] = GOOD,
    promote: bool | None = None,
) -> Promotion:
    made = model(*(labels or ("a", "b")))
    return promotion.publish(made, found, "train", learnt=learnt, promote=promote, home=home)[1]


def test_the_first_answers_and_keeps_what_it_was_learnt_from(tmp_path: Path) -> None:
    assert publish(tmp_path, promote=False) == Promotion(True, 1)
    facts = releases.current("train", home=tmp_path).facts["data"]
    assert facts == {**SOURCE, "task": "classification", "labels": ["a", "b"]}


def test_the_same_data_again_answer_if_they_are_not_clearly_worse(tmp_path: Path) -> None:
    publish(tmp_path)
    assert publish(tmp_path, found=evidence(0.86, 0.8, 0.92)) == Promotion(True, 2)
    assert publish(tmp_path, "b", "a") == Promotion(True, 3)


def test_other_labels_do_not_take_the_name(tmp_path: Path) -> None:
    publish(tmp_path)
    facts = {"source": "a/train.csv", "added": ["c"], "missing": ["a"]}
    assert publish(tmp_path, "b", "c", learnt=ELSEWHERE) == Promotion(False, 1, "other_labels", facts)
    assert releases.current("train", home=tmp_path).version == 1
    assert [one.version for one in releases.list_releases("train", home=tmp_path)] == [1, 2]


def test_another_task_does_not_take_the_name(tmp_path: Path) -> None:
    publish(tmp_path)
    several = model("a", "b", task="multilabel")
    _, found = promotion.publish(several, GOOD, "train", learnt=SOURCE, home=tmp_path)
    assert (found.promoted, found.why_not) == (False, "other_task")
    assert (found.facts["task"], found.facts["before"]) == ("multilabel", "classification")


def of_numbers(home: Path, *numbers: float, r2: float = 0.5, promote: bool | None = None) -> Promotion:
    made = Model(tasks.build("regression", ()), Constant(np.zeros(1, np.float32)))
    found = {"test": {"examples": 50, "scores": {"r2": [r2, r2 - 0.1, r2 + 0.1]}}}
    learnt = {**SOURCE, "scale": promotion.scale_of(numbers)}
    return promotion.publish(made, found, "train", learnt=learnt, promote=promote, home=home)[1]


@pytest.mark.parametrize("other", [(0, 25, 50, 75, 100), (0, 3, 5, 8, 10), (-5, -4, -2, -1, 0), (2, 2, 2, 2, 2)])
def test_numbers_on_another_scale_do_not_take_the_name(other: tuple[float, ...], tmp_path: Path) -> None:
    of_numbers(tmp_path, 0, 1, 2.5, 4, 5)
    found = of_numbers(tmp_path, *other, r2=0.9)
    assert (found.promoted, found.answers, found.why_not) == (False, 1, "other_scale")
    assert (found.facts["before"], found.facts["scale"]) == ([0.2, 4.8], promotion.scale_of(other))
    assert of_numbers(tmp_path, *other, promote=True).promoted
    second = releases.list_releases("train", home=tmp_path)[1]
    assert promotion.standing(second, home=tmp_path).why_not == promotion.BEFORE


def test_numbers_on_the_same_scale_take_it(tmp_path: Path) -> None:
    of_numbers(tmp_path, 0, 1, 2.5, 4, 5)
    assert of_numbers(tmp_path, 1, 2, 3, 4, 5).promoted
    assert of_numbers(tmp_path, *[0.5] * 30, 1, 2, 3, *[4.5] * 30, 90).promoted  # an outlier


def test_of_numbers_whose_scale_nobody_wrote_down_the_score_decides(tmp_path: Path) -> None:
    made = Model(tasks.build("regression", ()), Constant(np.zeros(1, np.float32)))
    promotion.publish(
        made, {"test": {"examples": 9, "scores": {"r2": [0.5, 0.4, 0.6]}}}, "train", learnt=SOURCE, home=tmp_path
    )
    assert of_numbers(tmp_path, 0, 50, 100).promoted


def test_a_clearly_lower_score_does_not_take_the_name(tmp_path: Path) -> None:
    publish(tmp_path)
    found = publish(tmp_path, found=evidence(0.7, 0.6, 0.8))
    assert (found.promoted, found.answers, found.why_not) == (False, 1, "lower_score")
    assert (found.facts["score"], found.facts["before"]) == ([0.7, 0.6, 0.8], [0.9, 0.85, 0.95])
    # What was turned away is not what the next is held against.
    assert not publish(tmp_path, found=evidence(0.75, 0.7, 0.8)).promoted


def test_without_test_rows_the_validated_score_counts(tmp_path: Path) -> None:
    publish(tmp_path)
    empty = evidence(0.0, 0.0, 0.0, examples=0)
    assert not publish(tmp_path, found=empty | evidence(0.5, 0.4, 0.6, "valid")).promoted
    assert publish(tmp_path, found=empty).promoted


def test_what_is_not_clearly_worse_answers_and_says_whose_place_it_took(tmp_path: Path) -> None:
    publish(tmp_path)
    assert publish(tmp_path, learnt=ELSEWHERE) == Promotion(True, 2, "", {"replaced": 1, "source": "a/train.csv"})
    moved = {**ELSEWHERE, "source": "c/train.csv"}
    assert publish(tmp_path, learnt=moved).facts == {}
    assert publish(tmp_path, learnt={**moved, "fingerprint": "3"}).facts == {}


@pytest.mark.parametrize("labels", [("a", "b"), ("c", "d")])
def test_a_person_s_word_goes_before(tmp_path: Path, labels: tuple[str, ...]) -> None:
    publish(tmp_path)
    refused = publish(tmp_path, *labels, promote=False)
    assert (refused.promoted, refused.answers) == (False, 1)
    assert refused.why_not == ("as_said" if labels == ("a", "b") else "other_labels")
    assert publish(tmp_path, *labels, promote=True) == Promotion(True, 3)


def test_a_version_of_before_is_told_as_it_stands(tmp_path: Path) -> None:
    publish(tmp_path)
    publish(tmp_path, "c", "d")
    first, second = releases.list_releases("train", home=tmp_path)
    assert promotion.standing(first, home=tmp_path) == Promotion(True, 1)
    assert promotion.standing(second, promote=False, home=tmp_path).why_not == "other_labels"
    assert promotion.standing(second, promote=True, home=tmp_path) == Promotion(True, 2)
    assert promotion.standing(first, home=tmp_path) == Promotion(False, 2, "answered_before")


def test_releases_of_before_are_judged_by_their_cards(tmp_path: Path) -> None:
    releases.publish(model("a", "b"), {}, "train", home=tmp_path)
    assert publish(tmp_path) == Promotion(True, 2)
    assert publish(tmp_path, "c", "d").why_not == "other_labels"


def test_a_damaged_release_is_in_nobody_s_way(tmp_path: Path) -> None:
    publish(tmp_path)
    (releases.current("train", home=tmp_path).folder / "model.json").write_text("{", encoding="utf-8")
    assert publish(tmp_path, "c", "d") == Promotion(True, 2)


def test_of_an_error_the_clearly_greater_one_does_not_take_the_name(tmp_path: Path) -> None:
    task = replace(tasks.build("regression", ()), metrics=(metrics.build("rmse"),))
    one = Model(task, Constant(np.zeros(1, np.float32)))

    def published(score: float, low: float, high: float) -> Promotion:
        found = {"test": {"examples": 50, "scores": {"rmse": [score, low, high]}}}
        return promotion.publish(one, found, "train", learnt=SOURCE, home=tmp_path)[1]

    assert published(0.9, 0.85, 0.95).promoted
    assert published(0.6, 0.55, 0.65).promoted  # clearly less, so clearly better
    assert published(0.9, 0.85, 0.95).why_not == "lower_score"
