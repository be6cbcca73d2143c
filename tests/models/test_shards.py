import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.models.feature_store import shards as module
from haoqi.models.feature_store.bounds import Memory
from haoqi.models.feature_store.shards import Keys, Shards, keys_of, open_arrays


def keys(*numbers: int) -> Keys:
    return keys_of(bytes([number]) for number in numbers)


def ones(*lengths: int) -> list[np.ndarray]:
    return [np.ones((length, 3), np.float32) for length in lengths]


def of(shards: Shards, *numbers: int) -> list[int | None]:
    """Return the length of what is found for each key, or None."""
    return [None if array is None else len(array) for array in shards.find(keys(*numbers))]


@given(st.lists(st.integers(0, 5), max_size=12), st.integers(1, 5), st.booleans())
def test_what_was_added_is_found_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], per_shard: int, on_disk: bool
) -> None:
    shards = Shards(tmp_path_factory.mktemp("shards"), Memory(10_000))
    arrays = [np.full((length, 3), number, dtype=np.float16) for number, length in enumerate(lengths)]
    for start in range(0, len(arrays), per_shard):
        chosen = range(start, min(start + per_shard, len(arrays)))
        shards.add(keys(*chosen), [arrays[number] for number in chosen], on_disk=on_disk)
    for one in (shards, Shards(shards.folder) if on_disk else shards):
        *found, absent = one.find(keys(*range(len(arrays)), 99))
        assert absent is None
        for array, expected in zip(found, arrays, strict=True):
            assert array is not None
            assert array.dtype == np.float16
            assert np.array_equal(array, expected)


def test_numbers_of_tokens_come_back_as_they_were(tmp_path: Path) -> None:
    given = [np.array([101, 7, 102], np.int32), np.zeros(0, np.int32)]
    Shards(tmp_path).add(keys(1, 2), given)
    found = Shards(tmp_path).find(keys(2, 1))
    assert [array.dtype for array in found if array is not None] == [np.int32] * 2
    assert [array.tolist() for array in found if array is not None] == [[], [101, 7, 102]]


def test_a_damaged_shard_is_deleted_and_counts_as_absent(tmp_path: Path) -> None:
    Shards(tmp_path).add(keys(1), ones(2))
    (good,) = tmp_path.glob("*.safetensors")
    whole = good.read_bytes()
    header = b'{"keys":{"dtype":"U8","shape":[1,16],"data_offsets":[0,16]}}'
    shifted = whole.replace(b'"shape":[2,3]', b'"shape":[1,3]')
    assert shifted != whole
    bad = [b"", b"\xff" * 8, whole[:-4], b"\x02" + b"\x00" * 7 + b"{}", b"\x02" + b"\x00" * 7 + b"[]", shifted]
    bad.append(len(header).to_bytes(8, "little") + header + b"\0" * 16)
    for number, content in enumerate(bad):
        (tmp_path / f"damaged{number}.safetensors").write_bytes(content)
    assert of(Shards(tmp_path), 1, 2) == [2, None]
    assert list(tmp_path.glob("*.safetensors")) == [good]


def test_a_writer_that_is_killed_leaves_nothing_that_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shards, real = Shards(tmp_path), Path.replace

    def kill(self: Path, target: Path) -> Path:
        (tmp_path / ".left-by-the-killed").write_bytes(self.read_bytes()[:20])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", kill)
    with pytest.raises(KeyboardInterrupt):
        shards.add(keys(1), ones(2))
    monkeypatch.setattr(Path, "replace", real)
    assert of(shards, 1) == [None]
    assert of(Shards(tmp_path), 1) == [None]


def test_arrays_are_mapped_not_loaded(tmp_path: Path) -> None:
    Shards(tmp_path).add(keys(1), ones(2))
    (path,) = tmp_path.glob("*.safetensors")
    assert isinstance(open_arrays(path)["values"], np.memmap)


@pytest.mark.parametrize("on_disk", [True, False])
def test_nobody_can_write_into_what_is_shared(tmp_path: Path, on_disk: bool) -> None:
    shards = Shards(tmp_path, Memory(1000))
    shards.add(keys(1), ones(2), on_disk=on_disk)
    for array in shards.find(keys(1)):
        assert array is not None
        with pytest.raises(ValueError, match="read-only"):
            array += 1


def test_what_another_process_adds_is_found(tmp_path: Path) -> None:
    shards = Shards(tmp_path)
    assert of(shards, 1) == [None]
    Shards(tmp_path).add(keys(1), ones(2))
    assert of(shards, 1) == [2]


def test_files_are_opened_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        Shards(tmp_path).add(keys(number), ones(number + 1))
    opened, real = [], module.open_arrays
    monkeypatch.setattr(module, "open_arrays", lambda path: opened.append(path) or real(path))
    shards = Shards(tmp_path)
    for _ in range(3):
        assert of(shards, 0, 1, 2, 9) == [1, 2, 3, None]
    assert len(opened) == 3


def test_what_has_a_file_takes_no_memory(tmp_path: Path) -> None:
    memory = Memory(1000)
    Shards(tmp_path, memory).add(keys(1), ones(2))
    assert memory.size_bytes() == 0


def test_without_a_file_what_leaves_the_memory_is_gone(tmp_path: Path) -> None:
    shards = Shards(tmp_path, Memory(60))
    for number in range(2):
        shards.add(keys(number), ones(2), on_disk=False)
    assert of(shards, 0) == [2]
    shards.add(keys(2), ones(2), on_disk=False)
    assert of(shards, 0, 1, 2) == [2, None, 2]
    assert list(tmp_path.iterdir()) == []


def test_deleted_files_are_let_go_of(tmp_path: Path) -> None:
    shards = Shards(tmp_path)
    path, other = shards.add(keys(0), ones(2)), shards.add(keys(1), ones(2))
    assert path is not None and other is not None
    path.unlink()
    shards.forget([path])
    assert of(shards, 0, 1) == [None, 2]


def test_a_file_that_another_process_deleted_is_still_read(tmp_path: Path) -> None:
    shards = Shards(tmp_path)
    path = shards.add(keys(1), ones(2))
    assert path is not None
    path.unlink()
    assert of(shards, 1) == [2]
    assert of(Shards(tmp_path), 1) == [None]


def test_looking_makes_a_file_recent(tmp_path: Path) -> None:
    shards = Shards(tmp_path)
    used, unused = shards.add(keys(1), ones(2)), shards.add(keys(2), ones(2))
    assert used is not None and unused is not None
    for path in (used, unused):
        os.utime(path, (1, 1))
    of(shards, 1)
    assert used.stat().st_mtime > 1
    assert unused.stat().st_mtime == 1
    assert shards.files(keys(1, 3)) == {used}


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert of(Shards(tmp_path / "none"), 1) == [None]
    assert Shards(tmp_path / "none").find(keys()) == []


def test_a_reader_beside_a_writer_that_is_killed_sees_whole_shards_only(tmp_path: Path) -> None:
    write = (
        "import sys, itertools, numpy as np\n"
        "from pathlib import Path\n"
        "from haoqi.models.feature_store.shards import Shards, keys_of\n"
        "shards = Shards(Path(sys.argv[1]))\n"
        "for number in itertools.count():\n"
        "    shards.add(keys_of([str(number).encode()]), [np.full((200_000, 4), number, np.float32)])\n"
    )
    shards, every = Shards(tmp_path), keys_of(str(number).encode() for number in range(1000))
    with subprocess.Popen([sys.executable, "-c", write, str(tmp_path)]) as writer:
        found: list[np.ndarray] = []
        while len(found) < 4:
            assert writer.poll() is None
            found = [array for array in shards.find(every) if array is not None]
        writer.kill()
    for one in (shards, Shards(tmp_path)):
        found = [array for array in one.find(every) if array is not None]
        assert len(found) >= 4
        for number, array in enumerate(found):
            assert array.shape == (200_000, 4)
            assert (array == number).all()
