from typing import Any

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel

from haoqi.core.errors import UserError
from haoqi.models.encoders import encoder
from haoqi.models.encoders.encoder import EncoderModel, collate, layers_of, mask_of, only_layers, pool

CONFIG = BertConfig(
    vocab_size=30, hidden_size=8, num_hidden_layers=3, num_attention_heads=2, intermediate_size=16,
    max_position_embeddings=32,
)  # fmt: skip
ROWS = [np.array(row, dtype=np.int32) for row in ([2, 5, 6, 7, 3], [2, 9, 3], [2, 8, 4, 3])]


@pytest.fixture(scope="module")
def bert() -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return BertModel(CONFIG, add_pooling_layer=False).eval()  # type: ignore[no-untyped-call]


def test_padding_changes_nothing(bert: Any) -> None:
    model = EncoderModel(bert, 3, pooling="mean", normalise=True).eval()
    torch.nn.init.normal_(model.head.weight, generator=torch.Generator().manual_seed(0))
    together = model(collate(ROWS, "cpu"))
    alone = torch.cat([model(collate([row], "cpu")) for row in ROWS])
    assert together.shape == (3, 3)
    assert torch.allclose(together, alone, atol=1e-5)


def test_short_and_long_batches_attend_in_two_ways_and_come_to_the_same(
    bert: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = EncoderModel(bert, 3, pooling="mean").eval()
    found = []
    for below, kind in ((99, "eager"), (1, "sdpa")):
        monkeypatch.setattr(encoder, "PLAIN_BELOW", {"fp32": below, "bf16": below})
        found.append(model.features(collate(ROWS, "cpu")))
        assert bert.config._attn_implementation == kind
    assert torch.allclose(*found, atol=1e-5)


def test_without_padding_there_is_no_mask() -> None:
    assert mask_of(collate(ROWS[:1], "cpu")) is None
    mask = mask_of(collate(ROWS, "cpu"))
    assert mask is not None
    assert mask.sum(dim=1).tolist() == [5, 3, 4]


def test_pooling_reads_the_tokens_and_not_the_padding() -> None:
    states = torch.tensor([[[1.0], [3.0], [99.0]]])
    lengths = torch.tensor([2])
    found = {how: pool(states, lengths, how, normalise=False).item() for how in ("mean", "first", "last")}
    assert found == {"mean": 2.0, "first": 1.0, "last": 3.0}
    assert pool(states, lengths, "mean", normalise=True).item() == 1.0


def test_words_are_read_at_their_places(bert: Any) -> None:
    model = EncoderModel(bert, 2, pooling=None).eval()
    places = [np.array([1, 3]), np.array([1]), np.array([2])]
    found = model.features(collate(ROWS, "cpu", places=places))
    alone = [bert(input_ids=torch.from_numpy(row[None].astype(np.int64))).last_hidden_state[0] for row in ROWS]
    expected = torch.stack([alone[0][1], alone[0][3], alone[1][1], alone[2][2]])
    assert torch.allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("first", [1, 2, 3])
def test_states_of_lower_layers_through_upper_layers_equal_the_whole(bert: Any, first: int) -> None:
    batch = collate(ROWS, "cpu")
    model = EncoderModel(bert, 2, pooling="mean").eval()
    whole = model.states(batch)
    with only_layers(bert, 0, first):
        lower = model.states(batch).detach().numpy()
    states = [lower[number, : len(row)].astype(np.float16) for number, row in enumerate(ROWS)]
    with only_layers(bert, first, 3):
        assert len(layers_of_stack(bert)) == 3 - first
        upper = model.states(collate(ROWS, "cpu", states=states))
    inside = torch.arange(5) < batch.lengths[:, None]
    assert torch.allclose(upper[inside], whole[inside], atol=2e-2)
    assert torch.equal(model.states(batch), whole)


def layers_of_stack(bert: Any) -> Any:
    return bert.encoder.layer


def test_shapes_are_told_where_training_begins_and_nowhere_else(bert: Any) -> None:
    shapes = [np.full(len(row), number, dtype=np.int64) for number, row in enumerate(ROWS)]
    batch, plain = collate(ROWS, "cpu", shapes=shapes), collate(ROWS, "cpu")
    model = EncoderModel(bert, 2, pooling="mean", shapes=3, shapes_enter=1).eval()
    assert torch.allclose(model.states(batch), model.states(plain))
    assert model.shapes is not None
    with torch.no_grad():
        model.shapes.weight[1] = 1.0
    changed = (model.states(batch) - model.states(plain)).abs().amax(dim=(1, 2)).detach()
    assert changed[1] > 1e-3
    assert changed[[0, 2]].max() == 0
    with only_layers(bert, 0, 1):
        assert torch.equal(model.states(batch), model.states(plain))


def test_a_new_head_says_nothing(bert: Any) -> None:
    assert EncoderModel(bert, 4, pooling="mean").eval()(collate(ROWS, "cpu")).abs().max() == 0


def test_an_encoder_without_layers_is_refused(bert: Any) -> None:
    class Flat(torch.nn.Module):
        config = CONFIG

    with pytest.raises(UserError, match="no stack of layers"):
        layers_of(Flat())
