"""Sentences of a text by their places, by its full stops: English, Chinese and what is punctuated like them."""

import re
from collections.abc import Iterable

# Behind a stop of Chinese and the like a sentence ends at once; behind others where white space and a beginning follow.
_END = re.compile(
    r"[。！？｡…]+[”’」』）\"')\]]*\s*"
    r"|(?<![.!?])[.!?]+[\"'”’)\]]*\s+(?=[\"'“‘(\[]*[^\Wa-z_])"
    r"|\s*\n\s*"
)
# What stands before a full stop that ends no sentence.
_SHORT = re.compile(
    r"(?:^|[\s(\"'“‘])(?:[A-Z]|(?:[A-Za-z]\.)+[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|Gen|Col|Sen|Rep|Gov|Lt|Sgt|Capt|Rev|Hon"
    r"|vs|No|Nos|Fig|cf|e\.g|i\.e|approx|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)$"
)


def sentence_offsets(text: str, whole: Iterable[tuple[int, int]] = ()) -> list[tuple[int, int]]:
    """Return (start, end) of each sentence, white space at its ends left out.

    >>> text = "Dr. Lee lives in the U.S. capital. He is 40. 他住在北京。很好"
    >>> [text[start:end] for start, end in sentence_offsets(text)]
    ['Dr. Lee lives in the U.S. capital.', 'He is 40.', '他住在北京。', '很好']

    Args:
        text: what to cut.
        whole: stretches that no sentence ends in, such as names.
    """
    within = list(whole)
    found, begin = [], 0
    for match in _END.finditer(text):
        stop = match.start() + len(match[0].rstrip())
        if text[match.start()] == "." and _SHORT.search(text, begin, match.start()):
            continue
        if any(start < stop < end for start, end in within):
            continue
        found.append((begin, stop))
        begin = match.end()
    found.append((begin, len(text.rstrip())))
    trimmed = [(start + len(text[start:end]) - len(text[start:end].lstrip()), end) for start, end in found]
    return [(start, end) for start, end in trimmed if start < end]
