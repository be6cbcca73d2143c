"""Decision trees over n-grams and the look of a text: one tree, or the mean or the sum of many."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from haoqi.core.errors import UserError
from haoqi.core.folder import read_json, write_json
from haoqi.data.examples import Examples
from haoqi.models.arrays import load_arrays, save_arrays
from haoqi.models.lexical.ngrams import Ngrams
from haoqi.models.lexical.surface import SURFACE, surface_features
from haoqi.models.predictor import Progress, predictors
from haoqi.models.trees import Doubles, Trees
from haoqi.tasks.task import Scores

Floats = npt.NDArray[np.float32]
Kind = Literal["chances", "several_chances", "mean", "sum"]
"""What the trees give together: the mean chances of classes that exclude each other, or that do not, or a mean or a
sum, which is the answer itself."""

# Texts whose features are held at once.
BATCH = 1024
# A class that no tree gives a chance still has one.
_LEAST_CHANCE = 1e-3


@predictors.register
@dataclass(frozen=True)
class TreeEnsemble:
    """Scores of a text: what the leaves say to which its features lead, one in each tree."""

    thread_safe: ClassVar[bool] = True

    ngrams: Ngrams
    """What the first columns tell the presence of; behind them comes how a text looks."""
    trees: Trees
    kind: Kind
    width: int
    """How many scores a text has."""

    def scores(self, examples: Examples, progress: Progress | None = None) -> Scores:
        """Return logits or numbers, shape (n, width)."""
        found = np.empty((len(examples), self.width), np.float32)
        for start in range(0, len(examples), BATCH):
            stop = min(len(examples), start + BATCH)
            found[start:stop] = self._linked(self.answers(columns_of(self.ngrams, examples.texts[start:stop])))
            if progress is not None:
                progress(stop)
        return found

    def answers(self, table: Floats) -> Doubles:
        """Return what the trees give together for some features, shape (n, width): chances, or what they add up to."""
        sums = self.trees.sums(table, self.width)
        return sums if self.kind == "sum" else sums / len(self.trees.roots)

    def _linked(self, answers: Doubles) -> Doubles:
        """Return logits of chances; a number as it is."""
        if self.kind in ("mean", "sum"):
            return answers
        logs: Doubles = np.log(np.maximum(answers, _LEAST_CHANCE))
        if self.kind == "several_chances":
            logs -= np.log(np.maximum(1 - answers, _LEAST_CHANCE))
        return logs

    def save(self, folder: Path, *, standalone: bool) -> None:
        """Write trees.json and arrays.safetensors; there is no base, so every folder stands alone."""
        facts, arrays = self.ngrams.as_plain()
        arrays |= self.trees.as_arrays()
        write_json(folder / "trees.json", {"kind": self.kind, "width": self.width, "ngrams": facts})
        save_arrays(folder / "arrays.safetensors", arrays)

    @classmethod
    def load(cls, folder: Path, cache: Path) -> "TreeEnsemble":
        """Return what `save` wrote; its scores are the same to the last bit."""
        facts, arrays = read_json(folder / "trees.json"), load_arrays(folder / "arrays.safetensors")
        try:
            ngrams = Ngrams.from_plain(facts["ngrams"], arrays)
            return cls(ngrams, Trees.from_arrays(arrays), facts["kind"], facts["width"])
        except (KeyError, TypeError):
            raise UserError(f"{folder} is damaged", "the model is damaged; train or copy it again") from None


def columns_of(ngrams: Ngrams, texts: Sequence[str]) -> Floats:
    """Return what trees read of texts: 1 for n-grams that are there, then how a text looks, shape (n, columns)."""
    table = np.zeros((len(texts), ngrams.width + len(SURFACE)), np.float32)
    found = ngrams.count(texts)
    table[np.repeat(np.arange(len(texts)), np.diff(found.indptr)), found.indices] = 1.0
    table[:, ngrams.width :] = surface_features(texts)
    return table
