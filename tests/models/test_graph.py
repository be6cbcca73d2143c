from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from haoqi.models.bases import load_encoder, resolve
from haoqi.models.compile.forms._onnx import FILE
from haoqi.models.compile.forms.onnx import Onnx
from haoqi.models.compile.graph import Graph, build_graph
from haoqi.models.encoders.encoder import EncoderModel, collate


@pytest.fixture
def model(tiny_base: str, home: Path) -> EncoderModel:
    return EncoderModel(load_encoder(resolve(tiny_base, home / "cache")), 2, pooling="mean").eval()


def see(model: EncoderModel, tokens: int) -> None:
    """Let a model score one text of some length, by which it chooses how attention is computed."""
    with torch.inference_mode():
        model(collate([np.arange(5, 5 + tokens, dtype=np.int32)], "cpu"))


def attention_in(graph: Graph, tokens: int) -> str:
    """Return how a graph computes attention for a text of some length."""
    encoder: Any = graph.encoder
    seen = list[str]()
    hook = encoder.register_forward_pre_hook(lambda module, given: seen.append(module.config._attn_implementation))
    with torch.inference_mode():
        graph(torch.ones((1, tokens), dtype=torch.int64), torch.ones((1, tokens), dtype=torch.int64))
    hook.remove()
    return seen[0]


def test_what_is_exported_does_not_depend_on_the_texts_seen_last(model: EncoderModel, tmp_path: Path) -> None:
    config: Any = model.encoder.config
    for tokens in (5, 60):
        see(model, tokens)
        before = (config.to_json_string(use_diff=False), config._attn_implementation)
        folder = tmp_path / str(tokens)
        folder.mkdir()
        assert Onnx().compile(build_graph(model), folder) == ""
        assert (config.to_json_string(use_diff=False), config._attn_implementation) == before
    assert (tmp_path / "5" / FILE).read_bytes() == (tmp_path / "60" / FILE).read_bytes()


def test_attention_is_computed_as_an_exporter_wants_it_or_as_the_length_asks(model: EncoderModel) -> None:
    graph = build_graph(model)
    see(model, 60)
    assert [attention_in(graph, tokens) for tokens in (5, 60)] == ["eager", "sdpa"]
    with graph.attending("sdpa"):
        assert [attention_in(graph, tokens) for tokens in (5, 60)] == ["sdpa", "sdpa"]
        with graph.attending("eager"):
            assert [attention_in(graph, tokens) for tokens in (5, 60)] == ["eager", "eager"]
    assert attention_in(graph, 60) == "sdpa"
    assert model.encoder.config._attn_implementation == "sdpa"  # type: ignore[union-attr]


def test_an_encoder_without_a_choice_is_left_as_it_is(model: EncoderModel) -> None:
    model.encoder.config._attn_implementation = "flex_attention"  # type: ignore[union-attr]
    graph = build_graph(model)
    with graph.attending("sdpa"), pytest.raises(Exception, match=r"."):
        attention_in(graph, 5)
    assert model.encoder.config._attn_implementation == "flex_attention"  # type: ignore[union-attr]
