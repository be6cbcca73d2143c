"""Torch with a copy of the weights in bf16, where the machine multiplies that faster than fp32."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from haoqi.core.errors import UserError
from haoqi.models.compile.form import Block, Compute, Floats, forms

if TYPE_CHECKING:
    from haoqi.models.compile.graph import Graph


@forms.register
@dataclass(frozen=True)
class TorchBf16:
    """Writes no file: the weights are cast to bf16 once when they are loaded, not at every batch."""

    exact = True
    library = "torch"

    def compile(self, graph: "Graph", folder: Path) -> str:
        """Say whether it is of use here."""
        from haoqi.models.encoders.placement import probed

        if probed().precision != "bf16":
            raise UserError("this machine computes faster in fp32", "nothing is to be done")
        return ""

    def open(self, folder: Path, threads: int, uncompiled: "Callable[[], Graph]") -> Compute:
        """Return the network of torch in bf16."""
        return _Cast(uncompiled())


class _Cast:
    """A network whose weights were cast."""

    thread_safe: ClassVar[bool] = False  # a graph sets how its encoder attends while it computes

    def __init__(self, graph: "Graph") -> None:
        import copy

        import torch

        self._graph = copy.deepcopy(graph).to(torch.bfloat16)

    def __call__(self, blocks: Iterable[Block]) -> Iterator[Floats]:
        """Yield the network's output for each block, in order."""
        import torch

        for block in blocks:
            with torch.inference_mode():
                found = self._graph(*(torch.from_numpy(value) for value in block.inputs.values()))
            yield found.float().numpy()
