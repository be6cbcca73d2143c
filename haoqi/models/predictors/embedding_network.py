"""A small network on a frozen base's embeddings: one hidden layer, then one direction per label."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from haoqi.data.examples import Examples
from haoqi.models.arrays import load_arrays, save_arrays
from haoqi.models.bases import Base
from haoqi.models.compile.form import Compute
from haoqi.models.encoders.base_copy import read_base, write_base
from haoqi.models.encoders.embedder import Embedder
from haoqi.models.predictor import Progress, predictors
from haoqi.tasks.task import Scores

if TYPE_CHECKING:
    from haoqi.models.compile.graph import Graph

Floats = npt.NDArray[np.float32]

SLOPE = 0.2
"""Of a hidden unit below zero."""


@predictors.register
@dataclass(frozen=True)
class EmbeddingNetwork:
    """Scores of a text: what its hidden units say, times the labels' directions."""

    embedder: Embedder
    weights: Floats
    """Of the hidden units, shape (width, hidden)."""
    biases: Floats
    """Shape (hidden,)."""
    directions: Floats
    """Shape (hidden, labels)."""
    intercept: Floats
    """Shape (labels,)."""

    @property
    def thread_safe(self) -> bool:
        """Whether several threads may ask it at once: that is up to what reads the texts."""
        return self.embedder.thread_safe

    def graph(self, *, lean: bool = False) -> "Graph":
        """Return what the texts are read with as one network."""
        return self.embedder.graph(lean=lean)

    def with_compute(self, compute: Compute) -> "EmbeddingNetwork":
        """Return the same predictor, its base computed by a form."""
        return replace(self, embedder=replace(self.embedder, compute=compute))

    @property
    def base(self) -> Base:
        """What the texts are read with."""
        return self.embedder.base

    def scores(self, examples: Examples, progress: Progress | None = None) -> Scores:
        """Return logits, shape (n, labels)."""
        return self.of(self.embedder.examples(examples, "", progress))

    def of(self, vectors: Floats) -> Floats:
        """Return the logits of some embeddings, shape (n, labels)."""
        inside = vectors @ self.weights + self.biases
        found = np.where(inside > 0, inside, SLOPE * inside) @ self.directions + self.intercept
        return found.astype(np.float32, copy=False)

    def save(self, folder: Path, *, standalone: bool) -> None:
        """Write arrays.safetensors, base.json and, standalone, the folder base."""
        self.save_head(folder)
        write_base(self.base, folder, standalone=standalone)

    @classmethod
    def load(cls, folder: Path, cache: Path) -> "EmbeddingNetwork":
        """Return what `save` wrote."""
        return cls.on(Embedder(read_base(folder, cache)), folder)

    def save_head(self, folder: Path) -> None:
        """Write arrays.safetensors: all but the base."""
        names = ("weights", "biases", "directions", "intercept")
        save_arrays(folder / "arrays.safetensors", {name: getattr(self, name) for name in names})

    @classmethod
    def on(cls, embedder: Embedder, folder: Path) -> "EmbeddingNetwork":
        """Return what `save_head` wrote, on a base that is there."""
        arrays = load_arrays(folder / "arrays.safetensors")
        return cls(embedder, arrays["weights"], arrays["biases"], arrays["directions"], arrays["intercept"])
