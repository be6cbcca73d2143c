"""How words are written, for encoders whose tokenizer reads everything in lower case.

Names are written with capitals: what such a tokenizer throws away is given to the encoder as an embedding per
word shape, as Collobert et al. (2011, arXiv:1103.0398) did for tagging.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

SHAPES = ("none", "lower", "Title", "UPPER", "mixed", "digits", "letters and digits", "mark")


def shapes_of(text: str, words: Sequence[tuple[int, int]]) -> npt.NDArray[np.int64]:
    """Return the shape of each word, and at the end (where -1 points) that of no word, shape (words + 1,).

    >>> [SHAPES[shape] for shape in shapes_of("EU beat Spain 3-0 .", [(0, 2), (3, 7), (8, 13), (14, 17), (18, 19)])]
    ['UPPER', 'lower', 'Title', 'digits', 'mark', 'none']
    """
    return np.array([*(_shape(text[start:end]) for start, end in words), 0], dtype=np.int64)


def lowers(tokenizer: Any) -> bool:
    """Return whether a tokenizer reads capitals as small letters."""
    return bool(tokenizer.encode("Abc DEF").ids == tokenizer.encode("abc def").ids)


def _shape(word: str) -> int:
    letters = [char for char in word if char.isalpha()]
    digits = any(char.isdigit() for char in word)
    if not letters:
        return 5 if digits else 7
    if digits:
        return 6
    if not any(char.isupper() for char in letters):
        return 1
    if letters[0].isupper() and not any(char.isupper() for char in letters[1:]):
        return 2
    return 3 if all(char.isupper() for char in letters) else 4
