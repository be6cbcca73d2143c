"""Tables of sentences whose words have tags: a word in each row, or lists of words beside lists of tags."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

# What `table` and `sources.columns` give is imported where it is called, for a table asks here first.
from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.examples import Examples
from haoqi.data.raw import Raw
from haoqi.data.reading.tables.column_kinds import look_at
from haoqi.data.reading.tokens.column_lines import Sentence, end_at_full_stops
from haoqi.data.reading.tokens.tag_lists import Tagged, lists_of
from haoqi.data.reading.tokens.tagged_columns import (
    HEADERS,
    choose_columns,
    counted,
    drawn,
    is_words,
    no_entities,
    sentence_starts,
    taggings,
)
from haoqi.data.reading.tokens.tags import are_parts_of_speech, spans_of
from haoqi.data.schema import Schema
from haoqi.data.settings import DataSettings

if TYPE_CHECKING:
    from haoqi.data.reading.tables.table import Table

# Names of columns that label a text as a whole, whatever tags its words have besides.
_CLASSES = frozenset(
    {"label", "labels", "class", "category", "intent", "sentiment", "relation", "polarity", "标签", "类别"}
)


def sentences_of(table: "Table", settings: DataSettings, labelled: bool = True) -> Raw | None:
    """Return the sentences of a table that holds words with tags; None where it does not, or other columns were said.

    Args:
        table: the cells.
        settings: columns that a person named, and how many bad rows to allow.
        labelled: False where texts alone are wanted; tags that cannot be used are then no error.

    Raises:
        UserError: if too many rows are bad, tags are numbers without names, or nothing tells sentences apart.
    """
    from haoqi.data.reading.tables.table import check_lengths

    table = _with_names(table)
    try:
        found = lists_of(table, settings) or _words_in_rows(table, settings)
    except UserError:
        if labelled:
            raise
        return None
    if found is None or (labelled and not settings.label and _has_classes(table, found)):
        return None
    skipped = _check_bad(table.name, found, settings)
    examples, notes = _examples(found)
    examples = _with_roles(examples, found, table, settings)
    check_lengths(examples.texts, table.name, settings)
    return Raw(
        examples,
        [table.parts[row] for row in found.rows] if table.parts else None,
        _schema(table, found, notes, skipped),
        "spans",
        table.fingerprint,
    )


def _has_classes(table: "Table", found: Tagged) -> bool:
    """Return whether another column is called like the label of a whole text and holds classes, as relations have."""
    rest = [name for name in table.columns if name not in found.columns.values() and name not in found.others]
    named = [name for name in rest if name.strip().lower() in _CLASSES]
    rows_are_words = len(found.rows) + len(found.bad) < len(table)
    return not rows_are_words and any(look_at(name, table.columns[name]).repeats for name in named)


def _with_names(table: "Table") -> "Table":
    """Return a table whose columns have names, where its first row holds the usual ones of words and tags."""
    if list(table.columns) != [str(number) for number in range(1, len(table.columns) + 1)] or len(table) < 2:
        return table
    first = [str(cells[0]).strip() for cells in table.columns.values()]
    usual = sum(name.lower() in HEADERS for name in first)
    if usual < 2 or 2 * usual < len(first) or len(set(first)) < len(first):
        return table
    columns = {name: list(cells[1:]) for name, cells in zip(first, table.columns.values(), strict=True)}
    if any(name in drawn(cells) for name, cells in columns.items()):
        return table
    nameless = ("csv.nameless", "excel.nameless")
    notes = tuple(note for note in table.notes if getattr(note, "key", None) not in nameless)
    return replace(table, columns=columns, parts=table.parts and table.parts[1:], notes=notes)


def _examples(found: Tagged) -> tuple[Examples, tuple[str, ...]]:
    from haoqi.data.reading.sources.columns import Tokens, tagged_examples

    if found.texts is None:
        return tagged_examples(Tokens(found.words, found.tags, found.tagging))
    labels = [
        None if tags is None else spans_of(found.tagging.read(tags), [(at, at + 1) for at in range(len(tags))])
        for tags in found.tags
    ]
    return Examples(found.texts, labels, list(range(len(labels)))), found.tagging.notes("BIO")


def _with_roles(examples: Examples, found: Tagged, table: "Table", settings: DataSettings) -> Examples:
    """Return examples with the group and time that stand at the first row of each sentence."""
    from haoqi.data.reading.tables.dates import times_of
    from haoqi.data.reading.tables.table import text_of

    for role in ("group", "time"):
        column = getattr(settings, role)
        if not column:
            continue
        if column not in table.columns:
            raise UserError(
                say("fault.no_such_column", name=table.name, column=column, names=", ".join(table.columns)),
                f"--{role} COLUMN",
            )
        cells = [table.columns[column][row] for row in found.rows]
        found.columns[role], found.why[role] = column, say("data.as_said")
        if role == "group":
            examples = replace(examples, groups=[text_of(cell) for cell in cells])
        else:
            examples = replace(examples, times=times_of(cells, column, table.name, settings).seconds)
    return examples


def _check_bad(name: str, found: Tagged, settings: DataSettings) -> dict[str, int]:
    """Return the number of sentences left out by its reason.

    Raises:
        UserError: if they are more than settings allow.
    """
    bad, total = len(found.bad), len(found.rows) + len(found.bad)
    if not bad:
        return {}
    listed = ", ".join(str(row + 1) for row, _ in found.bad[:5]) + (", ..." if bad > 5 else "")
    if not found.rows or bad > max(1, settings.bad_share() * total):
        raise UserError(
            say("tags.uneven_rows", bad=bad, total=total, name=name, listed=listed, bad2=found.bad[0][1]),
            say("rows.too_many.hint", min=min(1.0, -(-100 * bad // total) / 100)),
        )
    found.notes.append(say("tags.uneven_left", listed=listed, bad=found.bad[0][1]))
    return {say("left.uneven_tags"): bad}


def _schema(table: "Table", found: Tagged, notes: Sequence[str], skipped: Mapping[str, int]) -> Schema:
    used = set(found.columns.values())
    others = (say("tags.other_columns", names=", ".join(found.others)),) if found.others else ()
    return replace(
        table.schema,
        columns=found.columns,
        why=found.why,
        rows=len(found.rows),
        skipped={**table.skipped, **skipped},
        notes=(*table.notes, *notes, *found.notes, *others),
        warnings=(*table.warnings, *found.warnings),
        runners_up={"label": found.others} if found.others else {},
        left_out=[column for column in table.columns if column not in used],
    )


def _words_in_rows(table: "Table", settings: DataSettings) -> Tagged | None:
    """Return the sentences of a table with a word in each row; None where its rows are something else."""
    names = list(table.columns)
    if settings.pair or not (settings.text in (None, *names) and settings.label in (None, *names)):
        return None
    known = taggings(list(table.columns.values()))
    if not known:
        _refuse_parts_of_speech(table, settings)
        return None
    columns = [_cells(cells) for cells in table.columns.values()]
    if settings.label and names.index(settings.label) not in known:
        return None
    chosen = choose_columns(names, columns, {"text": settings.text, "label": settings.label}, table.name)
    words, tags = columns[chosen.words], columns[chosen.tags]
    if chosen.words == chosen.tags or not _are_words(words) or _has_texts(columns):
        return None
    marks = _starts(names, columns, (chosen.words, chosen.tags))
    if marks is None and not (chosen.tagging.sure and all(map(is_words, filter(any, columns)))):
        return None
    found = Tagged(
        [], [], chosen.tagging, [], {"text": names[chosen.words], "label": names[chosen.tags]}, dict(chosen.why)
    )
    found.others = [names[other] for other in chosen.others]
    for one in _sentences(table.name, (words, tags), marks, found):
        cells = [row for row in one.rows if row[0].strip() or row[1]]
        if any(not tag for _, tag in cells):
            bare = next(word for word, tag in cells if not tag)
            found.bad.append((one.line, say("tags.bare_word", bare=bare[:40])))
        elif cells:
            found.words.append([word or " " for word, _ in cells])
            found.tags.append([tag for _, tag in cells])
            found.rows.append(one.line)
    return found


def _sentences(
    name: str, cells: tuple[Sequence[str], Sequence[str]], marks: tuple[str, list[int]] | None, found: Tagged
) -> list[Sentence]:
    """Return rows of word and tag by sentence, the row at which each begins in the place of its line."""
    rows = [[word, tag.strip()] for word, tag in zip(*cells, strict=True)]
    if marks is not None:
        column, starts = marks
        found.notes.append(say("tags.sentences_by", column=column))
        return [Sentence(rows[at:to], at) for at, to in zip(starts, [*starts[1:], len(rows)], strict=True)]
    cut = end_at_full_stops([Sentence(rows)], 0)
    if len(cut) < 2:
        raise UserError(
            say("tags.no_end_told", name=name),
            say("tags.no_end_told.hint"),
        )
    found.notes.append(say("tags.full_stops"))
    found.warnings.append(say("tags.only_full_stops", name=name))
    return cut


def _starts(names: list[str], columns: list[list[str]], used: tuple[int, int]) -> tuple[str, list[int]] | None:
    """Return what tells sentences apart, and where they begin: a column, or rows without word and tag."""
    rest = [place for place in range(len(names)) if place not in used]
    found = sentence_starts([names[place] for place in rest], [columns[place] for place in rest])
    if found:
        return say("tags.by_column", names=names[rest[found[0]]]), found[1]
    words, tags = columns[used[0]], columns[used[1]]
    empty = [row for row in range(len(words)) if not words[row].strip() and not tags[row].strip()]
    return (say("tags.by_empty_row"), sorted({0, *empty})) if len(empty) > 1 else None


def _cells(cells: Sequence[Any]) -> list[str]:
    """Return cells as text, a blank as it is."""
    from haoqi.data.reading.tables.table import text_of

    return [cell if isinstance(cell, str) else text_of(cell) for cell in cells]


def _are_words(cells: Sequence[str]) -> bool:
    """Return whether cells are words of running text: single, and neither all the same nor a class of many rows."""
    some = drawn(cells)
    numbers = sum(cell.replace(".", "", 1).isdigit() for cell in some)
    return is_words(cells) and len({*some}) > min(20, 0.05 * len(some)) and numbers < 0.5 * len(some)


def _has_texts(columns: Sequence[Sequence[str]]) -> bool:
    """Return whether a column holds a text of its own in most rows, so that rows are no words."""
    for cells in columns:
        some = drawn(cells)
        if not is_words(some) and len(set(some)) > 0.7 * len(some):
            return True
    return False


def _refuse_parts_of_speech(table: "Table", settings: DataSettings) -> None:
    """Raise UserError where words of sentences have parts of speech and nothing else can be learnt."""
    names = list(table.columns)
    some = [[cell for cell in drawn(cells) if isinstance(cell, str)] for cells in table.columns.values()]
    speech = [place for place, cells in enumerate(some) if len({*cells}) < 80 and are_parts_of_speech(counted(cells))]
    if not speech or settings.label or _has_texts(some):
        return
    words = [place for place in range(len(names)) if place not in speech and _are_words(some[place])]
    columns = [_cells(cells) for cells in table.columns.values()]
    if words and _starts(names, columns, (words[0], speech[0])):
        raise no_entities(table.name, names, columns, words[0])
