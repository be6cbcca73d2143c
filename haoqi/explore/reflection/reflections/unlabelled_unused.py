"""Unlabelled texts lie unused (Yarowsky, 1995, doi:10.3115/981658.981684; Lee, 2013, "Pseudo-Label").

Where the champion is sure of many of them, its answers can serve as labels: they bring words that the labelled
texts lack. Where it is sure of few, or its sureness is wrong, they bring its own errors back.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from haoqi.core.config import Range
from haoqi.data.answers import CLASSES, Accepts
from haoqi.explore.record.lessons import Lesson
from haoqi.explore.reflection.champion_diagnostics import LOOKED_AT, ChampionDiagnostics
from haoqi.explore.reflection.reflections import reflections
from haoqi.explore.reflection.reflections._remedies import raised, recipe
from haoqi.models.lexical.ngrams import learn_ngrams


@reflections.register
@dataclass(frozen=True)
class UnlabelledUnused:
    """When unlabelled texts are worth learning from."""

    accepts: ClassVar[Accepts] = CLASSES
    asks: ClassVar[bool] = True

    least: Annotated[int, Range(1, 1_000_000)] = 100
    """So many of them at least."""
    share: Annotated[float, Range(0.0, 100.0)] = 0.25
    """And so many for each labelled one."""
    sure: Annotated[float, Range(0.0, 1.0)] = 0.8
    """The confidence from which an answer may serve as a label."""
    answered: Annotated[float, Range(0.0, 1.0)] = 0.1
    """Of the texts, this share must be answered so surely."""

    def reflect(self, diagnostics: ChampionDiagnostics) -> list[Lesson]:
        """Return the lesson that there is more to learn from than was used."""
        texts = diagnostics.splits.unlabelled
        plans = recipe(diagnostics, "self_train") if texts is not None and diagnostics.has_one_label else []
        if texts is None or not plans or len(texts) < max(self.least, self.share * len(diagnostics.splits.train)):
            return []
        rows = sorted(diagnostics.rng("unlabelled").permutation(len(texts))[:LOOKED_AT].tolist())
        answers = diagnostics.ask(texts.take(rows))
        if answers is None:
            return []
        sure = answers.sureness >= self.sure
        if sure.mean() < self.answered:
            return []
        evidence = {
            "rows": len(texts),
            "labelled": len(diagnostics.splits.train),
            "sure_share": float(sure.mean()),
            "new_share": _new(diagnostics.splits.train.texts, [texts.texts[row] for row in rows]),
        }
        examples = [(texts.ids[row], texts.texts[row]) for row, one in zip(rows, sure, strict=True) if one]
        return raised(
            diagnostics, "unlabelled_unused", plans, evidence, explains=evidence["new_share"] + 0.2, examples=examples
        )


def _new(known: list[str], texts: list[str]) -> float:
    """Return the share of the words of some texts, each counted once, that others lack."""
    mine, theirs = (set(learn_ngrams(side, "word", (1, 1), least_texts=1)[0].tokens) for side in (known, texts))
    return len(theirs - mine) / max(1, len(theirs))
