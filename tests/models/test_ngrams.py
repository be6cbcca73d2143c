import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from haoqi.models.lexical.ngrams import Ngrams, Unit, learn_ngrams, unspaced_share

TEXTS = st.lists(st.text("abc dé 好的。?A\n", max_size=12), min_size=1, max_size=6)


def as_dicts(ngrams: Ngrams, texts: list[str]) -> list[dict[str, float]]:
    names, table = ngrams.names(), ngrams.count(texts)
    rows = [range(table.indptr[row], table.indptr[row + 1]) for row in range(len(texts))]
    return [{names[table.indices[at]]: float(table.data[at]) for at in row} for row in rows]


def by_scikit_learn(vectorizer: CountVectorizer, texts: list[str]) -> list[dict[str, float]]:
    table = vectorizer.transform(texts)
    names = vectorizer.get_feature_names_out()
    return [{names[at]: float(row[0, at]) for at in row.nonzero()[1]} for row in table]


@pytest.mark.parametrize("least_texts", [1, 2])
@given(texts=TEXTS, asked=TEXTS)
def test_characters_within_words_are_counted_as_scikit_learn_counts_them(
    least_texts: int, texts: list[str], asked: list[str]
) -> None:
    ngrams, _ = learn_ngrams(texts, "character", (2, 4), least_texts=least_texts)
    peer = CountVectorizer(analyzer=lambda text: _edges(text, 2, 4), min_df=min(least_texts, len(texts)))
    try:
        peer.fit(texts)
    except ValueError:  # it refuses an empty vocabulary
        assert ngrams.width == 0
        return
    if least_texts <= len(texts):
        assert as_dicts(ngrams, asked) == by_scikit_learn(peer, asked)


def _edges(text: str, shortest: int, longest: int) -> list[str]:
    padded = f" {' '.join(text.lower().split())} "
    pieces = [padded[at : at + n] for n in range(shortest, longest + 1) for at in range(len(padded) - n + 1)]
    return [piece for piece in pieces if " " not in piece[1:-1]]


@given(texts=TEXTS, asked=TEXTS)
def test_words_are_counted_as_scikit_learn_counts_them(texts: list[str], asked: list[str]) -> None:
    ngrams, _ = learn_ngrams(texts, "word", (1, 3), least_texts=1)
    peer = CountVectorizer(token_pattern=r"[好的]|[^\W好的]+|\?", ngram_range=(1, 3))
    try:
        peer.fit(texts)
    except ValueError:
        assert ngrams.width == 0
        return
    assert as_dicts(ngrams, asked) == by_scikit_learn(peer, asked)


@given(texts=TEXTS, limit=st.integers(1, 30))
def test_learning_counts_as_counting_does_and_keeps_the_commonest(texts: list[str], limit: int) -> None:
    ngrams, counts = learn_ngrams(texts, "word", (1, 2), least_texts=1, limit=limit)
    assert counts.shape == (len(texts), ngrams.width)
    assert (counts != ngrams.count(texts).csr).nnz == 0
    whole, all_counts = learn_ngrams(texts, "word", (1, 2), least_texts=1)
    assert ngrams.width == min(limit, whole.width)
    frequency = dict(zip(whole.names(), np.diff(all_counts.tocsc().indptr), strict=True))
    left_out = [frequency[name] for name in set(whole.names()) - set(ngrams.names())]
    assert max(left_out, default=0) <= min((frequency[name] for name in ngrams.names()), default=0) or not ngrams.width


def test_ngrams_do_not_reach_into_the_next_text() -> None:
    ngrams, _ = learn_ngrams(["a b", "c d"], "word", (1, 2), least_texts=1)
    assert ngrams.names() == ["a", "b", "c", "d", "a b", "c d"]


def test_share_of_scripts_without_spaces_is_counted_without_white_space() -> None:
    assert unspaced_share(["好的 ok", ""]) == 0.5
    assert unspaced_share(["  "]) == 0.0


@pytest.mark.parametrize(("unit", "lengths"), [("word", (1, 3)), ("character", (2, 4))])
def test_some_of_the_ngrams_are_found_as_they_were_among_all(unit: Unit, lengths: tuple[int, int]) -> None:
    texts = ["a b c a b", "b c d", "c d e a b c", "d e", "好的 a b"]
    whole, _ = learn_ngrams(texts, unit, lengths, least_texts=1)
    chosen = np.arange(whole.width)[::3][::-1].copy()
    some = whole.only(chosen)
    asked = [*texts, "b c a b c d e", "x a b", ""]
    assert some.width == len(chosen)
    assert some.names() == [whole.names()[column] for column in chosen]
    assert np.array_equal(some.count(asked).csr.toarray(), whole.count(asked).csr.toarray()[:, chosen])
    assert len(some.tokens) <= len(whole.tokens)


def test_no_ngrams_at_all_find_nothing() -> None:
    whole, _ = learn_ngrams(["a b", "b c"], "word", (1, 2), least_texts=1)
    assert whole.only(np.zeros(0, np.int64)).count(["a b"]).shape == (1, 0)
