"""What a search says of itself while it works."""

from haoqi.core.events import Clock as Spent
from haoqi.core.events import Note, Tried, Trying
from haoqi.explore.clock import Clock
from haoqi.explore.history import History, Verdict
from haoqi.explore.lab import Lab
from haoqi.explore.step import Step


def resumed(lab: Lab, history: History, clock: Clock) -> None:
    """Say where a run is taken up again, if it is, and how much of its budget is left."""
    champion = history.champion
    if champion is not None:
        level = f"{lab.task.metric.name} {history.champion_score:.3f}"
        count = len(history.experiments)
        so_far = f"after {count} experiment{'s' * (count > 1)}"
        lab.listen(Note(f"goes on {so_far}; the champion is no. {champion.number}, {champion.plan.words()}: {level}"))
    lab.listen(spent(lab, history, clock))


def trying(lab: Lab, history: History, step: Step) -> None:
    """Say what is about to be tried, and why."""
    seconds = step.belief.seconds if step.seconds is None else min(step.belief.seconds, step.seconds)
    lab.listen(Trying(len(history.experiments) + 1, step.plan.words(), step.why, seconds))


def tried(lab: Lab, history: History, clock: Clock) -> None:
    """Say what the latest experiment scored, and what became of it."""
    experiment, verdict = history.experiments[-1], history.verdicts[-1]
    lab.listen(
        Tried(
            number=experiment.number,
            plan=experiment.plan.words(),
            metric=lab.task.metric.name,
            score=experiment.score,
            low=experiment.low,
            high=experiment.high,
            seconds=experiment.seconds,
            verdict=experiment.error or in_words(verdict),
            champion=verdict.decision in ("crowned", "faster"),
        )
    )
    lab.listen(spent(lab, history, clock))


def spent(lab: Lab, history: History, clock: Clock) -> Spent:
    """Return how much of the budget is spent."""
    settings = lab.settings
    return Spent(clock.spent, settings.budget_seconds, len(history.experiments), settings.steps)


def in_words(verdict: Verdict) -> str:
    """Return what became of a challenger, on one line."""
    if verdict.against is None:
        return "the first champion" if verdict.decision == "crowned" else verdict.decision
    facts = f"{verdict.difference:+.3f}, p = {verdict.p_value:.3f}{' in cross-validation' if verdict.retried else ''}"
    if verdict.decision == "crowned" and verdict.believed is not None:
        elsewhere = f"with what other data sets know, better with a chance of {verdict.believed:.0%}"
        chosen = f", whose score owes some {verdict.flattered:.3f} to being chosen" if verdict.flattered else ""
        return f"new champion ({facts} against no. {verdict.against}{chosen}; {elsewhere})"
    if verdict.decision == "crowned":
        return f"new champion ({facts} against no. {verdict.against})"
    if verdict.decision == "close":
        return f"a close call ({facts}), to be repeated"
    if verdict.decision == "faster":
        return f"new champion: it is faster, and as good within the margin ({facts} against no. {verdict.against})"
    worse = (verdict.difference or 0.0) <= 0
    stake = (verdict.alpha or 0.0) / (2 if verdict.retried else 1)
    asked = "" if worse or verdict.alpha is None else f", of which the run asks less than {stake:.3f}"
    return f"{'not better' if worse else 'no measurable gain'} ({facts}{asked})"
