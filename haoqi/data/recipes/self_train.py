"""Learning from one's own sure answers to unlabelled texts (Yarowsky, 1995, ACL; Lee, 2013, "Pseudo-Label").

A cheap model answers the unlabelled texts; those it is sure of are learnt with its answer, at a smaller weight. Prefer
it where labels are few, unlabelled texts of the same kind are many, and the model is already mostly right.
"""

from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np

from haoqi.core.config import Range
from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.answers import Accepts, AnswerKind
from haoqi.data.examples import Examples
from haoqi.data.recipes import Floats, RecipeTools, recipes
from haoqi.data.recipes._rows import answered, names_in, percent


@recipes.register
@dataclass(frozen=True)
class SelfTrain:
    """How sure an answer has to be, and how much it counts."""

    accepts: ClassVar[Accepts] = Accepts(units=frozenset({"text", "marks"}))
    needs: ClassVar[frozenset[str]] = frozenset({"unlabelled", "answers"})

    confidence: Annotated[float, Range(0.5, 0.999)] = 0.9
    """The least probability of an answer that is learnt."""
    most: Annotated[float, Range(0.1, 10.0, log=True)] = 1.0
    """Texts that are learnt at most, per labelled row; of each label as many as its share there allows."""
    weight: Annotated[float, Range(0.05, 1.0)] = 0.3
    """How much such a text counts, times its confidence, against a labelled one."""

    @property
    def growth(self) -> float:
        """As many rows more as may be learnt."""
        return 1.0 + self.most

    def words(self) -> str:
        """Return what a plan learns from."""
        return say("recipe.self_train", share=percent(self.confidence))

    def apply(self, examples: Examples, tools: RecipeTools) -> Examples:
        """Return the examples, and unlabelled texts with the answers that are sure."""
        unlabelled = tools.unlabelled
        if unlabelled is None or not len(unlabelled) or not len(examples):
            raise UserError("there are no unlabelled texts to answer", "leave the label empty in some rows")
        tools.report(0.0, say("recipe.self_train.answering", count=len(unlabelled)))
        chances = tools.answers(examples, unlabelled.texts)
        labels, sure = answered(chances, tools)
        rows = self._chosen(examples, labels, sure, tools.kind)
        if not rows:
            return examples
        new = unlabelled.take(rows)
        weights = [self.weight * float(sure[row]) for row in rows]
        learnt = replace(new, labels=[labels[row] for row in rows], weights=weights)
        return Examples.join([examples, learnt])

    def _chosen(self, examples: Examples, labels: list[Any], sure: Floats, kind: AnswerKind) -> list[int]:
        """Return the surest rows of each label, in their order."""
        held = [names_in(label, kind) for label in examples.labels]
        left = {names: max(1, round(self.most * held.count(names))) for names in set(held)}
        found = []
        for row in np.argsort(-sure, kind="stable"):
            names = names_in(labels[row], kind)
            if sure[row] >= self.confidence and left.get(names, 0) > 0:
                left[names] -= 1
                found.append(int(row))
        return sorted(found)
