"""Labels that are likely wrong (Angluin and Laird, 1988, "Learning from noisy examples", doi:10.1007/BF00116829).

Every training example is answered by models that did not learn it, and from where they level off in agreeing with
the given labels follows how many of these are wrong, and which are suspect (`data/recipes/_noise.py`): hard examples
contradict unsure answers only. Whether leaving such rows out, trusting them less or correcting them helps is an
experiment. Frozen features hardly mind a few wrong labels and trainings memorise them, so a training is held to
what it answered early (`data/recipes/early_learning.py`) before there was time for the experiment, and whatever it says
of frozen features.
"""

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

from haoqi.core.config import Range
from haoqi.data.answers import CLASSES_AND_PAIRS, Accepts
from haoqi.data.recipes._suspects import find
from haoqi.explore.experiments.training_data import recipe_tools
from haoqi.explore.plans.plan import Plan
from haoqi.explore.record.lessons import Lesson
from haoqi.explore.reflection.champion_diagnostics import ChampionDiagnostics
from haoqi.explore.reflection.reflections import reflections
from haoqi.explore.reflection.reflections._remedies import in_turn, raised, recipe, scaled, varied


@reflections.register
@dataclass(frozen=True)
class SuspectLabels:
    """When wrong labels are too many to be chance."""

    accepts: ClassVar[Accepts] = CLASSES_AND_PAIRS
    early: ClassVar[bool] = True
    asks: ClassVar[bool] = False

    least: Annotated[int, Range(1, 10_000)] = 10
    """So many of them at least."""
    share: Annotated[float, Range(0.0, 1.0)] = 0.03
    """And this share of the training examples."""

    def reflect(self, diagnostics: ChampionDiagnostics) -> list[Lesson]:
        """Return the lesson that labels of training examples are wrong."""
        train, chances = diagnostics.splits.train, diagnostics.out_of_fold
        if chances is None:
            return []
        tools = recipe_tools(Plan(diagnostics.plan.method, diagnostics.plan.base), diagnostics.context)
        found = find(train, replace(tools, held_out=lambda _: chances), None)
        rows, count = len(train), len(found.rows)
        if count < max(self.least, self.share * rows) or not (found.noise is None or found.noise.evident):
            return []
        examples = [
            (
                train.ids[row],
                f"{diagnostics.show_label(train.labels[row])} → {diagnostics.show_label(label)}: {train.texts[row]}",
            )
            for row, label in zip(found.rows.tolist(), found.instead, strict=True)
        ]
        evidence = {"count": count, "rows": rows, "suspect_share": count / rows}
        plans = in_turn(
            recipe(diagnostics, "early_learning")
            if diagnostics.context.supports_early_learning(diagnostics.plan)
            else [],
            recipe(diagnostics, "drop_suspects"),
            recipe(diagnostics, "correct_suspects"),
            recipe(diagnostics, "soften_suspects"),
            [
                *scaled(diagnostics, "strength", 0.2),
                *varied(diagnostics, mixup=0.4),
                *varied(diagnostics, label_smoothing=0.1),
            ],
        )
        explains = min(1.0, count / rows / max(1e-9, 1 - diagnostics.score))
        heeded = "early_learning" if diagnostics.task.output.kind.one_class else "drop_suspects"
        return raised(
            diagnostics, "suspect_labels", plans, evidence, explains=explains, examples=examples, heeded=((heeded, ()),)
        )
