"""One token decides alone (Gururangan et al., 2018, "Annotation Artifacts", arXiv:1803.02324).

A token that nearly always comes with one label, and without which the answer is lost, may be an accident of how
the data came to be: a source's signature, a template. Where new texts lack it, the model is lost, too. What is
tested is the score on validation texts from which it was taken.
"""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np

from haoqi.core.config import Range
from haoqi.data.answers import CLASSES, Accepts
from haoqi.explore.record.lessons import Lesson
from haoqi.explore.reflection.champion_diagnostics import ChampionDiagnostics, correct
from haoqi.explore.reflection.reflections import reflections
from haoqi.explore.reflection.reflections._chance import chance_of_turn
from haoqi.explore.reflection.reflections._remedies import in_turn, raised, recipe
from haoqi.models.lexical.ngrams import learn_ngrams

MOST_TOKENS = 12
"""So many of the likeliest shortcuts are looked at."""


@reflections.register
@dataclass(frozen=True)
class Shortcuts:
    """When a token decides alone."""

    accepts: ClassVar[Accepts] = CLASSES
    asks: ClassVar[bool] = True

    share: Annotated[float, Range(0.0, 1.0)] = 0.03
    """Of the training texts, so many must hold it."""
    least: Annotated[int, Range(1, 10_000)] = 20
    """And so many texts at least."""
    purity: Annotated[float, Range(0.0, 1.0)] = 0.95
    """Of the texts that hold it, this share must have one label."""
    drop: Annotated[float, Range(0.0, 1.0)] = 0.2
    """How much smaller the share of right answers must become without it."""
    chance: Annotated[float, Range(0.0, 1.0)] = 0.001
    """Answers lost against answers won must be less likely than this by luck."""

    def reflect(self, diagnostics: ChampionDiagnostics) -> list[Lesson]:
        """Return the lesson that the champion leans on some tokens alone."""
        if (
            not diagnostics.has_one_label
            or diagnostics.validation_right is None
            or diagnostics.judged.pairs is not None
        ):
            return []
        before = diagnostics.validation_right
        found: list[str] = []
        evidence: dict[str, Any] = {}
        examples: list[tuple[int, str]] = []
        for token, label, purity in self._tokens(diagnostics):
            changed, rows = diagnostics.probe("hide", (token,))
            answers = diagnostics.ask(changed)
            if answers is None:
                continue
            after = correct(changed, answers)
            lost, won = int((before[rows] & ~after).sum()), int((~before[rows] & after).sum())
            drop = float(before[rows].mean() - after.mean())
            if drop < self.drop or chance_of_turn(lost, won) > self.chance:
                continue
            if not evidence:
                evidence = {"label": label, "purity_share": purity, "count": len(rows), "drop": drop}
                evidence |= {"before_share": float(before[rows].mean()), "after_share": float(after.mean())}
                examples = [
                    (diagnostics.validation_sample.ids[row], diagnostics.validation_sample.texts[row])
                    for row in rows[before[rows] & ~after]
                ]
            found.append(token)
        if not found:
            return []
        plans = in_turn(recipe(diagnostics, "hide_tokens", tokens=tuple(found)), recipe(diagnostics, "delete_words"))
        evidence = {"token": found[0], "tokens": found, **evidence}
        return raised(
            diagnostics,
            "shortcuts",
            plans,
            evidence,
            explains=0.0,
            examples=examples,
            subject=" ".join(sorted(found)),
            measure="hide",
            words=tuple(found),
            gain=float(evidence["drop"]) / 4,
        )

    def _tokens(self, diagnostics: ChampionDiagnostics) -> list[tuple[str, str, float]]:
        """Return (token, label, share of its texts with that label), those that could decide most texts first."""
        train, labels = diagnostics.splits.train, diagnostics.task.labels
        least = max(self.least, round(self.share * len(train)))
        ngrams, counts = learn_ngrams(train.texts, "word", (1, 1), least_texts=least)
        if not ngrams.width:
            return []
        present = counts.copy()
        present.data[:] = 1.0
        targets = np.asarray(diagnostics.task.output.targets(train))
        member = (targets[:, None] == np.arange(len(labels))).astype(np.float32)
        table = np.asarray(present.T @ member)
        texts, best = table.sum(axis=1), table.argmax(axis=1)
        purity = table.max(axis=1) / np.maximum(texts, 1)
        usual = member.mean(axis=0)[best]
        telling = np.flatnonzero((purity >= self.purity) & (purity > usual))
        order = telling[np.argsort(-(texts * np.log(purity / usual))[telling], kind="stable")][:MOST_TOKENS]
        names = ngrams.names()
        return [(names[place], labels[best[place]], float(purity[place])) for place in order]
