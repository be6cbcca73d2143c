"""Tags of words to labelled spans, in whichever of the usual schemes they are written."""

from collections.abc import Iterable, Sequence
from functools import cache

from haoqi.data.examples import Span

_STARTS, _ENDS = frozenset("BSU["), frozenset("ESL]U")


@cache
def split_tag(tag: str) -> tuple[str, str]:
    """Return a tag's prefix and type; a bare type counts as inside.

    >>> split_tag("B-PER"), split_tag("O"), split_tag("I-work-of-art")
    (('B', 'PER'), ('O', ''), ('I', 'work-of-art'))
    """
    if tag in ("O", "o", "", "_"):
        return "O", ""
    prefix, mark, kind = tag.partition("-" if "-" in tag[:3] else "_")
    if mark and len(prefix) == 1 and prefix.upper() in "BIESMLU":
        return prefix.upper(), kind
    return "I", tag


def spans_of(tags: Sequence[str], words: Sequence[tuple[int, int]]) -> tuple[Span, ...]:
    """Return the spans that tags mark, read as conlleval reads them (Tjong Kim Sang and De Meulder, 2003).

    A span begins at B or S, after E or S, after O, and where the type changes; so BIO, IOB1, BIOES, BMES and
    BILOU, and sequences impossible in any of them, all have one reading.

    Args:
        tags: a tag for each word.
        words: (start, end) of each word in characters.

    >>> spans_of(["I-PER", "I-PER", "O", "B-LOC"], [(0, 2), (3, 5), (6, 8), (9, 12)])
    (Span(start=0, end=5, label='PER'), Span(start=9, end=12, label='LOC'))
    """
    found: list[Span] = []
    before, kind_before = "O", ""
    for tag, (start, end) in zip(tags, words, strict=True):
        prefix, kind = split_tag(tag)
        if prefix != "O":
            fresh = prefix in _STARTS or before in _ENDS or before == "O" or kind != kind_before
            found.append(Span(start if fresh else found.pop().start, end, kind))
        before, kind_before = prefix, kind
    return tuple(found)


def scheme_of(sentences: Iterable[Sequence[str]]) -> str:
    """Return the scheme in which tags are written: BIO, IOB1 or BIOES (BMES and BILOU count as that)."""
    outside_first = inside_first = 0
    for tags in sentences:
        before = ("O", "")
        for tag in tags:
            prefix, kind = split_tag(tag)
            if prefix in "ESLU" and prefix != "O":
                return "BIOES"
            fresh = before[0] == "O" or before[1] != kind
            inside_first += prefix == "I" and fresh
            outside_first += prefix == "B" and fresh
            before = (prefix, kind)
    return "IOB1" if inside_first > outside_first else "BIO"
