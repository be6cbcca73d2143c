"""What a person may say about a search."""

from dataclasses import dataclass
from typing import Annotated, Literal

from haoqi.core.config import Choices, Range


@dataclass(frozen=True)
class ExploreSettings:
    """How long to look, how, and how sure to be."""

    minutes: Annotated[float | None, Range(0.05, 100_000, search=False)] = None
    """Time for all that a run does, from reading to its report, over all its sittings. 5 where neither this nor steps
    are given."""
    steps: Annotated[int | None, Range(1, 1_000_000, search=False)] = None
    """How many experiments to make; two runs with one seed and this limit give the same ledger."""
    strategy: str = "curious"
    """How the next plan is chosen once the cheap ones are done; see `haoqi strategies`."""
    worth: Annotated[float, Range(0.0, 1.0, search=False)] = 0.0005
    """Gain in the first metric that a minute must promise, else the search ends; 0: it never ends before its time."""
    methods: tuple[str, ...] = ()
    """Only these methods; where none is named, all that suit the task but those much like another."""
    base: tuple[str, ...] = ()
    """Only these bases; chosen by the languages found where none is named."""
    reflect: bool = True
    """Whether lessons are drawn from how the champion fails, and tested, as much of the time as that pays."""
    ensemble: bool = True
    """Whether the best plans are asked together, and a fast one learns from them, where a test says that it pays."""
    refit: bool = True
    """Whether what is released learns from the validation examples, too, where there is time for it."""
    variants: Annotated[int, Range(0, 100, search=False)] = 4
    """How many variations of a method's settings are candidates beside its defaults."""
    alpha: Annotated[float, Range(0.0001, 0.5, search=False)] = 0.1
    """The chance that a run without any better plan proves one: all its paired tests share it, the likely ones most."""
    borrow: bool = True
    """Whether other data sets may decide between methods left open here, where all in all it is sure by 1 - 2 alpha."""
    folds: Annotated[int | None, Choices(None, 0, 2, 3, 4, 5, 8, 10, search=False)] = None
    """Folds of cross-validation, 0 for none; chosen by the number of examples and the time where not said."""

    advice_seconds: Annotated[float, Range(0.0, 3600.0, search=False)] = 15.0
    """Time at the end to find out what would pay most next, or 5 % of the minutes where that is more, and within them;
    0: it is left out."""
    devices: Annotated[int, Range(1, 64, search=False)] = 1
    """Processes that train together, each on a GPU of its own or on its share of the cores."""
    sharding: Annotated[Literal["none", "full"], Choices("none", "full", search=False)] = "none"
    """Whether each device holds the whole of what is trained, or a shard: less memory, more talk between them."""

    @property
    def budget_seconds(self) -> float | None:
        """Time to explore in seconds, or None where only steps count."""
        if self.minutes is not None:
            return self.minutes * 60
        return None if self.steps is not None else 300.0
