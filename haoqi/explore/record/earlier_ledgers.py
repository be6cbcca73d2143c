"""What ledgers of earlier versions hold otherwise than those of today: it is read here, and never written."""

import re
from collections.abc import Mapping
from typing import Any

from haoqi.core.say import restored
from haoqi.explore.plans.reason import SAID, Reason

VERDICT_NAMES = {"retried": "retested", "believed": "chance_better", "flattered": "selection_bias"}
"""What fields of verdicts were called."""

# Reasons were English sentences, without their facts; of these some are decided by.
_SENTENCES = {
    "why": {"proposed": re.compile(r"proposed by (?P<strategy>.+) among (?P<count>[\d,]+)")},
    "error": {"out_of_time": re.compile(r"stopped after (?P<seconds>\d+) s: (?P<reason>.*)", re.DOTALL)},
}
_OTHERWISE = {"error": ("failed", "reason")}


def read_reason(plain: Any, topic: str = "") -> Reason | None:
    """Return the reason that a ledger holds, or None where it holds none.

    Ledgers hold its kind and its facts; those of earlier versions a sentence, with its key or without.

    Args:
        plain: as it stands in the ledger.
        topic: "why", "error", or "" for what a fit had to say.

    >>> read_reason("proposed by curious among 4", "why").kind, read_reason("no memory", "error").facts
    ('proposed', {'reason': 'no memory'})
    """
    if not plain:
        return None
    if isinstance(plain, str):
        return _of_text(plain, topic)
    if "kind" in plain:
        return Reason(plain["kind"], restored(plain["facts"]))
    key = str(plain["key"])
    return Reason(key.removeprefix(f"{topic}."), {**restored(plain["facts"]), "text": plain["text"]})


def rename_verdict(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a verdict by the names of today."""
    return {VERDICT_NAMES.get(name, name): value for name, value in plain.items()}


def _of_text(text: str, topic: str) -> Reason:
    for kind, sentence in _SENTENCES.get(topic, {}).items():
        if found := sentence.fullmatch(text):
            return Reason(kind, found.groupdict())
    kind, name = _OTHERWISE.get(topic, (SAID, "text"))
    return Reason(kind, {name: text})
