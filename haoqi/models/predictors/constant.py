"""The same scores for every text: what a model must beat to have learnt anything."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from haoqi.core.folder import read_json, write_json
from haoqi.data.examples import Examples
from haoqi.models.arrays import load_arrays, save_arrays
from haoqi.models.predictor import Progress, predictors
from haoqi.tasks.task import Scores
from haoqi.tasks.words import context_words, words_of


@predictors.register
@dataclass(frozen=True)
class Constant:
    """One row of scores, for each text or for each word."""

    thread_safe: ClassVar[bool] = True

    logits: npt.NDArray[np.float32]
    """Shape (labels,), or (tags,) where words are scored; in contexts (1 + words, 2), of which the last row is that of
    all words after it, too."""
    per_word: bool = False
    contexts: bool = False

    def scores(self, examples: Examples, progress: Progress | None = None) -> Scores:
        """Return the logits once per text, or an array of them for each text's words."""
        if progress is not None:
            progress(len(examples))
        if self.contexts:
            last = len(self.logits) - 1
            sizes = [1 + len(words) for words in context_words(examples)]
            return [self.logits[np.minimum(np.arange(size), last)] for size in sizes]
        if self.per_word:
            return [np.tile(self.logits, (len(words), 1)) for words in words_of(examples)]
        return np.tile(self.logits, (len(examples), 1))

    def save(self, folder: Path, *, standalone: bool) -> None:
        """Write constant.json and arrays.safetensors."""
        contexts = {"contexts": True} if self.contexts else {}
        write_json(folder / "constant.json", {"per_word": self.per_word, **contexts})
        save_arrays(folder / "arrays.safetensors", {"logits": self.logits})

    @classmethod
    def load(cls, folder: Path, cache: Path) -> "Constant":
        """Return what `save` wrote."""
        facts = read_json(folder / "constant.json")
        logits = load_arrays(folder / "arrays.safetensors")["logits"]
        return cls(logits, facts["per_word"], facts.get("contexts", False))
