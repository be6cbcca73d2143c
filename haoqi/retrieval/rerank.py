"""A second look at the texts that were found: a release of pairs says how well each suits the query."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.models.model import Model

# What the class is called that says that two texts belong together, in lower case.
_TOGETHER = (
    *("relevant", "answer", "match", "duplicate", "same", "paraphrase", "equivalent", "entailment", "yes", "true", "1"),
    *("相关", "匹配", "回答", "重复", "相同", "相似", "同义", "蕴含", "是"),
)


@dataclass(frozen=True)
class Reranker:
    """A release that reads a query and a text together, and which of its answers speaks for the text."""

    model: Model
    name: str
    """What a person calls it."""
    label: str | None
    """The class whose probability is the score; None: the answer is a number, which is the score itself."""

    @classmethod
    def of(cls, model: Model, name: str, label: str | None = None) -> "Reranker":
        """Return a model as a re-ranker.

        Args:
            model: of a task on two texts.
            name: what a person calls it.
            label: the class that speaks for a text; None: the one that is called so as a rule.

        Raises:
            UserError: if it answers single texts, or which class speaks for a text cannot be told.
        """
        task = model.task
        if not task.pairs:
            raise UserError(say("retrieval.single", name=name, task=task.name), say("retrieval.single.hint"))
        if not task.output.kind.has_classes:
            return cls(model, name, None)
        known = {one.lower(): one for one in task.labels}
        usual = next((known[one] for one in _TOGETHER if one in known), None)
        found = label if label in task.labels else usual if label is None else None
        if found is None:
            listed = ", ".join(task.labels[:10])
            raise UserError(say("retrieval.no_label", name=name, labels=listed), say("retrieval.no_label.hint"))
        return cls(model, name, found)

    def scores(self, query: str, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return how well each text suits a query: a probability, or a number of the release, shape (n,)."""
        predictions = self.model.predict([(query, text) for text in texts])
        if self.label is None:
            return np.asarray(predictions.labels, dtype=np.float64)
        assert predictions.probabilities is not None
        return np.asarray(predictions.probabilities[:, self.model.task.labels.index(self.label)], dtype=np.float64)


def reranker_of(
    release: "str | Model | Reranker", label: str | None = None, *, home: str | Path | None = None
) -> Reranker:
    """Return a release as a re-ranker, by its name or as a model; see `Reranker.of`."""
    from haoqi.models.releases import releases

    if isinstance(release, Reranker):
        return release if label is None else Reranker.of(release.model, release.name, label)
    if isinstance(release, Model):
        return Reranker.of(release, str(release.facts.get("name", "a model")), label)
    place = None if home is None else Path(home).expanduser().absolute()
    return Reranker.of(releases.get(release, home=place).load(), release, label)
