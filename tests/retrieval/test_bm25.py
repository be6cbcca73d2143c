"""BM25 by a sparse table gives what the formula gives, term by term, in English and Chinese."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from haoqi.retrieval.bm25 import LENGTH_SHARE, SATURATION, Bm25
from haoqi.retrieval.terms import index_terms, query_terms

TEXTS = ["the cat sat on the mat", "a dog sat", "重装系统 WiFi 驱动", "系统重装之后", "cat cat cat", "!!!"]


def by_formula(query: str, texts: list[str]) -> list[float]:
    """Return the scores of texts, straight from the paper."""
    documents = [index_terms(text) for text in texts]
    usual = max(sum(map(len, documents)) / len(documents), 1e-9)
    found = []
    for terms in documents:
        total = 0.0
        for term in query_terms(query):
            held = sum(term in other for other in documents)
            rarity = math.log(1 + (len(texts) - held + 0.5) / (held + 0.5))
            often = terms.count(term)
            slack = SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * len(terms) / usual)
            total += rarity * often * (SATURATION + 1) / (often + slack)
        found.append(total)
    return found


def test_scores_are_those_of_the_formula() -> None:
    queries = ["cat sat", "系统重装", "wifi cat", "nothing known", "the the cat", "统"]
    found = Bm25.of(TEXTS).scores(queries)
    np.testing.assert_allclose(found, [by_formula(query, TEXTS) for query in queries], rtol=1e-5, atol=1e-6)


@given(st.lists(st.text("ab 好的x", max_size=12), min_size=1, max_size=8), st.text("ab 好的", max_size=8))
def test_scores_of_any_texts_are_those_of_the_formula(texts: list[str], query: str) -> None:
    np.testing.assert_allclose(Bm25.of(texts).scores([query])[0], by_formula(query, texts), rtol=1e-5, atol=1e-6)


def test_texts_that_are_added_or_left_out_score_as_if_they_had_come_at_once() -> None:
    queries = ["cat sat", "系统"]
    whole = Bm25.of(TEXTS)
    grown = Bm25.of(TEXTS[:2]).added(TEXTS[2:4]).added(TEXTS[4:])
    np.testing.assert_allclose(grown.scores(queries), whole.scores(queries), rtol=1e-6)
    less = whole.kept(np.array([0, 3, 4]))
    fresh = Bm25.of([TEXTS[0], TEXTS[3], TEXTS[4]])
    np.testing.assert_allclose(less.scores(queries), fresh.scores(queries), rtol=1e-6)
    assert len(less) == 3


def test_terms_are_words_and_pairs_of_characters() -> None:
    assert index_terms("Ｗｉｎ10 重装") == ["win10", "重", "装", "重装"]
    assert query_terms("重装系统") == ["重装", "装系", "系统"]
    assert query_terms("猫 a b12") == ["猫", "a", "b12"]
    assert index_terms("Thai ไทย") == ["thai", "ไทย"]
    assert query_terms(" ?! ") == []
