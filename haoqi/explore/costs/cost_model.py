"""What a plan will cost: its workload at the throughput of this machine, as far as this run has shown it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from haoqi.explore.costs.closing_costs import LATE, SMALLER_SHARE, advice_seconds, compile_kept, report_seconds
from haoqi.explore.costs.plan_costs import plan_trial
from haoqi.explore.costs.recipe_costs import RecipeCosts, label_check_load, recipe_costs
from haoqi.explore.costs.teaching_costs import teaching_seconds
from haoqi.explore.costs.throughput import Cost, MeasuredPlan, Throughput, estimate_throughput, reference_throughput
from haoqi.explore.costs.workload import (
    StoredFeatures,
    Trial,
    base_load,
    features_after,
    import_load,
    plan_load,
    trimming_load,
)
from haoqi.explore.plans.plan import ENSEMBLE, Experiment, Plan
from haoqi.explore.setup.context import SearchContext
from haoqi.explore.setup.imported_libraries import NEEDED_BY_ALL, find_not_imported
from haoqi.methods.work import Load, answered, embedded, work_of
from haoqi.models.trim.trim import compared

REFIT = 0.6
"""Of the time there is, what is reserved for the last fit; a longer one is made only where time is left."""

_NOTHING = StoredFeatures()


@dataclass(frozen=True)
class CostModel:
    """What plans cost at one point of a run."""

    context: SearchContext
    rates: Throughput
    recipe_costs: RecipeCosts
    """What the feature store holds, by base, and what recipes had computed."""
    timed: bool
    """Whether clocks count; else costs are those of the machine that the rates were measured on."""
    experiments: int = 0
    """That were run."""
    _known: dict[Plan, Cost] = field(default_factory=dict, compare=False, repr=False)
    _reserved: dict[Plan, tuple[float, float]] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, context: SearchContext, history: Sequence[Experiment], *, timed: bool) -> "CostModel":
        """Return the costs after a history, a function of it alone: a run taken up again believes the same.

        Args:
            context: what the experiments share.
            history: what was run. It tells what the store of features holds; if clocks count, also the throughput.
            timed: whether clocks count.
        """
        rates = estimate_throughput(context.hardware) if timed else reference_throughput()
        known = RecipeCosts()
        measured, fresh = list[MeasuredPlan](), set(context.fresh)
        for experiment in history:
            plan = experiment.plan
            if plan.method not in context.makers or (plan.base or "") not in (*context.bases, ""):
                continue
            if experiment.score is None and not experiment.cut:
                continue
            trial = plan_trial(plan, context)
            work = work_of(context.method(plan), trial.size)
            known = recipe_costs(plan, context, known)
            before = known.kept.get(plan.base or "", _NOTHING)
            if known.load == Load() and not plan.made_of:
                load = plan_load(work, trial, before) + import_load(work, fresh)
                one = MeasuredPlan(plan.method, load, experiment.seconds, plan.base or "")
                # What was ended says nothing, unless it should have been done by then.
                if (
                    not experiment.cut
                    or rates.learnt(measured).cost(load, one.method, one.base).at_most() < one.seconds
                ):
                    measured.append(one)
            if experiment.score is None:
                continue  # of what was begun nothing is known
            fresh -= {*work.libraries, NEEDED_BY_ALL}
            known = replace(known, kept={**known.kept, plan.base or "": features_after(before, work, trial)})
        return cls(context, rates.learnt(measured) if timed else rates, known, timed, len(history))

    def cost(self, plan: Plan) -> Cost:
        """Return how long a plan takes if nothing ends it."""
        if plan not in self._known:
            found = self.rates.cost(self.load(plan), plan.method, plan.base or "")
            taught = teaching_seconds(plan, lambda one: self.cost(one).seconds)
            self._known[plan] = replace(found, seconds=found.seconds + taught)
        return self._known[plan]

    def cut_short(self, plan: Plan, share: float) -> Cost:
        """Return how long a plan takes whose fit is ended after a share of it; all is scored in any case."""
        return self.rates.cost(self.load(plan, share), plan.method, plan.base or "")

    def load(self, plan: Plan, share: float = 1.0) -> Load:
        """Return what a plan does now: less than at first, where earlier plans share its base.

        Args:
            plan: any plan of the search's methods and bases.
            share: of its fit, what is done before time ends it.
        """
        trial = plan_trial(plan, self.context)
        work = work_of(self.context.method(plan), trial.size)
        work = replace(work, fit=work.fit.times(share), embeds=share * work.embeds)
        first = recipe_costs(plan, self.context, self.recipe_costs)
        load = first.load + plan_load(work, trial, first.kept.get(plan.base or "", _NOTHING))
        if self.timed:
            load += import_load(work, find_not_imported())
        return load

    def answer_seconds(self, plan: Plan, rows: int = 1000) -> float:
        """Return what answering texts takes on the machine that the rates were measured on, whatever was read before.

        What members of an ensemble read with one base is read once.
        """
        total, read = Load(), set[str]()
        for one, _ in plan.members:
            trial = plan_trial(one, self.context)
            train_rows = int(trial.rows * one.share)
            size = replace(trial.size, train_rows=train_rows, valid_rows=rows, watched=False)
            work = work_of(self.context.method(one), size)
            total += work.score + answered(size, rows)
            if work.asks and one.base and one.base not in read:
                total += embedded(size, rows * work.asks)
                read.add(one.base)
        return reference_throughput().cost(total, plan.method).seconds

    def label_check_seconds(self, context: SearchContext) -> float:
        """Return what checking labels takes, out-of-fold answers to the training examples by the bases of a context."""
        return self.rates.cost(label_check_load(context, self.recipe_costs), "tfidf").seconds

    def reserve_seconds(self, plan: Plan | None) -> float:
        """Return what releasing a plan's model takes, most likely at most; a search leaves so much time.

        The model is fitted once more, on all examples, after cross-validation or where that is soon done; the test
        split is scored, and some texts are read twice more to see whether a smaller copy of the base answers alike.
        """
        return sum(self._release(plan))

    def closing_seconds(self, plan: Plan | None) -> float:
        """Return what is reserved for all that comes once the test split is scored.

        That is the release, next steps and the report, and of a plan a smaller base and its compiled form, too, where
        these are a small part of the minutes.
        """
        always = report_seconds(self.context, self.rates, self.experiments) + advice_seconds(self.context)
        if plan is None:
            return always
        smaller, budget = self.trimming_seconds(plan), self.context.settings.budget_seconds
        kept = smaller if budget is None or smaller <= SMALLER_SHARE * budget else 0.0
        return always + kept + compile_kept(self.context, self.rates, plan)

    def left_to_compile(self, left: float | None) -> float | None:
        """Return how many of the seconds that are left compiling may take, next steps and the report kept time for."""
        return None if left is None else left - self.closing_seconds(None)

    def left_to_advise(self, left: float | None) -> float | None:
        """Return how many of the seconds that are left finding next steps may take, the report kept time for."""
        return None if left is None else max(0.0, left - report_seconds(self.context, self.rates, self.experiments))

    def reserve_for_champion(self, champion: Experiment | None, left: float) -> float:
        """Return what is reserved of the time left for releasing a champion that was run.

        Where its last fit would take too long, time is reserved for one in as many seconds as its first fit took, if
        there is so much (`shorter_refit_seconds`): it gives most of what the added examples can give. What no longer
        fits is not reserved: the search has the time. Of an ensemble those members are fitted once more for which
        there is time (`affordable_refits`).
        """
        if champion is None:
            return self.closing_seconds(None)
        released, again = self._release(champion.plan)
        if champion.plan.method == ENSEMBLE and not self.context.folds:
            members = self.affordable_refits(champion.plan, left - released).items()
            return released + sum(self.refit_seconds(one) if limit is None else limit for one, limit in members)
        late = LATE * (self.context.settings.budget_seconds or 0.0)
        if again and (self.context.folds or released + again <= left + late):
            return released + again
        shorter = self.shorter_refit_seconds(champion)
        return released + (shorter if released + shorter <= left else 0.0)

    def affordable_refits(self, plan: Plan, seconds: float) -> dict[Plan, float | None]:
        """Return which members of an ensemble can be fitted once more in some seconds: of the largest weight together.

        With each comes the most that it may take; None: what it takes. A training of a base may have as long as its
        first fit took, where there is no more. There are none where no last fit is asked for.
        """
        context, members = self.context, plan.members
        if not context.settings.refit or not len(context.splits.valid):
            return {}
        least = {one: min(self.refit_seconds(one), self._shorter(one)) for one, _ in members}
        parts = [part for size in range(len(members) + 1) for part in combinations(members, size)]
        able = [part for part in parts if sum(least[one] for one, _ in part) <= seconds]
        best = max(able, key=lambda part: sum(weight for _, weight in part), default=())
        spare = seconds - sum(least[one] for one, _ in best)
        found: dict[Plan, float | None] = {}
        for one, _ in best:
            more = min(spare, self.refit_seconds(one) - least[one])
            found[one] = None if least[one] + more >= self.refit_seconds(one) else least[one] + more
            spare -= more
        return found

    def shorter_refit_seconds(self, ran: Experiment) -> float:
        """Return what the shortest last fit that is worth making takes: as long as the first; infinity if none gives.

        A training of the base ends in whatever time it has, its step size come down to 0.
        """
        plan, context = ran.plan, self.context
        if plan.method == ENSEMBLE or context.folds or not context.settings.refit or not len(context.splits.valid):
            return math.inf
        return ran.seconds if self._trains_in_any_time(plan) else math.inf

    def _shorter(self, plan: Plan) -> float:
        """Return the same of a plan that was run, by what it is believed to take."""
        return self.cost(plan).seconds if self._trains_in_any_time(plan) else math.inf

    def _trains_in_any_time(self, plan: Plan) -> bool:
        """Return whether a fit is the training of a base, which ends in whatever time it has."""
        method = self.context.method(plan)
        return method.elastic and method.uses_base and method.stochastic

    def _release(self, plan: Plan | None) -> tuple[float, float]:
        """Return what a release takes without its last fit, and that, or 0 where it is only made if time is left."""
        if plan is None:
            return self.closing_seconds(None), 0.0
        if plan not in self._reserved:
            again, budget = self.refit_seconds(plan), self.context.settings.budget_seconds
            soon = plan.method != ENSEMBLE and again <= REFIT * (budget or math.inf)
            refits = self.context.folds or (self.context.settings.refit and soon)
            self._reserved[plan] = self.closing_seconds(plan) + self.scoring_seconds(plan), again if refits else 0.0
        return self._reserved[plan]

    def refit_seconds(self, plan: Plan) -> float:
        """Return what fitting a plan takes, most likely at most, on all examples but the test split.

        What its own run had the base read is kept; only the validation examples are answered once more.
        """
        if plan.method == ENSEMBLE:
            return sum(self.refit_seconds(one) for one, _ in plan.members)
        context = self.context
        after, again = plan_trial(plan, context.whole), 0 if context.folds else len(context.splits.valid)
        trial = replace(after, size=replace(after.size, valid_rows=again, watched=False))
        taught = (
            teaching_seconds(plan, lambda one: self.cost(one).seconds)
            * after.rows
            / max(1, plan_trial(plan, context).rows)
        )
        return self._again_seconds(plan, context.whole, trial) + taught

    def cross_validation_seconds(self, plan: Plan) -> float:
        """Return what cross-validating a plan that was run takes, most likely at most, on training and validation rows.

        What its own run had the base read is kept.
        """
        return self._again_seconds(plan, self.context.cross_validated, plan_trial(plan, self.context.cross_validated))

    def _again_seconds(self, plan: Plan, there: SearchContext, trial: Trial) -> float:
        """Return what trying a plan takes, most likely at most, where all that it learns from was read in its run."""
        context, base, method = self.context, plan.base or "", self.context.method(plan)
        before = plan_trial(plan, context)
        kept = features_after(
            recipe_costs(plan, context, self.recipe_costs).kept.get(base, _NOTHING),
            work_of(method, before.size),
            before,
        )
        read = len(context.splits.valid) if kept.judged and not context.folds else 0
        kept = replace(kept, taken=kept.taken + read, drawn=kept.drawn + read if kept.drawn else 0.0, judged=True)
        known = RecipeCosts(kept={**self.recipe_costs.kept, base: kept})
        load = recipe_costs(plan, there, known).load + plan_load(work_of(method, trial.size), trial, kept)
        return self.rates.cost(load, plan.method, base).at_most()

    def scoring_seconds(self, plan: Plan) -> float:
        """Return what answering the test split takes, most likely at most."""
        seconds, read = 0.0, set[str]()
        for one, _ in plan.members:
            rows, base = len(self.context.splits.test), one.base or ""
            load = Load(plans=1) + self._answering(one, rows, read=base in read)
            if self.context.method(one).uses_base:  # each member has a copy of its own
                load += base_load(plan_trial(one, self.context).size)
            if base and not self.context.method(one).stochastic:  # members on frozen features share them
                read.add(base)
            seconds += self.rates.cost(load, one.method).at_most()
        return seconds

    def judging_seconds(self, plan: Plan) -> float:
        """Return what answering the validation examples takes, most likely at most."""
        rows = len(self.context.splits.valid)
        return sum(self.rates.cost(self._answering(one, rows), one.method).at_most() for one, _ in plan.members)

    def trimming_seconds(self, plan: Plan) -> float:
        """Return what making the bases of a release smaller takes, and comparing its answers; it can be broken off."""
        seconds, cut, rows = 0.0, set[str](), 2 * compared(self.context.splits)
        for one, _ in plan.members:
            if one.base:
                size, known = plan_trial(one, self.context).size, one.base in cut
                load = base_load(size).times(2) + trimming_load(size, again=known) + self._answering(one, rows)
                seconds += self.rates.cost(load, one.method).seconds
                cut.add(one.base)
        return seconds

    def _answering(self, plan: Plan, rows: int, *, read: bool = False) -> Load:
        """Return what a plan's model does to answer so many texts, which its base has read or not."""
        trial = plan_trial(plan, self.context)
        train_rows = int(trial.rows * plan.share)
        size = replace(trial.size, train_rows=train_rows, valid_rows=rows, watched=False)
        work = work_of(self.context.method(plan), size)
        recipe_costs = 0.0 if read else rows * work.asks
        return work.score + answered(size, rows) + embedded(size, recipe_costs)
