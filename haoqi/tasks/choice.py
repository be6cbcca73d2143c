"""Which task a source of examples is, guessed from its labels, and whether its labels will do."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.entity_marks import EXAMPLE, are_marked
from haoqi.data.examples import Examples, Label
from haoqi.data.label_paths import levels_of, list_paths, spell_path, tree_separator
from haoqi.data.settings import DataSettings
from haoqi.tasks.outputs.cells import is_blank, read_number
from haoqi.tasks.outputs.spans import overlapping
from haoqi.tasks.task import Output, Task

FEELINGS = {
    *("pos", "positive", "neg", "negative", "neu", "neutral", "mixed"),
    *("正面", "正向", "积极", "好评", "褒义", "中性", "中立", "中评"),
    *("负面", "负向", "消极", "差评", "贬义"),
}
SAME = {
    *("0", "1", "true", "false", "yes", "no", "same", "different", "duplicate", "not_duplicate", "paraphrase"),
    *("not_paraphrase", "是", "否", "相同", "不同", "相似", "不相似"),
}
# Of so many different numbers each may be a class.
MOST_WHOLE, MOST_FRACTIONS = 20, 5
# As many cells of a column of numbers may be anything else; preparing leaves them out, and tells.
ODD_CELLS = 0.02
# Of so many second texts each, first texts are queries, and the second ones items to be put in order.
MANY_ITEMS = 3.0
# With fewer labelled rows than this, labels that all differ may be meant.
FEW = 10


class Source(Protocol):
    """What is looked at of `haoqi.data.raw.Raw`."""

    @property
    def examples(self) -> Examples: ...

    @property
    def shape(self) -> str:
        """ "labels", "spans" or "answers"."""
        ...


def guess(raw: Source) -> tuple[str, str]:
    """Return the name of the task that these labels look like, and why, as a sentence for the user."""
    if raw.shape == "answers":
        return "answers", say("task.why.answers")
    if raw.shape == "spans":
        return "entities", say("task.why.spans")
    lists = [cell for cell in raw.examples.labels if isinstance(cell, list | tuple)]
    if lists and raw.examples.pairs is None and list_paths(lists):
        return "hierarchy", say("task.why.levels", levels=max(map(len, lists)))
    if lists:
        return "multilabel", say("task.why.lists")
    if raw.examples.pairs is None and are_marked(raw.examples.texts):
        return "relations", say("task.why.marks", example=EXAMPLE)
    number = _looks_like_numbers(raw.examples.labels)
    if raw.examples.pairs is not None:
        return _guess_pairs(raw, number)
    if number:
        return "regression", say("task.why.numbers", count=number)
    cells = {str(cell).strip() for cell in set(raw.examples.labels) if not is_blank(cell)}
    names = {cell.lower() for cell in cells}
    if len(names) > 1 and names <= FEELINGS:
        return "sentiment", say("task.why.feelings", labels=", ".join(sorted(names)))
    if between := tree_separator(cells):
        levels = max(len(levels_of(spell_path(cell), between)) for cell in cells)
        return "hierarchy", say("task.why.paths", levels=levels, separator=between)
    return "classification", say("task.why.single", count=len(names))


def _guess_pairs(raw: Source, number: int) -> tuple[str, str]:
    """Return the task of two texts that these labels look like."""
    if (each := _items_each(raw.examples)) >= MANY_ITEMS and (number or _are_grades(raw.examples.labels)):
        queries = len(set(raw.examples.texts))
        return "ranking", say("task.why.ranking", count=queries, each=each)
    if number:
        return "similarity", say("task.why.similar", count=number)
    names = {str(cell).strip().lower() for cell in set(raw.examples.labels) if not is_blank(cell)}
    if len(names) == 2 and names <= SAME:
        return "paraphrase", say("task.why.paraphrase", labels=", ".join(sorted(names)))
    return "entailment", say("task.why.entailment", count=len(names))


def _items_each(examples: Examples) -> float:
    """Return how many second texts each first text has on average."""
    return len(examples) / max(1, len(set(examples.texts)))


def _are_grades(cells: Sequence[Any]) -> bool:
    """Return whether labels are two or more numbers, all of them 0 or more and the least one 0."""
    try:
        found = {read_number(cell) for cell in set(cells) if not is_blank(cell)}
    except ValueError:
        return False
    return len(found) > 1 and min(found) == 0.0


def _looks_like_numbers(cells: Sequence[Any]) -> int:
    """Return how many different numbers there are, 0 where labels are rather classes: other than numbers, or few.

    Whole numbers are classes up to twenty of them, as stars are; numbers with a fraction up to five.
    """
    found: set[float] = set()
    odd = total = 0
    for cell, count in Counter(cells).items():
        if is_blank(cell):
            continue
        total += count
        try:
            found.add(read_number(cell))
        except ValueError:
            odd += count
    if odd > ODD_CELLS * total:
        return 0
    whole = all(one.is_integer() for one in found)
    return len(found) if len(found) > (MOST_WHOLE if whole else MOST_FRACTIONS) else 0


def read_labels(output: Output, raw: Source, settings: DataSettings) -> list[Label]:
    """Return every row's label as this output reads it, None for blank cells and for the few that cannot be read.

    Raises:
        UserError: if more labels cannot be read than settings allow, as preparing the rows would say.
    """
    from haoqi.data.preparing.label_reading import read_all_labels, tolerate_unreadable

    read = read_all_labels(raw.examples, lambda cell: None if is_blank(cell) else output.read(cell))
    tolerate_unreadable(read, raw.examples.ids, settings)
    return read.labels


def check_marks(name: str, output: Output, raw: Source) -> None:
    """Raise UserError if a task is of marked stretches and hardly any text has two."""
    if output.kind.of_marks and not are_marked(raw.examples.texts):
        raise UserError(say("task.needs_marks", name=name, example=EXAMPLE), say("task.needs_marks.hint"))


def check_pairs(name: str, raw: Source, *, pairs: bool) -> None:
    """Raise UserError if a task needs two texts where there is one, or would leave the second unread."""
    if pairs and raw.examples.pairs is None:
        raise UserError(say("task.needs_pairs", name=name), say("task.needs_pairs.hint"))
    if not pairs and raw.examples.pairs is not None:
        raise UserError(say("task.one_text", name=name), say("task.one_text.hint"))


def check_shape(name: str, output: Output, raw: Source) -> None:
    """Raise UserError if a task cannot be learnt from labels of this shape."""
    wanted = {"word": "spans", "context": "answers"}.get(output.kind.unit, "labels")
    if raw.shape != wanted:
        key = "task.of_context" if raw.shape == "answers" else f"task.needs_{wanted}"
        raise UserError(say(key, name=name), say(f"{key}.hint"))


def check_labels(name: str, labels: Sequence[Label], classes: tuple[str, ...], output: Output) -> None:
    """Raise UserError if nothing can be learnt from these labels: none, a single class, or all different."""
    given = [label for label in labels if label is not None]
    if not given:
        raise UserError(say("task.no_labels"), say("task.no_labels.hint"))
    if output.kind.of_context:
        if not any(given):
            raise UserError(say("task.none_answered"), say("task.none_answered.hint"))
        return
    fewest = 2 if output.kind.one_class else 1
    if not output.kind.has_classes:
        if len(set(given)) < 2:
            raise UserError(say("task.one_number", number=f"{given[0]:g}"), say("task.one_number.hint"))
        return
    if len(classes) < fewest:
        facts = {"name": name, "fewest": fewest}
        only = say("task.one_label", label=classes[0], **facts) if classes else say("task.none_named", **facts)
        raise UserError(only, say("task.few_labels.hint"))
    if output.kind.one_class and len(given) >= FEW and len(classes) == len(given):
        raise UserError(say("task.all_different", count=len(given)), say("task.all_different.hint"))


def doubts(task: Task, raw: Source) -> tuple[str, ...]:
    """Return what speaks against learning a task from these labels, as warnings.

    That is numbers that are learnt as classes, and lists that are read as paths though they form no tree.
    """
    lists = [cell for cell in raw.examples.labels if isinstance(cell, list | tuple)]
    if task.output.kind.in_tree and lists and not list_paths(lists):
        return (say("task.no_tree", name=task.name),)
    count = 0 if task.output.kind.of_words or not task.output.kind.has_classes else _looks_like_numbers(_plain(raw))
    rather = "similarity" if task.pairs else "regression"
    return (say("task.numbers_as_classes", name=task.name, count=count, rather=rather),) if count else ()


def _plain(raw: Source) -> list[Any]:
    """Return the labels that are no lists, which are no numbers."""
    labels = raw.examples.labels
    return [] if any(isinstance(cell, list | tuple) for cell in labels) else labels


def remarks(labels: Sequence[Any], output: Output) -> str:
    """Return what a person should know about these labels, as sentences; nothing if there is nothing."""
    if output.kind.one_class and _all_numbers(labels) and not _looks_like_numbers(labels):  # of those `doubts` warns
        return say("task.rather_number")
    if not output.kind.of_words:
        return ""
    count = sum(overlapping(label) for label in labels if label)
    return say("task.overlapping", count=count) if count else ""


def _all_numbers(labels: Sequence[Any]) -> bool:
    """Return whether classes are numbers that stand in an order, such as stars: more than two, all of them numbers."""
    names = {label for label in labels if label is not None}
    try:
        return len({read_number(name) for name in names}) > 2
    except ValueError:
        return False
