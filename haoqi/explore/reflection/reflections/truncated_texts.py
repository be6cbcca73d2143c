"""Long texts are cut, and what decides may stand behind the cut (Sun et al., 2019, arXiv:1905.05583, section 5.2).

An encoder reads so many tokens and no more. Where texts are longer and answered worse for it, reading further,
reading beginning and end, or a method that reads all of a text is worth a try.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from haoqi.core.config import Range
from haoqi.data.answers import CLASSES, Accepts
from haoqi.explore.record.lessons import Lesson
from haoqi.explore.reflection.champion_diagnostics import LOOKED_AT, ChampionDiagnostics
from haoqi.explore.reflection.reflections import reflections
from haoqi.explore.reflection.reflections._chance import chance_of_fewer
from haoqi.explore.reflection.reflections._remedies import in_turn, instead, raised, recipe, shown, varied
from haoqi.models.encoders.tokens import LONGEST

WORDS_PER_TOKEN = 0.7
"""About so many words make a token: what the champion reads, told in words."""


@reflections.register
@dataclass(frozen=True)
class TruncatedTexts:
    """When cut texts are worth an experiment."""

    accepts: ClassVar[Accepts] = CLASSES
    asks: ClassVar[bool] = False

    share: Annotated[float, Range(0.0, 1.0)] = 0.05
    """Of the texts, this share must be cut."""
    most: Annotated[float, Range(0.0, 1.0)] = 0.6
    """If so many are cut, it is worth a test whatever the answers to the rest."""
    chance: Annotated[float, Range(0.0, 1.0)] = 0.01
    """Below that, cut texts must be answered worse than whole ones, less likely than this by luck."""

    def reflect(self, diagnostics: ChampionDiagnostics) -> list[Lesson]:
        """Return the lesson that the champion does not read far enough."""
        base = diagnostics.plan.base
        if base is None or diagnostics.task.output.kind.of_words:  # spans are read in windows, to the end
            return []
        rows = np.sort(diagnostics.rng("lengths").permutation(len(diagnostics.judged))[:LOOKED_AT])
        counts = diagnostics.count_tokens(base, [diagnostics.judged.texts[row] for row in rows]).counts
        limit = self._limit(diagnostics)
        cut = counts > limit
        right = diagnostics.right[rows]
        whole_answers, cut_answers = (
            (int(right[~cut].sum()), int((~cut).sum())),
            (int(right[cut].sum()), int(cut.sum())),
        )
        worse = chance_of_fewer(cut_answers, whole_answers) < self.chance if cut.any() and not cut.all() else False
        if cut.mean() < self.share or not (worse or (cut.mean() >= self.most and diagnostics.score < 0.95)):
            return []
        evidence = {
            "cut_share": float(cut.mean()),
            "limit": limit,
            "longest": int(counts.max()),
            "cut_right_share": cut_answers[0] / cut_answers[1],
            "whole_right_share": whole_answers[0] / whole_answers[1] if whole_answers[1] else None,
        }
        most = diagnostics.context.bases[base].card.max_tokens
        plans = in_turn(
            varied(diagnostics, max_tokens=min(most, 512)),
            recipe(diagnostics, "cut_texts", limit=max(4, round(limit * WORDS_PER_TOKEN))),
            [*instead(diagnostics, "tfidf"), *instead(diagnostics, "blend")],
        )
        explains = float((~right & cut).sum() / max(1, (~right).sum()))
        examples = shown(diagnostics, rows[cut & ~right].tolist())
        return raised(diagnostics, "truncated_texts", plans, evidence, explains=explains, examples=examples)

    def _limit(self, diagnostics: ChampionDiagnostics) -> int:
        """Return how many tokens the champion reads."""
        assert diagnostics.plan.base is not None
        most = int(getattr(diagnostics.settings, "max_tokens", LONGEST))
        return min(most, diagnostics.context.bases[diagnostics.plan.base].card.max_tokens)
