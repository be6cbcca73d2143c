"""Tables whose labels are spans or records: which columns tell it, and the rows that come of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.examples import Examples
from haoqi.data.raw import Part, Raw
from haoqi.data.reading.fields import flattened
from haoqi.data.reading.spans.mark_shapes import holds_marks, is_empty, read_cell
from haoqi.data.reading.spans.marks import MarkedSpans, spans_of_cells, spans_of_tag_strings
from haoqi.data.reading.spans.offsets import COUNTINGS, same
from haoqi.data.reading.tables.column_names import LABELS, TEXTS, is_guessed, words_of
from haoqi.data.schema import Schema
from haoqi.data.settings import DataSettings

if TYPE_CHECKING:
    from haoqi.data.reading.tables.table import Table

Kind = Literal["plain", "names", "words", "marks", "records", "empty"]

# Fields of words; their places are no labels, though they look like it.
_WORDS = {"token", "tokens", "word", "words", "sents", "sentences", "chars", "characters", "pieces", "wordpieces"}
# Usual names of spans, the most telling first; those of LABELS before `_STRONG` come before them.
_SPANS = """entities ents spans ner named_entities entity_mentions entity mentions annotations annotation labels label
    result tags"""
_STRONG = LABELS.index("topic")
# Usual names of what is learnt that are rarer than those of LABELS.
_RARER = ["relation", "relation_type", "rel", "relations", "annotation", "annotations", "result", "spans", "entities"]
# What says which label a record is, the most telling first.
_NAMES = ["name", "label", "value", "title", "class", "tag", "text", "key", "slug", "type"]
# What does where nothing else says it.
_CODES = ["code", "id"]
_STARTS, _ENDS = frozenset({"start", "begin", "from"}), frozenset({"end", "stop", "to"})
_IDENTIFIER = re.compile(
    r"(.*[._\s-])?(id|ids|uuid|guid|hash|idx|index|rowid|no|nr)|.*_(id|uuid|hash)|_.*|meta|meta\..*"
)
# A column with fewer characters a cell than this is no free text where lists of words stand beside it.
_FREE = 20
_FIRST = 2_000
# Formats whose columns get dots from records within records.
_OF_RECORDS = ("json", "yaml", "markdown")


def with_roles(table: "Table", settings: DataSettings, labelled: bool = True) -> "Table":
    """Return the table with the roles that the cells of its columns tell, where nobody said them.

    Raises:
        UserError: if what seems to be the label is a column whose cells cannot be labels.
    """
    fields = {column for column in table.columns if "." in column and table.format in _OF_RECORDS}
    flat = flattened(table.columns)
    fields = {column.partition(".")[0] for column in fields | (set(flat) - set(table.columns))}
    table = replace(table, columns=flat)
    kinds = {column: kind_of(column, cells) for column, cells in table.columns.items()}
    roles, why, notes = dict(table.roles), dict(table.why), list(table.notes)
    if labelled and not settings.label and "label" not in roles:
        chosen = _label(table, kinds, fields, settings)
        if chosen is not None:
            roles["label"], why["label"] = chosen
            others = [
                c for c in table.columns if c.lower() in LABELS and c != chosen[0] and kinds[c] in ("plain", "names")
            ]
            notes += [say("spans.other_labels", names=", ".join(others))] if others else []
        notes += _beside(kinds, roles.get("label"))
    label = settings.label or roles.get("label")
    if not settings.text and "text" not in roles:
        taken = {column for column in (label, settings.pair, settings.group, settings.time) if column}
        marked = label if label and kinds.get(label) == "marks" else None
        told = _text(table, {c: k for c, k in kinds.items() if c not in taken}, marked)
        if told is not None:
            roles["text"], why["text"] = told
    return replace(table, roles=roles, why=why, notes=tuple(notes))


def texts_of(cells: Sequence[Any]) -> tuple[list[str], list[tuple[tuple[int, int], ...]] | None]:
    """Return cells as texts, and where their words stand if they are lists of words; single Chinese ones touch."""
    from haoqi.data.reading.sources.columns import place_words
    from haoqi.data.reading.tables.table import text_of

    lists = [cell for cell in cells if isinstance(cell, list | tuple)]
    if not lists or any(not isinstance(part, str) for cell in lists for part in cell):
        return [text_of(cell) for cell in cells], None
    sample = [part for cell in lists[:_FIRST] for part in cell]
    tight = sum(len(part) == 1 and part > "\u2e80" for part in sample) > 0.4 * len(sample)
    placed = [place_words(cell if isinstance(cell, list | tuple) else text_of(cell).split(), tight) for cell in cells]
    return [text for text, _ in placed], [places for _, places in placed]


def raw_of_spans(table: "Table", examples: Examples, schema: Schema, settings: DataSettings) -> Raw | None:
    """Return the rows of a table whose label column holds spans or a tag for each character; None for other labels.

    Args:
        table: the source.
        examples: its rows with texts, groups and times; their labels are looked at no further.
        schema: how the table is read, with the columns of text and label.
        settings: the share of rows that may be bad.

    Raises:
        UserError: if more rows than allowed have spans that fit no text, or the cells are records of another kind.
    """
    label, text = schema.columns.get("label"), schema.columns["text"]
    if label not in table.columns:
        return None
    cells = table.columns[label]
    kind = kind_of(label, cells)
    if kind == "records":
        raise _unlearnable(table, label)
    texts, words = texts_of(table.columns[text]) if text in table.columns else (examples.texts, None)
    texts = texts if words else examples.texts
    if kind == "marks":
        tokens = None if words else _tokens(table, texts)
        found: MarkedSpans | None = spans_of_cells(
            texts, cells, table.name, settings, words=words, tokens=tokens, parts=table.parts
        )
    else:
        found = spans_of_tag_strings(texts, cells, table.name, settings)
    if found is None:
        return None
    keep = [row for row in range(len(texts)) if row not in found.bad]
    parts: list[Part] = list(table.parts or ["train"] * len(texts))
    unlabelled = [row for row in keep if found.labels[row] is None]
    for row in unlabelled:
        parts[row] = "unlabelled"
    skipped: dict[str, int] = {say("left.unfit_spans"): len(found.bad)} if found.bad else {}
    told = replace(
        schema,
        rows=len(keep),
        skipped={**schema.skipped, **skipped},
        notes=(*schema.notes, *found.notes),
        warnings=(*schema.warnings, *found.warnings),
    )
    rows = replace(examples, texts=list(texts), labels=list(found.labels), words=words, pairs=None).take(keep)
    given = [parts[row] for row in keep] if table.parts or unlabelled else None
    return Raw(rows, given, told, "spans", table.fingerprint)


def _tokens(table: "Table", texts: Sequence[str]) -> list[list[tuple[int, int]]] | None:
    """Return where the words of another column stand in the texts; None where there is no such column."""
    for column, cells in table.columns.items():
        if column.lower().rpartition(".")[2] in _WORDS and kind_of(column, cells) == "words":
            found = [_aligned(text, cell or ()) for text, cell in zip(texts, cells, strict=True)]
            if sum(one is None for one in found) <= 0.01 * len(found):
                return [one or [] for one in found]
    return None


def _aligned(text: str, words: Sequence[str]) -> list[tuple[int, int]] | None:
    places, at = [], 0
    for word in words:
        start = text.find(word, at)
        if start < 0 or text[at:start].strip():
            return None
        at = start + len(word)
        places.append((start, at))
    return places


def kind_of(column: str, cells: Sequence[Any]) -> Kind:
    """Return what the cells of a column are; one look decides on all rows, not on the first of them."""
    lists = [cell for cell in cells if isinstance(cell, list | tuple | dict)]
    if not lists:
        return _kind_of_texts(column, cells)
    filled = [cell for cell in lists if not is_empty(cell)]
    if not filled:
        return "empty"
    own = column.lower().rpartition(".")[2]
    if own not in _WORDS and sum(map(holds_marks, filled)) > 0.5 * len(filled):
        return "marks"
    if any(_is_rich(cell) for cell in filled):
        return "records"
    scalars = sum(isinstance(cell, str | int | float) for cell in cells)
    if scalars or not all(isinstance(part, str) for cell in filled[:_FIRST] for part in cell):
        return "names"
    return "words" if own in _WORDS or _like_words(filled[:_FIRST]) else "names"


def is_identifier(column: str) -> bool:
    """Return whether a column is named as one of numbers of rows, hashes or notes on the side; class_id is not.

    >>> is_identifier("template_id"), is_identifier("uuid"), is_identifier("label_id")
    (True, True, False)
    """
    name = column.strip().lower()
    stem = re.split(r"[._\s-]+", name)
    return _IDENTIFIER.fullmatch(name) is not None and not set(stem) & {*LABELS, *TEXTS, *_RARER}


def _kind_of_texts(column: str, cells: Sequence[Any]) -> Kind:
    """Return "marks" for texts that write spans in JSON or as Python does."""
    written = [cell for cell in cells if isinstance(cell, str) and cell[:1] in ("[", "{", "(")]
    filled = sum(cell is not None and cell != "" for cell in cells)
    if not filled:
        return "empty"
    if len(written) < 0.5 * filled or column.lower() in _WORDS:
        return "plain"
    tried = [cell for cell in written if len(cell) > 2][:_FIRST]
    return "marks" if tried and sum(map(holds_marks, tried)) > 0.5 * len(tried) else "plain"


def _is_rich(cell: Any) -> bool:
    return isinstance(cell, dict) or any(isinstance(part, list | tuple | dict) for part in cell)


def _like_words(filled: Sequence[Any]) -> bool:
    """Return whether lists are words of texts rather than labels, which are few and never twice in one list."""
    parts = [part for cell in filled for part in cell]
    if len(parts) < 4 * len(filled) or sum(" " in part.strip() for part in parts) > 0.02 * len(parts):
        return False
    twice = sum(len(set(cell)) < len(cell) for cell in filled)
    return twice > 0.1 * len(filled) or len(set(parts)) > 0.3 * len(parts)


def _label(
    table: "Table", kinds: Mapping[str, Kind], fields: set[str], settings: DataSettings
) -> tuple[str, str] | None:
    """Return the column of the label and why, where spans or records tell it; None where plain columns may."""
    free = {column: kind for column, kind in kinds.items() if column not in (settings.text, settings.pair)}
    ranked: list[tuple[float, str, str]] = []
    for column, kind in free.items():
        name = column.strip().lower()
        if kind in ("plain", "names") and name in LABELS:
            ranked.append((LABELS.index(name), column, "plain"))
        elif kind == "marks":
            ranked.append((_rank_of_spans(name), column, "marks"))
        elif kind == "records" and name in (*LABELS, *_RARER):
            ranked.append(((*LABELS, *_RARER).index(name), column, "records"))
    for field in sorted(fields):
        if field.lower() in (*LABELS, *_RARER):
            ranked.append(((*LABELS, *_RARER).index(field.lower()), field, "field"))
    if not ranked:
        return None
    _, best, found = min(ranked)
    if found == "plain":
        return None
    if found == "marks":
        return best, say("column.spans_in_cells")
    if found == "records" and (names := _names_of(table.columns[best])) is not None:
        table.columns[best] = names
        return best, say("column.names_records", best=best)
    named = _name_within(best, free, table) if found == "field" else None
    if named is None:
        raise _unlearnable(table, best)
    return named, say("column.names_records", best=best)


def stretches_told(
    columns: Mapping[str, Sequence[Any]], texts: Sequence[str], roles: Mapping[str, Sequence[str]]
) -> tuple[str, ...]:
    """Return a warning where two columns give a stretch of the text in each row, of which the label is rather."""
    used = {column for role in roles.values() for column in role}
    place = {column: words_of(column) for column in columns if column not in used}
    for start, words in place.items():
        for end, others in place.items():
            twins = _STARTS.intersection(words) and _ENDS.intersection(others)
            if not (twins and {*words} - _STARTS == {*others} - _ENDS):
                continue
            cells = zip(columns[start], columns[end], texts, strict=True)
            if texts and all(_is_stretch(one, other, text) for one, other, text in cells):
                return (say("span.of_one_row", start=start, end=end),)
    return ()


def _is_stretch(start: Any, end: Any, text: str) -> bool:
    first, last = (one[0] if isinstance(one, list) and one else one for one in (start, end))
    if is_empty(first) or is_empty(last):
        return True
    return str(first).isdecimal() and str(last).isdecimal() and 0 <= int(first) <= int(last) <= len(text)


def _rank_of_spans(name: str) -> float:
    """Return where spans of a name stand among the usual names of labels, and among spans."""
    usual = _SPANS.split()
    own = usual.index(name) if name in usual else len(usual)
    return min(LABELS.index(name) if name in LABELS else _STRONG, _STRONG - 0.5) + own / 1000


def _name_within(field: str, kinds: Mapping[str, Kind], table: "Table") -> str | None:
    """Return the column below a field of records that says which label each is."""
    below = [c for c in kinds if c.startswith(f"{field}.") and kinds[c] in ("plain", "names") and not is_guessed(c)]
    own = {column.removeprefix(f"{field}.").lower(): column for column in below}
    for name in (*_NAMES, *LABELS, *_RARER):
        if name in own:
            return own[name]
    texts = [c for c in below if any(isinstance(cell, str) for cell in table.columns[c])]
    if texts:
        return texts[0] if len(texts) == 1 else None
    return next((own[name] for name in _CODES if name in own), None)


def _names_of(cells: Sequence[Any]) -> list[Any] | None:
    """Return lists of records as lists of the names that the records have; None where one has no name."""
    found: list[Any] = []
    for cell in cells:
        if not isinstance(cell, list | tuple):
            found.append(cell)
            continue
        names = [
            next((one[key] for key in _NAMES[:6] if isinstance(one.get(key), str)), None)
            for one in cell
            if isinstance(one, dict)
        ]
        if len(names) < len(cell) or None in names:
            return None
        found.append(names)
    return found


def _unlearnable(table: "Table", field: str) -> UserError:
    cell = next((c for c in table.columns.get(field, []) if c), None)
    facts = {"field": field, "name": table.name}
    return UserError(
        say("spans.no_names", **facts) if cell is None else say("spans.no_names_such", cell=str(cell)[:60], **facts),
        say("spans.no_names.hint", names=", ".join(table.columns)),
    )


def _beside(kinds: Mapping[str, Kind], label: str | None) -> list[str]:
    """Return sentences on spans that are not the label."""
    rest = [column for column, kind in kinds.items() if kind == "marks" and column != label]
    return [say("spans.beside", column=column) for column in rest]


def _text(table: "Table", kinds: Mapping[str, Kind], marked: str | None) -> tuple[str, str] | None:
    """Return the column of the texts and why, where spans or lists of words tell it."""
    plain = [c for c, kind in kinds.items() if kind == "plain" and not is_identifier(c)]
    words = [c for c, kind in kinds.items() if kind == "words"]
    if marked:
        holding = _holding(table, marked, plain)
        if holding is not None:
            return holding, say("column.spans_stand")
        usual = [c for c in plain if c.strip().lower() in TEXTS and _length(table.columns[c])]
        if usual:
            return min(usual, key=lambda c: TEXTS.index(c.strip().lower())), say("column.usual_name")
        if not words:  # a list of strings that spans point into is one of words, whatever else
            words = [c for c, kind in kinds.items() if kind == "names" and c.lower() in TEXTS]
    if words and not any(c.strip().lower() in TEXTS or _length(table.columns[c]) > _FREE for c in plain):
        return words[0], say("column.words_of_texts")
    return None


def _holding(table: "Table", marked: str, plain: Sequence[str]) -> str | None:
    """Return the column in whose texts the surfaces of spans stand most often, in a usual way of counting."""
    rows = [(row, read_cell(cell).marks) for row, cell in enumerate(table.columns[marked]) if cell]
    counts = {}
    for column in plain:
        cells = table.columns[column]
        counts[column] = sum(
            any(
                same(cells[row][slice(*place)], mark.surface) for one in COUNTINGS[:2] if (place := one.place("", mark))
            )
            for row, marks in rows[:_FIRST]
            for mark in marks
            if mark.surface and isinstance(cells[row], str)
        )
    best = max(counts, key=lambda column: counts[column], default=None)
    return best if best is not None and counts[best] > 0 else None


def _length(cells: Sequence[Any]) -> float:
    filled = [cell for cell in cells[:_FIRST] if isinstance(cell, str) and cell]
    return sum(map(len, filled)) / len(filled) if filled else 0.0
