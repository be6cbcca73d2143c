"""Plans and experiments: what could be tried, and what came of it."""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

from haoqi.core.errors import UserError
from haoqi.core.say import joined, named, say
from haoqi.explore.plans.reason import Reason

# How far two plans are apart whose recipes have nothing in common: less than another base.
_RECIPES = 0.2


ENSEMBLE = "ensemble"
"""The method of a plan that asks the models of other plans."""

DISTIL = "distil"
"""The role of an experiment, and the recipe of its plan, that learns from the answers of a better model."""

# Names of recipes with their settings, sorted, in the order in which they are applied.
Recipe = tuple[tuple[str, tuple[tuple[str, Any], ...]], ...]


@dataclass(frozen=True)
class Plan:
    """A method with its settings, a base and a data recipe, at a fidelity and a seed."""

    method: str
    base: str | None = None
    settings: tuple[tuple[str, Any], ...] = ()
    """Settings that differ from the method's defaults, sorted by name."""
    share: float = 1.0
    """Fidelity: the share of the training examples that is used, in (0, 1]."""
    seed: int = 0
    recipe: Recipe = ()
    """What is done to the training examples first; see `haoqi recipes`."""
    made_of: tuple["Plan", ...] = ()
    """The plans whose models it asks: those an ensemble was chosen among, or the teacher of a recipe that distils."""

    @cached_property
    def key(self) -> str:
        """A short name for the plan, the same for all of its seeds."""
        plain = asdict(replace(self, seed=0))
        for name in ("recipe", "made_of"):
            if not plain[name]:
                del plain[name]  # as plans were named before there were any
        text = json.dumps(plain, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def varied(self) -> dict[str, Any]:
        """The settings that differ from the method's defaults."""
        return dict(self.settings)

    def with_recipe(self, name: str, **settings: Any) -> "Plan":
        """Return the same plan on examples that this recipe changes too, after those that it has."""
        return replace(self, recipe=(*self.recipe, (name, tuple(sorted(settings.items())))))

    @property
    def members(self) -> tuple[tuple["Plan", float], ...]:
        """The plans that an ensemble asks, with their weights, the weightiest first; of any other plan, itself."""
        if self.method != ENSEMBLE:
            return ((self, 1.0),)
        found = [(one, weight) for one, weight in zip(self.made_of, self.varied["weights"], strict=True) if weight > 0]
        return tuple(sorted(found, key=lambda one: -one[1]))

    @property
    def growth(self) -> float:
        """Rows that the recipe makes of each training row, roughly."""
        from haoqi.data.recipes import recipes

        return math.prod(recipes.build(name, **dict(settings)).growth for name, settings in self.recipe)

    def words(self) -> str:
        """Return the plan as a person reads it on one line."""
        if self.method == ENSEMBLE:
            members = [say("plan.member", plan=one.words()) for one, _ in self.members]
            return say("plan.ensemble", members=joined(members, by="list.and"))
        method = named("method", self.method, self.method.replace("_", "-"))
        parts = [say("plan.of", method=method, base=self.base) if self.base else method]
        parts += [_setting_words(name, value) for name, value in self.settings]
        parts += [_recipe_words(name, settings) for name, settings in self.recipe]
        if self.share < 1:
            parts.append(say("plan.share", share=self.share))
        if self.seed:
            parts.append(say("plan.seed", seed=self.seed))
        return joined(parts)

    @classmethod
    def of(cls, method: str, base: str | None = None, settings: Mapping[str, Any] | None = None, **rest: Any) -> "Plan":
        """Return a plan from settings in any order."""
        return cls(method, base, tuple(sorted((settings or {}).items())), **rest)

    @classmethod
    def from_plain(cls, found: Mapping[str, Any]) -> "Plan":
        """Return the plan that `asdict` and JSON made plain; one from before there were recipes has none."""
        recipe = read_recipe(found.get("recipe", ()))
        made_of = tuple(cls.from_plain(one) for one in found.get("made_of", ()))
        plain = (found["method"], found["base"], _pairs(found["settings"]), found["share"], found["seed"])
        return cls(*plain, recipe, made_of)


@dataclass(frozen=True)
class Experiment:
    """A plan that was run, with what it scored and what it cost."""

    plan: Plan
    score: float | None
    """On the validation examples, in the task's first metric; None: it failed."""
    expected: float | None = None
    """What the belief said before."""
    doubt: float = 0.0
    """The belief's standard deviation before."""
    expected_seconds: float = 0.0
    """What the belief said that it would take; 0: nothing."""
    number: int = 0
    low: float | None = None
    high: float | None = None
    scores: dict[str, float] = field(default_factory=dict)
    """Every metric of the task."""
    seconds: float = 0.0
    cut: bool = False
    """Whether the budget ended it before its own time, so that its seconds say little of its speed."""
    work: float = 0.0
    """What it takes on the machine that costs were measured on, in seconds: no clock has a part in it."""
    error: Reason | None = None
    """Why it failed: "out_of_time", "user_error" (a person can put it right), or "failed"; None: it did not."""
    notes: tuple[Reason, ...] = ()
    """What its fit noted, such as that memory was short. The kinds are keys of the texts."""
    why: Reason | None = None
    role: str = "explore"
    """"explore", "verify" where a close call is repeated, or "reflect" where a lesson is tested."""

    @property
    def surprise(self) -> float:
        """How far the outcome was from the belief; 0 where there was none."""
        return 0.0 if self.score is None or self.expected is None else abs(self.score - self.expected)

    def failure(self) -> str:
        """Return why it failed, as a person reads it; nothing if it did not."""
        return "" if self.error is None else self.error.words("error", seconds=round(self.seconds))


def plan_distance(one: Plan, other: Plan) -> float:
    """Return how different two plans are: 0 for the same one, at most 1.

    Another method counts most, then another base; settings count by how many differ and how much, recipes by
    how many differ, the share of examples by its ratio.
    """
    if one.method != other.method:
        return 1.0
    far = 0.3 if one.base != other.base else 0.0
    mine, yours = one.varied, other.varied
    names = mine.keys() | yours.keys()
    if names:
        far += 0.4 * sum(_apart(mine.get(name), yours.get(name)) for name in names) / len(names)
    far += _RECIPES * _recipes_apart(one.recipe, other.recipe)
    return min(1.0, far + 0.1 * abs(math.log(one.share / other.share)))


def _recipes_apart(one: Recipe, other: Recipe) -> float:
    """Return the share of recipes that only one of two plans has, in [0, 1]; other settings count half."""
    mine, yours = dict(one), dict(other)
    names = mine.keys() | yours.keys()
    shared = mine.keys() & yours.keys()
    return (len(names - shared) + 0.5 * sum(mine[n] != yours[n] for n in shared)) / max(1, len(names))


def _apart(one: Any, other: Any) -> float:
    """Return how far two values of a setting are apart, in [0, 1]; numbers by their ratio."""
    if one == other:
        return 0.0
    numbers = all(
        isinstance(value, int | float) and not isinstance(value, bool) and value > 0 for value in (one, other)
    )
    return min(1.0, abs(math.log(one / other)) / math.log(10)) if numbers else 1.0


def read_recipe(plain: Iterable[Sequence[Any]]) -> Recipe:
    """Return the recipe that JSON made plain."""
    return tuple((name, _pairs(settings)) for name, settings in plain)


def _pairs(found: Iterable[tuple[str, Any]]) -> tuple[tuple[str, Any], ...]:
    """Return settings as they were before JSON made lists of tuples."""
    return tuple((name, tuple(value) if isinstance(value, list) else value) for name, value in found)


def _setting_words(name: str, value: Any) -> str:
    """Return a setting as a person reads it; one of another package by its own name."""
    shown = _short(value)
    return say("plan.setting", name=named("setting", name, name.replace("_", " ")), value=named("value", shown, shown))


def _recipe_words(name: str, settings: tuple[tuple[str, Any], ...]) -> str:
    """Return a recipe as a person reads it; one that is not installed here by its name."""
    from haoqi.data.recipes import recipes

    try:
        return recipes.build(name, **dict(settings)).words()
    except UserError:
        return " ".join([name.replace("_", " "), *(f"{key} {_short(value)}" for key, value in settings)])


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
