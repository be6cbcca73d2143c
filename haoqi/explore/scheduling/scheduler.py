"""The scheduler: in which order plans, lessons and ensembles are tried."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from haoqi.core import seeds
from haoqi.explore.plans.method_ranks import method_rank
from haoqi.explore.plans.method_roles import is_baseline
from haoqi.explore.plans.plan import DISTIL, ENSEMBLE, Plan
from haoqi.explore.plans.proposal import Belief, Proposal
from haoqi.explore.plans.reason import Reason
from haoqi.explore.scheduling.arm_bandit import PROPOSED, choose_arm, count_spending, has_begun
from haoqi.explore.scheduling.candidates import Candidates
from haoqi.explore.scheduling.ensemble_plans import propose_ensemble, propose_student
from haoqi.explore.scheduling.ensemble_timing import can_refit, is_end_near
from haoqi.explore.scheduling.strategies import strategies

CHEAP = 0.06
"""A plan that takes less than this share of the budget is tried before any strategy is asked."""

CHEAP_SECONDS = 10.0
"""So is one that takes less than this, in seconds."""

TOGETHER = 1.5
"""Methods on frozen features share the reading of texts: where one is cheap, those within so many times of it are."""

SOON_SECONDS = 60.0
"""The most seconds that the first model may take."""

SOON = 0.5
"""And the largest share of the time."""

A_SECOND = 1.0
"""With few examples a default that takes no more than this, in seconds, is tried even in the time kept for the release,
which is what that takes at most: one experiment alone says nothing."""

FROZEN_SHARE = 0.4
"""Of the time left, what the first plan on frozen features may take, unless it can be cut short; it mostly pays."""

UNLIKE_SHARE = 0.25
"""Of the time left, what a second training may take."""


class Scheduler(Candidates):
    """The order in which plans come: the cheap ones, then what a strategy proposes and what lessons ask for."""

    def next(self) -> Proposal | None:
        """Return the next step, or None where nothing can be tried or nothing is worth it."""
        if self.history.champion is None and (first := self.propose_first()):
            return first
        if settled := self.propose_repeat() or self.propose_opening():
            return settled
        if self.is_end_near() and (last := self.propose_combined()):
            return last
        if not self.is_worthwhile():
            return self.propose_combined()
        return (
            self.propose_if_reflecting_pays()
            or self.propose_by_strategy()
            or self.propose_lesson_test()
            or self.propose_combined()
        )

    def end_reason(self) -> str:
        """Return why there is no next step."""
        if not self.untried_plans():
            return "exhausted"
        return "budget" if self.is_worthwhile() else "worth"

    def is_end_near(self) -> bool:
        """Return whether the end is near: few steps are left, or little time besides releasing an ensemble."""
        return is_end_near(self.context, self.history, self.costs, self.left)

    def propose_combined(self) -> Proposal | None:
        """Return the ensemble of the best where it looks better than the champion, or else a student of one that was.

        There must be time to release it.
        """
        if not self.context.settings.ensemble:
            return None
        why, role, seconds = Reason("ensemble"), ENSEMBLE, 1.0
        plan = propose_ensemble(self.context, self.history)
        if plan is None:
            plan = propose_student(self.context, self.history, self.costs.answer_seconds)
            if plan is None:
                return None
            why, role = Reason("distil"), DISTIL
            seconds = self._seconds(plan)
        limit = None if self.left is None else self._left_for(plan)
        if limit is not None and limit < seconds:
            return None
        if role == ENSEMBLE and not can_refit(plan, self.context, self.costs, self.left):
            return None
        work = 0.0 if role == ENSEMBLE else self.work(plan)
        return Proposal(plan, why, role, Belief(None, 0.0, seconds, 0.0), work, limit)

    def propose_first(self) -> Proposal | None:
        """Return the cheapest plan with default settings, whatever the budget: there is always a model to release.

        With few examples no paired test can tell plans apart, so that the first champion mostly remains. There it is
        the best that other data sets know of, among those that are done soon.
        """
        untried = self.untried_plans()
        if self.context.few and (known := self._known_best(untried)):
            return self._propose(known, Reason("few"), "explore")
        # A variation may be cheaper still and useless: weights held at 0 are soon found.
        cheapest = min(untried, key=lambda p: (bool(p.settings), self.work(p), p.key), default=None)
        return self._propose(cheapest, Reason("first"), "explore") if cheapest else None

    def _known_best(self, untried: Sequence[Plan]) -> Plan | None:
        able = [
            plan
            for plan in untried
            if not plan.settings and plan.share == 1.0 and not plan.recipe and self._seconds(plan) <= SOON_SECONDS
            if self.left is None or self._seconds(plan) <= SOON * self._left_for(plan)
        ]
        return min(able, key=lambda plan: (method_rank(plan, few=True), plan.key), default=None)

    def propose_repeat(self) -> Proposal | None:
        """Return a close call's plan with another seed."""
        verdict = self.history.verdicts[-1] if self.history.verdicts else None
        if verdict is None or verdict.decision != "close":
            return None
        plan = self.history.experiments[verdict.experiment - 1].plan
        again = replace(plan, seed=plan.seed + 1)
        why = Reason("close", {"difference": verdict.difference, "p": verdict.p_value})
        return self._propose(again, why, "verify") if self._is_affordable(again, elastic=False) else None

    def propose_opening(self) -> Proposal | None:
        """Return a cheap default plan while there are some, so that there soon is a usable model.

        Those without a base come first, the baseline before all; then those on frozen features, then trainings, the one
        that is believed best before the others, cheap or not: the first champion is hard to replace.
        """
        fresh = [plan for plan in self.untried_plans() if not plan.settings and plan.share == 1.0]
        costs = {plan: self._seconds(plan) for plan in fresh}
        cheap = self._cheap([plan for plan in fresh if self._is_affordable(plan) or self._is_quick(plan)], costs)
        if not cheap:
            return (
                self._propose_plain()
                or self._propose_frozen()
                or self._propose_training()
                or self._propose_second_training()
            )
        untrained = [plan for plan in cheap if not self.trains_base(plan)]
        if not untrained and (training := self._propose_training()):
            return training
        if alone := [plan for plan in untrained if not self.context.method(plan).uses_base]:
            first = min(
                alone,
                key=lambda plan: (not is_baseline(plan.method), self.work(plan), -method_rank(plan), plan.key),
            )
        else:  # the first has the base embed all texts, so that others on frozen features cost next to nothing
            first = self._believed_best(untrained or self._following_recipe(cheap))
        return self._propose(first, Reason("cheap"), "explore")

    def _is_quick(self, plan: Plan) -> bool:
        """Return whether few examples are judged, and a plan that trains no base takes a second that there is."""
        if self.left is None or not self.context.folds or self.history.champion is None or self.trains_base(plan):
            return False
        return self._seconds(plan) <= min(A_SECOND, self.left)

    def _cheap(self, plans: Sequence[Plan], costs: Mapping[Plan, float]) -> list[Plan]:
        """Return the plans that are cheap; a second of the clock is hardly to decide which of a base's is first."""
        cheap = [plan for plan in plans if costs[plan] <= self._cheap_seconds()]
        least: dict[str | None, float] = {}
        for plan in cheap:
            if plan.method in self._on_frozen_features:
                least[plan.base] = min(costs[plan], least.get(plan.base, math.inf))
        kin = [plan for plan in plans if plan.method in self._on_frozen_features and plan.base in least]
        return list(dict.fromkeys([*cheap, *(plan for plan in kin if costs[plan] <= TOGETHER * least[plan.base])]))

    def _propose_plain(self) -> Proposal | None:
        """Return a default without a base at the largest fidelity that leaves time for others, where none was tried.

        What can be cut short learns from all examples, for as long as leaves that time.
        """
        tried = {e.plan.method for e in self.history.experiments}
        able = [
            plan
            for plan in self.untried_plans()
            if not plan.settings and not self.context.method(plan).uses_base and plan.method not in tried
            if self._leaves_time(plan) or (plan.share == 1.0 and self._can_be_cut_short(plan))
            if self._is_affordable(plan)
        ]
        if not able:
            return None
        best = max(able, key=lambda p: (p.share, -method_rank(p), p.key))
        proposal = self._propose(best, Reason("plain"), "explore")
        if proposal.seconds is None or self._leaves_time(best):
            return proposal
        return replace(proposal, seconds=max(self.seconds_to_begin(best), FROZEN_SHARE * proposal.seconds))

    def _leaves_time(self, plan: Plan, share: float = FROZEN_SHARE) -> bool:
        """Return whether a plan takes no more than a share of the time, by which it leaves most of it to others."""
        return self.left is None or self._seconds(plan) <= share * self._left_for(plan)

    def _propose_frozen(self) -> Proposal | None:
        """Return the best method on frozen features, at the largest fidelity that leaves time for others, once.

        Where no training on all examples fits into the time, nothing better comes, and it may have what there is.
        """
        kin = [
            plan
            for plan in self.search_space
            if plan.method in self._on_frozen_features and not plan.settings and plan.share == 1.0
        ]
        best = self._believed_best(kin) if kin else None
        if best is None or any(e.plan.method == best.method for e in self.history.experiments):
            return None
        alike = (best.method, best.base)
        plans = [plan for plan in self.untried_plans() if (plan.method, plan.base) == alike and not plan.settings]
        share = FROZEN_SHARE if self._trains_whole() else 1.0
        able = [
            plan
            for plan in plans
            if self._leaves_time(plan, share)
            # What can be cut short reads as many examples as there is time for.
            or (plan.share == 1.0 and self._can_be_cut_short(plan) and self._is_affordable(plan))
        ]
        why = Reason("frozen")
        return self._propose(max(able, key=lambda p: (p.share, p.key)), why, "explore") if able else None

    def _trains_whole(self) -> bool:
        """Return whether there is time for a training on all examples."""
        usual = (
            plan for plan in self.untried_plans() if plan.share == 1.0 and not plan.settings and self.trains_base(plan)
        )
        return any(self._is_affordable(plan) for plan in usual)

    def _propose_training(self) -> Proposal | None:
        """Return the gradient method that is believed to come out best, by other data and by this, once."""
        if any(self.trains_base(e.plan) for e in self.history.alone):
            return None
        costly = [plan for plan in self.untried_plans() if not plan.settings and self.trains_base(plan)]
        able = [plan for plan in costly if self._is_affordable(plan)]
        why = Reason("costly")
        return self._propose(self._believed_best(self._following_recipe(able)), why, "explore") if able else None

    def _propose_second_training(self) -> Proposal | None:
        """Return a second gradient method, once, where there is ample time: an ensemble needs members that differ."""
        tried = {e.plan.method for e in self.history.alone if self.trains_base(e.plan)}
        if len(tried) != 1 or not self.context.settings.ensemble:
            return None
        others = [plan for plan in self.untried_plans() if plan.method not in tried and self.trains_base(plan)]
        able = [
            plan
            for plan in others
            if not plan.settings and plan.share == 1.0
            if self.left is None or self._seconds(plan) <= UNLIKE_SHARE * self._left_for(plan)
        ]
        why = Reason("unlike")
        return self._propose(self._believed_best(self._following_recipe(able)), why, "explore") if able else None

    def is_worthwhile(self) -> bool:
        """Return whether a plan or a lesson is worth its time, by what a minute must bring; without a clock all are.

        What a plan teaches counts as well as what it gains. Where nothing can be afforded the answer is yes: then it
        is the time that ends the search.
        """
        least = self.context.settings.worth / 60
        plans, lessons = self._affordable_plans(), self._affordable_lessons()
        if self.left is None or not least or not (plans or lessons):
            return True
        acquisition = self.acquisition
        if any(acquisition.lesson_gain(one) >= least * acquisition.price(plan) for one, plan in lessons):
            return True
        if not plans:
            return False
        joint = acquisition.surrogate.believe(plans)
        values = acquisition.verified_gain(joint.mean, joint.deviation, acquisition.required_leads(plans))
        values = values + acquisition.knowledge_gradient(plans, joint, least)
        return any(value >= least * acquisition.price(plan) for value, plan in zip(values, plans, strict=True))

    def propose_if_reflecting_pays(self) -> Proposal | None:
        """Return the test of a lesson, where reflecting is believed to pay more than exploring."""
        if (test := self.propose_lesson_test()) is None:
            return None
        done, timed = self.history.experiments, self.left is not None
        spending = count_spending(self.history, has_begun(done), timed=timed)
        rng = seeds.generator(self.context.seed, "bandit", len(done))
        return test if choose_arm(spending, rng) == "reflect" else None

    def propose_lesson_test(self) -> Proposal | None:
        """Return the test of the most promising lesson that is open and can be afforded."""
        lessons = self._affordable_lessons()
        return (
            self._propose(lessons[0][1], Reason("lesson", {"claim": lessons[0][0].claim}), "reflect")
            if lessons
            else None
        )

    def propose_by_strategy(self) -> Proposal | None:
        """Return what the strategy proposes among the plans that can be afforded."""
        untried = self._affordable_plans()
        if not untried:
            return None
        name = self.context.settings.strategy
        rng = seeds.plain(self.context.seed, "strategy", len(self.history.experiments))
        plan = strategies.build(name).propose(untried, self.history.alone, self.acquisition, rng)
        return self._propose(plan, Reason(PROPOSED, {"strategy": name, "count": len(untried)}), "explore")

    def _cheap_seconds(self) -> float:
        budget = self.context.settings.budget_seconds
        return CHEAP_SECONDS if budget is None else max(CHEAP_SECONDS, CHEAP * budget)
