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

    def reflect(self, diagnostics: ChampionDiagnostics) -> list[Lesson]:
        """Return a lesson for each kind of change that turns answers."""
        if (
            not diagnostics.has_one_label
            or diagnostics.validation_right is None
            or diagnostics.judged.pairs is not None
        ):
            return []
        return [lesson for name in behavioural_tests.names() for lesson in self._look(diagnostics, name)]

    def _look(self, diagnostics: ChampionDiagnostics, name: str) -> list[Lesson]:
        plans = _plans(diagnostics, name)
        changed, rows = diagnostics.probe(name)
        answers = diagnostics.ask(changed) if plans and len(changed) >= self.least else None
        if answers is None or diagnostics.validation_right is None:
            return []
        before, after = diagnostics.validation_right[rows], correct(changed, answers)
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
        examples = [
            (changed.ids[row], changed.texts[row]) for row in range(len(changed)) if before[row] and not after[row]
        ]
        return raised(
            diagnostics,
            "brittleness",
            plans,
            evidence,
            explains=0.0,
            examples=examples,
            subject=name,
            measure=name,
            gain=drop / 4,
        )


def _plans(diagnostics: ChampionDiagnostics, name: str) -> tuple[Plan, ...]:
    """Return what may help against one kind of change."""
    letters = [
        *varied(diagnostics, features="both"),
        *varied(diagnostics, features="characters"),
        *varied(diagnostics, adversarial="fgm"),
    ]
    richer = [*instead(diagnostics, "blend"), *instead(diagnostics, "top_layers")]
    if name == "typos":
        return in_turn(recipe(diagnostics, "typos"), letters, richer)
    if name == "negation":
        return in_turn(richer, instead(diagnostics, "probe"), letters)
    return in_turn(letters, richer, recipe(diagnostics, "neighbour_words"))
