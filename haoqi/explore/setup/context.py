"""The context of a search: what all of its experiments share."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from haoqi.core import folder as folders
from haoqi.core import hardware, seeds
from haoqi.core.errors import UserError
from haoqi.core.events import Listen, silent
from haoqi.core.hardware import Hardware
from haoqi.core.stop import Stop
from haoqi.data.examples import Examples, Splits
from haoqi.data.preparing.card import Card
from haoqi.data.preparing.prepared import Prepared
from haoqi.data.schema import Schema
from haoqi.explore.plans.plan import Plan
from haoqi.explore.settings import ExploreSettings
from haoqi.explore.setup.base_choice import choose_bases
from haoqi.explore.setup.imported_libraries import find_not_imported
from haoqi.explore.setup.text_lengths import TextLengths, measure_lengths
from haoqi.methods.method import Method, methods, usual_methods
from haoqi.models.bases import Base, resolve
from haoqi.models.feature_store.store import FeatureStore
from haoqi.tasks.task import Task
from haoqi.train.distributed.launch import check_devices
from haoqi.train.techniques import Techniques

T = TypeVar("T")

FEW = 250
"""With fewer validation examples than this, plans are judged by cross-validation."""

FOLDS = 5
"""Of cross-validation, mostly."""

FEW_EACH = 32
"""With fewer examples than this of each label, what other data sets know says more than a test on these."""

SHORT_SECONDS = 240.0
"""With less time than this, a few examples are judged in three folds: with the release, three fits' work, not five."""


@dataclass(frozen=True)
class SearchContext:
    """One task on one set of splits, with the bases, the machine and the settings of its search."""

    task: Task
    splits: Splits
    bases: Mapping[str, Base]
    settings: ExploreSettings
    hardware: Hardware
    folder: Path
    """The run's folder."""
    run: str
    """The run's name in the ledger."""
    seed: int = 0
    lengths: TextLengths = field(default_factory=TextLengths)
    """How long the texts are."""
    fresh: frozenset[str] = field(default_factory=find_not_imported)
    """Libraries that were not imported when it was made; the first plan that needs one takes longer."""
    cleaned: bool = False
    """Whether the texts were cleaned, so that texts to be answered must be, too."""
    card: Card = field(default_factory=lambda: Card("", Schema("", "")))
    """What a person should know of the data."""
    compiles: bool = False
    """Whether what is released is compiled for this machine, if the time allows it."""
    cache: Path = field(default_factory=folders.cache)
    """Where bases and what is known of the machine are kept: of the home of the run, or shared by several."""
    listen: Listen = silent
    stop: Stop | None = None
    """Asks the search to end: whoever reports to a listener of this context then learns of it by StopRequested."""

    @cached_property
    def makers(self) -> dict[str, type[Method]]:
        """The methods that may be tried, by name."""
        found = suitable_methods(self.settings, self.task)
        if not self.splits.unlabelled:  # none, or no rows
            found = {name: maker for name, maker in found.items() if not getattr(maker, "uses_unlabelled", False)}
        return {name: maker for name, maker in found.items() if self.bases or not maker.uses_base}

    @cached_property
    def folds(self) -> int:
        """Folds of cross-validation, 0 where the validation split is enough.

        Few examples are judged by cross-validation over training and validation examples together; in fewer folds
        where there are some of each label only, and little time.
        """
        if self.settings.folds is not None:
            return self.settings.folds
        train, valid, budget = len(self.splits.train), len(self.splits.valid), self.settings.budget_seconds
        if valid >= FEW or train >= 10 * FEW:
            return 0
        return 3 if budget is not None and budget < SHORT_SECONDS and self._few_each(train + valid) else FOLDS

    @cached_property
    def few(self) -> bool:
        """Whether there are only some examples of each label, so that hardly any test can tell plans apart."""
        return bool(self.folds) and self._few_each(len(self.judged))

    def _few_each(self, rows: int) -> bool:
        return self.task.output.kind.one_class and rows < FEW_EACH * len(self.task.labels)

    @cached_property
    def judged(self) -> Examples:
        """The examples that every plan is judged on."""
        if not self.folds:
            return self.splits.valid
        return Examples.join([self.splits.train, self.splits.valid])

    @cached_property
    def whole(self) -> "SearchContext":
        """The same context with all examples but the test split to learn from, and none held back to judge by."""
        known = Examples.join([self.splits.train, self.splits.valid])
        splits = replace(self.splits, train=known, valid=Examples.of([]))
        return self._with(splits=splits, settings=replace(self.settings, folds=0))

    @cached_property
    def cross_validated(self) -> "SearchContext":
        """The same context, where plans are judged by cross-validation over training and validation examples.

        Each model learns from about as many as the training split has.
        """
        train, valid = len(self.splits.train), len(self.splits.valid)
        folds = min(FOLDS, max(2, math.ceil((train + valid) / max(1, valid))))
        return self._with(settings=replace(self.settings, folds=folds))

    @cached_property
    def store(self) -> FeatureStore:
        """What frozen weights computed, shared by all plans."""
        return FeatureStore(self.folder / "features")

    def once(self, name: str, make: Callable[[], T]) -> T:
        """Return what is made once for this context, under a name."""
        if name not in self._made:
            self._made[name] = make()
        found: T = self._made[name]
        return found

    @cached_property
    def _made(self) -> dict[str, Any]:
        return {}

    def heard(self, listen: Listen) -> "SearchContext":
        """Return the same context with another listener; a stop signal is heeded all the same."""
        return self._with(listen=listen if self.stop is None else self.stop.heard_by(listen))

    def stopped_by(self, stop: Stop | None) -> "SearchContext":
        """Return the same context, whose work ends where it next reports once a stop signal asks for it."""
        return self if stop is None else self._with(stop=stop, listen=stop.heard_by(self.listen))

    def check_stop(self) -> None:
        """Go on, unless the search was asked to end.

        Raises:
            StopRequested: if it was.
        """
        if self.stop is not None:
            self.stop.check()

    def _with(self, **changes: Any) -> "SearchContext":
        """Return the same context but for some fields; what the store holds is held once."""
        other = replace(self, **changes)
        vars(other)["store"] = self.store
        return other

    def method(self, plan: Plan) -> Method:
        """Return a plan's method with its settings."""
        return methods.build(plan.method, **plan.varied)

    def supports_early_learning(self, plan: Plan) -> bool:
        """Return whether a plan's training can be held to its early answers: it takes the techniques of trainings."""
        maker = self.makers.get(plan.method)
        return maker is not None and issubclass(maker, Techniques)

    def generator(self, *names: object) -> np.random.Generator:
        """Return a generator of its own for these names."""
        return seeds.generator(self.seed, *names)


def check_settings(settings: ExploreSettings, task: Task, cache: Path) -> None:
    """Refuse methods that do not suit a task and bases that are not there, before any work is done.

    Args:
        settings: how to search.
        task: what to learn.
        cache: where bases are resolved.

    Raises:
        UserError: if a method or a base that was asked for is of no use.
    """
    suitable_methods(settings, task)
    check_devices(settings.devices)
    for name in settings.base:
        resolve(name, cache, download=True)


def suitable_methods(settings: ExploreSettings, task: Task) -> dict[str, type[Method]]:
    """Return the methods that can learn a task, by name: those asked for, or else the usual ones.

    Raises:
        UserError: if one that was asked for cannot.
    """
    found: dict[str, Any] = {name: methods.get(name) for name in methods.names()}
    able = {name: maker for name, maker in found.items() if maker.accepts.takes(task.output.kind, pairs=task.pairs)}
    for name in settings.methods:
        if name not in able:
            raise UserError(f"the method {name} cannot learn the task {task.name}", f"these can: {', '.join(able)}")
    usual = [name for name in usual_methods() if name in able]
    return {name: able[name] for name in settings.methods or usual}


def build_context(settings: ExploreSettings, task: Task, prepared: Prepared, place: Path, **rest: Any) -> SearchContext:
    """Return the context of a search for a task on prepared data, its bases found and the machine probed.

    Args:
        settings: how to search.
        task: what to learn.
        prepared: what from.
        place: the run's folder.
        rest: other fields of `SearchContext`: run, seed, cleaned, cache, listen.

    Raises:
        UserError: if a base that was asked for is not there.
    """
    cache = rest.pop("cache", None) or folders.cache()
    hardware.keep_in(cache)
    bases = choose_bases(settings, prepared.card.languages, cache, rest.get("listen", silent))
    return SearchContext(
        task=task,
        splits=prepared.splits,
        bases=bases,
        settings=settings,
        hardware=hardware.probe(cache),
        folder=place,
        lengths=measure_lengths(prepared.splits.train.whole_texts, bases),
        card=prepared.card,
        cache=cache,
        **rest,
    )
