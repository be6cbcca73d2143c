"""The contract of a predictor: what turns texts into scores, and survives a round trip to disk."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, runtime_checkable

from haoqi.core.registry import Registry
from haoqi.data.examples import Examples
from haoqi.tasks.task import Scores

# Called with the number of examples done so far.
Progress = Callable[[int], None]


@runtime_checkable
class Predictor(Protocol):
    """A fitted form of model. Its class is registered in one file of `models/predictors/`."""

    @property
    def thread_safe(self) -> bool:
        """Whether several threads may ask it at once; True or False for the whole class, or by what computes it."""
        ...

    def scores(self, examples: Examples, progress: Progress | None = None) -> Scores:
        """Return logits for every example, in order."""
        ...

    def save(self, folder: Path, *, standalone: bool) -> None:
        """Write into an existing, empty folder: safetensors, JSON and a tokenizer, nothing pickled.

        Args:
            folder: where to write.
            standalone: copy frozen weights of the base too, so that the folder works on another
                machine; otherwise the base is referred to by name and fingerprint.
        """
        ...

    @classmethod
    def load(cls, folder: Path, cache: Path) -> "Predictor":
        """Return what `save` wrote; `cache` is where bases are resolved when the folder only refers to one.

        Raises:
            UserError: if a file is missing, damaged, or of a newer format.
        """
        ...


predictors: Registry[Predictor] = Registry("predictor", "haoqi.models.predictors")
