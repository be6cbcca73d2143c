"""Sessions of ONNX Runtime: one by all cores for a text that must be answered at once, one by one core for many."""

import os
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any, ClassVar

from haoqi.core.errors import require
from haoqi.models.compile.form import Block, Floats, run_in_order

EXTRA = "fast"

# What a session would fuse by itself, and is slower for it: see `_fusion`.
_SLOWER = ["SkipLayerNormFusion"]


def session(path: Path, threads: int) -> Any:
    """Return a session that computes a file by so many cores.

    Raises:
        UserError: if the library is missing.
    """
    runtime = require("onnxruntime", EXTRA)
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    # Its threads would go on looking for work after a call, and take the cores from the next session: of a cascade, two
    # calls one after the other then take 24 ms in place of 10 (docs/decisions/models.md).
    options.add_session_config_entry("session.force_spinning_stop", "1")
    return runtime.InferenceSession(
        os.fspath(path), options, providers=["CPUExecutionProvider"], disabled_optimizers=_SLOWER
    )


class Sessions:
    """One network for a text that must be answered at once, and for many: computed by one core each.

    Args:
        path: an ONNX file.
        threads: how many cores it may use.

    Raises:
        UserError: if the library is missing.
    """

    thread_safe: ClassVar[bool] = True  # a session may run in several threads at once

    def __init__(self, path: Path, threads: int) -> None:
        require("onnxruntime", EXTRA)
        self.path, self.threads = path, threads

    def __call__(self, blocks: Iterable[Block]) -> Iterator[Floats]:
        """Yield the network's output for each block, in order."""
        waiting = iter(blocks)
        first = list(islice(waiting, 2))
        if len(first) < 2 or self.threads == 1:
            for block in chain(first, waiting):
                yield self._run(self._whole, block)
        else:
            yield from run_in_order(lambda block: self._run(self._single, block), chain(first, waiting), self.threads)

    @cached_property
    def _whole(self) -> Any:
        return session(self.path, self.threads)

    @cached_property
    def _single(self) -> Any:
        try:
            return session(self.path, 1)
        except Exception:  # the file is gone: the release was compiled anew meanwhile
            return self._whole

    @staticmethod
    def _run(session: Any, block: Block) -> Floats:
        found: Floats = session.run(None, block.inputs)[0]
        return found
