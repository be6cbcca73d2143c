"""Words to hide: spaced words, and Chinese ones as the texts tell them apart."""

from haoqi.pretraining.segment import Segmenter

TEXTS = ["我爱好奇", "好奇的人", "人有好奇", "奇人好多", "他很好", "很多人", "多的是他", "我有他"] * 3


def test_characters_that_belong_together_are_one_word() -> None:
    found = Segmenter({"好奇": 9.0, "奇心": 4.0})
    assert [("有好奇心")[a:b] for a, b in found.words("有好奇心")] == ["有", "好奇", "心"]


def test_bonds_are_learnt_where_a_pair_recurs_and_nowhere_else() -> None:
    learnt = Segmenter.learn(["苹果很甜", "苹果和梨", "吃了苹果", "我很好", "甜和梨", "他了我"] * 2)
    assert "苹果" in learnt.bonds
    assert "果和" not in learnt.bonds  # met twice: that may be chance
    words = learnt.words("苹果和梨")
    assert words[0] == (0, 2)


def test_spaced_words_marks_and_numbers_stand_as_they_are() -> None:
    text = "Ann's iPhone15, 3,000元"
    assert [text[a:b] for a, b in Segmenter().words(text)] == ["Ann", "'s", "iPhone15", ",", "3,000", "元"]


def test_words_cover_the_text_once() -> None:
    learnt = Segmenter.learn(TEXTS)
    for text in TEXTS:
        words = learnt.words(text)
        assert "".join(text[a:b] for a, b in words) == text
        assert all(b - a <= 2 for a, b in words)
