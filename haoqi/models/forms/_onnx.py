"""A network as one ONNX file, and the sessions of ONNX Runtime that compute it."""

import os
import warnings
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haoqi.core.errors import require
from haoqi.models.form import Block, Floats, in_order

if TYPE_CHECKING:
    from haoqi.models.graph import Graph

FILE = "model.onnx"
EXTRA = "fast"
OPSET = 17  # the first that knows layer normalisation


def write(graph: "Graph", path: Path) -> None:
    """Write a network as ONNX, with as many texts and pieces at a time as one likes.

    Raises:
        UserError: if a library is missing.
    """
    require("onnx", EXTRA)
    import torch

    from haoqi.models.bases._loading import quiet
    from haoqi.models.graph import INPUTS, OUTPUT

    given = graph.example()
    names = list(INPUTS[: len(given)])
    with quiet(), warnings.catch_warnings(), torch.no_grad():
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


class Sessions:
    """One network for a text that must be answered at once, and for many: computed by one core each.

    Args:
        path: an ONNX file.
        threads: how many cores it may use.
    """

    def __init__(self, path: Path, threads: int) -> None:
        self.path, self.threads = path, threads
        self._runtime: Any = require("onnxruntime", EXTRA)

    def __call__(self, blocks: Iterable[Block]) -> Iterator[Floats]:
        """Yield the network's output for each block, in order."""
        waiting = iter(blocks)
        first = list(islice(waiting, 2))
        if len(first) < 2 or self.threads == 1:
            for block in chain(first, waiting):
                yield self._run(self._whole, block)
        else:
            yield from in_order(lambda block: self._run(self._single, block), chain(first, waiting), self.threads)

    @cached_property
    def _whole(self) -> Any:
        return self._session(self.threads)

    @cached_property
    def _single(self) -> Any:
        try:
            return self._session(1)
        except Exception:  # the file is gone: the release was compiled anew meanwhile
            return self._whole

    def _session(self, threads: int) -> Any:
        options = self._runtime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = 3
        return self._runtime.InferenceSession(os.fspath(self.path), options, providers=["CPUExecutionProvider"])

    @staticmethod
    def _run(session: Any, block: Block) -> Floats:
        found: Floats = session.run(None, block.inputs)[0]
        return found
