"""Where the results of plans lie: each seed of a plan apart, and found again from what a release remembers."""

from dataclasses import replace
from pathlib import Path

from haoqi.explore.plans.plan import Plan
from haoqi.explore.setup.artifact_paths import checkpoint_folder, experiment_folder, experiments_folder, origin_of
from tests.explore.test_cost_model import context

PLAN = Plan("tfidf")


def test_seeds_settings_and_shares_of_a_plan_lie_apart() -> None:
    plans = [PLAN, replace(PLAN, seed=1), replace(PLAN, share=0.5), Plan.of("tfidf", settings={"strength": 2.0})]
    for folder in (experiment_folder, checkpoint_folder):
        assert len({folder(plan, context()) for plan in plans}) == len(plans)


def test_a_checkpoint_is_not_among_results() -> None:
    room = replace(context(), folder=Path("here"))
    assert experiments_folder(room.folder) in experiment_folder(PLAN, room).parents
    assert experiments_folder(room.folder) not in checkpoint_folder(PLAN, room).parents


def test_the_origin_of_a_release_names_the_run_and_the_folder_of_its_plan() -> None:
    room = replace(context(), run="reviews/0123abcd")
    run, _, name = origin_of(replace(PLAN, seed=2), room).rpartition("/")
    assert run == room.run
    assert name == experiment_folder(replace(PLAN, seed=2), room).name
