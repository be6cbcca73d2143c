from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.models.shards import Shards, open_arrays


def key(number: int) -> bytes:
    return number.to_bytes(16, "big")


@given(st.lists(st.integers(0, 5), max_size=12), st.integers(1, 5))
def test_what_was_added_is_found_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], per_shard: int
) -> None:
    shards = Shards(tmp_path_factory.mktemp("shards"))
    arrays = [np.full((length, 3), number, dtype=np.float16) for number, length in enumerate(lengths)]
    for start in range(0, len(arrays), per_shard):
        chosen = range(start, min(start + per_shard, len(arrays)))
        shards.add([key(number) for number in chosen], [arrays[number] for number in chosen])
    found = shards.find(key(number) for number in [*range(len(arrays)), 999])
    assert set(found) == {key(number) for number in range(len(arrays))}
    for number, array in enumerate(arrays):
        assert found[key(number)].dtype == np.float16
        assert np.array_equal(found[key(number)], array)


def test_a_damaged_or_half_written_shard_counts_as_absent(tmp_path: Path) -> None:
    shards = Shards(tmp_path)
    shards.add([key(1)], [np.ones((2, 3), np.float32)])
    (good,) = tmp_path.glob("*.safetensors")
    for number, content in enumerate([b"", b"\xff" * 8, good.read_bytes()[:-4], b"\x02" + b"\x00" * 7 + b"{}"]):
        (tmp_path / f"damaged{number}.safetensors").write_bytes(content)
    assert list(shards.find([key(1)])) == [key(1)]


def test_arrays_are_mapped_not_loaded(tmp_path: Path) -> None:
    Shards(tmp_path).add([key(1)], [np.ones((2, 3), np.float32)])
    (path,) = tmp_path.glob("*.safetensors")
    assert isinstance(open_arrays(path)["values"], np.memmap)


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert Shards(tmp_path / "none").find([key(1)]) == {}
