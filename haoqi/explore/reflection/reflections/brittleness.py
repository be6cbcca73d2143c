"""Small changes turn its answers: typing errors, case, names, negation (Ribeiro et al., 2020, arXiv:2005.04118).

The validation texts themselves are changed, in ways whose right answer is known, and asked again. What is tested
is the score on texts so changed: a plan that mends it may or may not score better on clean ones.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from haoqi.core.config import Range
from haoqi.data.answers import CLASSES, Accepts
from haoqi.explore.plans.plan import Plan
from haoqi.explore.record.lessons import Lesson
from haoqi.explore.reflection import behavioural_tests
from haoqi.explore.reflection.champion_diagnostics import ChampionDiagnostics, correct
from haoqi.explore.reflection.reflections import reflections
from haoqi.explore.reflection.reflections._chance import chance_of_turn
from haoqi.explore.reflection.reflections._remedies import in_turn, instead, raised, recipe, varied


@reflections.register
@dataclass(frozen=True)
class Brittleness:
    """When a change matters."""

    accepts: ClassVar[Accepts] = CLASSES
    asks: ClassVar[bool] = True

    drop: Annotated[float, Range(0.0, 1.0)] = 0.05
    """How much smaller the share of right answers must become."""
    turned: Annotated[float, Range(0.0, 1.0)] = 0.4
    """The same for negation, which must turn the answer."""
    least: Annotated[int, Range(1, 10_000)] = 15
    """Texts that the probe changes, at least."""
    chance: Annotated[float, Range(0.0, 1.0)] = 0.001
    """Answers lost against answers won must be less likely than this by luck."""

    def reflect(self, seen: ChampionDiagnostics) -> list[Lesson]:
        """Return a lesson for each kind of change that turns answers."""
        if not seen.single or seen.held_right is None or seen.judged.pairs is not None:
            return []
        return [lesson for name in behavioural_tests.names() for lesson in self._look(seen, name)]

    def _look(self, seen: ChampionDiagnostics, name: str) -> list[Lesson]:
        plans = _plans(seen, name)
        changed, rows = seen.probe(name)
        answers = seen.ask(changed) if plans and len(changed) >= self.least else None
        if answers is None or seen.held_right is None:
            return []
        before, after = seen.held_right[rows], correct(changed, answers)
        drop = float(before.mean() - after.mean())
        lost, won = int((before & ~after).sum()), int((~before & after).sum())
        if drop < (self.turned if name == "negation" else self.drop) or chance_of_turn(lost, won) > self.chance:
            return []
        evidence = {
            "probe": name,
            "count": len(changed),
            "before_share": float(before.mean()),
            "after_share": float(after.mean()),
        }
        told = [(changed.ids[row], changed.texts[row]) for row in range(len(changed)) if before[row] and not after[row]]
        return raised(
            seen,
            "brittleness",
            plans,
            evidence,
            explains=0.0,
            examples=told,
            subject=name,
            measure=name,
            gain=drop / 4,
        )


def _plans(seen: ChampionDiagnostics, name: str) -> tuple[Plan, ...]:
    """Return what may help against one kind of change."""
    letters = [*varied(seen, features="both"), *varied(seen, features="characters"), *varied(seen, adversarial="fgm")]
    richer = [*instead(seen, "blend"), *instead(seen, "top_layers")]
    if name == "typos":
        return in_turn(recipe(seen, "typos"), letters, richer)
    if name == "negation":
        return in_turn(richer, instead(seen, "probe"), letters)
    return in_turn(letters, richer, recipe(seen, "neighbour_words"))
