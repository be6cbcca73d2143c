"""Several predictors of one task, their scores weighed and added; the base that some of them ask is asked once."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from haoqi.core.errors import UserError
from haoqi.core.folder import read_json, write_json
from haoqi.data.examples import Examples
from haoqi.models.arrays import load_arrays, save_arrays
from haoqi.models.base_copy import read_base, write_base
from haoqi.models.embedder import Embedder
from haoqi.models.form import Compute
from haoqi.models.predictor import Predictor, Progress, predictors
from haoqi.tasks.task import Scores

if TYPE_CHECKING:
    from haoqi.models.graph import Graph

Floats = npt.NDArray[np.float32]


@runtime_checkable
class OnEmbeddings(Predictor, Protocol):
    """A predictor that asks a base for embeddings only, so that several can share one."""

    @property
    def embedder(self) -> Embedder:
        """What reads the texts."""
        ...

    def of(self, vectors: Floats) -> Floats:
        """Return the logits of some embeddings, shape (n, labels)."""
        ...

    def save_head(self, folder: Path) -> None:
        """Write everything but the base."""
        ...


@predictors.register
@dataclass(frozen=True)
class Blend:
    """Scores of a text: the sum of its members' scores, each times its weight, and an offset per label."""

    members: tuple[Predictor, ...]
    """Each gives one row of scores per text, shape (n, labels); those on embeddings share one base."""
    weights: Floats
    """Shape (members,)."""
    offset: Floats
    """Shape (labels,)."""

    def scores(self, examples: Examples, progress: Progress | None = None) -> Scores:
        """Return logits, shape (n, labels)."""
        embedder = self._embedder
        vectors = None if embedder is None else embedder(examples.texts, progress)
        parts = [
            member.of(vectors)
            if isinstance(member, OnEmbeddings) and vectors is not None
            else np.asarray(member.scores(examples))
            for member in self.members
        ]
        total = sum(weight * part for weight, part in zip(self.weights, parts, strict=True))
        return np.asarray(total + self.offset, np.float32)

    def graph(self) -> "Graph | None":
        """Return what the texts are read with as one network; None if no member reads them so."""
        return None if self._embedder is None else self._embedder.graph()

    def computed_by(self, compute: Compute) -> "Blend":
        """Return the same predictor, the base of its members computed by a form."""
        assert self._embedder is not None
        embedder = replace(self._embedder, compute=compute)
        members: list[Any] = list(self.members)
        return replace(
            self, members=tuple(replace(one, embedder=embedder) if hasattr(one, "embedder") else one for one in members)
        )

    def save(self, folder: Path, *, standalone: bool) -> None:
        """Write blend.json, arrays.safetensors, a folder for each member, and the base once for all."""
        embedder = self._embedder
        kinds = [type(member).__module__.rpartition(".")[2] for member in self.members]
        for place, member in enumerate(self.members):
            inside = folder / str(place)
            inside.mkdir()
            if isinstance(member, OnEmbeddings):
                member.save_head(inside)
            else:
                member.save(inside, standalone=standalone)
        if embedder is not None:
            write_base(embedder.base, folder, standalone=standalone)
        save_arrays(folder / "arrays.safetensors", {"weights": self.weights, "offset": self.offset})
        write_json(folder / "blend.json", {"members": kinds, "reads": embedder is not None})

    @classmethod
    def load(cls, folder: Path, cache: Path) -> "Blend":
        """Return what `save` wrote."""
        try:
            facts = read_json(folder / "blend.json")
            makers: list[Any] = [predictors.get(kind) for kind in facts["members"]]
            embedder = Embedder(read_base(folder, cache)) if facts["reads"] else None
        except (KeyError, TypeError):
            raise UserError(f"{folder / 'blend.json'} is damaged", "train it again") from None
        arrays = load_arrays(folder / "arrays.safetensors")
        members = tuple(
            maker.on(embedder, folder / str(place)) if hasattr(maker, "on") else maker.load(folder / str(place), cache)
            for place, maker in enumerate(makers)
        )
        return cls(members, arrays["weights"], arrays["offset"])

    @property
    def _embedder(self) -> Embedder | None:
        """What reads the texts for all members that work on embeddings."""
        return next((member.embedder for member in self.members if isinstance(member, OnEmbeddings)), None)
