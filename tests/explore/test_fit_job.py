"""What a plan is fitted with: chance of its own, and a voice that says each thing once."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from haoqi import tasks
from haoqi.core.events import Advanced, Event, Note
from haoqi.explore.experiments.fit_job import build_job
from haoqi.explore.plans.plan import Plan
from haoqi.explore.plans.reason import Reason
from haoqi.explore.setup.context import SearchContext
from haoqi.methods.method import Progress
from tests.explore.test_reflections import TFIDF, Case, drawn


@pytest.fixture
def told() -> list[Event]:
    return []


@pytest.fixture
def context(tmp_path: Path, told: list[Event]) -> SearchContext:
    rng = np.random.default_rng(0)
    return Case(tmp_path, drawn(rng, 10), drawn(rng, 10)).context.heard(told.append)


def test_each_fold_seed_and_plan_has_chance_and_a_checkpoint_of_its_own(context: SearchContext) -> None:
    train = context.splits.train
    jobs = [build_job(TFIDF, context, train, part=(fold, 3)) for fold in range(3)]
    jobs += [build_job(plan, context, train) for plan in (replace(TFIDF, seed=1), Plan("logistic"))]
    assert len({job.seed for job in jobs}) == len({job.folder for job in jobs}) == 5
    assert build_job(TFIDF, context, train).seed == jobs[0].seed


def test_progress_is_that_of_all_folds_together(context: SearchContext, told: list[Event]) -> None:
    build_job(TFIDF, context, context.splits.train, part=(2, 4)).report(Progress(0.5, "learning"))
    assert told == [Advanced(2.5 / 4, "learning")]


def test_what_a_fit_notes_is_kept_and_told_once_however_many_folds_note_it(
    context: SearchContext, told: list[Event]
) -> None:
    notes = list[Reason]()
    for fold in range(3):
        build_job(TFIDF, context, context.splits.train, part=(fold, 3), notes=notes).note("memory was short")
    assert [str(one.facts) for one in notes] and len(notes) == 1
    [note] = told
    assert isinstance(note, Note) and note.warning and "memory was short" in note.text


def test_without_validation_examples_there_are_none_to_stop_by(context: SearchContext) -> None:
    assert len(build_job(TFIDF, context, context.splits.train).valid) == 0


def test_a_setting_that_means_nothing_for_the_answers_is_noted(context: SearchContext, told: list[Event]) -> None:
    numbers, notes = replace(context, task=tasks.build("regression", ())), list[Reason]()
    build_job(Plan.of("tfidf", None, {"balance": True, "strength": 2.0}), numbers, context.splits.train, notes=notes)
    assert [note.words() for note in notes] == ["the setting balance means nothing for such answers"]
    build_job(Plan.of("tfidf", None, {"balance": True}), context, context.splits.train, notes=notes)
    assert len(notes) == len(told) == 1
