"""The contract of a method: a way to turn a base and examples into a predictor."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from haoqi.core.registry import Registry
from haoqi.data.answers import Accepts
from haoqi.data.examples import Examples
from haoqi.models.bases import Base
from haoqi.models.feature_store.store import FeatureStore
from haoqi.models.predictor import Predictor
from haoqi.tasks.task import Task

Weighs = Literal["exactly", "roughly", "no"]


@dataclass(frozen=True)
class Progress:
    """How far a fit has come, for whoever follows it."""

    share: float
    """Work done, in [0, 1]."""
    note: str = ""
    """One short phrase: "epoch 2 of 3, loss 0.41"."""


@dataclass(frozen=True)
class Job:
    """All that a fit may use; a method reads nothing else and keeps no state."""

    task: Task
    train: Examples
    valid: Examples
    """For early stopping only: never trained on."""
    seed: int
    store: FeatureStore
    """Embeddings and frozen activations, computed once per base and text and shared by all plans."""
    base: Base | None = None
    unlabelled: Examples | None = None
    """Texts without labels, of the same kind; a method that learns from them says `uses_unlabelled`."""
    folder: Path | None = None
    """Where a checkpoint may be written and is read first; None: no checkpoints."""
    seconds: float | None = None
    """Time that is left for this fit: a gradient method shortens its schedule to end within it."""
    to_beat: float | None = None
    """The validation score that the model should come up to: a gradient method ends early where it is out of reach."""
    report: Callable[[Progress], None] = field(default=lambda progress: None)
    note: Callable[[str], None] = field(default=lambda fact: None)
    """Told what should be remembered of this fit, such as that memory was short: it is kept in the ledger."""
    remember: Callable[[npt.NDArray[np.float32]], None] = field(default=lambda probabilities: None)
    """Told what a training that is held to its early answers remembers: how likely each label is for each row of
    `train`, shape (n, labels). On several devices, where none sees all rows, nothing is."""
    devices: int = 1
    """Processes that train together, each on a GPU of its own or on its share of the cores."""
    sharding: Literal["none", "full"] = "none"
    """Whether each of them holds a shard of what is trained, or the whole of it."""
    home: Path | None = None
    """The folder of the releases that a method may learn from; None: HAOQI_HOME."""

    def __post_init__(self) -> None:
        # So that no method needs to know: a row of weight 0 is as good as absent.
        object.__setattr__(self, "train", self.train.learnable())


@runtime_checkable
class Method(Protocol):
    """A frozen dataclass of settings with a `fit`. One file each; the file's name is its name.

    The module docstring cites the paper and says when to prefer the method. It may have a `work(size) -> Work` beside,
    which says as counts what a fit takes and scoring texts with what it gives; without one the explorer begins with
    what methods of its sort usually take, and goes by the seconds that its plans took (`work_of`). And it may have
    `ranks: ClassVar[tuple[int, int]]`: where it tends to stand among methods when time is no matter, 0 the best, with
    many examples and with few; in the middle where it does not say. With `control: ClassVar[bool] = True` it learns
    nothing from texts: whatever is better replaces it without a test. With `baseline: ClassVar[bool] = True` it is what
    most people would run: where it is cheap it comes first, and others are believed in relative to it. With
    `simple: ClassVar[bool] = True` it costs next to nothing, and the report compares the champion with it. With
    `on_request: ClassVar[bool] = True` a search tries it only where a person names it: it is much like another method.
    With `uses_unlabelled: ClassVar[bool] = True` it is tried only where there are texts without labels.
    """

    accepts: ClassVar[Accepts]
    """Which answers it can learn, and whether it reads the second text of pairs."""
    uses_base: ClassVar[bool]
    """Whether it starts from a pretrained encoder."""
    stochastic: ClassVar[bool]
    """Whether another seed gives another model."""
    elastic: ClassVar[bool]
    """Whether a fit does less where job.seconds is short; others take the time they take."""
    weighs: ClassVar[Weighs]
    """How it honours the weights of job.train: "exactly" (a row of weight 2 is the row twice, where no setting is
    chosen by trial and no order by chance), "roughly" (more weight, more say), or "no"."""

    def fit(self, job: Job) -> Predictor:
        """Return a predictor learnt from job.train; the same job gives the same predictor."""
        ...


methods: Registry[Method] = Registry("method", "haoqi.methods", skip=("method", "work"))


def usual_methods() -> list[str]:
    """Return the names of the methods that a search may try where a person names none."""
    return [name for name in methods.names() if not getattr(methods.get(name), "on_request", False)]
