"""Two labels are taken for each other far more than others (Godbole, Sarawagi and Chakrabarti, 2002, KDD).

What tells two such labels apart is finer than what tells the rest apart: parts of words, their order, their
meaning. A method that looks at what this one does not see may part them.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from haoqi.core.config import Range
from haoqi.data.answers import CLASSES_AND_PAIRS, Accepts
from haoqi.evaluate.confusion import confusion, known_labels
from haoqi.explore.record.lessons import Lesson
from haoqi.explore.reflection.champion_diagnostics import ChampionDiagnostics
from haoqi.explore.reflection.reflections import reflections
from haoqi.explore.reflection.reflections._chance import chance_of_more
from haoqi.explore.reflection.reflections._remedies import in_turn, instead, raised, reading_on, shown, varied


@reflections.register
@dataclass(frozen=True)
class ConfusedPairs:
    """When a pair stands out."""

    accepts: ClassVar[Accepts] = CLASSES_AND_PAIRS
    asks: ClassVar[bool] = False

    least: Annotated[int, Range(1, 10_000)] = 8
    """So many confusions at least."""
    share: Annotated[float, Range(0.0, 1.0)] = 0.2
    """Of all errors, the pair must hold this share."""
    wrong: Annotated[float, Range(0.0, 1.0)] = 0.1
    """Of the pair's own examples, this share must be confused."""
    chance: Annotated[float, Range(0.0, 1.0)] = 0.001
    """If errors fell on all pairs alike, so many on one must be less likely than this, over all pairs."""

    def reflect(self, diagnostics: ChampionDiagnostics) -> list[Lesson]:
        """Return the lesson of the pair that is confused most, where it stands out."""
        if not diagnostics.has_one_label or len(diagnostics.task.labels) < 3:
            return []
        true, given = diagnostics.judged.labels, diagnostics.predictions.labels
        labels = known_labels(true, given, diagnostics.task.labels)
        table = confusion(true, given, labels)
        both = np.triu(table + table.T, 1)
        one, other = divmod(int(both.argmax()), len(labels))
        count, errors = int(both[one, other]), int(both.sum())
        if count < self.least or count < self.share * errors:
            return []
        support = int(table[[one, other]].sum())
        pairs = len(labels) * (len(labels) - 1) // 2
        if count < self.wrong * support or pairs * chance_of_more(count, errors, 1 / pairs) > self.chance:
            return []
        names = {labels[one], labels[other]}
        rows = [row for row, pair in enumerate(zip(true, given, strict=True)) if {*pair} == names]
        evidence = {"one": labels[one], "other": labels[other], "count": count, "error_share": count / errors}
        plans = in_turn(
            [*varied(diagnostics, features="both"), *reading_on(diagnostics)],
            [*instead(diagnostics, "blend"), *instead(diagnostics, "probe")],
            [*instead(diagnostics, "setfit"), *instead(diagnostics, "top_layers")],
        )
        subject = " / ".join(sorted(names))
        examples = shown(diagnostics, rows)
        return raised(
            diagnostics, "confused_pairs", plans, evidence, explains=count / errors, examples=examples, subject=subject
        )
