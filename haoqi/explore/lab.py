"""The lab: all that the experiments of one run share."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from haoqi.core import folder, hardware, seeds
from haoqi.core.errors import UserError
from haoqi.core.events import Listen, silent
from haoqi.core.hardware import Hardware
from haoqi.data.card import Card
from haoqi.data.examples import Examples, Splits
from haoqi.data.prepared import Prepared
from haoqi.data.schema import Schema
from haoqi.explore.bases import bases_for
from haoqi.explore.lengths import Lengths, lengths_of
from haoqi.explore.loads import Kept, Trial, load_of, not_imported
from haoqi.explore.plan import Plan
from haoqi.explore.rates import nominal
from haoqi.explore.settings import ExploreSettings
from haoqi.explore.space import space
from haoqi.methods.method import Method, methods
from haoqi.methods.work import Size
from haoqi.models.bases import Base, resolve
from haoqi.models.features import FeatureStore
from haoqi.tasks.task import Task
from haoqi.train.distributed.launch import check_devices
from haoqi.train.techniques import Techniques

FEW = 250
"""With fewer validation examples than this, plans are judged by cross-validation."""

FOLDS = 5
"""Of cross-validation, mostly."""

FEW_EACH = 32
"""With fewer examples than this of each label, what other data sets know says more than a test on these."""

SHORT_SECONDS = 240.0
"""With less time than this, a few examples are judged in three folds: with the release, three fits' work, not five."""


@dataclass(frozen=True)
class Lab:
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
    lengths: Lengths = field(default_factory=Lengths)
    """How long the texts are."""
    fresh: frozenset[str] = field(default_factory=not_imported)
    """Libraries that were not imported when it was made: the first plan that needs one pays for it."""
    cleaned: bool = False
    """Whether the texts were cleaned, so that what a model is asked must be, too."""
    card: Card = field(default_factory=lambda: Card("", Schema("", "")))
    """What a person should know of the data."""
    compiles: bool = False
    """Whether what is released is compiled for this machine, if the time allows it."""
    listen: Listen = silent

    @cached_property
    def makers(self) -> dict[str, type[Method]]:
        """The methods that may be tried, by name."""
        found = suited(self.settings, self.task)
        return {name: maker for name, maker in found.items() if self.bases or not maker.uses_base}

    @cached_property
    def plans(self) -> list[Plan]:
        """The space of plans, in an order that depends on the seed alone."""
        rows = len(self.splits.train)
        rng = seeds.generator(self.seed, "space")
        return space(self.makers, list(self.bases), self.work, rows, variants=self.settings.variants, rng=rng)

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
        return self.task.output.name == "label" and rows < FEW_EACH * len(self.task.labels)

    @cached_property
    def judged(self) -> Examples:
        """The examples that every plan is judged on."""
        if not self.folds:
            return self.splits.valid
        return Examples.join([self.splits.train, self.splits.valid])

    @cached_property
    def whole(self) -> "Lab":
        """The same lab with all examples but the test split to learn from, and none held back to judge by."""
        known = Examples.join([self.splits.train, self.splits.valid])
        splits = replace(self.splits, train=known, valid=Examples.of([]))
        return self._with(splits=splits, settings=replace(self.settings, folds=0))

    @cached_property
    def crossed(self) -> "Lab":
        """The same lab, where plans are judged by cross-validation over training and validation examples.

        Each model learns from about as many as the training split has.
        """
        train, valid = len(self.splits.train), len(self.splits.valid)
        folds = min(FOLDS, max(2, math.ceil((train + valid) / max(1, valid))))
        return self._with(settings=replace(self.settings, folds=folds))

    @cached_property
    def store(self) -> FeatureStore:
        """What frozen weights computed, shared by all plans."""
        return FeatureStore(self.folder / "features")

    def heard(self, listen: Listen) -> "Lab":
        """Return the same lab with another listener."""
        return self._with(listen=listen)

    def _with(self, **changes: Any) -> "Lab":
        """Return the same lab but for some fields; what the store holds is held once."""
        other = replace(self, **changes)
        vars(other)["store"] = self.store
        return other

    def method(self, plan: Plan) -> Method:
        """Return a plan's method with its settings."""
        return methods.build(plan.method, **plan.varied)

    def remembers(self, plan: Plan) -> bool:
        """Return whether a plan's training can be held to its early answers: it takes the techniques of trainings."""
        maker = self.makers.get(plan.method)
        return maker is not None and issubclass(maker, Techniques)

    def work(self, plan: Plan) -> float:
        """Return the seconds that a plan takes where nothing was computed before, on the machine of `rates.json`."""
        work = self.method(plan).work(self.size(plan))
        return nominal().cost(load_of(work, self.trial(plan), Kept()), plan.method).seconds

    def trial(self, plan: Plan) -> Trial:
        """Return how a plan is tried, as far as it costs."""
        return Trial(self.size(plan), len(self.judged) if self.folds else len(self.splits.train), self.folds)

    def size(self, plan: Plan) -> Size:
        """Return how much one fit of a plan learns from, and how much is scored with what it gives."""
        card = self.bases[plan.base].card if plan.base else None
        train, valid = len(self.splits.train), len(self.splits.valid)
        if self.folds:
            train, valid = (train + valid) * (self.folds - 1) // self.folds, (train + valid) // self.folds
        lengths = self.lengths.of(plan.base)
        return Size(
            train_rows=int(train * plan.share * plan.growth),
            valid_rows=valid,
            tokens=sum(lengths) / len(lengths),
            labels=len(self.task.labels),
            layers=card.layers if card else 0,
            width=card.width if card else 0,
            vocabulary=max(0, card.parameters // card.width - 12 * card.layers * card.width) if card else 0,
            characters=self.lengths.characters,
            words=self.lengths.words,
            lengths=lengths,
            unspaced=self.lengths.unspaced,
            per_word=self.task.output.name == "spans",
            watched=not self.folds,
        )

    def sample(self, examples: Examples, plan: Plan, draw: int = 0) -> Examples:
        """Return the share of the examples that a plan learns from; larger shares of a draw contain smaller ones."""
        if plan.share >= 1:
            return examples
        names = ("sample", len(examples), draw) if draw else ("sample", len(examples))
        order = seeds.generator(self.seed, *names).permutation(len(examples))
        first = _first_of_each(examples, order)
        count = max(len(first), round(len(examples) * plan.share))
        rest = order[~np.isin(order, first)]
        return examples.take(sorted([*first, *rest[: count - len(first)]]))

    def generator(self, *names: object) -> np.random.Generator:
        """Return a generator of its own for these names."""
        return seeds.generator(self.seed, *names)

    def origin(self, plan: Plan) -> str:
        """Return the name by which a release remembers the run and the plan that it came from."""
        return f"{self.run}/{plan.key}-{plan.seed}"


def check(settings: ExploreSettings, task: Task) -> None:
    """Say no to methods that do not suit a task, and to bases that are not there, before any work is done.

    Raises:
        UserError: if a method or a base that was asked for is of no use.
    """
    suited(settings, task)
    check_devices(settings.devices)
    for name in settings.base:
        resolve(name, folder.cache(), download=True)


def suited(settings: ExploreSettings, task: Task) -> dict[str, type[Method]]:
    """Return the methods that can learn a task, by name: those asked for, or else all.

    Raises:
        UserError: if one that was asked for cannot.
    """
    found: dict[str, Any] = {name: methods.get(name) for name in methods.names()}
    able = {name: maker for name, maker in found.items() if task.output.name in maker.outputs}
    for name in settings.methods:
        if name not in able:
            raise UserError(f"the method {name} cannot learn the task {task.name}", f"these can: {', '.join(able)}")
    return {name: able[name] for name in settings.methods or able}


def lab_of(settings: ExploreSettings, task: Task, prepared: Prepared, place: Path, **rest: Any) -> Lab:
    """Return the lab for a task on prepared data, its bases found and the machine probed.

    Args:
        settings: how to search.
        task: what to learn.
        prepared: what from.
        place: the run's folder.
        rest: other fields of `Lab`: run, seed, cleaned, listen.

    Raises:
        UserError: if a base that was asked for is not there.
    """
    bases = bases_for(settings, prepared.card.languages, rest.get("listen", silent))
    return Lab(
        task=task,
        splits=prepared.splits,
        bases=bases,
        settings=settings,
        hardware=hardware.probe(folder.cache()),
        folder=place,
        lengths=lengths_of(prepared.splits.train.texts, bases),
        card=prepared.card,
        **rest,
    )


def _first_of_each(examples: Examples, order: Any) -> list[int]:
    """Return one row of every single label, so that no sample lacks a class."""
    found: dict[str, int] = {}
    for row in order:
        label = examples.labels[int(row)]
        if isinstance(label, str):
            found.setdefault(label, int(row))
    return list(found.values())
