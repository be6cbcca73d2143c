"""ONNX Runtime in fp32: quick to open, and the same on every machine."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from haoqi.models.compile.form import Compute, forms
from haoqi.models.compile.forms._onnx import FILE, write
from haoqi.models.compile.forms._sessions import Sessions

if TYPE_CHECKING:
    from haoqi.models.compile.graph import Graph


@forms.register
@dataclass(frozen=True)
class Onnx:
    """Computes in fp32; the weights take as much space as torch's."""

    exact = True
    library = "onnxruntime"

    def compile(self, graph: "Graph", folder: Path) -> str:
        """Write model.onnx, and return why it could not be fused, or nothing."""
        return write(graph, folder / FILE)

    def open(self, folder: Path, threads: int, uncompiled: "Callable[[], Graph]") -> Compute:
        """Return the network in sessions of ONNX Runtime."""
        return Sessions(folder / FILE, threads)
