"""Next steps as sentences: what to do, why, what it gains and what it costs, in the languages of the report's texts."""

from collections.abc import Mapping
from html import unescape
from typing import Any

from haoqi.core import formats
from haoqi.core.say import console, known
from haoqi.core.say import spoken as spoken_in
from haoqi.evaluate.advice import Advice, NextStep
from haoqi.explore.advice.next_steps import next_steps
from haoqi.explore.record.claims import spoken
from haoqi.report.markup import Child, Said, named

# Numbers that are told as a length of time.
_TIMES = {"seconds_each": 1.0, "minutes": 60.0, "price": 1.0}


def name_of(step: NextStep) -> "Said | str":
    """Return what a step is called, its numbers in it; one of another package by its own name."""
    next_steps.bring_words([step.kind])
    own = f"step.name.{step.reason}"
    key = own if known(own) else f"step.{step.kind}"
    return _said(key, step.evidence) if known(key) else step.kind.replace("_", " ")


def reason_of(step: NextStep) -> "Said | str":
    """Return why a step is worth what it is said to be."""
    next_steps.bring_words([step.kind])
    key = f"step.why.{step.reason}"
    if step.evidence.get("lessons") == 0 and known(f"{key}.plans"):
        return _said(f"{key}.plans", {**step.evidence, "count": step.evidence["plans"]})
    return _said(key, step.evidence) if known(key) else ""


def lead_of(advice: Advice) -> Said:
    """Return the sentence that says what to do first."""
    best = advice.best
    facts = {"step": name_of(best), "metric": named("metric", advice.metric), "worth": f"{advice.worth:g}"}
    if best.gain is None or best.kind == "stop":
        return Said("step.lead.stop" if advice.greater_is_better else "step.lead.stop.less", **facts)
    told = {"change": _change(best.gain, advice), "interval": interval_of(best, signed=advice.greater_is_better)}
    costs = {"human": time_of(best.human_seconds), "machine": time_of(best.compute_seconds)}
    key = "step.lead.machine" if best.human_seconds <= 0 else "step.lead.human"
    return Said(key if told["interval"] != formats.DASH else f"{key}.unsure", **facts, **told, **costs)


def promising_of(advice: Advice) -> Said | None:
    """Return, where stopping comes first, what would be likeliest to help all the same."""
    if advice.best.kind != "stop":
        return None
    rest = [one for one in advice.steps if one.gain is not None and one.gain > 0]
    best = max(rest, key=lambda one: (one.gain or 0.0) / max(one.minutes, 1 / 60), default=None)
    return None if best is None else Said("step.lead.rather", step=name_of(best), gain=formats.signed(best.gain))


def hints_of(advice: Advice) -> list[Said]:
    """Return what should be said wherever the release is named: a base that was missing, a method that did not fit."""
    found = []
    for one in advice.steps:
        if known(f"step.hint.{one.reason}") and one.gain:
            facts = {"gain": formats.signed(one.gain), "metric": named("metric", advice.metric)}
            facts["change"] = _change(one.gain, advice)
            found.append(Said(f"step.hint.{one.reason}", **facts, **_facts(one.evidence)))
    return found


def interval_of(step: NextStep, *, signed: bool = True) -> Child:
    """Return the interval of a gain, without a plus where a sentence says which way it is."""
    if step.low is None or step.high is None or step.low == step.high:
        return formats.DASH
    written = formats.signed if signed else formats.score
    return Said("range", low=written(step.low), high=written(step.high))


def gain_of(step: NextStep) -> Child:
    """Return the expected gain, or that it cannot be told."""
    return Said("step.untold") if step.gain is None else formats.signed(step.gain)


def time_of(seconds: float) -> str:
    """Return a time, to the minute where it takes several; nothing at all as a dash."""
    if seconds <= 0:
        return formats.DASH
    return formats.duration(60 * round(seconds / 60) if seconds >= 600 else seconds)


def in_words(said: "Said | str | None", language: str | None = None) -> str:
    """Return a sentence as plain text, in the language of the terminal where none is named."""
    language = language or console()
    if said is None or isinstance(said, str):
        return spoken_in(said or "", language)
    return unescape(said.within(language)).replace(formats.SPACE, " ")


def _change(gain: float, advice: Advice) -> Said:
    """Return a gain with its metric: above 0 where more is better, as what is taken off where less is."""
    metric = named("metric", advice.metric)
    if advice.greater_is_better:
        return Said("step.change", gain=formats.signed(gain), metric=metric)
    return Said("step.change.less", gain=formats.score(gain), metric=metric)


def _said(key: str, evidence: Mapping[str, Any]) -> Said:
    told = _facts(evidence)
    if "passes" in evidence:
        measured = "measured" if evidence["passes"] else "usual"
        curve = f"step.curve.{measured}"
        told["curve"] = Said(curve, n=evidence["passes"], passes=told["passes"], rows=told.get("rows"))
    return Said(key, n=evidence.get("count"), **told)


def _facts(evidence: Mapping[str, Any]) -> dict[str, Child]:
    return {name: _spoken(name, value) for name, value in evidence.items()}


def _spoken(name: str, value: Any) -> Child:
    if name in _TIMES and isinstance(value, int | float):
        return formats.duration(value * _TIMES[name])
    if name == "point_rows" and value is None:
        return Said("step.beyond")
    if name == "lately":
        return formats.signed(value)
    if name == "worth":
        return f"{value:g}"
    return spoken(name, value)
