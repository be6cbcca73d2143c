"""What a base knows of single words before it has read any text: the rows of its input table."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.models.bases import Base, load_encoder, load_tokenizer

# A word of more tokens is rare, and the mean of its tokens says little.
_MAX_TOKENS = 3


def word_vectors(base: Base, words: Sequence[str]) -> npt.NDArray[np.float32]:
    """Return vectors of words, of length 1, or 0 where the base does not know the word, shape (n, width).

    A word is the mean of its tokens. What all of the words have in common is taken away (Mu and Viswanath, 2018,
    arXiv:1702.01417), as it says nothing of any.

    Args:
        base: an encoder.
        words: in the case that the base reads; white space is not theirs.
    """
    tokenizer = load_tokenizer(base)
    encoder: Any = load_encoder(base)
    table = encoder.get_input_embeddings().weight.detach().numpy()
    unknown = {tokenizer.token_to_id(token) for token in ("[UNK]", "<unk>")}
    found = np.zeros((len(words), table.shape[1]), np.float32)
    known = np.zeros(len(words), bool)
    for row, encoding in enumerate(tokenizer.encode_batch_fast(list(words), add_special_tokens=False)):
        tokens = encoding.ids
        known[row] = 0 < len(tokens) <= _MAX_TOKENS and not unknown.intersection(tokens)
        if known[row]:
            found[row] = table[tokens].mean(axis=0)
    if known.any():
        found[known] -= found[known].mean(axis=0)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    vectors: npt.NDArray[np.float32] = np.where(lengths > 1e-6, found / np.maximum(lengths, 1e-6), 0.0)
    return vectors.astype(np.float32)
