"""Where the results of plans lie in a run's folder, and the name by which a release refers to its plan."""

from pathlib import Path

from haoqi.explore.plans.plan import Plan
from haoqi.explore.setup.context import SearchContext

MODEL = "model"
"""Under which a plan's model lies in its folder."""


def experiments_folder(place: Path) -> Path:
    """Return where a run's folder holds what its plans answered."""
    return place / "experiments"


def experiment_folder(plan: Plan, context: SearchContext) -> Path:
    """Return where a plan keeps what it answered, and its model."""
    return experiments_folder(context.folder) / f"{plan.key}-{plan.seed}"


def checkpoint_folder(plan: Plan, context: SearchContext) -> Path:
    """Return where a plan keeps its checkpoint while it is fitted."""
    return context.folder / "checkpoints" / f"{plan.key}-{plan.seed}"


def origin_of(plan: Plan, context: SearchContext) -> str:
    """Return the name by which a release refers to the run and the plan that it came from."""
    return f"{context.run}/{plan.key}-{plan.seed}"
