"""Column files of words and tags, as CoNLL-2003 made them usual: a word a line, a blank line between sentences."""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path

from haoqi.core.errors import UserError
from haoqi.data.decode import head, read_text
from haoqi.data.examples import Examples
from haoqi.data.raw import Raw, digest
from haoqi.data.schema import Schema
from haoqi.data.settings import DataSettings
from haoqi.data.sources import sources
from haoqi.data.table import check_lengths
from haoqi.data.tags import scheme_of, spans_of

_TAG = re.compile(r"O|[BIESMLU][-_]\S+")
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
_DOCUMENT = "-DOCSTART-"

Sentence = list[list[str]]


@sources.register
class Columns:
    """A word with its tag on each line, the tag last; BIO, IOB1 or BIOES; between them spaces or tabs."""

    def recognises(self, source: str, settings: DataSettings) -> float:
        path = Path(source)
        if not path.is_file():
            return 0.0
        lines = head(path, settings.encoding).split("\n")[:400]
        filled = [line.split(settings.delimiter) for line in lines if line.strip() and _DOCUMENT not in line]
        if len(filled) < 3 or not any(not line.strip() for line in lines[:-1]):
            return 0.0
        tagged = sum(1 < len(cells) <= 12 and _TAG.fullmatch(cells[-1].strip()) is not None for cells in filled)
        return 0.97 if tagged >= 0.98 * (len(filled) - 1) else 0.0

    def read(self, source: str, settings: DataSettings, labelled: bool = True) -> Raw:
        path = Path(source)
        text, encoding = read_text(path, settings.encoding)
        delimiter = settings.delimiter or ("\t" if "\t" in text[:10_000] else None)
        sentences, documents = [], []
        for document, sentence in _sentences(text, delimiter):
            sentences.append(sentence)
            documents.append(document)
        if not sentences:
            raise UserError(f"{path.name} has no sentences", "write a word and its tag on each line")
        word, tag = _columns(path, sentences, settings)
        examples = _examples(sentences, word, tag, documents)
        check_lengths(examples.texts, path.name, settings)
        scheme = scheme_of([row[tag] for row in sentence] for sentence in sentences)
        chosen = {"text": str(word + 1), "label": str(tag + 1)}
        why = {"text": "words stand first", "label": "tags stand last"}
        notes = (f"tags are in the scheme {scheme}",)
        schema = Schema(path.name, "columns", encoding, delimiter or " ", chosen, why, len(examples), {}, notes)
        return Raw(examples, None, schema, "spans", digest([text]))


def place_words(words: Sequence[str], tight: bool) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return the text that words make, and where each stands in it.

    Args:
        words: the words of one sentence.
        tight: whether the source is written character by character, so that no space separates words
            save two in Latin letters.

    >>> place_words(["EU", "rejects"], tight=False)
    ('EU rejects', ((0, 2), (3, 10)))
    """
    text = " ".join(words)
    if text.isascii() and not tight:
        ends = list(accumulate(len(word) + 1 for word in words))
        return text, tuple((end - len(word) - 1, end - 1) for word, end in zip(words, ends, strict=True))
    text, places = "", []
    for word in words:
        if text and not _touches(text[-1], word[:1], tight, len(word)):
            text += " "
        places.append((len(text), len(text) + len(word)))
        text += word
    return text, tuple(places)


def _touches(left: str, right: str, tight: bool, length: int) -> bool:
    if _WIDE.match(left) or _WIDE.match(right):
        return tight or bool(_WIDE.match(left) and _WIDE.match(right))
    return tight and length == 1


def _sentences(text: str, delimiter: str | None) -> Iterator[tuple[int, Sentence]]:
    """Yield each sentence with the number of its document, 0 where documents are not marked."""
    document, rows = 0, Sentence()
    for line in [*text.split("\n"), ""]:
        cells = line.strip("\r\n").split(delimiter) if line.strip() else []
        if cells and cells[0].startswith(_DOCUMENT):
            document, cells = document + 1, []
        if cells:
            rows.append([cell.strip() for cell in cells])
        elif rows:
            yield document, rows
            rows = []


def _columns(path: Path, sentences: list[Sentence], settings: DataSettings) -> tuple[int, int]:
    width = len(sentences[0][0])
    for sentence in sentences:
        for row in sentence:
            if len(row) != width or not row[0]:
                shown = " ".join(row)
                raise UserError(
                    f"{path.name} has lines of {width} columns and one of {len(row)}: {shown[:60]}",
                    "write a word and its tag on each line",
                )
    places = {str(number + 1): number for number in range(width)}
    for said in (settings.text, settings.label):
        if said and said not in places:
            raise UserError(
                f"{path.name} has no column {said}; it has {', '.join(places)}.", "columns are counted from 1"
            )
    return places.get(settings.text or "1", 0), places.get(settings.label or str(width), width - 1)


def _examples(sentences: list[Sentence], word: int, tag: int, documents: list[int]) -> Examples:
    tokens = [[row[word] for row in sentence] for sentence in sentences]
    sample = [token for sentence in tokens[:2_000] for token in sentence]
    tight = sum(len(token) == 1 and bool(_WIDE.match(token)) for token in sample) > 0.4 * len(sample)
    placed = [place_words(sentence, tight) for sentence in tokens]
    labels = [
        spans_of([row[tag] for row in sentence], words) for sentence, (_, words) in zip(sentences, placed, strict=True)
    ]
    return Examples(
        [text for text, _ in placed],
        labels,
        list(range(len(placed))),
        words=[words for _, words in placed],
        groups=[str(document) for document in documents] if documents[-1] > 1 else None,
    )
