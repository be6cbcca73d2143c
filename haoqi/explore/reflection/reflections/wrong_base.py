"""The base was not made for these texts: unknown tokens, or another language (Rust et al., 2021, arXiv:2012.15613).

What a tokenizer does not know, or knows letter by letter only, the base cannot tell apart. Another base, or a
method that counts characters and needs none, is worth a try before any setting of this one.
"""

from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

from haoqi.core.config import Range
from haoqi.data.answers import ANYTHING, Accepts
from haoqi.explore.plans.plan import Plan
from haoqi.explore.record.lessons import Lesson
from haoqi.explore.reflection.champion_diagnostics import LOOKED_AT, ChampionDiagnostics
from haoqi.explore.reflection.reflections import reflections
from haoqi.explore.reflection.reflections._remedies import in_turn, instead, raised

_CODES = slice(0, 2)


@reflections.register
@dataclass(frozen=True)
class WrongBase:
    """When a base does not suit the texts."""

    accepts: ClassVar[Accepts] = ANYTHING
    asks: ClassVar[bool] = False

    unknown: Annotated[float, Range(0.0, 1.0)] = 0.05
    """Share of the tokens that it does not know."""
    foreign: Annotated[float, Range(0.0, 1.0)] = 0.25
    """Share of the texts in languages it was not trained on, where its card says which it was."""

    def reflect(self, diagnostics: ChampionDiagnostics) -> list[Lesson]:
        """Return the lesson that the champion's base is the wrong one for these texts."""
        name = diagnostics.plan.base
        if name is None:
            return []
        rows = diagnostics.rng("pieces").permutation(len(diagnostics.splits.train))[:LOOKED_AT]
        texts = [diagnostics.splits.train.texts[row] for row in sorted(rows.tolist())]
        tokens = diagnostics.count_tokens(name, texts)
        unknown = float(tokens.unknown.sum() / max(1, tokens.counts.sum()))
        foreign = _foreign(diagnostics.context.card.languages, diagnostics.context.bases[name].card.languages)
        if unknown < self.unknown and foreign < self.foreign:
            return []
        worst = sorted(range(len(texts)), key=lambda row: -int(tokens.unknown[row]))
        numbers = sorted(rows.tolist())
        examples = [(diagnostics.splits.train.ids[numbers[row]], texts[row]) for row in worst if tokens.unknown[row]]
        evidence = {"base": name, "unknown_share": unknown, "foreign_share": foreign}
        others = [replace(diagnostics.plan, base=other, seed=0) for other in diagnostics.context.bases if other != name]
        plans = in_turn(others, _without_base(diagnostics), instead(diagnostics, "blend"))
        explains = max(unknown / self.unknown, foreign / self.foreign) / 4
        return raised(diagnostics, "wrong_base", plans, evidence, explains=explains, examples=examples)


def _without_base(diagnostics: ChampionDiagnostics) -> list[Plan]:
    """Return plans that need no base: n-grams of characters, too."""
    return [
        *instead(diagnostics, "tfidf", features="both"),
        *instead(diagnostics, "tfidf"),
        *instead(diagnostics, "crf"),
    ]


def _foreign(found: Any, known: tuple[str, ...]) -> float:
    """Return the share of texts in languages that a base does not know; 0 where nothing says which it does."""
    codes = {code[_CODES].lower() for code in known}
    strange = [share for code, share in found.items() if code != "other" and code[_CODES] not in codes]
    return float(sum(strange)) if codes else 0.0
