"""The lean BERT computes what Transformers computes, to the last bit, and refuses what it does not know."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from haoqi.core.errors import UserError
from haoqi.models.bases import Base, lean_encoder, load_encoder, resolve
from haoqi.models.bases._bert import Bert, load_bert


@pytest.fixture
def base(tiny_base: str, tmp_path: Path) -> Base:
    """Return a copy of the tiny base that may be harmed."""
    return resolve(str(shutil.copytree(tiny_base, tmp_path / "base")), tmp_path / "cache")


def told(base: Base, **changes: object) -> None:
    """Change the configuration of a base."""
    file = base.folder / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text("utf-8")), **changes}), encoding="utf-8")


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("lengths", [(7,), (9, 9), (40, 12, 3)])
def test_states_are_those_of_transformers(attention: str, half: bool, lengths: tuple[int, ...], base: Base) -> None:
    lean, whole = load_bert(base), load_encoder(base)
    assert lean is not None
    ids = torch.randint(1, 100, (len(lengths), max(lengths)), generator=torch.Generator().manual_seed(0))
    mask = (torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]).long()
    for given in (mask, None):
        found = []
        for encoder in (lean, whole):
            encoder.config._attn_implementation = attention  # type: ignore[union-attr, assignment]
            with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
                found.append(encoder(input_ids=ids, attention_mask=given).last_hidden_state)
        assert torch.equal(*found)


def test_a_table_in_16_bits_gives_the_same_rows(base: Base) -> None:
    file = base.folder / "model.safetensors"
    save_file({name: value.half() for name, value in load_file(file).items()}, file, {"format": "pt"})
    lean, whole = load_bert(base), load_encoder(base)
    assert lean is not None
    kinds = {value.dtype for name, value in lean.state_dict().items() if "word_embeddings" not in name}
    assert kinds == {torch.float32}
    ids = torch.arange(1, 30)[None]
    assert torch.equal(lean(input_ids=ids).last_hidden_state, whole(input_ids=ids).last_hidden_state)


@pytest.mark.parametrize(
    "other", [{"hidden_act": "relu"}, {"position_embedding_type": "relative_key"}, {"is_decoder": True}]
)
def test_another_kind_of_network_is_left_to_transformers(other: dict[str, object], base: Base) -> None:
    told(base, **other)
    assert load_bert(base) is None
    assert not isinstance(lean_encoder(base), Bert)


def test_a_base_that_lacks_weights_is_refused_as_ever(base: Base) -> None:
    file = base.folder / "model.safetensors"
    weights = load_file(file)
    del weights["encoder.layer.1.output.dense.weight"]
    save_file(weights, file, {"format": "pt"})
    with pytest.raises(UserError, match=r"lacks weights: encoder\.layer\.1\.output\.dense\.weight"):
        lean_encoder(base)
