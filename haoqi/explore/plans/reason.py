"""Reasons: a kind that decisions read, and facts; the sentence is written where a person reads it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from haoqi.core.quantities import p_value
from haoqi.core.say import Sentence, known, say

SAID = "said"
"""The kind of what came as a text of its own, the fact `text`: from another package, or an earlier version."""

_WRITTEN: Mapping[str, Callable[[Any], str]] = {"difference": lambda value: f"{value:.3f}", "p": p_value}


@dataclass(frozen=True)
class Reason:
    """Why an experiment is made, why it failed, or what its fit had to say."""

    kind: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What fills the gaps of its sentence: numbers, names, other sentences."""

    @classmethod
    def of(cls, text: str) -> "Reason":
        """Return the reason that a sentence tells, by its key and its facts; any other text stays as it is."""
        return cls(text.key, dict(text.facts)) if isinstance(text, Sentence) else cls(SAID, {"text": text})

    @property
    def written(self) -> dict[str, Any]:
        """The facts as sentences take them, numbers as they are read."""
        numbers = {name for name, value in self.facts.items() if isinstance(value, int | float)}
        return {
            name: _WRITTEN[name](value) if name in numbers and name in _WRITTEN else value
            for name, value in self.facts.items()
        }

    def words(self, topic: str = "", **more: Any) -> str:
        """Return the sentence of a reason, in every language; one that the texts do not know in its own words.

        Args:
            topic: what its key begins with: "why", "error"; "": its kind is the whole key.
            more: facts that are kept elsewhere.
        """
        key = f"{topic}.{self.kind}" if topic else self.kind
        try:
            if known(key):
                return say(key, **{**more, **self.written})
        except (KeyError, ValueError):
            pass  # its sentence has other gaps today
        return str(self.facts.get("text") or self.kind.replace("_", " "))
