"""The context of a search decides on which examples plans are judged, and shares what is computed once."""

from dataclasses import replace
from pathlib import Path

import pytest

from haoqi import tasks
from haoqi.core.errors import UserError
from haoqi.explore.settings import ExploreSettings
from haoqi.explore.setup.context import FOLDS, check_settings, suitable_methods
from haoqi.methods import methods
from tests.explore.test_cost_model import context


def test_folds_follow_the_number_of_examples_and_the_time() -> None:
    def folds(rows: int, judged: int, minutes: float | None) -> int:
        room = context(rows, judged)
        return replace(room, settings=ExploreSettings(minutes=minutes, steps=5)).folds

    assert folds(12, 3, 1.0) == 3
    assert folds(12, 3, 5.0) == folds(12, 3, None) == 5
    assert folds(200, 50, 1.0) == 5  # more than a few of each label
    assert folds(2000, 300, 1.0) == folds(3000, 50, 1.0) == 0


def test_few_examples_are_judged_together_with_those_that_are_learnt_from() -> None:
    many, few = context(2000, 400), context(200, 50, folds=5)
    assert many.judged is many.splits.valid
    assert few.judged.texts == few.splits.train.texts + few.splits.valid.texts
    assert not many.few
    assert context(20, 5, folds=5).few


def test_the_last_fit_learns_from_all_but_the_test_split_and_shares_what_was_computed() -> None:
    room = context(2000, 400)
    assert len(room.whole.splits.train) == 2400
    assert len(room.whole.splits.valid) == context(200, 50, folds=5).whole.folds == 0
    assert room.whole.splits.test is room.splits.test
    assert room.whole.store is room.cross_validated.store is room.heard(print).store is room.store


def test_a_retest_has_about_as_many_examples_to_learn_from_as_the_training_split() -> None:
    assert context(2000, 1000).cross_validated.folds == 3
    assert context(2000, 100).cross_validated.folds == FOLDS
    assert len(context(2000, 1000).cross_validated.judged) == 3000


def test_what_is_made_once_is_made_again_for_another_context() -> None:
    room, made = context(), list[int]()

    def make() -> int:
        made.append(len(made))
        return made[-1]

    assert [room.once("it", make), room.once("it", make), room.cross_validated.once("it", make)] == [0, 0, 1]


def test_every_use_of_chance_has_a_generator_of_its_own() -> None:
    room = context()
    one, again, other = (room.generator(name).random() for name in ("folds", "folds", "halves"))
    assert one == again != other
    assert replace(room, seed=1).generator("folds").random() != one


def test_a_method_that_cannot_learn_the_task_is_refused_before_any_work(tmp_path: Path) -> None:
    task = tasks.build("entities", ("PER",))
    check_settings(ExploreSettings(methods=("crf",)), task, tmp_path)
    with pytest.raises(UserError, match="tfidf cannot learn the task entities"):
        check_settings(ExploreSettings(methods=("crf", "tfidf")), task, tmp_path)
    assert "tfidf" not in suitable_methods(ExploreSettings(), task)


def test_without_a_base_no_method_that_needs_one_is_tried() -> None:
    assert {"probe", "full", "tfidf"} <= context().makers.keys()
    assert not any(maker.uses_base for maker in replace(context(), bases={}).makers.values())


def test_a_method_on_request_is_tried_only_where_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    topic = tasks.build("topic", ("sport", "tech"))
    assert "knn" in suitable_methods(ExploreSettings(), topic)
    monkeypatch.setattr(methods.get("knn"), "on_request", True, raising=False)
    assert "knn" not in suitable_methods(ExploreSettings(), topic)
    assert list(suitable_methods(ExploreSettings(methods=("knn", "probe")), topic)) == ["knn", "probe"]
