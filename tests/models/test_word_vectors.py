from pathlib import Path

import numpy as np

from haoqi.models.bases import load_encoder, load_tokenizer, resolve
from haoqi.models.encoders.word_vectors import word_vectors


def test_words_are_the_mean_of_their_tokens_less_what_all_have_in_common(tiny_base: str, tmp_path: Path) -> None:
    base = resolve(tiny_base, tmp_path)
    words = ["battery", "screen", "telescope", "电", "zzzzzz", "☃"]
    found = word_vectors(base, words)
    assert found.shape == (6, 8)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), [1, 1, 1, 1, 0, 0], atol=1e-5)
    tokenizer, encoder = load_tokenizer(base), load_encoder(base)
    table = encoder.get_input_embeddings().weight.detach().numpy()  # type: ignore[operator]
    raw = np.stack([table[tokenizer.encode(word, add_special_tokens=False).ids].mean(axis=0) for word in words[:4]])
    centred = raw - raw.mean(axis=0)
    wanted = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    np.testing.assert_allclose(found[:4], wanted, atol=1e-5)


def test_no_words_have_no_vectors(tiny_base: str, tmp_path: Path) -> None:
    assert word_vectors(resolve(tiny_base, tmp_path), []).shape == (0, 8)
