"""Which texts are answered again, by hand-made predictors; and how the margin is fitted."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from haoqi import tasks
from haoqi.data.examples import Examples
from haoqi.models.compile.cascade import COVERAGE, Cascade, DeferralRule, fit_margin
from haoqi.models.model import Model
from haoqi.models.predictor import Progress
from haoqi.models.predictors.constant import Constant
from haoqi.tasks.task import Task

LABELS = ("a", "b")
TEXTS = [f"text {row}" for row in range(5)]
FAST = np.array([[2, 0], [0.1, 0], [0, 3], [np.nan, 0], [0, 0.4]], np.float32)
RIGHT = np.array([[9, 0], [0, 9], [9, 0], [0, 9], [0, 9]], np.float32)
DEFERRED = [1, 3, 4]


@dataclass
class Given:
    """A predictor with a score for each text, that remembers what it was asked."""

    scores_of: dict[str, Any]
    asked: list[list[str]] = field(default_factory=list)

    def scores(self, examples: Examples, progress: Progress | None = None) -> Any:
        self.asked.append(list(examples.texts))
        for done in range(len(examples)):
            if progress is not None:
                progress(done + 1)
        found = [self.scores_of[text] for text in examples.texts]
        return found if found and found[0].ndim == 2 else np.array(found, np.float32).reshape(-1, 2)

    def save(self, folder: Path, *, standalone: bool) -> None:
        raise AssertionError("not asked for")

    @classmethod
    def load(cls, folder: Path, cache: Path) -> "Given":
        raise AssertionError("not asked for")


def cascade(fast: Any, right: Any, rule: DeferralRule, task: Task | None = None) -> tuple[Cascade, Given, Given]:
    first, second = (Given(dict(zip(TEXTS, scores, strict=False))) for scores in (fast, right))
    model = Model(task or tasks.build("topic", LABELS), first)
    return Cascade(first, second, model.margins, rule), first, second


def test_deferred_texts_get_the_scores_of_the_second_and_all_others_those_of_the_first() -> None:
    both, first, second = cascade(FAST, RIGHT, DeferralRule(0.5, 0.5))
    expected = FAST.copy()
    expected[DEFERRED] = RIGHT[DEFERRED]
    found = both.scores(Examples.of(TEXTS))
    assert isinstance(found, np.ndarray)
    np.testing.assert_array_equal(found, expected)
    assert (first.asked, second.asked) == ([TEXTS], [[TEXTS[row] for row in DEFERRED]])
    order = [4, 2, 0, 3, 1]
    np.testing.assert_array_equal(both.scores(Examples.of([TEXTS[row] for row in order])), expected[order])


def test_a_text_with_exactly_the_margin_is_not_deferred_and_nothing_is_computed_twice_in_vain() -> None:
    both, _, second = cascade(FAST[[0, 2]], RIGHT, DeferralRule(2.0, 0.0))
    np.testing.assert_array_equal(both.scores(Examples.of(TEXTS[:2])), FAST[[0, 2]])
    assert second.asked == []
    assert len(both.scores(Examples.of([]))) == 0


def test_a_text_is_deferred_by_the_smallest_margin_of_its_words() -> None:
    fast = [np.array(one, np.float32) for one in ([[5, 0, 0], [0, 4, 3.8]], [[3, 0, 1]], [[0, 0.1, 0]])]
    right = [one + 10 for one in fast]
    both, _, second = cascade(fast, right, DeferralRule(1.0, 0.5), tasks.build("entities", ("PER",)))
    found = both.scores(Examples.of(TEXTS[:3]))
    for row, one in enumerate((right[0], fast[1], right[2])):
        np.testing.assert_array_equal(found[row], one)
    assert second.asked == [[TEXTS[0], TEXTS[2]]]


@pytest.mark.parametrize("alone", [True, False])
def test_one_text_alone_goes_where_it_is_answered_sooner(alone: bool) -> None:
    both, first, second = cascade(FAST, RIGHT, DeferralRule(0.5, 0.5, alone))
    np.testing.assert_array_equal(both.scores(Examples.of(TEXTS[:1])), (FAST if alone else RIGHT)[:1])
    np.testing.assert_array_equal(both.scores(Examples.of(TEXTS[1:2])), RIGHT[1:2])
    assert (len(first.asked), len(second.asked)) == ((2, 1) if alone else (0, 2))


@pytest.mark.parametrize("share", [0.0, 0.2, 0.9])
def test_progress_never_falls_and_ends_with_all_texts(share: float) -> None:
    both, *_ = cascade(FAST, RIGHT, DeferralRule(0.5, share))
    reported: list[int] = []
    both.scores(Examples.of(TEXTS), reported.append)
    assert reported == sorted(reported)
    assert reported[-1] == len(TEXTS)
    assert share == 0 or reported[len(TEXTS) - 1] < len(TEXTS)  # after the first stage more is to come


def test_it_is_saved_as_its_uncompiled_predictor(tmp_path: Path) -> None:
    uncompiled = Constant(np.zeros(2, np.float32))
    model = Model(tasks.build("topic", LABELS), uncompiled)
    both = Model(model.task, Cascade(uncompiled, uncompiled, model.margins, DeferralRule(1.0, 1.0)))
    assert both.predictor_name == "constant"
    (tmp_path / "uncompiled").mkdir()
    (tmp_path / "both").mkdir()
    model.write(tmp_path / "uncompiled")
    both.write(tmp_path / "both")
    assert (tmp_path / "both" / "model.json").read_bytes() == (tmp_path / "uncompiled" / "model.json").read_bytes()


def test_the_margin_is_what_99_of_100_margins_shrink_by_at_most() -> None:
    model = Model(tasks.build("topic", LABELS), Constant(np.zeros(2, np.float32)))
    shrunk = np.arange(100) / 100
    right = np.stack([np.full(100, 5.0), np.zeros(100)], axis=1).astype(np.float32)
    fast = right.copy()
    fast[:, 0] += shrunk.astype(np.float32)
    assert fit_margin(model.margins, fast[::-1], right[::-1]) == pytest.approx(0.99)
    assert fit_margin(model.margins, right, fast) == 0.0  # margins that only grow are never deferred


SCORES = arrays(np.float32, (40, 3), elements=st.floats(-8, 8, width=16))


@settings(max_examples=60, deadline=None)
@given(fast=SCORES, right=SCORES)
def test_of_the_answers_above_the_margin_hardly_any_is_another(fast: Any, right: Any) -> None:
    model = Model(tasks.build("topic", ("a", "b", "c")), Constant(np.zeros(3, np.float32)))
    sure = model.margins(fast) >= fit_margin(model.margins, fast, right)
    changed = model.margins(right, fast) < 0
    assert np.mean(sure & changed) <= 1 - COVERAGE + 1e-9
