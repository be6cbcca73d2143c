import dataclasses
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from haoqi.core.errors import UserError
from haoqi.models.bases import (
    Base,
    _loading,
    frozen_encoder,
    load_encoder,
    load_tokenizer,
    resolve,
    tokenizer_fingerprint,
)
from haoqi.models.encoders.encoder import layers_of, only_layers
from haoqi.models.encoders.tokens import find_special_tokens


@pytest.fixture(autouse=True)
def nothing_held() -> Iterator[None]:
    """Hold no base before and after a test."""
    _loading._load_shared.cache_clear()
    yield
    _loading._load_shared.cache_clear()


@pytest.fixture
def base(tiny_base: str) -> Base:
    return resolve(tiny_base, Path())


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Base]:
    """Return the bases whose files are read from now on."""
    found, real = [], _loading.load_encoder
    monkeypatch.setattr(_loading, "load_encoder", lambda base: found.append(base) or real(base))
    return found


def states(encoder: Any) -> torch.Tensor:
    with torch.inference_mode():
        return encoder(input_ids=torch.arange(6, 14)[None]).last_hidden_state


def test_files_are_read_once_for_all_who_only_look(base: Base, read: list[Base]) -> None:
    expected = states(load_encoder(base))
    for encoder in (frozen_encoder(base), frozen_encoder(base)):
        assert torch.equal(states(encoder), expected)
        assert not encoder.training
    assert len(read) == 1


def test_training_owns_its_weights(base: Base) -> None:
    shared, own = frozen_encoder(base), load_encoder(base)
    expected = states(shared)
    assert all(weight.requires_grad for weight in own.parameters())
    with torch.no_grad():
        for weight in own.parameters():
            weight.zero_()
    assert torch.equal(states(frozen_encoder(base)), expected)
    assert torch.equal(states(load_encoder(base)), expected)


def test_a_shared_base_cannot_be_trained(base: Base) -> None:
    encoder = frozen_encoder(base)
    assert not any(weight.requires_grad for weight in encoder.parameters())
    with pytest.raises(RuntimeError, match="does not require grad"):
        encoder(input_ids=torch.arange(6, 14)[None]).last_hidden_state.sum().backward()


def test_that_one_wants_gradients_does_not_touch_the_next(base: Base) -> None:
    frozen_encoder(base).requires_grad_(True)
    assert not any(weight.requires_grad for weight in frozen_encoder(base).parameters())


def test_a_change_of_shared_weights_is_found_out(base: Base, read: list[Base]) -> None:
    with torch.no_grad():
        next(frozen_encoder(base).parameters()).add_(1)
    with pytest.raises(AssertionError, match="changed in place"):
        frozen_encoder(base)
    frozen_encoder(base)
    assert len(read) == 2


def test_modules_are_the_callers_own_and_weights_are_not_copied(base: Base) -> None:
    encoder, other = frozen_encoder(base), frozen_encoder(base)
    pairs = zip(encoder.parameters(), other.parameters(), strict=True)
    assert all(one.data_ptr() == two.data_ptr() for one, two in pairs)
    encoder.train()
    with only_layers(encoder, 0, 1):
        assert len(layers_of(other)) == base.card.layers
        assert not other.training
        assert torch.equal(states(other), states(load_encoder(base)))


def test_a_file_that_changed_is_read_again(base: Base, read: list[Base], tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(base.folder, folder)
    copied = dataclasses.replace(base, folder=folder)
    frozen_encoder(copied)
    (weights,) = folder.glob("model*.safetensors")
    from safetensors.torch import load_file, save_file

    save_file({name: value * 0 for name, value in load_file(weights).items()}, weights, metadata={"format": "pt"})
    assert all(float(weight.detach().abs().sum()) == 0 for weight in frozen_encoder(copied).parameters())
    assert len(read) == 2


def test_the_last_base_is_held(base: Base, read: list[Base]) -> None:
    first, second = (dataclasses.replace(base, fingerprint=name) for name in "ab")
    for one in (first, first, second, second, first):
        frozen_encoder(one)
    assert [one.fingerprint for one in read] == ["a", "b", "a"]


def test_the_tokenizer_is_read_once_and_comes_without_what_others_set(base: Base) -> None:
    tokenizer = load_tokenizer(base)
    tokenizer.enable_truncation(3)
    tokenizer.enable_padding(length=16)
    again = load_tokenizer(dataclasses.replace(base, fingerprint="other"))
    assert again is tokenizer
    assert len(again.encode("a long walk in the rain").ids) > 3
    assert len(again.encode("a").ids) == 3


def test_a_tokenizer_that_does_neither_is_not_touched_while_others_read_with_it(base: Base) -> None:
    class Shared:
        padding = truncation = None

        def encode(self, text: str) -> Any:
            return load_tokenizer(base).encode(text)

        def token_to_id(self, name: str) -> int | None:
            return 0

    find_special_tokens(Shared())  # it has no way to be changed


def test_models_are_read_by_one_thread_at_a_time(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    """Transformers replaces functions of torch for the whole process meanwhile."""
    real, free = torch.nn.init.normal_, []

    def look(*given: Any, **named: Any) -> Any:
        with ThreadPoolExecutor(1) as pool:
            free.append(pool.submit(_loading._building.acquire, blocking=False).result())
        return found(*given, **named)

    found = transformers.AutoConfig.from_pretrained
    monkeypatch.setattr(transformers.AutoConfig, "from_pretrained", look)
    load_encoder(base)
    assert free == [False]
    monkeypatch.undo()
    with ThreadPoolExecutor(4) as pool:
        loaded = list(pool.map(load_encoder, [base] * 16))
    assert torch.nn.init.normal_ is real
    assert transformers.PreTrainedModel.tie_weights.__name__ == "tie_weights"
    assert all(torch.equal(states(one), states(loaded[0])) for one in loaded)


def test_a_tokenizer_has_a_fingerprint_of_its_own(base: Base, tmp_path: Path) -> None:
    shutil.copyfile(base.folder / "tokenizer.json", tmp_path / "tokenizer.json")
    copied = dataclasses.replace(base, folder=tmp_path, fingerprint="other")
    assert tokenizer_fingerprint(copied) == tokenizer_fingerprint(base)
    file = tmp_path / "tokenizer.json"
    file.write_text(file.read_text() + " ")
    assert tokenizer_fingerprint(copied) != tokenizer_fingerprint(base)


def test_a_missing_tokenizer_is_one_plain_error(base: Base, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"tokenizer\.json is missing"):
        load_tokenizer(dataclasses.replace(base, folder=tmp_path))
