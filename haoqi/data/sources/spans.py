"""JSON of texts with labelled stretches, in the shapes of CLUENER, Doccano, Label Studio, Prodigy and their like."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from haoqi.core.errors import UserError
from haoqi.data.decode import head, read_text
from haoqi.data.examples import Examples, Span
from haoqi.data.raw import Raw, digest
from haoqi.data.records import parse, some
from haoqi.data.schema import Schema
from haoqi.data.settings import DataSettings
from haoqi.data.sources import sources
from haoqi.data.sources.columns import place_words
from haoqi.data.table import check_lengths
from haoqi.data.tags import spans_of

_FIELDS = ("entities", "spans", "label", "labels", "annotations", "ner", "result")
_TEXTS = ("text", "sentence", "content", "data")
_KINDS = ("label", "type", "entity", "entity_type", "labels", "category", "tag", "entity_group")
_STARTS = ("start", "start_offset", "start_idx", "begin", "start_char")
_ENDS = ("end", "end_offset", "end_idx", "end_char", "stop")
_SURFACES = ("text", "entity_text", "entity", "word", "surface", "value", "name")
_TOKENS = (("tokens", "ner_tags"), ("tokens", "tags"), ("words", "tags"), ("tokens", "labels"), ("words", "labels"))


@sources.register
class Spans:
    """Records with a text and its entities, counted in characters; whether ends are inclusive is found out."""

    def recognises(self, source: str, settings: DataSettings) -> float:
        path = Path(source)
        if not path.is_file() or (start := head(path, settings.encoding)).lstrip()[:1] not in ("{", "["):
            return 0.0
        records = [record for record in some(start) if isinstance(record, dict)]
        return 0.99 if any(_field(record) or _tokens(record) for record in records) else 0.0

    def read(self, source: str, settings: DataSettings, labelled: bool = True) -> Raw:
        path = Path(source)
        text, encoding = read_text(path, settings.encoding)
        rows, parts = parse(text, path.name)
        if any(not isinstance(row, dict) for row in rows):
            raise UserError(f"{path.name} is not a list of records", 'write {"text": ..., "entities": [...]}')
        examples, note = of_records(rows, path.name, labelled)
        check_lengths(examples.texts, path.name, settings)
        schema = Schema(path.name, "spans", encoding, rows=len(examples), notes=(f"{path.name}: {note}",))
        return Raw(examples, parts, schema, "spans", digest([text]))


def of_records(rows: Sequence[dict[str, Any]], name: str, labelled: bool = True) -> tuple[Examples, str]:
    """Return examples with spans from records, and a sentence on how they were read.

    Raises:
        UserError: if a record has no text or no entities, or a span lies outside its text.
    """
    pattern = next((row for row in rows if _field(row) or _tokens(row)), None)
    if pattern is not None and (pair := _tokens(pattern)):
        return _of_tokens(rows, pair), "words and their tags stand in lists"
    field = _field(pattern) if pattern else None
    if field is None and labelled:
        raise UserError(
            f"{name} has no spans", 'write {"text": ..., "entities": [{"start": 0, "end": 4, "label": "name"}]}'
        )
    texts = [_text(row, number, name) for number, row in enumerate(rows, 1)]
    found = [None if not field or row.get(field) is None else list(_marks(row[field])) for row in rows]
    shift, note = _ends(texts, found)
    labels: list[Any] = []
    for number, (text, marks) in enumerate(zip(texts, found, strict=True), 1):
        labels.append(None if marks is None else _spans(text, marks, shift, f"row {number} of {name}"))
    return Examples(texts, labels, list(range(len(texts)))), note


Mark = tuple[int, int, str, str | None]


def _marks(value: Any) -> Iterator[Mark]:
    """Yield (start, end, kind, surface or None) of each entity in any of the known shapes."""
    if isinstance(value, Mapping):
        for kind, surfaces in value.items():
            for surface, places in surfaces.items():
                for start, end in places:
                    yield int(start), int(end), str(kind), str(surface)
        return
    for one in value:
        if isinstance(one, Mapping):
            one = {**one, **one["value"]} if isinstance(one.get("value"), Mapping) else one
            named = _key(one, _KINDS)
            kind = one[named][0] if isinstance(one[named], list) else one[named]
            surface = next((one[key] for key in _SURFACES if key != named and isinstance(one.get(key), str)), None)
            yield int(one[_key(one, _STARTS)]), int(one[_key(one, _ENDS)]), str(kind), surface
        else:
            yield int(one[0]), int(one[1]), str(one[2]), None


def _ends(texts: Sequence[str], found: Sequence[list[Mark] | None]) -> tuple[int, str]:
    """Return what to add to an end so that it is exclusive, by comparing the stretches with their surfaces."""
    inclusive = exclusive = 0
    for text, marks in zip(texts, found, strict=True):
        for start, end, _, surface in marks or ():
            if surface:
                inclusive += text[start : end + 1] == surface
                exclusive += text[start:end] == surface
    if inclusive > exclusive:
        return 1, f"ends are inclusive, as {inclusive:,} surfaces show"
    if exclusive:
        return 0, f"ends are exclusive, as {exclusive:,} surfaces show"
    return 0, "ends are taken as exclusive" if any(found) else "no spans are given"


def _spans(text: str, marks: list[Mark], shift: int, where: str) -> tuple[Span, ...]:
    spans = {Span(start, end + shift, kind) for start, end, kind, _ in marks}
    for span in spans:
        if not 0 <= span.start < span.end <= len(text):
            raise UserError(
                f"{where} has a span from {span.start} to {span.end} in a text of {len(text)} characters",
                "spans are counted in characters, from 0",
            )
    return tuple(sorted(spans))


def _field(record: Mapping[str, Any]) -> str | None:
    if not any(isinstance(record.get(key), str) for key in _TEXTS):
        return None
    return next((key for key in _FIELDS if _holds_spans(record.get(key))), None)


def _holds_spans(value: Any) -> bool:
    if isinstance(value, Mapping):
        inner = [surfaces for surfaces in value.values() if isinstance(surfaces, Mapping)]
        return bool(value) and len(inner) == len(value) and all(isinstance(p, list) for s in inner for p in s.values())
    if not isinstance(value, list) or not value:
        return False
    one = value[0]
    if isinstance(one, Mapping):
        one = {**one, **one["value"]} if isinstance(one.get("value"), Mapping) else one
        return any(key in one for key in _STARTS) and any(key in one for key in _ENDS) and any(k in one for k in _KINDS)
    return (
        isinstance(one, list) and len(one) == 3 and all(isinstance(n, int) for n in one[:2]) and isinstance(one[2], str)
    )


def _tokens(record: Mapping[str, Any]) -> tuple[str, str] | None:
    for words, tags in _TOKENS:
        one, other = record.get(words), record.get(tags)
        if (
            isinstance(one, list)
            and isinstance(other, list)
            and len(one) == len(other)
            and one
            and isinstance(other[0], str)
        ):
            return words, tags
    return None


def _of_tokens(rows: Sequence[dict[str, Any]], pair: tuple[str, str]) -> Examples:
    tokens = [[str(word) for word in row.get(pair[0]) or ["?"]] for row in rows]
    single = sum(len(word) == 1 and word > "\u2e80" for sentence in tokens[:2_000] for word in sentence)
    tight = single > 0.4 * sum(map(len, tokens[:2_000]))
    placed = [place_words(sentence, tight) for sentence in tokens]
    labels = [
        None if row.get(pair[1]) is None else spans_of(row[pair[1]], words)
        for row, (_, words) in zip(rows, placed, strict=True)
    ]
    return Examples([t for t, _ in placed], labels, list(range(len(placed))), words=[words for _, words in placed])


def _key(one: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next(key for key in names if key in one)


def _text(row: Mapping[str, Any], number: int, name: str) -> str:
    found = next((row[key] for key in _TEXTS if isinstance(row.get(key), str)), None)
    if found is None:
        raise UserError(f"row {number} of {name} has no text", "call its field text")
    return str(found)
