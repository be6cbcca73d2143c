from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from haoqi.core.errors import UserError
from haoqi.models.weights import read_weights, rounded, smallest, write_weights

NUMBERS = st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=8)


@given(NUMBERS)
def test_what_is_kept_in_16_bits_loses_nothing(numbers: list[float]) -> None:
    value = torch.tensor(numbers)
    assert torch.equal(smallest(value).float(), value)


@pytest.mark.parametrize(("number", "kind"), [(0.5, torch.float16), (2.0**100, torch.bfloat16), (0.1, torch.float32)])
def test_the_16_bits_that_fit_are_taken(number: float, kind: torch.dtype) -> None:
    assert smallest(torch.tensor([number])).dtype == kind


@given(NUMBERS)
def test_rounding_is_as_near_as_it_says(numbers: list[float]) -> None:
    value = torch.tensor(numbers)
    error = (rounded(value).double() - value.double()).abs()
    assert bool((error <= value.double().abs() / 2048 + 3e-8).all())


def test_rounding_leaves_alone_what_is_too_large_or_no_32_bit_float() -> None:
    large, numbers = torch.tensor([1e30, 0.1]), torch.tensor([1, 2])
    assert rounded(large) is large
    assert rounded(numbers) is numbers


def test_weights_come_back(tmp_path: Path) -> None:
    weights = {"a": torch.tensor([[0.1, 2.0]]), "b": torch.arange(3)}
    write_weights(tmp_path / "exact.safetensors", weights)
    assert all(
        torch.equal(value, weights[name]) for name, value in read_weights(tmp_path / "exact.safetensors").items()
    )
    write_weights(tmp_path / "half.safetensors", weights, half=True)
    half = read_weights(tmp_path / "half.safetensors")
    assert half["a"].dtype == torch.float16
    assert torch.equal(half["b"], weights["b"])


def test_missing_and_damaged_files_are_plain_errors(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is missing"):
        read_weights(tmp_path / "none.safetensors")
    (tmp_path / "bad.safetensors").write_bytes(b"garbage")
    with pytest.raises(UserError, match="is damaged"):
        read_weights(tmp_path / "bad.safetensors")
