"""What is on offer: no share of the examples that could never be champion, and no more than there is time for."""

from dataclasses import replace
from pathlib import Path

import pytest

from haoqi import tasks
from haoqi.core.hardware import Hardware
from haoqi.core.ledger import Ledger
from haoqi.data.examples import Examples, Span, Splits
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.record.history import History
from haoqi.explore.scheduling.candidate_plans import candidate_plans
from haoqi.explore.scheduling.scheduler import Scheduler
from haoqi.explore.settings import ExploreSettings
from haoqi.explore.setup.context import SearchContext
from haoqi.explore.setup.text_lengths import TextLengths

MACHINE = Hardware(2, 1 << 33, None, 100.0, 1.0, 25.0)


def context(
    rows: int, *, folds: int = 0, budget_seconds: float | None = None, methods: tuple[str, ...] = ()
) -> SearchContext:
    """Return a context of long texts with a name in each, and no base."""
    examples = Examples.of([f"text {row}" for row in range(rows + 600)], [(Span(0, 4, "PER"),)] * (rows + 600))
    parts = (range(rows), range(rows, rows + 300), range(rows + 300, rows + 600))
    return SearchContext(
        task=tasks.build("entities", ("LOC", "ORG", "PER")),
        splits=Splits(*(examples.take(part) for part in parts)),
        bases={},
        settings=ExploreSettings(
            folds=folds, minutes=None if budget_seconds is None else budget_seconds / 60, methods=methods
        ),
        hardware=MACHINE,
        folder=Path("nowhere"),
        run="run",
        lengths=TextLengths(200.0, 40.0),
    )


def table(of: SearchContext, left: float | None, *done: Experiment, place: Path) -> Scheduler:
    history = History(Ledger(place / "ledger.sqlite"), "run")
    history.experiments.extend(done)
    return Scheduler(of, history, left)


@pytest.mark.parametrize("folds", [0, 5])
@pytest.mark.parametrize("left", [None, 900.0])
def test_no_share_is_offered_of_what_learns_from_all_examples_in_any_time(
    folds: int, left: float | None, tmp_path: Path
) -> None:
    room = context(1500, folds=folds, budget_seconds=left)
    assert any(plan.method == "crf" and plan.share < 1 for plan in candidate_plans(room)), "the space holds shares"
    offered = table(room, left, place=tmp_path).untried_plans()
    assert {plan.share for plan in offered if plan.method == "crf"} == {1.0}


def test_a_share_is_offered_where_there_is_no_time_for_a_worthwhile_part_of_the_whole(tmp_path: Path) -> None:
    room = context(60_000, budget_seconds=40.0)
    offered = table(room, 40.0, place=tmp_path).untried_plans()
    assert 1 / 9 in {plan.share for plan in offered if plan.method == "crf"}


def test_no_share_is_offered_of_a_plan_whose_whole_was_tried(tmp_path: Path) -> None:
    room = context(60_000, budget_seconds=40.0)
    whole = Plan.of("crf")
    offered = table(room, 40.0, Experiment(whole, score=0.5, seconds=30.0), place=tmp_path).untried_plans()
    assert [plan for plan in offered if replace(plan, share=1.0) == whole] == []


def test_the_first_tagger_learns_from_all_examples_and_leaves_time_for_others(tmp_path: Path) -> None:
    room = context(20_000, budget_seconds=200.0, methods=("crf",))
    step = table(room, 200.0, place=tmp_path)._propose_plain()
    assert step is not None and step.seconds is not None
    assert (step.plan.method, step.plan.share) == ("crf", 1.0)
    assert step.belief.seconds > step.seconds
    assert step.seconds < 0.5 * 200
