"""What labels are called, as texts to learn from: it says what a few examples leave open."""

from dataclasses import replace
from typing import Any

from haoqi.data.examples import Examples
from haoqi.methods.method import Job
from haoqi.methods.zero_shot import ZeroShot
from haoqi.models.lexical.ngrams import unspaced_share

NAMINGS = 3
"""Ways to put a label into words."""

NAMING_TOKENS = 8
"""How long they are, in a base's tokens."""


def with_names(job: Job) -> Job:
    """Return a job whose texts are joined by ways to name each label, but for labels that are no words."""
    said: list[tuple[str, Any]] = []
    for label in job.task.labels:
        if len(label) > 1 and not any(character.isdigit() for character in label):
            of_label = label if job.task.output.kind.one_class else (label,)
            said += [(text, of_label) for text in _namings(label, job.task.descriptions.get(label, ""))]
    texts, labels = [text for text, _ in said], [label for _, label in said]
    named = Examples(texts, labels, list(range(-len(said), 0)))  # ids that no row of a source has
    return replace(job, train=Examples.join([job.train, named]))


def _namings(label: str, description: str) -> list[str]:
    """Return a label's name, a sentence about it, and its description or, where it has none, a shorter sentence."""
    named = ZeroShot().words(label, description)
    brief = "这是{label}。" if unspaced_share([label]) > 0.3 else "This is {label}."
    return named if len(named) == NAMINGS else [*named, *ZeroShot(template=brief).words(label)]
