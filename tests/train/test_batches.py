import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from haoqi.models.encoders.tokens import lengths_of, parts
from haoqi.train.loop.batches import epoch_steps

LENGTHS = st.lists(st.integers(1, 300), min_size=1, max_size=200).map(lambda found: np.array(found, dtype=np.int64))


@given(LENGTHS, st.integers(1, 40), st.integers(1, 2000), st.integers(0, 100))
def test_an_epoch_is_a_permutation_within_the_token_budget(
    lengths: np.ndarray, batch_size: int, batch_tokens: int, seed: int
) -> None:
    steps = epoch_steps(lengths, batch_size, batch_tokens, np.random.default_rng(seed))
    assert sorted(int(row) for step in steps for part in step for row in part) == list(range(len(lengths)))
    for step in steps:
        assert sum(len(part) for part in step) <= batch_size
        for part in step:
            assert len(part) == 1 or len(part) * lengths[part].max() <= batch_tokens


def test_an_epoch_repeats_itself_under_a_seed_and_differs_from_the_next() -> None:
    lengths = np.random.default_rng(0).integers(1, 60, 200)
    first, again, other = (epoch_steps(lengths, 8, 512, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert [part.tolist() for step in first for part in step] == [part.tolist() for step in again for part in step]
    assert [part.tolist() for step in first for part in step] != [part.tolist() for step in other for part in step]


def test_steps_hold_rows_of_like_length() -> None:
    lengths = np.random.default_rng(0).integers(5, 100, 2000)
    steps = epoch_steps(lengths, 32, 10**6, np.random.default_rng(0))
    padded = sum(len(part) * int(lengths[part].max()) for step in steps for part in step)
    assert padded < 1.2 * lengths.sum()


@given(LENGTHS, st.integers(1, 2000))
def test_parts_lose_nothing_and_begin_with_the_longest(lengths: np.ndarray, batch_tokens: int) -> None:
    found = list(parts(np.arange(len(lengths)), lengths, batch_tokens))
    assert sorted(np.concatenate(found).tolist()) == list(range(len(lengths)))
    assert lengths[found[0][0]] == lengths.max()


def test_lengths_are_counted() -> None:
    assert lengths_of([[1, 2], [], [3]]).tolist() == [2, 0, 1]
