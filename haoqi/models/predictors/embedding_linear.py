"""A linear model of a frozen base's embeddings: one direction per label."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from haoqi.core.folder import read_json, write_json
from haoqi.data.examples import Examples
from haoqi.models.arrays import load_arrays, save_arrays
from haoqi.models.bases import Base
from haoqi.models.compile.form import Compute
from haoqi.models.encoders.base_copy import read_base, write_base
from haoqi.models.encoders.embedder import Embedder
from haoqi.models.encoders.pair_features import Pairing
from haoqi.models.predictor import Progress, predictors
from haoqi.tasks.task import Scores

if TYPE_CHECKING:
    from haoqi.models.compile.graph import Graph

Floats = npt.NDArray[np.float32]


@predictors.register
@dataclass(frozen=True)
class EmbeddingLinear:
    """Scores of a text or of a pair: its features times the labels' directions; for a number there is one."""

    embedder: Embedder
    directions: Floats
    """Shape (width, labels)."""
    intercept: Floats
    """Shape (labels,)."""
    pairing: Pairing = ""
    """Whether examples are pairs, whose features are then what directions are of."""

    @property
    def thread_safe(self) -> bool:
        """Whether several threads may ask it at once: that is up to what reads the texts."""
        return self.embedder.thread_safe

    def graph(self, *, lean: bool = False) -> "Graph":
        """Return what the texts are read with as one network."""
        return self.embedder.graph(lean=lean)

    def with_compute(self, compute: Compute) -> "EmbeddingLinear":
        """Return the same predictor, its base computed by a form."""
        return replace(self, embedder=replace(self.embedder, compute=compute))

    @property
    def base(self) -> Base:
        """What the texts are read with."""
        return self.embedder.base

    def scores(self, examples: Examples, progress: Progress | None = None) -> Scores:
        """Return logits, shape (n, labels)."""
        return self.of(self.embedder.examples(examples, self.pairing, progress))

    def of(self, vectors: Floats) -> Floats:
        """Return the logits of some embeddings, shape (n, labels)."""
        found = vectors @ self.directions + self.intercept
        return found.astype(np.float32, copy=False)

    def save(self, folder: Path, *, standalone: bool) -> None:
        """Write arrays.safetensors, base.json and, standalone, the folder base."""
        self.save_head(folder)
        write_base(self.base, folder, standalone=standalone)

    @classmethod
    def load(cls, folder: Path, cache: Path) -> "EmbeddingLinear":
        """Return what `save` wrote."""
        return cls.on(Embedder(read_base(folder, cache)), folder)

    def save_head(self, folder: Path) -> None:
        """Write arrays.safetensors, and pairs.json where examples are pairs: all but the base."""
        save_arrays(folder / "arrays.safetensors", {"directions": self.directions, "intercept": self.intercept})
        if self.pairing:
            write_json(folder / "pairs.json", {"pairing": self.pairing})

    @classmethod
    def on(cls, embedder: Embedder, folder: Path) -> "EmbeddingLinear":
        """Return what `save_head` wrote, on a base that is there."""
        arrays = load_arrays(folder / "arrays.safetensors")
        facts = read_json(folder / "pairs.json") if (folder / "pairs.json").exists() else {}
        return cls(embedder, arrays["directions"], arrays["intercept"], facts.get("pairing", ""))
