"""OpenVINO in the format that the processor computes fastest in: bf16 where it has units for that, else fp32."""

import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from haoqi.core.errors import require
from haoqi.models.compile.form import Block, Compute, Floats, forms, run_in_order

if TYPE_CHECKING:
    from haoqi.models.compile.graph import Graph

FILE = "model.xml"
EXTRA = "fast"


@forms.register
@dataclass(frozen=True)
class OpenVino:
    """Weights lie in 16 bits and take half the space of torch's."""

    exact = True
    library = "openvino"

    def compile(self, graph: "Graph", folder: Path) -> str:
        """Write model.xml and model.bin."""
        openvino = _library()
        import torch

        from haoqi.models.bases._loading import quiet
        from haoqi.models.compile.graph import INPUTS

        given = graph.example()
        with quiet(), warnings.catch_warnings(), torch.no_grad(), graph.attending("sdpa"):
            warnings.simplefilter("ignore")
            network = openvino.convert_model(
                graph, example_input=given, input=[(openvino.PartialShape([-1, -1]), openvino.Type.i64) for _ in given]
            )
        for name, place in zip(INPUTS, network.inputs, strict=False):
            place.get_tensor().set_names({name})
        openvino.save_model(network, folder / FILE, compress_to_fp16=True)
        return ""

    def open(self, folder: Path, threads: int, uncompiled: "Callable[[], Graph]") -> Compute:
        """Return the network as OpenVINO compiles it for this processor."""
        return Streams(folder / FILE, threads)


class Streams:
    """One network for a text that must be answered at once, by all cores, and for many: a stream for each core.

    Args:
        path: model.xml, with model.bin beside it.
        threads: how many cores it may use.
    """

    thread_safe: ClassVar[bool] = True  # each call takes a request that no other has

    def __init__(self, path: Path, threads: int) -> None:
        self.threads = threads
        self._core: Any = _library().Core()
        self._network: Any = self._core.read_model(os.fspath(path))

    def __call__(self, blocks: Iterable[Block]) -> Iterator[Floats]:
        """Yield the network's output for each block, in order."""
        waiting = iter(blocks)
        first = list(islice(waiting, 2))
        if len(first) < 2 or self.threads == 1:
            for block in chain(first, waiting):
                yield self._in_turn(self._whole, block)
        else:
            free = self._single
            yield from run_in_order(lambda block: self._in_turn(free, block), chain(first, waiting), self.threads)

    @staticmethod
    def _in_turn(free: "SimpleQueue[Any]", block: Block) -> Floats:
        """Return the network's output, by a request that nobody else has meanwhile."""
        request = free.get()
        try:
            found = request.infer(block.inputs, share_inputs=True)
            return np.array(found[0], np.float32)
        finally:
            free.put(request)

    @cached_property
    def _whole(self) -> "SimpleQueue[Any]":
        return self._requests(1)

    @cached_property
    def _single(self) -> "SimpleQueue[Any]":
        return self._requests(self.threads)

    def _requests(self, streams: int) -> "SimpleQueue[Any]":
        compiled, free = self._compiled(streams), SimpleQueue[Any]()
        for _ in range(streams):
            free.put(compiled.create_infer_request())
        return free

    def _compiled(self, streams: int) -> Any:
        settings = {"NUM_STREAMS": streams, "INFERENCE_NUM_THREADS": self.threads}
        return self._core.compile_model(self._network, "CPU", settings)


def _library() -> Any:
    """Return OpenVINO without its telemetry, which reports every import."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    return require("openvino", EXTRA)
