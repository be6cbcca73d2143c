"""ONNX Runtime with weights of eight bits: a quarter of the space, and quick where a core multiplies bytes.

Weights are rounded once, for each output of a matrix by a scale of its own; what they are multiplied with is rounded
while it is computed (dynamic quantisation; Jacob et al., 2018, arXiv:1712.05877, section 2). Answers near a boundary
change, so that it is often refused.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from haoqi.core.errors import require
from haoqi.models.form import Compute, forms
from haoqi.models.forms._onnx import EXTRA, FILE, Sessions, write

if TYPE_CHECKING:
    from haoqi.models.graph import Graph


@forms.register
@dataclass(frozen=True)
class OnnxInt8:
    """Computes matrix products in whole numbers of eight bits."""

    exact = False
    library = "onnxruntime"

    def compile(self, graph: "Graph", folder: Path) -> None:
        """Write model.onnx with the weights of matrix products and tables in eight bits."""
        require("onnxruntime", EXTRA)
        onnx = require("onnx", EXTRA)
        from onnxruntime.quantization import QuantType, quantize_dynamic

        with TemporaryDirectory() as scratch:
            whole = folder.parent / "onnx" / FILE  # where the form `onnx` has written the same before
            if not whole.is_file():
                whole = Path(scratch) / FILE
                write(graph, whole)
            network = onnx.load(whole)
            # Says that shapes were inferred, without which advice is printed; dynamic quantisation needs none.
            onnx.helper.set_model_props(network, {"onnx.quant.pre_process": "onnxruntime.quant"})
            quantize_dynamic(
                network,
                folder / FILE,
                per_channel=True,
                # Without instructions for bytes, sums of two products of eight full bits overflow.
                reduce_range=True,
                weight_type=QuantType.QInt8,
                op_types_to_quantize=["MatMul", "Gemm", "Gather"],
            )

    def open(self, folder: Path, threads: int, master: "Callable[[], Graph]") -> Compute:
        """Return the network in sessions of ONNX Runtime."""
        return Sessions(folder / FILE, threads)
