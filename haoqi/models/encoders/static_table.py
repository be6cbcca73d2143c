"""A base as a table of token vectors (model2vec: Tulkens and van Dongen, 2024, doi:10.5281/zenodo.17270888).

Each token of the vocabulary passes once through the encoder, as a text of its own. Of the vectors the principal
components are kept, and each is weighed by how telling its token is (Arora et al., 2017, "A simple but tough-to-beat
baseline for sentence embeddings").
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.models.bases import Base, lean_encoder, load_tokenizer
from haoqi.models.encoders.tokens import Integers, find_special_tokens, lengths_of
from haoqi.models.feature_store.store import Done, FeatureStore
from haoqi.models.networks.token_table import principal_axes

Floats = npt.NDArray[np.float32]

MOST_COMPUTED = 32_768
"""Tokens that pass through the encoder, beside those of the texts at hand: the first of the vocabulary, which has the
common ones first. A multilingual vocabulary has 250,000, most of them of other languages."""

# A token that is this share of a text's tokens counts half (a of Arora et al.).
_HALVED = 1e-3
# What a vocabulary's order says of how often tokens occur counts as much as so many tokens of the texts.
_PRIOR_TOKENS = 20_000.0
# Of the ridge regression that guesses the vectors of all other tokens.
_PENALTY = 1.0


def distil_table(
    base: Base,
    store: FeatureStore,
    texts: Sequence[Integers],
    *,
    counting: npt.NDArray[np.float64],
    width: int,
    progress: Done | None = None,
) -> npt.NDArray[np.float16]:
    """Return a vector for each token of a base's vocabulary, in 16 bits, shape (tokens, width).

    Args:
        base: an encoder.
        store: where the tokens' embeddings are kept, for the next table of the same base.
        texts: the tokens of the texts to learn from, which say how often each occurs.
        counting: how much each text counts.
        width: how many numbers a vector has, at most as many as the base's.
        progress: called with the number of tokens that were computed.
    """
    whole = _input_table(base)
    flat = np.concatenate([np.zeros(0, np.int32), *texts])
    counts: Any = np.bincount(flat, np.repeat(counting, lengths_of(texts)), minlength=len(whole))
    computed = np.union1d(np.arange(min(MOST_COMPUTED, len(whole))), np.flatnonzero(counts))
    known = store.token_vectors(base, computed.tolist(), progress)
    vectors = np.empty((len(whole), known.shape[1]), np.float32)
    vectors[computed] = known
    others = np.setdiff1d(np.arange(len(whole)), computed)
    if len(others):
        vectors[others] = _guessed(whole[computed], known, whole[others])
    table = (vectors - known.mean(axis=0)) @ principal_axes(known, width)
    weighed: npt.NDArray[np.float16] = (table * telling(counts, _special(base))[:, None]).astype(np.float16)
    return weighed


def telling(counts: npt.NDArray[np.float64], special: Sequence[int]) -> Floats:
    """Return how much each token counts in a text: rare ones nearly 1, common ones less, special ones nothing.

    Args:
        counts: how often each occurs in the texts at hand, shape (tokens,).
        special: those that no text is made of.
    """
    usual = 1.0 / (np.arange(len(counts)) + 10.0)  # by Zipf's law, as far as a vocabulary is in order
    share = counts + _PRIOR_TOKENS * usual / usual.sum()
    share[list(special)] = 0.0
    share /= share.sum()
    weights = _HALVED / (_HALVED + share)
    weights[list(special)] = 0.0
    found: Floats = weights.astype(np.float32)
    return found


def _guessed(inputs: Floats, vectors: Floats, others: Floats) -> Floats:
    """Return vectors of tokens by a ridge regression from the input table, learnt on those that were computed."""
    centre, middle = inputs.mean(axis=0), vectors.mean(axis=0)
    spread = float(inputs.std()) + 1e-9
    features = (inputs - centre) / spread
    gram = features.T @ features + _PENALTY * np.eye(features.shape[1], dtype=np.float32)
    solved = np.linalg.solve(gram.astype(np.float64), (features.T @ (vectors - middle)).astype(np.float64))
    found: Floats = ((others - centre) / spread) @ solved.astype(np.float32) + middle
    return found


def _input_table(base: Base) -> Floats:
    encoder: Any = lean_encoder(base)
    found: Floats = encoder.get_input_embeddings().weight.detach().float().numpy()
    return found


def _special(base: Base) -> list[int]:
    """Return the tokens that no text is made of: those around it, padding, masks and what was never met."""
    tokenizer = load_tokenizer(base)
    around = find_special_tokens(tokenizer)
    added = tokenizer.get_added_tokens_decoder()
    return sorted(
        {*around.before, *around.after, around.pad, *(number for number, one in added.items() if one.special)}
    )
