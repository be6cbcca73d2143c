"""Whether a new version may answer to a name that another answers to: not with other labels, numbers on another scale,
or a clearly lower score.

A name is asked by programs that know the labels of the version before, and two files may have one name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from haoqi.core.errors import UserError
from haoqi.data.schema import Schema
from haoqi.evaluate.headline import headline
from haoqi.evaluate.metric import Metric
from haoqi.models.model import Model
from haoqi.models.releases import releases
from haoqi.models.releases.releases import Release
from haoqi.tasks.task import Task

FACT = "data"
"""Under which a release's facts say what it was learnt from: its fingerprint, where it lay, the task and the labels,
and of numbers their scale."""

SAME_SCALE = 0.6
"""Numbers are on one scale where what two releases learnt shares so much of what they cover together: of 0 to 5 and 1
to 5 it is more, of 0 to 5 and 0 to 10 less."""

_MIDDLE = (0.05, 0.95)  # outliers tell nothing of a scale

SAID = "as_said"
"""The person wanted it so."""

BEFORE = "answered_before"
"""It was published before, and another version was promoted since."""


@dataclass(frozen=True)
class Promotion:
    """Which version answers to a name after one was published, and why."""

    promoted: bool
    """Whether the version that was published does."""
    answers: int
    """The version that does."""
    why_not: str = ""
    """The kind of reason where another does: other_task, other_labels, other_scale, lower_score, as_said or
    answered_before."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the reason rests on; where it was promoted, what was learnt from elsewhere and answered until then."""


def publish(
    model: Model,
    evidence: Mapping[str, Any],
    name: str,
    *,
    learnt: Mapping[str, Any],
    schema: Schema | None = None,
    promote: bool | None = None,
    home: Path | None = None,
) -> tuple[Release, Promotion]:
    """Return a model as the next version of a name, and whether it answers to it.

    Args:
        model: what to publish.
        evidence: as for `releases.publish`.
        name: as for `releases.publish`.
        learnt: what it was learnt from: fingerprint and source; of numbers the scale, as `scale_of` gives it.
        schema: how that was read.
        promote: let it answer, or not; None: unless it has other labels, another scale, or scores clearly lower.
        home: the folder that holds releases/; None: HAOQI_HOME.

    Raises:
        UserError: if it cannot be published.
    """
    task = model.task
    known = {**learnt, "task": task.name, "labels": list(task.labels)}
    model = replace(model, facts={**model.facts, FACT: known})
    before = _answering(name, home)
    kind, facts = ("", {}) if before is None else _reason(task, evidence, known, before)
    wanted = not kind if promote is None else promote
    published = releases.publish(model, evidence, name, schema=schema, home=home, promote=wanted)
    found = _standing(published, kind or SAID, facts, home)
    if found.promoted and before is not None:
        found = replace(found, facts=_elsewhere(known, before))
    return published, found


def scale_of(numbers: Sequence[float]) -> list[float]:
    """Return between which two numbers nine tenths of some lie; nothing for none.

    >>> scale_of([0.0, 1.0, 2.0, 3.0, 4.0])
    [0.2, 3.8]
    """
    return [round(float(one), 6) for one in np.quantile(numbers, _MIDDLE)] if len(numbers) else []


def standing(release: Release, *, promote: bool | None = None, home: Path | None = None) -> Promotion:
    """Return whether a version that was published before answers to its name.

    Args:
        release: the version.
        promote: True lets it answer from now on.
        home: the folder that holds releases/; None: HAOQI_HOME.
    """
    now = releases.current(release.name, home=home)
    if promote and now.version != release.version:
        now = releases.promote(release.name, release.version, home=home)
    if now.version == release.version:
        return Promotion(True, now.version)
    # An older one has had its turn: what speaks against it now is that another was promoted since.
    older = release.version < now.version
    kind, facts = ("", {}) if older else _reason(release.task, release.evidence, release.facts.get(FACT, {}), now)
    return _standing(release, kind or BEFORE, facts, home)


def _standing(release: Release, kind: str, facts: Mapping[str, Any], home: Path | None) -> Promotion:
    answers = releases.current(release.name, home=home).version
    return Promotion(True, answers) if answers == release.version else Promotion(False, answers, kind, facts)


def _answering(name: str, home: Path | None) -> Release | None:
    """Return the version that answers to a name; None where there is none, or it is too damaged to do so."""
    try:
        found = releases.current(name, home=home)
        found.task  # noqa: B018 - raises where its card cannot be read
    except UserError:
        return None
    return found


def _reason(
    task: Task, evidence: Mapping[str, Any], known: Mapping[str, Any], now: Release
) -> tuple[str, dict[str, Any]]:
    """Return why a version should not take the place of the one that answers; the kind is empty where it may."""
    old = now.task
    shared: dict[str, Any] = {"source": _source(now)}
    if task.output.kind != old.output.kind or task.pairs != old.pairs:
        return "other_task", {**shared, "task": task.name, "before": old.name}
    if set(task.labels) != set(old.labels):
        added = [label for label in task.labels if label not in set(old.labels)]
        missing = [label for label in old.labels if label not in set(task.labels)]
        return "other_labels", {**shared, "added": added, "missing": missing}
    scale, other = known.get("scale"), now.facts.get(FACT, {}).get("scale")
    if scale and other and _shared(scale, other) < SAME_SCALE:  # a version of before says nothing of it
        return "other_scale", {**shared, "scale": list(scale), "before": list(other)}
    metric = task.metric.name
    mine, theirs = score_of(evidence, metric), score_of(now.evidence, metric)
    if mine is not None and theirs is not None and _clearly_worse(task.metric, mine, theirs):
        return "lower_score", {**shared, "metric": metric, "score": list(mine), "before": list(theirs)}
    return "", {}


def _shared(one: Sequence[float], other: Sequence[float]) -> float:
    """Return which share of what two ranges cover together both cover."""
    together = max(one[1], other[1]) - min(one[0], other[0])
    if together <= 0:  # the same number, again and again
        return 1.0
    return max(0.0, min(one[1], other[1]) - max(one[0], other[0])) / together


def score_of(evidence: Mapping[str, Any], metric: str) -> tuple[float, float, float] | None:
    """Return the score that a release is known by, with the ends of its interval; None where it was not scored so."""
    found = headline(evidence, metric)
    return None if found is None else (found.lead.score, found.lead.low, found.lead.high)


def _clearly_worse(metric: Metric, mine: tuple[float, float, float], theirs: tuple[float, float, float]) -> bool:
    """Return whether the intervals of two scores lie apart, the first on the side that is worse."""
    return mine[2] < theirs[1] if metric.greater_is_better else mine[1] > theirs[2]


def _elsewhere(known: Mapping[str, Any], before: Release) -> dict[str, Any]:
    """Return which version answered before, where it was learnt from another source and other data."""
    old = before.facts.get(FACT, {})
    same = not old or any(old.get(key) == known[key] for key in ("fingerprint", "source"))
    return {} if same else {"replaced": before.version, "source": _source(before)}


def _source(release: Release) -> str:
    return str(release.facts.get(FACT, {}).get("source", ""))
