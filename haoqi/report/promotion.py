"""Which version answers to a name after a run, as sentences: why a new one does not, or what answered until then."""

from collections.abc import Mapping
from typing import Any

from haoqi.core import formats
from haoqi.explore.record.claims import spoken
from haoqi.report.markup import Child, Said, named


def told(name: str, version: int, promotion: Mapping[str, Any]) -> list[Said]:
    """Return what a person should know of a promotion; nothing where the new version answers as one expects.

    Args:
        name: of the release.
        version: that was published.
        promotion: promoted, answers, why_not and facts, as `haoqi.models.releases.promotion.Promotion` has them.
    """
    facts: Mapping[str, Any] = promotion.get("facts", {})
    source = facts.get("source")
    if promotion.get("promoted", True):
        if "replaced" not in facts:
            return []
        learnt = [Said("promotion.source", version=facts["replaced"], source=source)] if source else []
        return [Said("promotion.replaced", name=name, before=facts["replaced"]), *learnt]
    kind, answers = promotion["why_not"], promotion["answers"]
    shared: dict[str, Child] = {"name": name, "version": version, "answers": answers}
    learnt = [Said("promotion.source", version=answers, source=source)] if source else []
    return [Said(f"promotion.{kind}", **shared, **_numbers(kind, facts)), *learnt]


def command(name: str, version: int, promotion: Mapping[str, Any]) -> str:
    """Return what lets another version answer than the one that does; empty where nothing calls for it."""
    if not promotion.get("promoted", True):
        return f"haoqi promote {name}@{version}"
    replaced = promotion.get("facts", {}).get("replaced")
    return f"haoqi promote {name}@{replaced}" if replaced is not None else ""


def _numbers(kind: str, facts: Mapping[str, Any]) -> dict[str, Child]:
    if kind == "other_task":
        return {"task": named("task", facts["task"]), "before": named("task", facts["before"])}
    if kind == "other_labels":
        return {side: spoken(side, facts[side]) if facts[side] else formats.DASH for side in ("added", "missing")}
    if kind == "other_scale":
        ends = {"low": facts["scale"][0], "high": facts["scale"][1]}
        ends |= {"low_before": facts["before"][0], "high_before": facts["before"][1]}
        return {name: f"{end:.4g}" for name, end in ends.items()}
    if kind == "lower_score":
        (score, low, high), (before, *bounds) = facts["score"], facts["before"]
        scores = {"score": formats.score(score), "before": formats.score(before)}
        between = {"interval": formats.between(low, high), "interval_before": formats.between(*bounds)}
        return {"metric": named("metric", facts["metric"]), **scores, **between}
    return {}
