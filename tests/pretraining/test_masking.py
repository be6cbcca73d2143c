"""Hidden words and what stands in their place."""

import numpy as np

from haoqi.pretraining.masking import MaskedBatches, Vocabulary, budget, hide
from haoqi.pretraining.windows import Windows

VOCABULARY = Vocabulary(np.arange(100), 4, np.arange(5, 100))
IDS = np.array([2, *range(10, 50), 3], np.int32)
WORDS = np.array([-1, *np.repeat(np.arange(20), 2), -1], np.int32)


def test_whole_words_are_hidden_and_special_tokens_never() -> None:
    for seed in range(50):
        found = hide(IDS, WORDS, VOCABULARY, share=0.15, rng=np.random.default_rng(seed))
        assert len(found.places) == budget(WORDS, 0.15) == 6
        assert sorted(WORDS[found.places]) == sorted(np.repeat(np.unique(WORDS[found.places]), 2))
        assert (found.targets == IDS[found.places]).all()
        rest = np.setdiff1d(np.arange(len(IDS)), found.places)
        assert (found.ids[rest] == IDS[rest]).all()


def test_eight_in_ten_are_masks_one_is_drawn_and_one_stays() -> None:
    fates = np.zeros(3)
    for seed in range(500):
        found = hide(IDS, WORDS, VOCABULARY, share=0.15, rng=np.random.default_rng(seed))
        read = found.ids[found.places]
        fates += [(read == 4).sum(), (read == found.targets).sum(), ((read != 4) & (read != found.targets)).sum()]
    assert np.allclose(fates / fates.sum(), [0.8, 0.1, 0.1], atol=0.02)


def test_a_word_longer_than_the_share_is_hidden_whole_where_it_is_the_only_one() -> None:
    words = np.array([-1, 0, 0, 0, -1], np.int32)
    found = hide(np.array([2, 10, 11, 12, 3], np.int32), words, VOCABULARY, share=0.15, rng=np.random.default_rng(0))
    assert found.places.tolist() == [1, 2, 3]


def test_each_epoch_hides_other_words_and_the_same_epoch_the_same() -> None:
    windows = Windows([IDS] * 4, [WORDS] * 4, np.arange(4))

    def read(*seeds: int) -> list[int]:
        batches = MaskedBatches(windows, VOCABULARY, 0.15, 4, 4096)
        for seed in seeds:
            [[rows]] = batches.epoch(np.random.default_rng(seed))
        return batches.collate(np.sort(rows)).targets.tolist()

    assert read(1) == read(1) == read(0, 1)  # a training that goes on begins with a later epoch
    assert read(1) != read(2)


def test_causal_steps_guess_every_token_but_the_first() -> None:
    batches = MaskedBatches(Windows([IDS], [WORDS], np.arange(1)), VOCABULARY, 0.15, 4, 4096, causal=1.0)
    [[rows]] = batches.epoch(np.random.default_rng(0))
    found = batches.collate(rows)
    assert found.causal
    assert found.targets.tolist() == IDS[1:].tolist()
    assert batches.weight(rows) == len(IDS) - 1
    hidden = batches.hidden(0, 0)
    assert (IDS[hidden.places + 1] == hidden.targets).all()


def test_a_vocabulary_is_what_the_texts_need() -> None:
    windows = Windows([np.array([2, 7, 9, 3], np.int32)], [np.array([-1, 0, 1, -1], np.int32)], np.arange(1))
    found = Vocabulary.of([windows], [0, 2, 3], 4, 20)
    assert found.kept.tolist() == [0, 2, 3, 4, 7, 9]
    assert found.kept[found.mask] == 4
    assert found.kept[found.ordinary].tolist() == [7, 9]
    assert windows.renumbered(found.numbers(20)).ids[0].tolist() == [1, 4, 5, 2]
