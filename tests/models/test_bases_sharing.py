import gc
from pathlib import Path

import pytest
import torch

from haoqi.models.bases import Base, _sharing, resolve, shared_encoder


@pytest.fixture(scope="module")
def base(tiny_base: str, home: Path) -> Base:
    return resolve(tiny_base, home / "cache")


def test_all_have_the_very_same_weights_in_modules_of_their_own(base: Base) -> None:
    one, other = shared_encoder(base), shared_encoder(base)
    assert all(mine is theirs for mine, theirs in zip(one.parameters(), other.parameters(), strict=True))
    assert len(list(one.parameters())) == len(list(one.state_dict()))
    assert not any(mine is theirs for mine, theirs in zip(one.modules(), other.modules(), strict=True))
    assert not any(weight.requires_grad for weight in one.parameters())


def test_they_are_let_go_with_the_last_that_holds_them(base: Base) -> None:
    one = shared_encoder(base)
    where = next(one.parameters()).data_ptr()
    other = shared_encoder(base)
    del one
    gc.collect()
    assert next(other.parameters()).data_ptr() == where
    del other
    gc.collect()
    assert base.fingerprint not in _sharing._held
    assert torch.isfinite(next(shared_encoder(base).parameters())).all()
