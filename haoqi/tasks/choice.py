"""Which task a source of examples is, guessed from its labels, and whether its labels will do."""

from collections.abc import Sequence
from typing import Any, Protocol

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.examples import Examples, Label
from haoqi.data.preparing.label_reading import read_all_labels, tolerate_unreadable
from haoqi.data.settings import DataSettings
from haoqi.tasks.outputs.cells import is_blank
from haoqi.tasks.outputs.spans import overlapping
from haoqi.tasks.task import Output

FEELINGS = {
    *("pos", "positive", "neg", "negative", "neu", "neutral", "mixed"),
    *("正面", "正向", "积极", "好评", "褒义", "中性", "中立", "中评"),
    *("负面", "负向", "消极", "差评", "贬义"),
}
# With fewer labelled rows than this, labels that all differ may be meant.
FEW = 10


class Source(Protocol):
    """What is looked at of `haoqi.data.raw.Raw`."""

    @property
    def examples(self) -> Examples: ...

    @property
    def shape(self) -> str:
        """Either "labels" or "spans"."""
        ...


def guess(raw: Source) -> tuple[str, str]:
    """Return the name of the task that these labels look like, and why, as a sentence for the user."""
    if raw.shape == "spans":
        return "entities", say("task.why.spans")
    if any(isinstance(cell, list | tuple) for cell in raw.examples.labels):
        return "multilabel", say("task.why.lists")
    names = {str(cell).strip().lower() for cell in set(raw.examples.labels) if not is_blank(cell)}
    if len(names) > 1 and names <= FEELINGS:
        return "sentiment", say("task.why.feelings", labels=", ".join(sorted(names)))
    return "classification", say("task.why.single", count=len(names))


def read_labels(output: Output, raw: Source, settings: DataSettings) -> list[Label]:
    """Return every row's label as this output reads it, None for blank cells and for the few that cannot be read.

    Raises:
        UserError: if more labels cannot be read than settings allow, as preparing the rows would say.
    """
    read = read_all_labels(raw.examples, lambda cell: None if is_blank(cell) else output.read(cell))
    tolerate_unreadable(read, raw.examples.ids, settings)
    return read.labels


def check_shape(name: str, output: Output, raw: Source) -> None:
    """Raise UserError if a task cannot be learnt from labels of this shape."""
    wanted = "spans" if output.name == "spans" else "labels"
    if raw.shape != wanted:
        key = f"task.needs_{wanted}"
        raise UserError(say(key, name=name), say(f"{key}.hint"))


def check_labels(name: str, labels: Sequence[Label], vocabulary: tuple[str, ...], output: Output) -> None:
    """Raise UserError if nothing can be learnt from these labels: none, a single class, or all different."""
    given = [label for label in labels if label is not None]
    if not given:
        raise UserError(say("task.no_labels"), say("task.no_labels.hint"))
    fewest = 2 if output.name == "label" else 1
    if len(vocabulary) < fewest:
        facts = {"name": name, "fewest": fewest}
        only = say("task.one_label", label=vocabulary[0], **facts) if vocabulary else say("task.none_named", **facts)
        raise UserError(only, say("task.few_labels.hint"))
    if output.name == "label" and len(given) >= FEW and len(vocabulary) == len(given):
        raise UserError(say("task.all_different", count=len(given)), say("task.all_different.hint"))


def remarks(labels: Sequence[Any], output: Output) -> str:
    """Return what a person should know about these labels, as sentences; nothing if there is nothing."""
    if output.name != "spans":
        return ""
    count = sum(overlapping(label) for label in labels if label)
    return say("task.overlapping", count=count) if count else ""
