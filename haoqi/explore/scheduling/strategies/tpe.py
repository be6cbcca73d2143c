"""Tree-structured Parzen estimator: more of what the good plans have and the others have not.

Bergstra et al., 2011, "Algorithms for Hyper-Parameter Optimization", in Optuna's implementation (Akiba et
al., 2019). Prefer it where many cheap plans are affordable and settings matter more than methods.
"""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Annotated, Any

from haoqi.core.config import Range
from haoqi.explore.beliefs.acquisition import Acquisition
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.scheduling.strategies import strategies

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.distributions import BaseDistribution


@strategies.register
@dataclass(frozen=True)
class Tpe:
    """Rank the untried plans by Optuna's TPE, whose only memory is the history."""

    startup: Annotated[int, Range(1, 100)] = 6
    """Scored experiments before the estimator speaks; until then the choice is random."""

    def propose(
        self, untried: Sequence[Plan], history: Sequence[Experiment], acquisition: Acquisition, rng: Random
    ) -> Plan:
        """Return the untried plan nearest to what TPE suggests."""
        scored = [e for e in history if e.score is not None]
        if len(scored) < self.startup or len(untried) == 1:
            return rng.choice(list(untried))
        space = _distributions([*untried, *(e.plan for e in scored)])
        wanted = _suggestion(space, scored, rng.randrange(2**31))
        shuffled = rng.sample(list(untried), len(untried))  # so that ties fall fairly
        return min(shuffled, key=lambda plan: _apart(_parameters(plan), wanted, space))


def _parameters(plan: Plan) -> dict[str, Any]:
    """Return a plan as flat parameters; a setting belongs to its method alone."""
    varied = {f"{plan.method}.{name}": value for name, value in plan.settings}
    return {"way": f"{plan.method}/{plan.base or ''}", "share": plan.share, **varied}


def _distributions(plans: Sequence[Plan]) -> "dict[str, BaseDistribution]":
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    values: dict[str, list[Any]] = {}
    for plan in plans:
        for name, value in _parameters(plan).items():
            values.setdefault(name, []).append(value)
    found: dict[str, BaseDistribution] = {}
    for name, chosen in values.items():
        numbers = all(isinstance(value, int | float) and not isinstance(value, bool) and value > 0 for value in chosen)
        if numbers and min(chosen) < max(chosen):
            found[name] = FloatDistribution(float(min(chosen)), float(max(chosen)), log=True)
        else:
            found[name] = CategoricalDistribution(sorted({str(value) for value in chosen}))
    return found


def _suggestion(space: "dict[str, BaseDistribution]", scored: Sequence[Experiment], seed: int) -> dict[str, Any]:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Optuna calls options that it has had for years experimental
        study = optuna.create_study(
            direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=1)
        )
        for experiment in scored:
            mine = {name: _fit(space[name], value) for name, value in _parameters(experiment.plan).items()}
            study.add_trial(
                optuna.trial.create_trial(
                    params=mine, distributions={name: space[name] for name in mine}, value=experiment.score
                )
            )
        trial = study.ask()
        way = str(_suggest(trial, "way", space["way"]))
        method = way.partition("/")[0]
        names = ["share", *(name for name in space if name.startswith(f"{method}."))]
        return {"way": way, **{name: _suggest(trial, name, space[name]) for name in names}}


def _suggest(trial: "Trial", name: str, distribution: "BaseDistribution") -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    if isinstance(distribution, FloatDistribution):
        return trial.suggest_float(name, distribution.low, distribution.high, log=True)
    assert isinstance(distribution, CategoricalDistribution)
    return trial.suggest_categorical(name, distribution.choices)


def _fit(distribution: "BaseDistribution", value: Any) -> Any:
    from optuna.distributions import FloatDistribution

    return float(value) if isinstance(distribution, FloatDistribution) else str(value)


def _apart(mine: dict[str, Any], wanted: dict[str, Any], space: "dict[str, BaseDistribution]") -> float:
    """Return how far a plan is from the suggestion: another method or base outweighs all settings."""
    far: float = 100.0 * (mine["way"] != wanted["way"])
    for name, value in wanted.items():
        if name == "way":
            continue
        if name not in mine:
            far += 0.5  # the plan leaves this setting at its default
        elif isinstance(value, float):
            far += abs(math.log(float(mine[name]) / value))
        else:
            far += float(str(mine[name]) != str(value))
    return far
