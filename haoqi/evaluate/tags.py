"""Spans as tags of words: O, B-X at a span's first word and I-X within it (Ramshaw and Marcus, 1995)."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from haoqi.data.examples import Span

Offsets = Sequence[tuple[int, int]]


def tag_names(types: tuple[str, ...]) -> tuple[str, ...]:
    """Return the tags for these span types, in the order of a model's scores.

    >>> tag_names(("LOC", "PER"))
    ('O', 'B-LOC', 'I-LOC', 'B-PER', 'I-PER')
    """
    return ("O", *(f"{position}-{name}" for name in types for position in "BI"))


def spans_to_tags(spans: Iterable[Span], words: Offsets, types: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """Return the tag of each word as its place in `tag_names(types)`, int64, shape (words,).

    A span that ends inside a word takes the whole word; of spans that share a word the first, and among
    those the longest, is kept; spans of other types are left out.
    """
    tags = np.zeros(len(words), dtype=np.int64)
    starts = np.array([start for start, _ in words], dtype=np.int64)
    ends = np.array([end for _, end in words], dtype=np.int64)
    place = {name: index for index, name in enumerate(types)}
    for start, end, label in sorted(spans, key=lambda span: (span[0], -span[1])):
        first = int(np.searchsorted(ends, start, side="right"))
        last = int(np.searchsorted(starts, end, side="left"))
        if label not in place or first >= last or tags[first:last].any():
            continue
        tags[first] = 1 + 2 * place[label]
        tags[first + 1 : last] = 2 + 2 * place[label]
    return tags


def tags_to_spans(tags: Sequence[int] | npt.NDArray[np.int64], words: Offsets, types: tuple[str, ...]) -> list[Span]:
    """Return the spans that a valid sequence of tags stands for, in order.

    Args:
        tags: places in `tag_names(types)`; an I-X begins no span, so one that follows neither B-X nor I-X is skipped.
        words: (start, end) of each word.
        types: span labels.
    """
    spans: list[Span] = []
    inside = -1
    for (start, end), tag in zip(words, tags, strict=True):
        kind, within = (int(tag) - 1) // 2, int(tag) > 0 and int(tag) % 2 == 0
        if within and kind == inside:
            spans[-1] = spans[-1]._replace(end=end)
        elif tag and not within:
            spans.append(Span(start, end, types[kind]))
            inside = kind
        else:
            inside = -1
    return spans
