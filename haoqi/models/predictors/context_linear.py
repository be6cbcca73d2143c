"""A linear score of every word of a context for a question, of beginning and of ending the answer there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from haoqi.core.folder import read_json, write_json
from haoqi.data.examples import Examples
from haoqi.models.arrays import load_arrays, save_arrays
from haoqi.models.lexical.question_features import question_features
from haoqi.models.lexical.sparse_rows import SparseRows
from haoqi.models.predictor import Progress, predictors
from haoqi.tasks.task import Scores
from haoqi.tasks.words import context_words

Floats = npt.NDArray[np.float32]

BATCH = 256
"""Questions whose features are held at once."""


@predictors.register
@dataclass(frozen=True)
class ContextLinear:
    """Sums of the weights of what is seen of each word, and of having no answer."""

    thread_safe: ClassVar[bool] = True

    features: tuple[str, ...]
    weights: Floats
    """What each feature adds to the logits of beginning and of ending, shape (features, 2)."""
    word_weights: Mapping[str, float]
    """How much common words tell, see `question_features`."""

    def scores(self, examples: Examples, progress: Progress | None = None) -> Scores:
        """Return the logits of no answer and of each word of the context, one array of shape (1 + words, 2) each."""
        contexts, words = examples.contexts or [""] * len(examples), context_words(examples)
        found: list[Floats] = []
        for start in range(0, len(examples), BATCH):
            some = range(start, min(len(examples), start + BATCH))
            seen = [question_features(examples.texts[at], contexts[at], words[at], self.word_weights) for at in some]
            table = as_rows(list(chain.from_iterable(seen)), self._numbers)
            edges = np.cumsum([len(one) for one in seen])[:-1]
            found += np.split((table @ self.weights).astype(np.float32), edges)
            if progress is not None:
                progress(some.stop)
        return found

    def save(self, folder: Path, *, standalone: bool) -> None:
        """Write features.json and arrays.safetensors; there is no base, so every folder stands alone."""
        write_json(folder / "features.json", {"features": list(self.features), "words": dict(self.word_weights)})
        save_arrays(folder / "arrays.safetensors", {"weights": self.weights})

    @classmethod
    def load(cls, folder: Path, cache: Path) -> "ContextLinear":
        """Return what `save` wrote."""
        facts = read_json(folder / "features.json")
        return cls(tuple(facts["features"]), load_arrays(folder / "arrays.safetensors")["weights"], facts["words"])

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {feature: number for number, feature in enumerate(self.features)}


def as_rows(seen: Sequence[Sequence[str]], numbers: Mapping[str, int]) -> SparseRows:
    """Return lists of features as a table of ones, the unknown ones left out, shape (lists, features)."""
    known = [sorted({number for one in row if (number := numbers.get(one)) is not None}) for row in seen]
    edges = np.cumsum([0, *map(len, known)])
    columns = np.fromiter(chain.from_iterable(known), np.int32, int(edges[-1]))
    return SparseRows(np.ones(len(columns), np.float32), columns, edges, (len(seen), len(numbers)))
