"""A network as one ONNX file, fused for ONNX Runtime."""

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haoqi.core.errors import require
from haoqi.models.compile.forms._sessions import EXTRA

if TYPE_CHECKING:
    from haoqi.models.compile.graph import Graph

FILE = "model.onnx"
OPSET = 17  # the first that knows layer normalisation

_NOTE = "note"


def write(graph: "Graph", path: Path) -> str:
    """Write a network as ONNX, with as many texts and tokens at a time as one likes.

    Returns:
        Why it could not be fused, which the file holds as well, or nothing.

    Raises:
        UserError: if a library is missing.
    """
    from haoqi.models.compile.forms._fusion import fuse

    onnx = require("onnx", EXTRA)
    require("onnxruntime", EXTRA)
    _export(graph, path)
    note = fuse(graph, path)
    if note:
        network = onnx.load(path)
        onnx.helper.set_model_props(network, {_NOTE: note})
        onnx.save(network, path)
    return note


def note_of(network: Any) -> str:
    """Return why a network that `write` wrote is not fused, or nothing."""
    return next((one.value for one in network.metadata_props if one.key == _NOTE), "")


def _export(graph: "Graph", path: Path) -> None:
    """Write a network as torch follows it, its attention by plain products: that pattern is known to the fusion."""
    import torch

    from haoqi.models.bases._loading import quiet
    from haoqi.models.compile.graph import INPUTS, OUTPUT

    given = graph.example()
    names = list(INPUTS[: len(given)])
    with quiet(), warnings.catch_warnings(), torch.no_grad(), graph.attending("eager"):
        warnings.simplefilter("ignore")
        # The older of torch's two exporters: it takes a quarter of the time, and gives a network as quick.
        torch.onnx.export(
            graph,
            given,
            os.fspath(path),
            dynamo=False,
            input_names=names,
            output_names=[OUTPUT],
            dynamic_axes={name: {0: "rows", 1: "longest"} for name in names},
            opset_version=OPSET,
        )
