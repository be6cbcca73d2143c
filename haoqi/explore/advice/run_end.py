"""The end of a run, as next steps need it: the champion, its learning curve, beliefs, costs, when asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from haoqi.core import seeds
from haoqi.core.events import silent
from haoqi.evaluate.counts import items
from haoqi.explore.advice.learning_curve_fits import MeasuredCurve, measure_curve, rows_of
from haoqi.explore.beliefs.acquisition import Acquisition, paired_error
from haoqi.explore.beliefs.evidence_pooling import certainty_needed, cross_dataset_lead
from haoqi.explore.beliefs.merit_scale import MeritScale
from haoqi.explore.beliefs.surrogate import Surrogate
from haoqi.explore.beliefs.transfer_prior import Features, load_prior
from haoqi.explore.costs.cost_model import CostModel
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.promotion.champion_test import usual_alpha_share
from haoqi.explore.record.history import History
from haoqi.explore.reflection.champion_diagnostics import DIAGNOSTICS_SHARE, ChampionDiagnostics
from haoqi.explore.setup.context import SearchContext
from haoqi.models.lexical.ngrams import unspaced_share

CURVE, LOOK = 0.4, 0.3
"""Of the time that next steps may take, what fits on parts of the examples may, and each look at anything else."""

USUAL_SECONDS = 600.0
"""Of more training, where the run was limited in steps."""

WORDS_A_MINUTE, CHARACTERS_A_MINUTE = 228.0, 255.0
"""How fast people read English words and Chinese characters (Trauzettel-Klosinski and Dietz, 2012,
"Standardized Assessment of Reading Performance", doi:10.1167/iovs.11-8284)."""

DECIDING_SECONDS = 4.0
"""What choosing an answer takes beyond reading, for each label of it; a guess."""


@dataclass(frozen=True)
class RunEnd:
    """One run whose search is over, with a champion."""

    context: SearchContext
    history: History
    seconds: float
    """What finding out all next steps may take, as it is predicted."""
    deadline: float | None = None
    """By `time.perf_counter`, when finding out is over; None: never."""

    @cached_property
    def without_new_fits(self) -> "RunEnd":
        """The same, where there is no time for more than is known already."""
        found = replace(self, context=self.context.heard(silent), seconds=0.0, deadline=None)
        vars(found).update(
            {name: vars(self)[name] for name in ("learning_curve", "costs", "acquisition") if name in vars(self)}
        )
        return found

    @property
    def champion(self) -> Experiment:
        """The best verified experiment."""
        return self.history.leading()

    @property
    def plan(self) -> Plan:
        """Its plan."""
        return self.champion.plan

    @property
    def score(self) -> float:
        """I(t) at the end: the champion's validated score, over all its seeds."""
        return self.history.champion_score or 0.0

    @cached_property
    def diagnostics(self) -> ChampionDiagnostics:
        """Diagnostics of the champion; here each look may take its part of the time."""
        left = LOOK * self.seconds / DIAGNOSTICS_SHARE if self.timed else None
        return ChampionDiagnostics(self.context, self.history, left, shared=False)

    @property
    def timed(self) -> bool:
        """Whether clocks count; else costs are those of the machine that they were measured on."""
        return self.context.settings.budget_seconds is not None

    @property
    def longer_seconds(self) -> float:
        """As much time to explore as there was."""
        return self.context.settings.budget_seconds or USUAL_SECONDS

    @cached_property
    def costs(self) -> CostModel:
        """What plans cost now."""
        return CostModel.of(self.context, self.history.experiments, timed=self.timed)

    @cached_property
    def learning_curve(self) -> MeasuredCurve:
        """The champion's learning curve."""
        return measure_curve(self.context, self.history, self.costs, CURVE * self.seconds)

    @property
    def rows(self) -> float:
        """Examples that the released model learnt from."""
        released = self.history.last("release")
        if released and (learnt := released.body.get("learnt_from")):  # ledgers of earlier versions do not say
            return float(learnt * self.plan.share)
        return rows_of(self.plan, self.context) * (
            self.context.folds / (self.context.folds - 1) if self.context.folds else 1.0
        )

    @property
    def scale(self) -> MeritScale:
        """What turns scores into log-odds."""
        return MeritScale(self.context.task.metric)

    @cached_property
    def acquisition(self) -> Acquisition:
        """What is believed of plans that could be run in as much time again."""
        known = cross_dataset_lead(self.context)
        return Acquisition(
            surrogate=Surrogate.of(load_prior(Features.of(self.context)), self.history.alone, self.scale),
            cost=self.costs.cost,
            least_seconds=lambda plan: self.costs.cost(plan).seconds,
            left_seconds=self.longer_seconds,
            champion_score=self.score,
            paired_error=paired_error(self.history),
            alpha=usual_alpha_share(self.history, self.context.settings.alpha),
            certainty=certainty_needed(self.context.settings.alpha),
            lead=lambda plan: known(plan, self.plan),
        )

    def refit_seconds(self, more: float = 0.0) -> float:
        """Return what it takes to run the champion's plan again, with so many more examples."""
        return self.costs.cost(self.plan).seconds * (1 + more / self.rows)

    def human_seconds(self, texts: Sequence[str], labels: Sequence[object]) -> float:
        """Return what a person needs to read a text and answer it, on average.

        Args:
            texts: like those that are to be read.
            labels: answers like those that are to be given.
        """
        if not texts:
            return DECIDING_SECONDS
        characters = unspaced_share(texts) * sum(map(len, texts))
        words = sum(len(text.split()) for text in texts) * (1 - unspaced_share(texts))
        reading = 60 * (words / WORDS_A_MINUTE + characters / CHARACTERS_A_MINUTE) / len(texts)
        answers = sum(max(1, len(items(label))) for label in labels) / max(1, len(labels))
        return reading + DECIDING_SECONDS * answers

    def rng(self, *names: object) -> np.random.Generator:
        """Return a generator of its own for these names, the same in every sitting."""
        return seeds.generator(self.context.seed, "next", *names)
