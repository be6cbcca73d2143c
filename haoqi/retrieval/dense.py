"""What texts are turned into vectors by: a base as it is, or a release whose encoder reads single texts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.core import folder as folders
from haoqi.core.errors import UserError
from haoqi.core.mutex import Mutex
from haoqi.core.say import say
from haoqi.models.encoders.base_copy import read_base, write_base
from haoqi.models.encoders.embedder import Embedder
from haoqi.models.model import Model
from haoqi.models.predictors.bi_encoder import BiEncoder

Floats = npt.NDArray[np.float32]
Progress = Callable[[int], None]

# Bases that were trained to read what is searched otherwise than what searches for it, by the prefix of the latter.
_PASSAGE_PREFIX = {"query: ": "passage: "}


@dataclass(frozen=True)
class Dense:
    """Vectors of queries and of passages, each of length 1; one thread at a time computes them."""

    reader: Embedder | BiEncoder
    """A base as it is, or a tuned encoder, which reads queries and passages alike."""
    name: str
    """What a person calls it: a base, or a release."""
    mutex: Mutex = field(default_factory=Mutex, repr=False, compare=False)

    @property
    def tuned(self) -> bool:
        """Whether a release reads the texts, and not a base as it is."""
        return isinstance(self.reader, BiEncoder)

    def queries(self, texts: Sequence[str]) -> Floats:
        """Return the vectors of queries, shape (n, width)."""
        with self.mutex:
            return self.reader.vectors(texts) if isinstance(self.reader, BiEncoder) else self.reader(texts)

    def passages(self, texts: Sequence[str], progress: Progress | None = None) -> Floats:
        """Return the vectors of passages, shape (n, width)."""
        with self.mutex:
            if isinstance(self.reader, BiEncoder):
                return self.reader.vectors(texts, progress)
            own = self.reader.base.card.prefix
            return self.reader(texts, progress, prefix=_PASSAGE_PREFIX.get(own, own))

    def save(self, folder: Path, *, standalone: bool) -> None:
        """Write into an empty folder: a copy of the base, a reference to it, or the tuned encoder."""
        if isinstance(self.reader, BiEncoder):
            self.reader.save(folder, standalone=standalone)
        else:
            write_base(self.reader.base, folder, standalone=standalone)

    @classmethod
    def load(cls, folder: Path, cache: Path, name: str, *, tuned: bool) -> "Dense":
        """Return what `save` wrote."""
        return cls(BiEncoder.load(folder, cache) if tuned else Embedder(read_base(folder, cache)), name)


def dense_of(base: "str | Model", home: Path | None) -> Dense:
    """Return what turns texts into vectors by the name of a base or of a release.

    Raises:
        UserError: if there is neither, or the release cannot read single texts into vectors.
    """
    from haoqi.models.bases import bases, resolve
    from haoqi.models.releases import releases

    if isinstance(base, Model):
        return _of_model(base, str(base.facts.get("name", "a model")))
    if base not in bases.names() and base.partition("@")[0] in releases.names(home=home):
        return _of_model(releases.get(base, home=home).load(), base)
    found = resolve(base, folders.cache(home), download=True)
    if found.card.kind != "encoder":
        raise UserError(say("retrieval.no_encoder", name=base), say("retrieval.no_encoder.hint"))
    return Dense(Embedder(found), base)


def _of_model(model: Model, name: str) -> Dense:
    """Return the vectors of a model that reads two texts one by one, or whose base is as it was."""
    predictor: Any = model.predictor
    if isinstance(predictor, BiEncoder):
        return Dense(predictor, name)
    embedder = getattr(predictor, "embedder", None)
    if isinstance(embedder, Embedder):
        return Dense(Embedder(embedder.base), name)
    raise UserError(say("retrieval.no_vectors", name=name), say("retrieval.no_vectors.hint", name=name))
