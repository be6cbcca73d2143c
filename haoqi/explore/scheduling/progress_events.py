"""The events by which a search tells whoever watches how it is coming along."""

from haoqi.core.events import Clock as Spent
from haoqi.core.events import Note, Tried, Trying
from haoqi.core.quantities import chance, p_value, signed
from haoqi.core.say import Sentence, named, say
from haoqi.evaluate.metric import Metric
from haoqi.explore.plans.proposal import Proposal
from haoqi.explore.record.history import History, Verdict
from haoqi.explore.setup.budget_clock import BudgetClock
from haoqi.explore.setup.context import SearchContext


def tell_resumed(context: SearchContext, history: History, clock: BudgetClock) -> None:
    """Say where a run is taken up again, if it is, and how much of its budget is left."""
    champion = history.champion
    if champion is not None:
        count, metric = len(history.experiments), context.task.metric
        score = metric.shown(history.champion_score or 0.0)
        facts = {"number": champion.number, "plan": champion.plan.words(), "score": f"{score:.3f}"}
        context.listen(Note(say("search.resumed", count=count, n=count, metric=named("metric", metric.name), **facts)))
    context.listen(tell_spent(context, history, clock))


def tell_trying(context: SearchContext, history: History, proposal: Proposal) -> None:
    """Say what is about to be tried, and why."""
    seconds = proposal.belief.seconds if proposal.seconds is None else min(proposal.belief.seconds, proposal.seconds)
    context.listen(Trying(len(history.experiments) + 1, proposal.plan.words(), proposal.why.words("why"), seconds))


def tell_tried(context: SearchContext, history: History, clock: BudgetClock) -> None:
    """Say what the latest experiment scored, and what became of it."""
    experiment, verdict = history.experiments[-1], history.verdicts[-1]
    metric = context.task.metric
    merits = (experiment.low, experiment.score, experiment.high)
    low, score, high = (None if one is None else metric.shown(one) for one in merits)
    if not metric.greater_is_better:
        low, high = high, low
    context.listen(
        Tried(
            number=experiment.number,
            plan=experiment.plan.words(),
            metric=metric.name,
            score=score,
            low=low,
            high=high,
            seconds=experiment.seconds,
            verdict=experiment.failure() or in_words(verdict, metric),
            champion=verdict.decision in ("crowned", "faster"),
            greater_is_better=metric.greater_is_better,
        )
    )
    context.listen(tell_spent(context, history, clock))


def tell_spent(context: SearchContext, history: History, clock: BudgetClock) -> Spent:
    """Return how much of the budget is spent."""
    settings = context.settings
    return Spent(clock.spent, settings.budget_seconds, len(history.experiments), settings.steps)


def in_words(verdict: Verdict, metric: Metric) -> str:
    """Return what became of a challenger, on one line, with the difference of the deciding metric's own values."""
    if verdict.against is None or verdict.difference is None or verdict.p_value is None:
        return say("verdict.first") if verdict.decision == "crowned" else say(f"verdict.{verdict.decision}")
    facts = say(
        "verdict.facts_crossed" if verdict.retested else "verdict.facts",
        difference=signed(metric.shown(verdict.difference)),
        p=p_value(verdict.p_value),
    )
    if verdict.decision == "crowned" and verdict.chance_better is not None:
        return _decided_by_chance(verdict, facts)
    if verdict.decision in ("crowned", "close", "faster"):
        return say(f"verdict.{verdict.decision}", facts=facts, against=verdict.against)
    if verdict.difference <= 0:
        return say("verdict.worse", facts=facts)
    if verdict.alpha is None:
        return say("verdict.no_gain", facts=facts)
    level = verdict.alpha / (2 if verdict.retested else 1)
    return say("verdict.no_gain_asked", facts=facts, stake=f"{level:.3f}" if level >= 0.001 else f"{level:.1g}")


def _decided_by_chance(verdict: Verdict, facts: Sentence) -> Sentence:
    """Return why a challenger was promoted that is not proven better by these examples alone, or scores below."""
    shared = {"facts": facts, "against": verdict.against, "chance": chance(verdict.chance_better or 0.0)}
    if not verdict.selection_bias:
        return say("verdict.chance_better", **shared)
    key = "verdict.chance_better_chosen" if (verdict.difference or 0.0) > 0 else "verdict.chance_better_behind"
    return say(key, selection_bias=f"{verdict.selection_bias:.3f}", **shared)
