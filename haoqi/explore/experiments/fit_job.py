"""What a plan is fitted with."""

from pathlib import Path

from haoqi.core import seeds
from haoqi.core.events import Advanced, Note
from haoqi.core.say import say
from haoqi.data.examples import Examples
from haoqi.explore.plans.plan import Plan
from haoqi.explore.setup.context import Lab
from haoqi.methods.method import Job, Progress


def job_of(
    plan: Plan,
    lab: Lab,
    train: Examples,
    *,
    valid: Examples | None = None,
    seconds: float | None = None,
    to_beat: float | None = None,
    part: tuple[int, int] = (0, 1),
    facts: list[str] | None = None,
) -> Job:
    """Return what a plan is fitted with; `part` is (fold, folds) in cross-validation, `facts` takes what it notes."""
    fold, folds = part

    def report(progress: Progress) -> None:
        lab.listen(Advanced((fold + progress.share) / folds, progress.note))

    def note(fact: str) -> None:
        if facts is None or fact not in facts:
            lab.listen(Note(say("plan.fact", plan=plan.words(), fact=fact), warning=True))
        if facts is not None and fact not in facts:
            facts.append(fact)

    return Job(
        task=lab.task,
        train=train,
        valid=Examples.of([]) if valid is None else valid,
        seed=seeds.number(lab.seed, plan.key, plan.seed, fold),
        store=lab.store,
        base=lab.bases[plan.base] if plan.base else None,
        folder=checkpoint_of(plan, lab) / str(fold),
        seconds=seconds,
        to_beat=to_beat,
        report=report,
        note=note,
        devices=lab.settings.devices,
        sharding=lab.settings.sharding,
    )


MODEL = "model"
"""Under which a plan's model lies in its folder."""


def experiments(place: Path) -> Path:
    """Return where a run's folder holds what its plans answered."""
    return place / "experiments"


def folder_of(plan: Plan, lab: Lab) -> Path:
    """Return where a plan keeps what it answered, and its model."""
    return experiments(lab.folder) / f"{plan.key}-{plan.seed}"


def checkpoint_of(plan: Plan, lab: Lab) -> Path:
    """Return where a plan keeps its checkpoint while it is fitted."""
    return lab.folder / "checkpoints" / f"{plan.key}-{plan.seed}"
