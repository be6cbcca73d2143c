"""Several predictors of one task, their scores weighed and added; a base that several of them ask is asked once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from haoqi.core.errors import UserError
from haoqi.core.folder import read_json, write_json
from haoqi.data.examples import Examples
from haoqi.models.arrays import load_arrays, save_arrays
from haoqi.models.compile.form import Compilable, Compute
from haoqi.models.encoders.base_copy import read_base, write_base
from haoqi.models.encoders.embedder import Embedder
from haoqi.models.encoders.pair_features import Pairing
from haoqi.models.predictor import Predictor, Progress, predictors
from haoqi.tasks.task import Scores

if TYPE_CHECKING:
    from haoqi.models.compile.graph import Graph

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
    """Each gives one row of scores per text, shape (n, labels); those on embeddings of one base share it."""
    weights: Floats
    """Shape (members,)."""
    offset: Floats
    """Shape (labels,)."""

    @classmethod
    def of(cls, members: Sequence[Predictor], weights: Sequence[float], labels: int) -> "Blend":
        """Return the weighted sum of some predictors, those that are sums themselves taken apart.

        Args:
            members: of one task, each with one row of scores per text.
            weights: of each.
            labels: how many scores are in a row.
        """
        parts: list[tuple[Predictor, float]] = []
        offset = np.zeros(labels, np.float32)
        for member, weight in zip(members, weights, strict=True):
            if isinstance(member, cls):
                parts += [(one, weight * float(own)) for one, own in zip(member.members, member.weights, strict=True)]
                offset += np.float32(weight) * member.offset
            else:
                parts.append((member, weight))
        return cls(tuple(one for one, _ in parts), np.array([weight for _, weight in parts], np.float32), offset)

    @property
    def thread_safe(self) -> bool:
        """Whether several threads may ask it at once: where all of its members may be."""
        return all(member.thread_safe for member in self.members)

    def scores(self, examples: Examples, progress: Progress | None = None) -> Scores:
        """Return logits, shape (n, labels)."""
        vectors: dict[str, Floats] = {}
        for name, embedder in self._embedders.items():
            vectors[name] = embedder.examples(examples, self._pairing, None if vectors else progress)
        parts = [
            member.of(vectors[member.embedder.base.fingerprint])
            if isinstance(member, OnEmbeddings)
            else np.asarray(member.scores(examples))
            for member in self.members
        ]
        if progress is not None and not vectors:
            progress(len(examples))
        total = sum(weight * part for weight, part in zip(self.weights, parts, strict=True))
        return np.asarray(total + self.offset, np.float32)

    def graph(self, *, lean: bool = False) -> "Graph | None":
        """Return what most texts are read with as one network, of several the first; None if no member reads them so.

        It is the first base that members share, or for want of one the first member that was tuned.
        """
        for embedder in self._embedders.values():
            return embedder.graph(lean=lean)
        return None if self._tuned is None else self._tuned.graph(lean=lean)

    def with_compute(self, compute: Compute) -> "Blend":
        """Return the same predictor, the network that `graph` gives computed by a form."""
        members: list[Any] = list(self.members)
        for name, embedder in self._embedders.items():
            quick = replace(embedder, compute=compute)
            same = [isinstance(one, OnEmbeddings) and one.embedder.base.fingerprint == name for one in members]
            asks = zip(members, same, strict=True)
            return replace(self, members=tuple(replace(one, embedder=quick) if mine else one for one, mine in asks))
        assert self._tuned is not None
        quicker = self._tuned.with_compute(compute)
        return replace(self, members=tuple(quicker if one is self._tuned else one for one in members))

    def save(self, folder: Path, *, standalone: bool) -> None:
        """Write blend.json, arrays.safetensors, a folder for each member, and every base once."""
        embedders = self._embedders
        kinds = [type(member).__module__.rpartition(".")[2] for member in self.members]
        for place, member in enumerate(self.members):
            inside = folder / str(place)
            inside.mkdir()
            if isinstance(member, OnEmbeddings):
                member.save_head(inside)
            else:
                member.save(inside, standalone=standalone)
        for number, embedder in enumerate(embedders.values()):
            _place(folder, number).mkdir(exist_ok=True)
            write_base(embedder.base, _place(folder, number), standalone=standalone)
        save_arrays(folder / "arrays.safetensors", {"weights": self.weights, "offset": self.offset})
        order = {name: number for number, name in enumerate(embedders)}
        asks = [order[one.embedder.base.fingerprint] if isinstance(one, OnEmbeddings) else None for one in self.members]
        several = {"asks": asks} if len(order) > 1 else {}
        write_json(folder / "blend.json", {"members": kinds, "reads": bool(embedders), **several})

    @classmethod
    def load(cls, folder: Path, cache: Path) -> "Blend":
        """Return what `save` wrote."""
        try:
            facts = read_json(folder / "blend.json")
            makers: list[Any] = [predictors.get(kind) for kind in facts["members"]]
            asks = facts.get("asks", [0 if facts["reads"] else None] * len(makers))
            bases = {number for number in asks if number is not None}
            embedders = {number: Embedder(read_base(_place(folder, number), cache)) for number in sorted(bases)}
        except (KeyError, TypeError):
            raise UserError(f"{folder / 'blend.json'} is damaged", "train it again") from None
        arrays = load_arrays(folder / "arrays.safetensors")
        members = tuple(
            maker.on(embedders[asked], folder / str(place))
            if hasattr(maker, "on")
            else maker.load(folder / str(place), cache)
            for place, (maker, asked) in enumerate(zip(makers, asks, strict=True))
        )
        return cls(members, arrays["weights"], arrays["offset"])

    @property
    def _embedders(self) -> dict[str, Embedder]:
        """What reads the texts for the members that work on embeddings, by the fingerprint of the base."""
        found: dict[str, Embedder] = {}
        for member in self.members:
            if isinstance(member, OnEmbeddings):
                found.setdefault(member.embedder.base.fingerprint, member.embedder)
        return found

    @property
    def _pairing(self) -> Pairing:
        """How the texts of an example belong together: the same for all members, which are of one task."""
        found: Pairing = next((one.pairing for one in self.members if hasattr(one, "pairing")), "")
        return found

    @property
    def _tuned(self) -> Compilable | None:
        """The first member that reads the texts with a network of its own."""
        return next((one for one in self.members if isinstance(one, Compilable) and _reads(one)), None)


def _reads(member: Compilable) -> bool:
    """Return whether a member has a network, without making one."""
    return not isinstance(member, Blend) or bool(member._embedders) or member._tuned is not None


def _place(folder: Path, number: int) -> Path:
    """Return where a base lies: the first with the model, others in folders of their own."""
    return folder / f"other-{number}" if number else folder
