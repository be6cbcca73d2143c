"""Pretrain: let the base read the unlabelled texts before it is tuned.

In the literature that brings from nothing to some points ("Don't stop pretraining": Gururangan et al., 2020,
arXiv:2004.10964), most where texts are far from what a base has read. Nothing in a run foretells it, so no gain is
promised; the next run finds out by its paired test.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from haoqi.core.config import Range
from haoqi.data.answers import ANYTHING, Accepts
from haoqi.evaluate.advice import NextStep
from haoqi.explore.advice.next_steps import next_steps
from haoqi.explore.advice.next_steps._step_parts import step
from haoqi.explore.advice.run_end import RunEnd
from haoqi.models.bases import made_of


@next_steps.register
@dataclass(frozen=True)
class Pretrain:
    """From how many texts on, and for how long."""

    accepts: ClassVar[Accepts] = ANYTHING

    least: Annotated[int, Range(40, 10_000_000)] = 1000
    """Unlabelled texts, at least."""
    minutes: Annotated[float, Range(0.1, 100_000.0)] = 30.0
    """That it is given."""

    def suggest(self, run_end: RunEnd) -> NextStep:
        """Return the step; its gain is unknown."""
        context = run_end.context
        texts = 0 if context.splits.unlabelled is None else len(context.splits.unlabelled)
        bases = [base for base in context.bases.values() if base.card.kind == "encoder"]
        base = next((one for one in bases if one.name == run_end.plan.base), next(iter(bases), None))
        facts = {"count": texts, "least": self.least}
        if texts < self.least or base is None:
            return step("pretrain", "pretrain_none", None, facts)
        if made_of(base.folder):
            return step("pretrain", "pretrain_done", None, {**facts, "base": base.name})
        schema = context.card.schema
        label = f" --label {schema.columns['label']}" if "label" in schema.columns else ""
        evidence = {**facts, "base": base.name, "minutes": self.minutes, "label": label}
        return step("pretrain", "pretrain", None, evidence, compute_seconds=60 * self.minutes)
