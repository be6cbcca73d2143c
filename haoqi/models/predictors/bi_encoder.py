"""A bi-encoder: one tuned encoder that reads each of two texts by itself, and what their vectors say together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from haoqi.core.errors import UserError
from haoqi.core.folder import read_json, write_json
from haoqi.data.examples import Examples
from haoqi.models.arrays import load_arrays, save_arrays
from haoqi.models.bases import Base
from haoqi.models.compile.form import Compute
from haoqi.models.encoders.pair_features import Pairing, pair_vectors
from haoqi.models.predictor import Progress, predictors
from haoqi.models.predictors.encoder import Encoder
from haoqi.tasks.task import Scores

if TYPE_CHECKING:
    from haoqi.models.compile.graph import Graph

Floats = npt.NDArray[np.float32]

ENCODER = "encoder"


@predictors.register
@dataclass(frozen=True)
class BiEncoder:
    """Scores of two texts: the cosine of their vectors, or features of both; the vectors can be indexed."""

    encoder: Encoder
    """Gives a vector of length 1 for each text, in place of logits."""
    directions: Floats
    """Shape (1, outputs) where the cosine alone counts, else (features, outputs)."""
    intercept: Floats
    """Shape (outputs,)."""
    pairing: Pairing
    """How the two texts belong together."""

    @property
    def thread_safe(self) -> bool:
        """Whether several threads may ask it at once: that is up to what reads the texts."""
        return self.encoder.thread_safe

    @property
    def base(self) -> Base:
        """Where the weights that were not trained come from."""
        return self.encoder.base

    def vectors(self, texts: Sequence[str], progress: Progress | None = None) -> Floats:
        """Return a vector of length 1 for each text, shape (n, width); equal texts are read once."""
        places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
        found: Floats = np.asarray(self.encoder.scores(Examples.of(list(places)), progress))
        lengths = np.sqrt((found**2).sum(axis=1, keepdims=True))
        found = (found / np.maximum(lengths, 1e-9)).astype(np.float32)  # half precision rounds them a little
        return found[[places[text] for text in texts]] if len(places) < len(texts) else found

    def scores(self, examples: Examples, progress: Progress | None = None) -> Scores:
        """Return logits, or numbers, shape (n, outputs)."""
        texts = [*examples.texts, *examples.second_texts]
        total = max(1, len(set(texts)))
        share = None if progress is None else _scaled(progress, len(examples) / total)
        both = self.vectors(texts, share)
        if progress is not None:
            progress(len(examples))
        return self.of(both[: len(examples)], both[len(examples) :])

    def of(self, first: Floats, second: Floats) -> Floats:
        """Return the logits, or numbers, of pairs of vectors, shape (n, outputs)."""
        if len(self.directions) == 1:
            features = (first * second).sum(axis=1, keepdims=True)
        else:
            features = pair_vectors(first, second, self.pairing)
        found: Floats = (features @ self.directions + self.intercept).astype(np.float32, copy=False)
        return found

    def graph(self, *, lean: bool = False) -> "Graph":
        """Return what the texts are read with as one network."""
        return self.encoder.graph(lean=lean)

    def with_compute(self, compute: Compute) -> "BiEncoder":
        """Return the same predictor, its encoder computed by a form."""
        return replace(self, encoder=self.encoder.with_compute(compute))

    def save(self, folder: Path, *, standalone: bool) -> None:
        """Write arrays.safetensors, pairs.json and the folder encoder."""
        (folder / ENCODER).mkdir()
        self.encoder.save(folder / ENCODER, standalone=standalone)
        save_arrays(folder / "arrays.safetensors", {"directions": self.directions, "intercept": self.intercept})
        write_json(folder / "pairs.json", {"pairing": self.pairing})

    @classmethod
    def load(cls, folder: Path, cache: Path) -> "BiEncoder":
        """Return what `save` wrote."""
        encoder = Encoder.load(folder / ENCODER, cache)
        arrays, facts = load_arrays(folder / "arrays.safetensors"), read_json(folder / "pairs.json")
        try:
            return cls(encoder, arrays["directions"], arrays["intercept"], facts["pairing"])
        except (KeyError, TypeError):
            raise UserError(f"{folder} is damaged", "train the model again, or copy it again") from None


def _scaled(progress: Progress, share: float) -> Progress:
    """Return a progress of distinct texts as one of examples."""
    return lambda done: progress(int(done * share))
