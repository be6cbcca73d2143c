"""ONNX Runtime with weights of eight bits: a quarter of the space, and quick where a core multiplies bytes.

Weights are rounded once, for each output of a matrix by a scale of its own; what they are multiplied with is rounded
while it is computed (dynamic quantisation; Jacob et al., 2018, arXiv:1712.05877, section 2). So is each row of a table,
by its own scale, and made whole again when it is read. Answers near a boundary change, so that it is often refused.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from haoqi.core.errors import require
from haoqi.models.compile.form import Compute, forms
from haoqi.models.compile.forms._onnx import FILE, note_of, write
from haoqi.models.compile.forms._sessions import EXTRA, Sessions

if TYPE_CHECKING:
    from haoqi.models.compile.graph import Graph


@forms.register
@dataclass(frozen=True)
class OnnxInt8:
    """Computes matrix products in whole numbers of eight bits."""

    exact = False
    library = "onnxruntime"

    def compile(self, graph: "Graph", folder: Path) -> str:
        """Write model.onnx with the weights of matrix products and tables in eight bits; fused before that."""
        require("onnxruntime", EXTRA)
        onnx = require("onnx", EXTRA)
        from onnxruntime.quantization import QuantType, quantize_dynamic

        with TemporaryDirectory() as scratch:
            whole = folder.parent / "onnx" / FILE  # where the form `onnx` has written the same before
            if not whole.is_file():
                whole = Path(scratch) / FILE
                write(graph, whole)
            network = onnx.load(whole)
            note = note_of(network)
            _round_tables(network)
            # Says that shapes were inferred, without which advice is printed; dynamic quantisation needs none.
            onnx.helper.set_model_props(network, {"onnx.quant.pre_process": "onnxruntime.quant"})
            quantize_dynamic(
                network,
                folder / FILE,
                per_channel=True,
                # Without instructions for bytes, sums of two products of eight full bits overflow.
                reduce_range=True,
                weight_type=QuantType.QInt8,
                op_types_to_quantize=["MatMul", "Gemm"],
                # Of what comes out of nodes that were fused, which the shapes of ONNX do not tell.
                extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
            )
        return note

    def open(self, folder: Path, threads: int, uncompiled: "Callable[[], Graph]") -> Compute:
        """Return the network in sessions of ONNX Runtime."""
        return Sessions(folder / FILE, threads)


def _round_tables(network: Any) -> None:
    """Keep tables of vectors in eight bits, with a scale for each row, in a network that reads rows of them."""
    from onnx import numpy_helper

    graph = network.graph
    weights = {one.name: one for one in graph.initializer}
    nodes: list[Any] = []
    for node in list(graph.node):
        table = weights.get(node.input[0]) if node.op_type == "Gather" else None
        if table is None or not _is_table(node, table, graph):
            nodes.append(node)
            continue
        values = numpy_helper.to_array(table)
        scales = np.maximum(np.abs(values).max(axis=1, keepdims=True) / 127, 1e-12).astype(np.float32)
        rounded = np.rint(values / scales).astype(np.int8)
        graph.initializer.remove(table)
        for name, value in ((f"{table.name}_rounded", rounded), (f"{table.name}_scales", scales)):
            graph.initializer.append(numpy_helper.from_array(value, name))
        nodes += _made_whole(node, table.name)
    del graph.node[:]
    graph.node.extend(nodes)


def _is_table(node: Any, weight: Any, graph: Any) -> bool:
    """Return whether a node reads rows of a table that nothing else reads."""
    from onnx import TensorProto

    axis = next((one.i for one in node.attribute if one.name == "axis"), 0)
    alone = sum(weight.name in other.input for other in graph.node) == 1
    return alone and axis == 0 and len(weight.dims) == 2 and weight.data_type == TensorProto.FLOAT


def _made_whole(reader: Any, table: str) -> list[Any]:
    """Return what gives the rows of a rounded table in place of a node that read them from the whole one."""
    from onnx import TensorProto, helper

    which, output = reader.input[1], reader.output[0]
    steps = [
        helper.make_node("Gather", [f"{table}_rounded", which], [f"{output}_rounded"]),
        helper.make_node("Gather", [f"{table}_scales", which], [f"{output}_scales"]),
        helper.make_node("Cast", [f"{output}_rounded"], [f"{output}_unscaled"], to=TensorProto.FLOAT),
        helper.make_node("Mul", [f"{output}_unscaled", f"{output}_scales"], [output]),
    ]
    for number, step in enumerate(steps):
        step.name = f"{reader.name}/row{number}"
    return steps
