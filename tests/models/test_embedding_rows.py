from typing import Any

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel

from haoqi.models.encoders.embedding_rows import gathered
from haoqi.models.encoders.encoder import EncoderModel
from haoqi.models.encoders.model_input import Reading

ROWS = [np.array(row, dtype=np.int32) for row in ([2, 25, 6, 17, 3], [2, 9, 3], [2, 25, 4, 3])]
USED = [0, 2, 3, 4, 6, 9, 17, 25]


@pytest.fixture
def bert() -> Any:
    config = BertConfig(
        vocab_size=30, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=32,
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return BertModel(config, add_pooling_layer=False).eval()  # type: ignore[no-untyped-call]


def test_the_small_table_reads_as_the_whole_one(bert: Any) -> None:
    model, reading = EncoderModel(bert, 2, pooling="mean").eval(), Reading(ROWS)
    rows = np.arange(3)
    expected = model.features(reading.collate(rows, "cpu"))
    with gathered(bert, [reading]) as [small]:
        assert len(bert.get_input_embeddings().weight) == len(USED)
        found = model.features(small.collate(rows, "cpu"))
    assert torch.equal(found, expected)


def test_what_was_learnt_is_in_the_whole_table_and_nothing_else_moved(bert: Any) -> None:
    before = bert.get_input_embeddings().weight.detach().clone()
    with gathered(bert, [Reading(ROWS[:1]), Reading(ROWS[1:])]), torch.no_grad():
        bert.get_input_embeddings().weight += 1
    moved = (bert.get_input_embeddings().weight - before).abs().sum(dim=1).nonzero().flatten().tolist()
    assert moved == USED
    assert bert.get_input_embeddings().weight.requires_grad


def test_an_error_leaves_the_whole_table_in_its_place(bert: Any) -> None:
    table = bert.get_input_embeddings()
    with pytest.raises(ArithmeticError), gathered(bert, [Reading(ROWS)]):
        raise ArithmeticError
    assert bert.get_input_embeddings() is table
