"""Candidates: plans and lessons that were not tried and that there is time for, with their costs and beliefs."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from haoqi.data.recipes import recipes
from haoqi.explore.beliefs.acquisition import Acquisition, paired_error
from haoqi.explore.beliefs.evidence_pooling import can_pool, certainty_needed, known_lead
from haoqi.explore.beliefs.merit_scale import MeritScale
from haoqi.explore.beliefs.surrogate import Surrogate
from haoqi.explore.beliefs.transfer_prior import Features, PriorBelief, TransferPrior, load_prior
from haoqi.explore.costs.cost_model import CostModel
from haoqi.explore.costs.plan_costs import plan_work
from haoqi.explore.plans.plan import Plan, Recipe
from haoqi.explore.plans.proposal import Belief, Proposal
from haoqi.explore.plans.reason import Reason
from haoqi.explore.promotion.champion_test import usual_alpha_share
from haoqi.explore.record.history import History
from haoqi.explore.record.lessons import Lesson
from haoqi.explore.scheduling.candidate_plans import candidate_plans
from haoqi.explore.setup.context import SearchContext

WORTHWHILE = 0.3
"""An elastic method's fit may be cut short by the budget to this share of what it would like, not less."""

ASIDE_SHARE = 0.25
"""Of the time, what testing a lesson may take that is not about the metric: it can make no champion."""


@dataclass(frozen=True)
class Candidates:
    """What can be tried now, a function of the history and of the time that is left."""

    context: SearchContext
    history: History
    left: float | None
    """Seconds of the budget; None: only steps count."""

    @cached_property
    def search_space(self) -> list[Plan]:
        """All plans that the search may choose from."""
        return candidate_plans(self.context)

    def work(self, plan: Plan) -> float:
        """Return what a plan takes by itself: `plan_work`."""
        return plan_work(plan, self.context)

    @cached_property
    def costs(self) -> CostModel:
        """What plans cost; where the limit is in steps no clock counts."""
        return CostModel.of(self.context, self.history.experiments, timed=self.left is not None)

    @cached_property
    def prior(self) -> TransferPrior:
        """What other data sets say about the plans."""
        return load_prior(Features.of(self.context))

    @cached_property
    def acquisition(self) -> Acquisition:
        """What plans are worth, for strategies to choose by."""
        settings, history = self.context.settings, self.history
        share = 1.0
        if self.left is not None and settings.budget_seconds:
            share = min(1.0, max(0.0, self.left / settings.budget_seconds))
        elif settings.steps:
            share = 1 - len(history.experiments) / settings.steps
        champion, surrogate = history.champion_score, self._surrogate
        return Acquisition(
            surrogate=surrogate,
            cost=self.costs.cost,
            least_seconds=self.seconds_to_begin,
            left_seconds=self.left,
            left_share=share,
            champion_score=surrogate.scale.no_champion if champion is None else champion,
            paired_error=paired_error(history),
            alpha=usual_alpha_share(history, settings.alpha),
            certainty=certainty_needed(settings.alpha),
            lead=self._lead,
        )

    def _lead(self, plan: Plan) -> PriorBelief | None:
        """Return what other data sets know of a plan's lead over the champion."""
        best = self.history.champion
        return known_lead(self.prior, plan, best.plan) if best is not None and can_pool(self.context) else None

    @cached_property
    def _surrogate(self) -> Surrogate:
        return Surrogate.of(self.prior, self.history.alone, MeritScale(self.context.task.metric))

    def _affordable_plans(self) -> list[Plan]:
        return [plan for plan in self.untried_plans() if self._is_affordable(plan)]

    def _affordable_lessons(self) -> list[tuple[Lesson, Plan]]:
        """Return the open lessons that can be tested, the most promising first, each with the plan to test it by."""
        if not self.context.settings.reflect:
            return []
        tried = {experiment.plan.key for experiment in self.history.experiments}
        return [
            (lesson, plan)
            for lesson in self.history.open_lessons
            for plan in lesson.plans
            if plan.key not in tried and self._is_affordable(plan) and not self._takes_too_long_aside(lesson, plan)
        ]

    def _takes_too_long_aside(self, lesson: Lesson, plan: Plan) -> bool:
        """Return whether a lesson is about something else than the metric, and its test too long for that."""
        budget = self.context.settings.budget_seconds
        if lesson.measure == "metric" or self.left is None or budget is None:
            return False
        return self._seconds(plan) > ASIDE_SHARE * budget

    def untried_plans(self) -> list[Plan]:
        """Return the plans of the space that were not run."""
        tried = {experiment.plan.key for experiment in self.history.experiments}
        return [plan for plan in self._adapted_plans if plan.key not in tried and not self._is_superseded(plan, tried)]

    def _is_superseded(self, plan: Plan, tried: Collection[str]) -> bool:
        """Return whether a plan on a share of the examples cannot become champion any more, so that no time is for it.

        It cannot beside the whole. A method without a base that can be cut short learns more from all examples in the
        same time, as long as there is time for a worthwhile part of its fit.
        """
        if plan.share == 1.0:
            return False
        whole, method = replace(plan, share=1.0), self.context.method(plan)
        return whole.key in tried or (method.elastic and not method.uses_base and self._is_affordable(whole))

    @cached_property
    def _adapted_plans(self) -> list[Plan]:
        """The search space, where trainings follow the recipe that lessons about the data ask for.

        What is refuted of a plan on frozen features may still hold for trainings.
        """
        if not self._training_recipe:
            return self.search_space
        return [self._with_training_recipe(plan) if self.trains_base(plan) else plan for plan in self.search_space]

    @cached_property
    def _training_recipe(self) -> Recipe:
        """The recipe that lessons about the data ask trainings to follow."""
        refuted = {verdict.lesson for verdict in self.history.lesson_verdicts if verdict.decision == "refuted"}
        standing = [one for one in self.history.lessons if one.key not in refuted or not self.trains_base(one.parent)]
        return tuple(dict.fromkeys(step for one in standing for step in one.heeded))

    def _with_training_recipe(self, plan: Plan) -> Plan:
        """Return a training with the recipe that lessons about the data ask for, or the nearest for its method."""
        if self.context.supports_early_learning(plan):
            return replace(plan, recipe=self._training_recipe)
        return replace(plan, recipe=tuple((_instead_of(name), settings) for name, settings in self._training_recipe))

    def _following_recipe(self, trainings: Sequence[Plan]) -> Sequence[Plan]:
        """Return the trainings that follow the recipe that lessons about the data ask for; all where none can.

        The data sets that beliefs come from had right labels.
        """
        return [plan for plan in trainings if plan.recipe == self._training_recipe] or trainings

    @cached_property
    def _on_frozen_features(self) -> frozenset[str]:
        """The methods that work on frozen features, which are computed once for all of them."""
        makers = self.context.makers.items()
        return frozenset(name for name, maker in makers if maker.uses_base and not maker.stochastic)

    def trains_base(self, plan: Plan) -> bool:
        """Return whether a plan trains a base, which takes long and may be cut short."""
        method = self.context.method(plan)
        return method.uses_base and method.stochastic

    def _is_affordable(self, plan: Plan, *, elastic: bool = True) -> bool:
        if self.left is None:
            return True
        least = self.seconds_to_begin(plan) if elastic else self._seconds(plan)
        return least <= self._left_for(plan)

    def seconds_to_begin(self, plan: Plan) -> float:
        """Return with how much time left a plan may be begun."""
        return self.costs.cut_short(plan, WORTHWHILE).seconds if self._can_be_cut_short(plan) else self._seconds(plan)

    def _seconds(self, plan: Plan) -> float:
        return self.costs.cost(plan).seconds

    def _can_be_cut_short(self, plan: Plan) -> bool:
        """Return whether a plan can be cut short where time is short."""
        return self.context.method(plan).elastic and not self.context.folds

    def _left_for(self, plan: Plan) -> float:
        """Return how long a plan may take: what is left, less scoring the test split with it or the champion."""
        assert self.left is not None
        kept = self.costs.reserve_for_champion(self.history.champion, self.left)
        return self.left - max(self.costs.reserve_seconds(plan), kept)

    def _belief(self, plan: Plan) -> Belief:
        score, doubt = self._surrogate.score(plan)
        cost = self.costs.cost(plan)
        return Belief(score, doubt, cost.seconds, cost.spread)

    def _propose(self, plan: Plan, why: Reason, role: str) -> Proposal:
        limit = deadline = None
        if self.left is not None:
            limit = max(
                1.0, self._left_for(plan) - (self.costs.judging_seconds(plan) if self._can_be_cut_short(plan) else 0.0)
            )
            deadline = self._deadline(limit)
        # A plan on a share of the examples tells of the whole, and the test of a lesson of that, however they score.
        plain = role == "explore" and plan.share == 1.0
        to_beat = self.history.champion_score if plain else None
        return Proposal(plan, why, role, self._belief(plan), self.work(plan), limit, deadline, to_beat)

    def _deadline(self, limit: float) -> float | None:
        """Return after how many seconds an experiment is stopped: the champion must be released, if without a last fit.

        Before there is a champion nothing is stopped.
        """
        best = self.history.champion
        if best is None or self.left is None:
            return None
        costs, again = self.costs, 0.0
        if self.context.folds:
            again = costs.refit_seconds(best.plan)  # there is no model yet
        return max(limit, self.left - costs.scoring_seconds(best.plan) - costs.closing_seconds(None) - again)

    def _believed_best(self, plans: Sequence[Plan]) -> Plan:
        believed = dict(zip(plans, self._surrogate.believe(plans).mean.tolist(), strict=True))
        return max(plans, key=lambda plan: (believed[plan], plan.key))


def _instead_of(name: str) -> str:
    """Return the recipe that does nearly the same for a training that cannot use what this one needs."""
    return str(getattr(recipes.get(name), "instead", name))
