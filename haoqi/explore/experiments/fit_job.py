"""The job that a method is given to fit a plan: examples, seed, base, limits, and where to report."""

from haoqi.core import seeds
from haoqi.core.config import settings_of
from haoqi.core.events import Advanced, Note
from haoqi.core.say import say
from haoqi.data.answers import setting_applies
from haoqi.data.examples import Examples
from haoqi.explore.plans.plan import Plan
from haoqi.explore.plans.reason import Reason
from haoqi.explore.setup.artifact_paths import checkpoint_folder
from haoqi.explore.setup.context import SearchContext
from haoqi.methods.method import Job, Progress, methods


def build_job(
    plan: Plan,
    context: SearchContext,
    train: Examples,
    *,
    valid: Examples | None = None,
    seconds: float | None = None,
    to_beat: float | None = None,
    part: tuple[int, int] = (0, 1),
    notes: list[Reason] | None = None,
) -> Job:
    """Return what a plan is fitted with; `part` is (fold, folds) in cross-validation, `notes` takes what it tells."""
    fold, folds = part

    def report(progress: Progress) -> None:
        context.listen(Advanced((fold + progress.share) / folds, progress.note))

    def note(fact: str) -> None:
        reason = Reason.of(fact)
        if notes is not None and reason in notes:
            return
        context.listen(Note(say("plan.fact", plan=plan.words(), fact=fact), warning=True))
        if notes is not None:
            notes.append(reason)

    for name in _unused_settings(plan, context):
        note(say("plan.unused", setting=name))
    return Job(
        task=context.task,
        train=train,
        valid=Examples.of([]) if valid is None else valid,
        seed=seeds.number(context.seed, plan.key, plan.seed, fold),
        store=context.store,
        base=context.bases[plan.base] if plan.base else None,
        unlabelled=context.splits.unlabelled,
        folder=checkpoint_folder(plan, context) / str(fold),
        seconds=seconds,
        to_beat=to_beat,
        report=report,
        note=note,
        devices=context.settings.devices,
        sharding=context.settings.sharding,
        home=context.cache.parent,
    )


def _unused_settings(plan: Plan, context: SearchContext) -> list[str]:
    """Return the settings that a plan has and that mean nothing for the task's answers, in order."""
    kind, pairs = context.task.output.kind, context.task.pairs
    known = {one.name: one for one in settings_of(methods.get(plan.method))}
    return [name for name in plan.varied if name in known and not setting_applies(known[name], kind, pairs=pairs)]
