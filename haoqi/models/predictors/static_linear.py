"""A linear model of static embeddings: tokens are looked up in a table, and no network is computed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from haoqi.core.errors import UserError
from haoqi.core.folder import read_json, write_atomic, write_json
from haoqi.data.examples import Examples
from haoqi.models.arrays import load_arrays, save_arrays
from haoqi.models.bases import read_tokenizer
from haoqi.models.encoders.pair_features import Pairing
from haoqi.models.encoders.static_embedder import StaticEmbedder
from haoqi.models.predictor import Progress, predictors
from haoqi.tasks.task import Scores

Floats = npt.NDArray[np.float32]


@predictors.register
@dataclass(frozen=True)
class StaticLinear:
    """Scores of a text or of a pair: its features times the labels' directions; for a number there is one."""

    thread_safe: ClassVar[bool] = True

    embedder: StaticEmbedder
    directions: Floats
    """Shape (width, labels)."""
    intercept: Floats
    """Shape (labels,)."""
    pairing: Pairing = ""
    """Whether examples are pairs, whose features are then what directions are of."""
    distilled: str = ""
    """The base that the table was made from."""

    def scores(self, examples: Examples, progress: Progress | None = None) -> Scores:
        """Return logits or numbers, shape (n, labels)."""
        found = self.embedder.examples(examples, self.pairing, progress) @ self.directions + self.intercept
        return found.astype(np.float32, copy=False)

    def save(self, folder: Path, *, standalone: bool) -> None:
        """Write static.json, tokenizer.json and arrays.safetensors; no base is needed, so every folder stands alone."""
        write_json(folder / "static.json", {"pairing": self.pairing, "distilled": self.distilled})
        write_atomic(folder / "tokenizer.json", self.embedder.tokenizer.to_str())
        arrays: dict[str, npt.NDArray[Any]] = {
            "table": self.embedder.table,
            "directions": self.directions,
            "intercept": self.intercept,
        }
        save_arrays(folder / "arrays.safetensors", arrays)

    @classmethod
    def load(cls, folder: Path, cache: Path) -> "StaticLinear":
        """Return what `save` wrote; its scores are the same to the last bit."""
        facts, arrays = read_json(folder / "static.json"), load_arrays(folder / "arrays.safetensors")
        embedder = read_tokenizer(folder / "tokenizer.json")
        try:
            found = StaticEmbedder(embedder, arrays["table"])
            return cls(found, arrays["directions"], arrays["intercept"], facts["pairing"], facts["distilled"])
        except (KeyError, TypeError):
            raise UserError(f"{folder} is damaged", "the model is damaged; train or copy it again") from None
