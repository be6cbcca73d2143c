"""Whether there is something to learn and something to test on, said before any time is spent."""

from collections import Counter
from collections.abc import Iterable

from haoqi.core.errors import UserError
from haoqi.core.say import named, say
from haoqi.data.examples import Splits
from haoqi.data.preparing.duplicates.dedupe import TRAIN, UNLABELLED
from haoqi.data.preparing.rows import Rows
from haoqi.data.preparing.split import names_of
from haoqi.data.settings import DataSettings

# Rows of classes with a single example are left out without being asked up to this share.
FEW_SINGLES = 0.02


def check_classes(rows: Rows, settings: DataSettings) -> Rows:
    """Return rows whose classes can be learnt; single examples are left out if they are few or settings say so.

    A single example in a given validation or test split stays: it counts as wrong.

    Raises:
        UserError: if there are fewer than two classes (for spans: none), too many, only different ones, or
            more than a few with one example.
    """
    labels = [label for label, part in zip(rows.examples.labels, rows.parts, strict=True) if part != UNLABELLED]
    spans = any(isinstance(label, tuple) and label and not isinstance(label[0], str) for label in labels)
    counts = Counter(name for label in labels for name in set(names_of(label)))
    wrong = say("fault.label_column")
    if not counts:
        raise UserError(say("fault.no_labels", source=rows.source), wrong)
    if len(counts) < 2 and not spans:
        raise UserError(say("fault.one_class", source=rows.source, counts=_quote(counts)), wrong)
    single = sorted(name for name, count in counts.items() if count == 1)
    if len(single) > 0.5 * len(labels) and not spans:
        raise UserError(say("fault.all_different", source=rows.source, count=len(counts), count2=len(labels)), wrong)
    if len(counts) > settings.max_labels:
        raise UserError(
            say("fault.many_labels", source=rows.source, count=len(counts), max_labels=settings.max_labels),
            say("fault.many_labels.hint", wrong=wrong, count=len(counts)),
        )
    return rows if spans or not single else _rare(rows, single, len(counts), settings)


def check_splits(splits: Splits, source: str) -> None:
    """Raise UserError if a split came out empty."""
    for name, examples in (("train", splits.train), ("valid", splits.valid), ("test", splits.test)):
        if not len(examples):
            raise UserError(
                say("fault.empty_split", source=source, name=named("split", name)),
                say("fault.empty_split.hint"),
            )


def _rare(rows: Rows, single: list[str], classes: int, settings: DataSettings) -> Rows:
    """Return rows less those of classes with a single example, which is told."""
    rare = set(single)
    having = [row for row, label in enumerate(rows.examples.labels) if rare & set(names_of(label))]
    kept = [row for row in having if rows.parts[row] not in (TRAIN, UNLABELLED)]
    out = {row for row in having if rows.parts[row] == TRAIN}
    total = int((rows.parts != UNLABELLED).sum())
    few = len(out) <= FEW_SINGLES * total and classes - len(single) >= 2
    if out and not settings.drop_rare and not few:
        facts = {"single": _quote(single), "source": rows.source}
        raise UserError(
            say("fault.single_class", **facts) if len(single) == 1 else say("fault.single_classes", **facts),
            say("fault.single_class.hint"),
        )
    if out and not settings.drop_rare:
        names = sorted({name for row in out for name in names_of(rows.examples.labels[row])} & rare)
        shown = ", ".join(str(rows.examples.ids[row] + 1) for row in sorted(out)[:5])
        shown = say("list.cut", listed=shown) if len(out) > 5 else shown
        rows = rows.warned(say("classes.left_out", names=_quote(names), shown=shown))
    if kept:
        names = sorted({name for row in kept for name in names_of(rows.examples.labels[row])} & rare)
        rows = rows.warned(say("classes.given_only", names=_quote(names)))
    return rows.without(out, {say("left.only_example"): len(out)})


def _quote(names: Iterable[str]) -> str:
    listed = list(names)
    first = ", ".join(name[:40] for name in listed[:5])
    return say("list.and_more", listed=first, more=len(listed) - 5) if len(listed) > 5 else first
