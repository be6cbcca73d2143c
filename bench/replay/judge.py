"""Judge strategies on plans that were run once: a search of minutes is replayed in a second.

    python bench/replay/judge.py                                 # all strategies, ten seeds, five minutes each
    python bench/replay/judge.py --minutes 3 --strategies curious halving --prior none
    python bench/replay/judge.py --no-opening                    # all is the strategy's choice, but for the first plan

A replay is `haoqi.explore.scheduling.scheduler` at work on the table: the same opening, the same proposals and endings,
verdicts by the same paired test on the recorded answers; only seconds and scores are looked up. Lessons are left out,
and close calls are not repeated, since the table has one seed of each plan. A seed draws which two thirds of the
variations are on the table, how far costs are believed from what they are, and what the strategy draws.

What the opening tries is the same for all strategies, and it takes most of a few minutes. Without it they are told
apart: the cheapest plan comes first, and all that follows is proposed.

Regret is what the champion's test score lacks to the best one in the table, averaged over the logarithm of time from
one second to the end, so early gains count as much as late ones; before there is a champion it is that best score. What
the last champion lacks is held against what the best validation score of the same search does, which nobody tested. The
prior is made without the case at hand.
"""

import argparse
import base64
import math
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
import prior as priors

from haoqi import tasks
from haoqi.core import seeds
from haoqi.evaluate.comparison import Comparison, compare
from haoqi.evaluate.metric import Metric, Statistics, count_answers
from haoqi.evaluate.metrics import metrics
from haoqi.explore.beliefs.evidence_pooling import certainty_needed, known_lead, probability_better
from haoqi.explore.beliefs.transfer_prior import Features, PriorBelief, TransferPrior, load_prior
from haoqi.explore.costs.throughput import Cost
from haoqi.explore.plans.method_roles import is_control
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.plans.proposal import Proposal
from haoqi.explore.promotion.champion_test import alpha_share
from haoqi.explore.record.history import History, Verdict
from haoqi.explore.scheduling.scheduler import Scheduler
from haoqi.explore.scheduling.strategies import strategies
from haoqi.explore.settings import ExploreSettings
from haoqi.methods.method import methods
from haoqi.tasks.task import Task

START_SECONDS = 1.0
KEPT = 2 / 3
SWAPS = 4000
"""Of each paired test: enough to tell the least stakes."""
COST_DOUBT = 0.2
PRIORS = ("others", "none", "shipped")


@dataclass
class Case:
    """One data set with all plans that were run on it."""

    name: str
    features: Features
    embedding_seconds: float
    labels: tuple[str, ...]
    truth: list[str]
    rows: dict[Plan, Mapping[str, Any]]
    _known: dict[Any, Any] = field(default_factory=dict)

    @property
    def best(self) -> float:
        """The best test score of all plans."""
        return float(max(row["test"] for row in self.rows.values() if row["score"] is not None))

    def counts(self, plan: Plan) -> Statistics:
        """Return the deciding metric's statistics of a plan's answers."""
        if plan not in self._known:
            answers = [self.labels[at] for at in unpacked(self.rows[plan]["answers"])]
            self._known[plan] = count_answers(metric(), self.truth, answers, self.labels)
        return self._known[plan]

    def test(self, challenger: Experiment, champion: Experiment) -> Comparison:
        """Return the paired test of two plans, each pair tested once for all replays."""
        key = challenger.plan, champion.plan
        if key not in self._known:
            first, second = self.counts(key[0]), self.counts(key[1])
            rng = seeds.generator(0, key[0].key, key[1].key)
            self._known[key] = compare(first, second, metric().score, rng=rng, samples=SWAPS)
        found: Comparison = self._known[key]
        return found


@dataclass(frozen=True)
class Shelf:
    """What a search knows of a case: as much of a `SearchContext` as choosing needs."""

    case: Case
    plans: list[Plan]
    settings: ExploreSettings
    seed: int
    folds: int = 0
    few: bool = False

    @cached_property
    def task(self) -> Task:
        """Any task whose metric is a share: only the scale of its scores is asked for."""
        return tasks.build("topic", ("a", "b"))

    @cached_property
    def makers(self) -> dict[str, Any]:
        return {name: methods.get(name) for name in sorted({plan.method for plan in self.plans})}

    def method(self, plan: Plan) -> Any:
        return methods.build(plan.method, **plan.varied)

    def work(self, plan: Plan) -> float:
        return float(self.case.rows[plan]["seconds"]) + self.case.embedding_seconds * self.embeds(plan)

    def embeds(self, plan: Plan) -> bool:
        """Return whether a plan works on the embeddings of all texts."""
        maker = self.makers[plan.method]
        return bool(maker.uses_base and not maker.stochastic)


@dataclass(frozen=True)
class Prices:
    """What plans cost in a replay, and what they are believed to cost."""

    shelf: Shelf
    embedded: bool
    """Whether the embeddings are there already."""

    def seconds(self, plan: Plan) -> float:
        """Return what a plan takes."""
        first = self.shelf.embeds(plan) and not self.embedded
        return float(self.shelf.case.rows[plan]["seconds"]) + self.shelf.case.embedding_seconds * first

    def cost(self, plan: Plan) -> Cost:
        """Return what is believed, which is off by a factor of its own for each plan and seed."""
        off = seeds.generator(self.shelf.seed, "cost", plan.key).standard_normal()
        return Cost(self.seconds(plan) * math.exp(COST_DOUBT * off), COST_DOUBT)

    def cut_short(self, plan: Plan, share: float) -> Cost:
        """Return what is believed of a plan that is ended after a share of its fit."""
        whole = self.cost(plan)
        return replace(whole, seconds=share * whole.seconds)

    def reserve_seconds(self, plan: Plan | None) -> float:
        """Return what releasing takes: nothing is released here."""
        return 0.0

    def scoring_seconds(self, plan: Plan) -> float:
        """Return what scoring the test split takes: nothing, as releasing."""
        return 0.0

    def closing_seconds(self, plan: Plan | None) -> float:
        """Return what comes after the last fit: nothing here."""
        return 0.0

    def reserve_for_champion(self, champion: Experiment | None, left: float) -> float:
        """Return what is kept for releasing the champion."""
        return self.reserve_seconds(champion.plan if champion else None)


@dataclass(frozen=True)
class Replayed(Scheduler):
    """A table of plans whose outcomes are looked up."""

    known: TransferPrior = field(default_factory=TransferPrior)
    opens: bool = True

    def propose_opening(self) -> Proposal | None:
        return super().propose_opening() if self.opens else None

    @cached_property
    def search_space(self) -> list[Plan]:
        shelf: Any = self.context
        return list(shelf.plans)

    def work(self, plan: Plan) -> float:
        shelf: Any = self.context
        return float(shelf.work(plan))

    @cached_property
    def costs(self) -> Any:
        shelf: Any = self.context
        done = any(shelf.embeds(e.plan) for e in self.history.experiments)
        return Prices(shelf, done)

    @cached_property
    def prior(self) -> TransferPrior:
        return self.known

    def _lead(self, plan: Plan) -> PriorBelief | None:
        best = self.history.champion if self.context.settings.borrow else None
        return None if best is None else known_lead(self.prior, plan, best.plan)

    def _can_be_cut_short(self, plan: Plan) -> bool:
        return False  # what a plan would have scored in less time is not in the table


class Nowhere:
    """A ledger that keeps nothing, for histories that are gone when a replay ends."""

    def verify(self, run: str) -> str:
        return run

    def entries(self, run: str) -> list[Any]:
        return []

    def add(self, *entry: Any) -> None:
        return None


def metric() -> Metric:
    """Return the metric that decides in all cases."""
    return metrics.build("macro_f1")


def unpacked(text: str) -> list[int]:
    """Return label numbers that `gather` packed."""
    return np.frombuffer(base64.b64decode(text), dtype=np.uint8).tolist()


def cases_of(rows: Sequence[Mapping[str, Any]]) -> list[Case]:
    """Return the cases of a table that have at least ten plans; a case that was drawn twice is two."""
    found: dict[tuple[str, int], list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault((row["case"], row["seed"]), []).append(row)
    cases = []
    for (name, _), mine in found.items():
        facts = next((row for row in mine if row["key"] == "case"), None)
        plans = {Plan.from_plain(row["plan"]): row for row in mine if row["key"] != "case"}
        if facts is None or len(plans) < 10:
            continue
        labels = tuple(f"{number:03}" for number in range(facts["labels"]))
        truth = [labels[at] for at in unpacked(facts["valid"])]
        cases.append(Case(name, Features(**priors.features(facts)), facts["embedding_seconds"], labels, truth, plans))
    return cases


Trace = list[tuple[float, float]]


def replay(
    case: Case, settings: ExploreSettings, known: TransferPrior, seed: int, *, opens: bool = True
) -> tuple[Trace, float]:
    """Return (seconds spent, the champion's test score) at each change of champion, and the best validated plan's."""
    shelf = Shelf(case, offered(case, seed), settings, seed)
    history = History(Nowhere(), "replay")  # type: ignore[arg-type]
    budget = settings.budget_seconds
    assert budget is not None
    spent, trace, top = 0.0, Trace(), (0.0, 0.0)
    while True:
        table = Replayed(shelf, history, budget - spent, known=known, opens=opens)  # type: ignore[arg-type]
        step = table.next()
        if step is None:
            return trace, top[1]
        row = case.rows[step.plan]
        seconds = table.costs.seconds(step.plan)
        spent += seconds
        if spent > budget:
            return trace, top[1]
        facts = {"why": step.why, "role": step.role, "seconds": seconds, "expected": step.belief.score}
        score = row["score"]
        half = 0.0 if score is None else 1.96 * math.sqrt(max(score * (1 - score), 1e-4) / len(case.truth))
        bounds = {} if score is None else {"low": max(0.0, score - half), "high": min(1.0, score + half)}
        tried = history.add(Experiment(step.plan, score, **bounds, **facts), spent=spent)
        verdict = judged(case, history, tried, settings, known)
        history.judge(verdict, spent=spent)
        top = max(top, (score or 0.0, float(row["test"]) if score else 0.0), key=lambda pair: pair[0])
        if verdict.decision == "crowned":
            trace.append((spent, float(row["test"])))


def judged(
    case: Case, history: History, challenger: Experiment, settings: ExploreSettings, known: TransferPrior
) -> Verdict:
    """Return the verdict, by the rules of `champion_test` without repeats and retrials."""
    champion, number = history.champion, challenger.number
    if challenger.score is None:
        return Verdict(number, "failed", champion.number if champion else None, history.champion_score)
    if champion is None:
        return Verdict(number, "crowned", number, challenger.score)
    test, level = case.test(challenger, champion), history.champion_score or 0.0
    alpha, better = alpha_share(history, challenger, settings.alpha), test.difference > 0
    facts = {"against": champion.number, "alpha": alpha, **asdict(test)}
    if better and (test.p_value < alpha or is_control(champion.plan.method)):
        return Verdict(number, "crowned", number, challenger.score, **facts)
    lead = known_lead(known, challenger.plan, champion.plan) if better and settings.borrow else None
    if lead is not None and (chance := probability_better(test, lead, level)) >= certainty_needed(settings.alpha):
        return Verdict(number, "crowned", number, challenger.score, chance_better=chance, **facts)
    return Verdict(number, "kept", champion.number, history.champion_score, **facts)


def offered(case: Case, seed: int) -> list[Plan]:
    """Return the plans that one seed has on the table: all defaults, and two thirds of the variations."""
    varied = sorted({(p.method, p.base or "", p.settings) for p in case.rows if p.settings}, key=str)
    order = seeds.generator(seed, "offered", case.name).permutation(len(varied))
    kept = {varied[at] for at in order[: round(KEPT * len(varied))]}
    return [p for p in case.rows if not p.settings or (p.method, p.base or "", p.settings) in kept]


def regret(trace: Trace, best: float, budget: float) -> float:
    """Return the mean regret over the logarithm of time.

    >>> round(regret([(10.0, 0.8)], best=0.9, budget=100.0), 3)
    0.5
    """
    times = [START_SECONDS, *(min(max(at, START_SECONDS), budget) for at, _ in trace), budget]
    lacking = [best, *(best - score for _, score in trace)]
    spans = [math.log(after / before) for before, after in pairwise(times)]
    return sum(lack * span for lack, span in zip(lacking, spans, strict=True)) / math.log(budget / START_SECONDS)


@dataclass(frozen=True)
class Judged:
    """How a strategy did, by case, one number for each seed."""

    regret: dict[str, list[float]] = field(default_factory=dict)
    lacking: dict[str, list[float]] = field(default_factory=dict)
    """What the last champion lacks."""
    untested: dict[str, list[float]] = field(default_factory=dict)
    """What the best validation score lacks."""


def judge(
    rows: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    seed_count: int,
    *,
    settings: ExploreSettings,
    prior: str,
    opens: bool = True,
) -> dict[str, Judged]:
    """Return how strategies did."""
    found = {name: Judged() for name in names}
    for case in cases_of(rows):
        known = TransferPrior() if prior == "none" else load_prior(case.features, _table(rows, case.name, prior))
        for name in names:
            asked = replace(settings, strategy=name)
            runs = [replay(case, asked, known, seed, opens=opens) for seed in range(seed_count)]
            regrets = [regret(trace, case.best, asked.budget_seconds or 0.0) for trace, _ in runs]
            found[name].regret.setdefault(case.name, []).extend(regrets)
            found[name].lacking.setdefault(case.name, []).extend(case.best - trace[-1][1] for trace, _ in runs)
            found[name].untested.setdefault(case.name, []).extend(case.best - top for _, top in runs)
    return found


def _table(rows: Sequence[Mapping[str, Any]], without: str, prior: str) -> Mapping[str, Any] | None:
    return priors.table_of(rows, [without]) if prior == "others" else None


def show(what: str, found: Mapping[str, Mapping[str, Sequence[float]]]) -> None:
    """Print a figure by case, its mean, the mean rank, and the difference to random search with its error."""
    names = list(found)
    cases = list(found[names[0]])
    print(f"\n{what:14}" + "".join(f"{name:>11}" for name in names))
    for case in cases:
        print(f"{case:14}" + "".join(f"{statistics.fmean(found[name][case]):11.4f}" for name in names))
    flat = {name: [value for case in cases for value in found[name][case]] for name in names}
    print(f"{'mean':14}" + "".join(f"{statistics.fmean(flat[name]):11.4f}" for name in names))
    ranks = np.mean([_ranks([flat[name][at] for name in names]) for at in range(len(flat[names[0]]))], axis=0)
    print(f"{'mean rank':14}" + "".join(f"{rank:11.2f}" for rank in ranks))
    control = "random" if "random" in names else names[0]
    for name in names:
        if name != control:
            gaps = [mine - theirs for mine, theirs in zip(flat[name], flat[control], strict=True)]
            error = statistics.stdev(gaps) / math.sqrt(len(gaps)) if len(gaps) > 1 else math.nan
            print(f"{name} less {control}: {statistics.fmean(gaps):+.4f} ± {error:.4f}")


def _ranks(values: Sequence[float]) -> list[float]:
    """Return the rank of each value, 1 for the least; equal ones share theirs."""
    return [1 + sum(o < v for o in values) + (sum(o == v for o in values) - 1) / 2 for v in values]


def main() -> None:
    """Judge, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", type=Path, default=priors.ROWS)
    parser.add_argument("--strategies", nargs="*", default=strategies.names(), choices=strategies.names())
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--worth", type=float, default=0.0, help="end where a minute promises less; 0: never")
    parser.add_argument("--no-opening", action="store_true", help="let the strategy choose all plans but the first")
    parser.add_argument("--no-borrow", action="store_true", help="crown by the examples alone")
    parser.add_argument(
        "--prior", choices=PRIORS, default="others", help="the other cases of the table, nothing, or what ships"
    )
    asked = parser.parse_args()
    rows = priors.read(asked.table)
    if not cases_of(rows):
        raise SystemExit("nothing was gathered yet: python bench/replay/gather.py")
    settings = ExploreSettings(
        minutes=asked.minutes, worth=asked.worth, reflect=False, ensemble=False, borrow=not asked.no_borrow
    )
    found = judge(rows, asked.strategies, asked.seeds, settings=settings, prior=asked.prior, opens=not asked.no_opening)
    show("regret", {name: one.regret for name, one in found.items()})
    show("at the end", {name: one.lacking for name, one in found.items()})
    show("best score", {name: one.untested for name, one in found.items()})


if __name__ == "__main__":
    main()
