"""Learning from what a better model answers: distillation (Hinton, Vinyals and Dean, 2015, arXiv:1503.02531).

Each row counts in part for the labels that a teacher gives it, as likely as the teacher finds them, and unlabelled
texts count for theirs; what the teacher finds likely beside the right label is what it knows and the labels do not
say. Prefer it to have a fast model in place of an ensemble or of a tuned base. The teacher's answers are those of
teachers that did not learn the row: of its own rows a model is too sure to teach anything but their labels.
"""

from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np

from haoqi.core.config import Range
from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.answers import Accepts
from haoqi.data.examples import Examples
from haoqi.data.recipes import Floats, RecipeTools, recipes
from haoqi.data.recipes._rows import names_in, percent


@recipes.register
@dataclass(frozen=True)
class Distil:
    """How far the teacher is believed, on rows that people labelled and on others."""

    accepts: ClassVar[Accepts] = Accepts(units=frozenset({"text", "marks"}))
    needs: ClassVar[frozenset[str]] = frozenset({"teacher"})

    trust: Annotated[float, Range(0.05, 1.0)] = 0.7
    """The part of a labelled row that counts for the teacher's answer; the rest is for its label."""
    least: Annotated[float, Range(0.001, 0.3, log=True)] = 0.05
    """A label less likely than this is not learnt, and one more likely than the rest of 1 is learnt as if sure."""
    weight: Annotated[float, Range(0.05, 1.0)] = 0.5
    """How much an unlabelled text counts against a labelled row."""
    most: Annotated[float, Range(0.0, 10.0)] = 2.0
    """Unlabelled texts that are learnt at most, per labelled row."""

    @property
    def growth(self) -> float:
        """A row for the label and about two for the teacher's answer, and those of unlabelled texts."""
        return 2.5 + self.most

    def words(self) -> str:
        """Return what a plan learns from."""
        return say("recipe.distil", share=percent(self.trust))

    def apply(self, examples: Examples, tools: RecipeTools) -> Examples:
        """Return the examples, each beside the answers of its teacher, and unlabelled texts with theirs.

        Labels that no row has are not learnt.

        Raises:
            UserError: if there is no teacher.
        """
        if tools.teacher is None:
            raise UserError("there is no teacher", "name one in the plan")
        if not len(examples):
            return examples
        other = self._unlabelled(examples, tools)
        tools.report(0.0, say("recipe.distil.asking", count=len(examples)))
        known = {name for label in examples.labels for name in names_in(label, tools.kind)}
        learnt = np.array([label in known for label in tools.labels])
        own, others = (np.where(learnt, found, 0.0) for found in tools.teacher(examples, other.texts))
        hard = replace(examples, weights=((1 - self.trust) * examples.counting).tolist())
        soft = self._taught(examples, own, self.trust * examples.counting, tools)
        more = self._taught(other, others, np.full(len(other), self.weight), tools)
        parts = [part for part in (hard, soft, more) if len(part)]
        return Examples.join(parts).learnable()

    def _unlabelled(self, examples: Examples, tools: RecipeTools) -> Examples:
        """Return the unlabelled texts that are asked about, drawn where there are many."""
        if tools.unlabelled is None:
            return examples.take([])
        count = min(len(tools.unlabelled), int(self.most * len(examples)))
        return tools.unlabelled.take(np.sort(tools.rng("unlabelled").permutation(len(tools.unlabelled))[:count]))

    def _taught(self, examples: Examples, chances: Floats, counting: Any, tools: RecipeTools) -> Examples:
        """Return a row for each likely answer to each example, its weight the part of `counting` that is for it."""
        rows: list[int] = []
        labels: list[Any] = []
        weights: list[float] = []
        split = _single if tools.kind.one_class else _sets
        for row, of_row in enumerate(chances.astype(np.float64)):
            for answer, share in split(of_row, tools.labels, self.least):
                rows.append(row)
                labels.append(answer)
                weights.append(float(share * counting[row]))
        return replace(examples.take(rows), labels=labels, weights=weights)


def _single(chances: Any, labels: tuple[str, ...], least: float) -> list[tuple[Any, float]]:
    """Return the likely labels of a row with their shares of 1.

    >>> _single(np.array([0.01, 0.495, 0.495]), ("a", "b", "c"), 0.05)
    [('b', 0.5), ('c', 0.5)]
    """
    kept = np.flatnonzero(chances >= min(least, float(chances.max())))
    total = float(chances[kept].sum())
    return [(labels[place], round(float(chances[place]) / total, 6)) for place in kept if total > 0]


def _sets(chances: Any, labels: tuple[str, ...], least: float) -> list[tuple[Any, float]]:
    """Return sets of labels with shares of 1 under which each label has its own probability.

    The likelier a label, the more of the sets hold it.

    >>> _sets(np.array([0.25, 0.99]), ("a", "b"), 0.05)
    [(('b',), 0.75), (('a', 'b'), 0.25)]
    """
    sure = np.where(chances < least, 0.0, np.where(chances > 1 - least, 1.0, chances))
    order = np.argsort(-sure, kind="stable")
    steps = [1.0, *(float(sure[place]) for place in order), 0.0]
    found = []
    for count in range(len(order) + 1):
        share = steps[count] - steps[count + 1]
        if share > 0:
            found.append((tuple(sorted(labels[int(place)] for place in order[:count])), round(share, 6)))
    return found
