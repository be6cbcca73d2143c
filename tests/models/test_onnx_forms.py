"""What ONNX Runtime is given: fused where that changes nothing, and said where it could not be."""

import logging
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from haoqi.models.bases import load_encoder, resolve
from haoqi.models.compile.form import build_block
from haoqi.models.compile.forms import _fusion
from haoqi.models.compile.forms._onnx import FILE, note_of
from haoqi.models.compile.forms._sessions import session
from haoqi.models.compile.forms.onnx import Onnx
from haoqi.models.compile.forms.onnx_int8 import OnnxInt8
from haoqi.models.compile.graph import Graph

LENGTHS = (3, 11, 40, 2, 17)


@pytest.fixture(scope="module")
def graph(tiny_base: str, tmp_path_factory: pytest.TempPathFactory) -> Graph:
    encoder = load_encoder(resolve(tiny_base, tmp_path_factory.mktemp("cache")))
    return Graph(encoder, "mean", normalise=True).eval()


@pytest.fixture(scope="module")
def fused(graph: Graph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("forms") / "onnx"
    folder.mkdir()
    assert Onnx().compile(graph, folder) == ""
    return folder / FILE


@pytest.fixture(scope="module")
def rounded(graph: Graph, fused: Path) -> Path:
    """Return what is made of the fused network that lies beside it."""
    folder = fused.parent.parent / "onnx_int8"
    folder.mkdir()
    assert OnnxInt8().compile(graph, folder) == ""
    return folder / FILE


def kinds(path: Path) -> Counter[str]:
    return Counter(node.op_type for node in onnx.load(path).graph.node)


def texts() -> list[Any]:
    rng = np.random.default_rng(0)
    return [rng.integers(5, 90, length).astype(np.int32) for length in LENGTHS]


def test_attention_and_activation_are_one_node_each(fused: Path) -> None:
    found = kinds(fused)
    assert (found["MultiHeadAttention"], found["BiasGelu"], found["LayerNormalization"]) == (2, 2, 5)
    assert not {"Softmax", "Erf", "Transpose", "SkipLayerNormalization"} & found.keys()


def test_padding_changes_nothing_in_a_fused_network(fused: Path) -> None:
    run, ids = session(fused, 1), texts()
    together = run.run(None, build_block(ids, range(len(ids))).inputs)[0]
    alone = [run.run(None, build_block(ids, [row]).inputs)[0][0] for row in range(len(ids))]
    np.testing.assert_allclose(together, np.stack(alone), atol=1e-6)


def test_eight_bits_are_taken_of_the_fused_network(fused: Path, rounded: Path) -> None:
    found, weights = kinds(rounded), {one.name: one for one in onnx.load(rounded).graph.initializer}
    assert found["MultiHeadAttention"] == 2
    assert found["MatMulInteger"] == 12
    assert not found["MatMul"]
    tables = [one for one in weights.values() if len(one.dims) == 2 and one.data_type == onnx.TensorProto.INT8]
    assert len(tables) == 12 + 3
    block = build_block(texts(), range(len(LENGTHS)))
    exact, found_by_bytes = (session(path, 1).run(None, block.inputs)[0] for path in (fused, rounded))
    assert np.corrcoef(exact.ravel(), found_by_bytes.ravel())[0, 1] > 0.99


def test_the_rows_of_a_table_lose_less_than_a_step_of_their_own_scale(fused: Path, rounded: Path) -> None:
    whole = next(one for one in onnx.load(fused).graph.initializer if one.name.endswith("word_embeddings.weight"))
    parts = {one.name: onnx.numpy_helper.to_array(one) for one in onnx.load(rounded).graph.initializer}
    values, scales = onnx.numpy_helper.to_array(whole), parts[f"{whole.name}_scales"]
    assert np.all(np.abs(parts[f"{whole.name}_rounded"] * scales - values) <= 0.5001 * scales)
    assert np.allclose(scales[:, 0], np.maximum(np.abs(values).max(axis=1) / 127, 1e-12))


def test_the_tool_leaves_no_trace_in_this_process(fused: Path) -> None:
    assert not [path for path in sys.path if "onnxruntime" in path]
    assert logging.root.manager.disable == 0


def broken(path: Path, fused: Path, heads: int, width: int) -> dict[str, int]:
    raise RuntimeError("no pattern for this")


def without_attention(path: Path, fused: Path, heads: int, width: int) -> dict[str, int]:
    fused.write_bytes(path.read_bytes())
    return {"MultiHeadAttention": 0, "BiasGelu": 2}


def other_numbers(path: Path, fused: Path, heads: int, width: int) -> dict[str, int]:
    network = onnx.load(path)
    weight = next(one for one in network.graph.initializer if one.name.endswith("LayerNorm.weight"))
    weight.CopyFrom(onnx.numpy_helper.from_array(np.linspace(0, 2, weight.dims[0], dtype=np.float32), weight.name))
    onnx.save(network, fused)
    return {"MultiHeadAttention": 2}


def blind_to_padding(path: Path, fused: Path, heads: int, width: int) -> dict[str, int]:
    network = onnx.load(path)
    for node in network.graph.node:
        if node.op_type == "Softmax":
            before = next(one for one in network.graph.node if one.output[0] == node.input[0])
            node.input[0] = before.input[0]  # the mask is no longer added
    onnx.save(network, fused)
    return {"MultiHeadAttention": 2}


@pytest.mark.parametrize(
    ("tool", "note"),
    [
        (broken, "not fused: RuntimeError"),
        (without_attention, "not fused: its attention is of another kind"),
        (other_numbers, "not fused: that changed what it gives"),
        (blind_to_padding, "not fused: that changed what it gives"),
    ],
)
def test_a_network_that_cannot_be_fused_is_used_as_it_is_and_that_is_told(
    tool: Any, note: str, graph: Graph, fused: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_fusion, "_optimised", tool)
    (tmp_path / "onnx").mkdir()
    assert Onnx().compile(graph, tmp_path / "onnx") == note
    path = tmp_path / "onnx" / FILE
    assert note_of(onnx.load(path)) == note
    assert kinds(path)["Softmax"] == 2
    block = build_block(texts(), range(len(LENGTHS)))
    plain, better = (session(one, 1).run(None, block.inputs)[0] for one in (path, fused))
    np.testing.assert_allclose(plain, better, atol=1e-5)
    if tool is broken:
        (tmp_path / "onnx_int8").mkdir()
        assert OnnxInt8().compile(graph, tmp_path / "onnx_int8") == note
