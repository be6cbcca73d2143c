"""Several predictors of one task, their scores weighed and added; a base that several ask is asked once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from haoqi.core.errors import UserError
from haoqi.core.folder import read_json, write_json
from haoqi.data.examples import Examples
from haoqi.models.arrays import load_arrays, save_arrays
from haoqi.models.embedder import Embedder
from haoqi.models.predictor import Predictor, Progress, predictors
from haoqi.tasks.task import Scores


@runtime_checkable
class OnEmbeddings(Protocol):
    """A predictor that asks a base for embeddings only, so that several can share them."""

    @property
    def embedder(self) -> Embedder:
        """What reads the texts."""
        ...

    def of(self, vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the logits of some embeddings, shape (n, labels)."""
        ...


@predictors.register
@dataclass(frozen=True)
class Blend:
    """Scores of a text: the sum of its members' scores, each times its weight, and an offset per label."""

    members: tuple[Predictor, ...]
    """Each gives one row of scores per text, shape (n, labels)."""
    weights: npt.NDArray[np.float32]
    """Shape (members,)."""
    offset: npt.NDArray[np.float32]
    """Shape (labels,)."""

    def scores(self, examples: Examples, progress: Progress | None = None) -> Scores:
        """Return logits, shape (n, labels)."""
        parts, known = [], {}
        for member in self.members:
            if not isinstance(member, OnEmbeddings):
                parts.append(np.asarray(member.scores(examples)))
                continue
            read = member.embedder.base.fingerprint
            if read not in known:
                known[read] = member.embedder(examples.texts, progress)
            parts.append(member.of(known[read]))
        return blended(parts, self.weights, self.offset)

    def save(self, folder: Path, *, standalone: bool) -> None:
        """Write blend.json, arrays.safetensors and a folder for each member."""
        names = [type(member).__module__.rpartition(".")[2] for member in self.members]
        for place, member in enumerate(self.members):
            inside = folder / str(place)
            inside.mkdir()
            member.save(inside, standalone=standalone)
        save_arrays(folder / "arrays.safetensors", {"weights": self.weights, "offset": self.offset})
        write_json(folder / "blend.json", {"members": names})

    @classmethod
    def load(cls, folder: Path, cache: Path) -> "Blend":
        """Return what `save` wrote."""
        names = read_json(folder / "blend.json")["members"]
        arrays = load_arrays(folder / "arrays.safetensors")
        if len(arrays["weights"]) != len(names):
            raise UserError(f"{folder} is damaged: it has not one weight for each member", "train it again")
        members = tuple(
            predictors.get(name).load(folder / str(place), cache)  # type: ignore[attr-defined]
            for place, name in enumerate(names)
        )
        return cls(members, arrays["weights"], arrays["offset"])


def blended(
    parts: list[npt.NDArray[np.float32]], weights: npt.NDArray[np.float32], offset: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Return the weighted sum of some scores, each of shape (n, labels), plus the offset."""
    total = sum(weight * part for weight, part in zip(weights, parts, strict=True))
    return np.asarray(total + offset, np.float32)
