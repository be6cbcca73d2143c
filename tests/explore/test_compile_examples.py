"""Compiled forms are judged by examples that the model has not learnt, or by a stand-in that has not."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from haoqi.core.errors import UserError
from haoqi.data.examples import Examples, Splits
from haoqi.explore.experiments import compile_examples as module
from haoqi.explore.experiments.compile_examples import compile_examples
from haoqi.explore.setup.context import FEW
from haoqi.models.releases.releases import Release
from tests.explore.test_reflections import drawn, numbered


@pytest.fixture
def splits(monkeypatch: pytest.MonkeyPatch) -> Splits:
    rng = np.random.default_rng(0)
    train, valid = numbered(drawn(rng, 400), drawn(rng, FEW))
    found = Splits(train, valid, Examples.of([]))
    monkeypatch.setattr(module, "load_prepared", lambda folder: SimpleNamespace(splits=found))
    return found


def release(learnt_from: int) -> Release:
    return Release("reviews", 1, Path("nowhere"), {"origin": "reviews/run/plan-0", "learnt_from": learnt_from})


def test_validation_examples_judge_a_model_that_has_not_learnt_them(splits: Splits, tmp_path: Path) -> None:
    with compile_examples(release(400), home=tmp_path) as found:
        assert found.examples is splits.valid
        assert (found.learnt, found.stand_in) == (False, None)


def test_where_all_was_learnt_and_nobody_stands_in_all_examples_judge(splits: Splits, tmp_path: Path) -> None:
    with compile_examples(release(400 + FEW), home=tmp_path) as found:
        assert len(found.examples) == 400 + FEW
        assert (found.learnt, found.stand_in) == (True, None)


def test_the_judged_model_stands_in_for_one_that_learnt_the_validation_examples(
    splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "runs" / "reviews" / "run" / "experiments" / "plan-0" / "model").mkdir(parents=True)
    given = list[Any]()
    monkeypatch.setattr(module, "load", lambda folder, cache: folder)

    class Smaller:
        def __init__(self, model: Path, splits: Splits, place: Path) -> None:
            given.append(model)

        def __enter__(self) -> str:
            return "stand-in"

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(module, "smaller", Smaller)
    with compile_examples(release(400 + FEW), home=tmp_path) as found:
        assert found.examples is splits.valid
        assert (found.learnt, found.stand_in) == (True, "stand-in")
    assert given == [tmp_path / "runs" / "reviews" / "run" / "experiments" / "plan-0" / "model"]


def test_where_the_run_is_gone_a_file_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="are not here") as caught, compile_examples(release(9), home=tmp_path):
        pass
    assert "haoqi compile reviews@1 FILE" in caught.value.hint
