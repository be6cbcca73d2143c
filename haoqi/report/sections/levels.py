"""Paths in a tree: down to which level they are right, and which top levels were taken for which."""

from collections import Counter
from dataclasses import dataclass, replace

from haoqi.core import formats
from haoqi.data.label_paths import known_separator, levels_of
from haoqi.evaluate.evidence import Evidence
from haoqi.evaluate.path_counts import agreement
from haoqi.report.charts import share_bar
from haoqi.report.markup import Child, Markup, Said, join, tag
from haoqi.report.sections.confusion import confusion_table
from haoqi.report.story import Story
from haoqi.report.table import Column, cut_off, disclosed, table

MOST_TOPS = 12
"""Of more top levels than this, the table is for those who ask."""


@dataclass(frozen=True)
class Level:
    """How the answers fare on one level of a tree, from 1 at the top."""

    number: int
    wanted: int
    """Examples whose path goes so deep."""
    right: int
    """Of these, right down to this level."""
    wrong: int
    """Right above and wrong here: the mistakes of this level."""
    unsaid: int
    """Right above, where the answer ends."""


def levels(shown: Evidence, labels: tuple[str, ...]) -> list[Level]:
    """Return how the answers fare on each level.

    Args:
        shown: with its confusion of paths.
        labels: the task's, which say what stands between levels.
    """
    separator = known_separator(labels)
    paths = [levels_of(label, separator) for label in shown.labels]
    counted: dict[str, Counter[int]] = {name: Counter() for name in ("wanted", "right", "wrong", "unsaid")}
    for true, given, count in shown.confusion:
        wanted, answered = paths[true], paths[given]
        same = agreement(wanted, answered)
        for level in range(len(wanted)):
            counted["wanted"][level] += count
            counted["right"][level] += count * (level < same)
        if same < len(wanted):
            counted["unsaid" if same == len(answered) else "wrong"][same] += count
    deepest = max(counted["wanted"], default=-1)
    return [Level(at + 1, *(counted[name][at] for name in counted)) for at in range(deepest + 1)]


def tops(shown: Evidence, labels: tuple[str, ...]) -> Evidence:
    """Return the evidence with its confusion between top levels alone."""
    separator = known_separator(labels)
    first = [levels_of(label, separator)[0] for label in shown.labels]
    names = tuple(sorted(set(first)))
    cells: Counter[tuple[int, int]] = Counter()
    for true, given, count in shown.confusion:
        cells[names.index(first[true]), names.index(first[given])] += count
    return replace(shown, labels=names, confusion=tuple((*places, count) for places, count in sorted(cells.items())))


def draw(story: Story) -> Markup | None:
    """Return the section, or None where answers are no paths."""
    shown = story.shown
    if shown is None or not story.task.output.kind.in_tree or not shown.confusion:
        return None
    by_level = levels(shown, story.task.labels)
    columns = (
        Column(Said("levels.level"), "name"),
        Column(Said("levels.wanted"), "number"),
        Column(Said("levels.right"), "number"),
        Column("", "bar"),
        Column(Said("levels.wrong"), "number"),
        Column(Said("levels.unsaid"), "number"),
    )
    rows = [_cells(one) for one in by_level]
    above = tops(shown, story.task.labels)
    return join(
        tag("p", Said("levels.lead"), class_="prose"),
        table(columns, rows, "levels"),
        tag("h3", Said("levels.tops")),
        confusion_table(above) if len(above.labels) > 1 else None,
        _by_top(shown, story.task.labels, above),
    )


def _cells(one: Level) -> list[Child]:
    share = one.right / one.wanted
    numbers = (formats.count(one.wanted), formats.share(share))
    return [str(one.number), *numbers, share_bar(share), formats.count(one.wrong), formats.count(one.unsaid)]


def _by_top(shown: Evidence, labels: tuple[str, ...], above: Evidence) -> Markup:
    """Return of each top level how many examples it has, and which share is right there and to the end, worst first."""
    separator = known_separator(labels)
    first = [levels_of(label, separator)[0] for label in shown.labels]
    wanted, whole, right = Counter[str](), Counter[str](), Counter[str]()
    for true, given, count in shown.confusion:
        wanted[first[true]] += count
        right[first[true]] += count * (first[true] == first[given])
        whole[first[true]] += count * (true == given)
    columns = (
        Column(Said("levels.top"), "name"),
        Column(Said("levels.wanted"), "number"),
        Column(Said("levels.top_right"), "number"),
        Column(Said("levels.whole"), "number"),
    )
    order = sorted(wanted, key=lambda name: (whole[name] / wanted[name], name))
    shares = {name: [formats.share(found[name] / wanted[name]) for found in (right, whole)] for name in order}
    rows: list[list[Child]] = [[name, formats.count(wanted[name]), *shares[name]] for name in order]
    drawn = table(columns, rows, "tops")
    if len(above.labels) <= MOST_TOPS:
        return drawn
    return disclosed([Said("levels.each"), f" ({formats.count(len(order))})"], cut_off(len(order)), drawn)
