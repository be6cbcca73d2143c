"""Where the plans of a run stand: one line per plan, its seeds together, the best first."""

from dataclasses import dataclass
from statistics import fmean

from haoqi.evaluate.comparison import Comparison
from haoqi.explore.plans.method_roles import is_control, is_simple
from haoqi.explore.plans.plan import Experiment
from haoqi.report.scale import Scale, zoomed
from haoqi.report.story import PairedTest, Story


@dataclass(frozen=True)
class Standing:
    """One plan with all its seeds."""

    rows: tuple[Experiment, ...]
    score: float
    """Mean over the seeds; for the champion what its verdict says."""
    low: float | None
    high: float | None
    champion: bool
    versus: PairedTest | None
    """The champion against this plan, where they were compared."""

    @property
    def number(self) -> int:
        """The number of the first seed's experiment."""
        return self.rows[0].number

    @property
    def words(self) -> str:
        """The plan as a person reads it, without a seed."""
        return self.rows[0].plan.words()

    @property
    def seconds(self) -> float:
        """Mean over the seeds."""
        return fmean(row.seconds for row in self.rows)


def standings(story: Story) -> list[Standing]:
    """Return the plans that were scored, the best first, the champion before its equals."""
    plans: dict[str, list[Experiment]] = {}
    for row in story.experiments:
        if row.score is not None:
            plans.setdefault(row.plan.key, []).append(row)
    found = [_standing(tuple(rows), story) for rows in plans.values()]
    return sorted(found, key=lambda one: (-one.score, not one.champion, one.number))


def scale_of(found: list[Standing], story: Story) -> Scale:
    """Return the one scale that all intervals of the leaderboard are drawn to."""
    intervals = [(_or(one.low, one.score), one.score, _or(one.high, one.score)) for one in found]
    return zoomed(intervals, turned=not story.task.metric.greater_is_better)


def majority(found: list[Standing]) -> Standing | None:
    """Return the plan that always gives the most frequent answer."""
    return next((one for one in found if is_control(one.rows[0].plan.method)), None)


def baseline(found: list[Standing]) -> Standing | None:
    """Return the best plan of the simple methods that need no base, or, where there is none, of the other simple ones.

    A champion that is simple itself is its own baseline.
    """
    best = champion(found)
    if best is not None and is_simple(best.rows[0].plan.method):
        return best
    simple = [one for one in found if is_simple(one.rows[0].plan.method)]
    return next((one for one in simple if one.rows[0].plan.base is None), next(iter(simple), None))


def champion(found: list[Standing]) -> Standing | None:
    """Return the plan that was released."""
    return next((one for one in found if one.champion), None)


def _standing(rows: tuple[Experiment, ...], story: Story) -> Standing:
    numbers = {row.number for row in rows}
    best = story.champion.number in numbers
    scores = [row.score for row in rows if row.score is not None]
    lows = [row.low for row in rows if row.low is not None]
    highs = [row.high for row in rows if row.high is not None]
    score = fmean(scores)
    if best and story.curve and story.curve[-1].score is not None:
        score = story.curve[-1].score
    versus = None if best else _versus(numbers, story)
    return Standing(rows, score, fmean(lows) if lows else None, fmean(highs) if highs else None, best, versus)


def _versus(numbers: set[int], story: Story) -> PairedTest | None:
    """Return the champion against a plan: as it was tested at the end, or else as a verdict tells."""
    given = [one for one in story.comparisons if one.number in numbers]
    if given:
        return given[0]
    for row in reversed(story.experiments):
        verdict = story.verdict_of(row)
        if verdict is None or verdict.difference is None or verdict.p_value is None:
            continue
        low, high = _or(verdict.low, verdict.difference), _or(verdict.high, verdict.difference)
        if row.plan.key == story.champion.plan.key and verdict.against in numbers:
            found = Comparison(verdict.difference, low, high, verdict.p_value)
            return PairedTest(verdict.against or 0, found, verdict.retested)
        if row.number in numbers and verdict.against == story.champion.number:
            found = Comparison(-verdict.difference, -high, -low, verdict.p_value)
            return PairedTest(row.number, found, verdict.retested)
    return None


def _or(value: float | None, other: float) -> float:
    return other if value is None else value
