"""The tokens that a model of token vectors keeps: those that texts like its own can need."""

from collections.abc import Sequence
from typing import Any

from haoqi.models.encoders.tokens import Rows
from haoqi.models.trim.vocabulary import CannotBeCutError, cut

MANY = 60_000
"""A vocabulary of more tokens than this holds many languages, most of which the texts are not written in."""


def needed_tokens(tokenizer: Any, texts: Sequence[str]) -> tuple[Any, Rows] | None:
    """Return a tokenizer with the tokens that texts like these need, and what their numbers were; None: all stay.

    Texts in the same scripts are cut as before, others into smaller tokens (`haoqi/models/trim/vocabulary.py`).

    Args:
        tokenizer: a `tokenizers.Tokenizer`.
        texts: what is learnt from.
    """
    from tokenizers import Tokenizer

    if tokenizer.get_vocab_size() <= MANY:
        return None
    try:
        found = cut(tokenizer.to_str(), texts)
    except CannotBeCutError:
        return None
    return Tokenizer.from_str(found.tokenizer), found.rows
