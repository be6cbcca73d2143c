from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haoqi.core.errors import UserError
from haoqi.models.arrays import load_arrays, save_arrays


def test_arrays_are_the_same_after_a_round_trip(tmp_path: Path) -> None:
    arrays: dict[str, Any] = {
        "turned": np.arange(6, dtype=np.float32).reshape(2, 3).T,
        "empty": np.zeros((0, 4), np.int64),
        "half": np.ones(3, np.float16),
        "truth": np.array([True, False]),
    }
    save_arrays(tmp_path / "arrays.safetensors", arrays)
    found = load_arrays(tmp_path / "arrays.safetensors")
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        assert np.array_equal(found[name], array)


@pytest.mark.parametrize("content", [None, b"", b"garbage", b"\xff" * 100])
def test_missing_or_damaged_file_is_refused(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "a.safetensors").write_bytes(content)
    with pytest.raises(UserError, match=r"missing|damaged"):
        load_arrays(tmp_path / "a.safetensors")
