"""The labels of the nearest known texts, or pairs of texts, by a frozen base's embeddings."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from haoqi.core.folder import read_json, write_json
from haoqi.data.examples import Examples
from haoqi.models.arrays import load_arrays, save_arrays
from haoqi.models.bases import Base
from haoqi.models.compile.form import Compute
from haoqi.models.encoders.base_copy import read_base, write_base
from haoqi.models.encoders.embedder import Embedder
from haoqi.models.encoders.pair_features import Pairing, pair_places
from haoqi.models.predictor import Progress, predictors
from haoqi.tasks.task import Scores

if TYPE_CHECKING:
    from haoqi.models.compile.graph import Graph

Floats = npt.NDArray[np.float32]

# Similarities held at once: 64 MB.
SIMILARITIES = 16_000_000


@predictors.register
@dataclass(frozen=True)
class EmbeddingNeighbours:
    """Scores of a text: the log odds of each label among its nearest neighbours, the nearer the weightier."""

    embedder: Embedder
    known: npt.NDArray[np.float16]
    """Embeddings of the known texts, of length 1, or places of the known pairs, shape (n, features); half precision, as
    they only rank."""
    targets: npt.NDArray[Any]
    """True where a known text has a label, bool, shape (n, labels); or its number, float32, shape (n, 1)."""
    neighbours: int
    reach: float
    """Difference of cosine at which a neighbour's vote falls to a third; of pairs, of half the squared distance."""
    exclusive: bool
    """Whether a text has exactly one label."""
    weights: Floats | None = None
    """How much the vote of each known text counts, shape (n,); None: all alike."""
    pairing: Pairing = ""
    """Whether examples are pairs, which are then near where their features are."""

    @property
    def thread_safe(self) -> bool:
        """Whether several threads may ask it at once: that is up to what reads the texts."""
        return self.embedder.thread_safe

    def graph(self, *, lean: bool = False) -> "Graph":
        """Return what the texts are read with as one network."""
        return self.embedder.graph(lean=lean)

    def with_compute(self, compute: Compute) -> "EmbeddingNeighbours":
        """Return the same predictor, its base computed by a form."""
        return replace(self, embedder=replace(self.embedder, compute=compute))

    @property
    def base(self) -> Base:
        """What the texts are read with."""
        return self.embedder.base

    def scores(self, examples: Examples, progress: Progress | None = None) -> Scores:
        """Return logits, shape (n, labels)."""
        return self.of(self.embedder.examples(examples, self.pairing, progress))

    def of(self, embeddings: Floats) -> Floats:
        """Return the logits of some embeddings, or features of pairs, shape (n, labels)."""
        embeddings = pair_places(embeddings, self.pairing) if self.pairing else embeddings
        found = np.empty((len(embeddings), self.targets.shape[1]), np.float32)
        step = max(1, SIMILARITIES // max(len(self.known), self.neighbours * self.targets.shape[1]))
        for start in range(0, len(embeddings), step):
            found[start : start + step] = self._votes(embeddings[start : start + step])
        return found

    def _votes(self, embeddings: Floats) -> Floats:
        similar = embeddings @ self._known_in_full.T
        if self.pairing:  # what the question's own length adds is the same for all
            similar -= self._half_lengths
        count = min(self.neighbours, similar.shape[1])
        nearest = np.argpartition(-similar, count - 1, axis=1)[:, :count]
        cosines = np.take_along_axis(similar, nearest, axis=1)
        weights = np.exp((cosines - cosines.max(axis=1, keepdims=True)) / self.reach)
        if self.weights is not None:
            weights *= self.weights[nearest]
        votes = np.einsum("qk,qkl->ql", weights, self.targets[nearest].astype(np.float32))
        if self.targets.dtype != np.bool_:  # numbers: the mean of the nearest
            means: Floats = votes / weights.sum(axis=1, keepdims=True)
            return means
        # Half a vote, shared as the labels are among all known texts: none is ever ruled out.
        shares = (votes + 0.5 * self._usual) / (weights.sum(axis=1, keepdims=True) + 0.5)
        safe = np.clip(shares, 1e-6, 1 - 1e-6)
        logits: Floats = np.log(safe) if self.exclusive else np.log(safe / (1 - safe))
        return logits

    def save(self, folder: Path, *, standalone: bool) -> None:
        """Write arrays.safetensors, neighbours.json, base.json and, standalone, the folder base."""
        self.save_head(folder)
        write_base(self.base, folder, standalone=standalone)

    @classmethod
    def load(cls, folder: Path, cache: Path) -> "EmbeddingNeighbours":
        """Return what `save` wrote."""
        return cls.on(Embedder(read_base(folder, cache)), folder)

    def save_head(self, folder: Path) -> None:
        """Write arrays.safetensors and neighbours.json, all but the base."""
        arrays = {"known": self.known, "targets": self.targets}
        weights = {} if self.weights is None else {"weights": self.weights}
        save_arrays(folder / "arrays.safetensors", {**arrays, **weights})
        facts: dict[str, Any] = {"neighbours": self.neighbours, "reach": self.reach, "exclusive": self.exclusive}
        facts |= {"pairing": self.pairing} if self.pairing else {}
        write_json(folder / "neighbours.json", facts)

    @classmethod
    def on(cls, embedder: Embedder, folder: Path) -> "EmbeddingNeighbours":
        """Return what `save_head` wrote, on a base that is there."""
        arrays = load_arrays(folder / "arrays.safetensors")
        facts = read_json(folder / "neighbours.json")
        return cls(embedder, arrays["known"], arrays["targets"], **facts, weights=arrays.get("weights"))

    @cached_property
    def _usual(self) -> Floats:
        return np.average(self.targets, axis=0, weights=self.weights).astype(np.float32)

    @cached_property
    def _half_lengths(self) -> Floats:
        found: Floats = (self._known_in_full**2).sum(axis=1) / 2
        return found

    @cached_property
    def _known_in_full(self) -> Floats:
        return self.known.astype(np.float32)
