"""Labels with few examples are missed (He and Garcia, 2009, doi:10.1109/TKDE.2008.239).

A model that counts every error alike gives rare labels up first. Weighing their errors or what it is unsure of, or
showing their examples more often, costs a little on the common ones; a metric that averages over labels shows
whether it pays.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Annotated, ClassVar

from haoqi.core.config import Range
from haoqi.data.answers import CLASSES_AND_PAIRS, Accepts
from haoqi.evaluate.confusion import LabelRow, label_table
from haoqi.evaluate.counts import items
from haoqi.explore.record.lessons import Lesson
from haoqi.explore.reflection.champion_diagnostics import ChampionDiagnostics
from haoqi.explore.reflection.reflections import reflections
from haoqi.explore.reflection.reflections._chance import chance_of_fewer
from haoqi.explore.reflection.reflections._remedies import in_turn, raised, recipe, shown, varied


@reflections.register
@dataclass(frozen=True)
class RareClasses:
    """When labels are rare, and the worse for it."""

    accepts: ClassVar[Accepts] = CLASSES_AND_PAIRS
    asks: ClassVar[bool] = False

    rare: Annotated[float, Range(0.0, 1.0)] = 0.34
    """A label is rare that has less than this share of the examples it would have if all had the same."""
    least: Annotated[int, Range(1, 10_000)] = 5
    """Judged examples of rare labels, at least."""
    gap: Annotated[float, Range(0.0, 1.0)] = 0.15
    """How much less often rare labels must be found than the others."""
    chance: Annotated[float, Range(0.0, 1.0)] = 0.01
    """The gap must be less likely than this to be luck."""

    def reflect(self, diagnostics: ChampionDiagnostics) -> list[Lesson]:
        """Return the lesson that rare labels are missed for being rare."""
        kind = diagnostics.task.output.kind
        if kind.of_words or not kind.has_classes or len(diagnostics.task.labels) < 2:
            return []
        counts = Counter(item for label in diagnostics.splits.train.labels for item in items(label))
        even = sum(counts.values()) / len(diagnostics.task.labels)
        rare = {label for label in diagnostics.task.labels if counts[label] < self.rare * even}
        table = label_table(diagnostics.judged.labels, diagnostics.predictions.labels, diagnostics.task.labels)
        few, others = _found(table, rare), _found(table, {row.label for row in table} - rare)
        if not rare or few[1] < self.least or not others[1]:
            return []
        if few[0] / few[1] > others[0] / others[1] - self.gap or chance_of_fewer(few, others) > self.chance:
            return []
        missed = [
            row
            for row, (true, given) in enumerate(
                zip(diagnostics.judged.labels, diagnostics.predictions.labels, strict=True)
            )
            if rare & {*items(true)} - {*items(given)}
        ]
        evidence = {
            "labels": sorted(rare, key=lambda label: (counts[label], label)),
            "count": len(rare),
            "rows": sum(counts[label] for label in rare),
            "rare_share": few[0] / few[1],
            "other_share": others[0] / others[1],
        }
        lost = sum(1 - row.f1 for row in table if row.label in rare)
        explains = lost / max(1e-9, sum(1 - row.f1 for row in table))
        balanced = [*varied(diagnostics, balance=True), *varied(diagnostics, class_weights="balanced")]
        plans = in_turn(balanced, recipe(diagnostics, "balance"), varied(diagnostics, focal=2.0))
        return raised(
            diagnostics, "rare_classes", plans, evidence, explains=explains, examples=shown(diagnostics, missed)
        )


def _found(table: tuple[LabelRow, ...], labels: set[str]) -> tuple[int, int]:
    """Return how many examples of some labels were found, of how many."""
    rows = [row for row in table if row.label in labels]
    return sum(row.right for row in rows), sum(row.support for row in rows)
