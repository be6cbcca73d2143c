"""Fusing what an exporter wrote node by node into the operators that ONNX Runtime has for transformers."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from haoqi.core.deadline import OutOfTimeError
from haoqi.models.compile.form import Block
from haoqi.models.compile.forms._sessions import session

if TYPE_CHECKING:
    from haoqi.models.compile.graph import Graph

ATTENTION = "MultiHeadAttention"

_TOLERANCE = 1e-4  # of the largest number; the same sums in another order differ by a hundredth of that
_LENGTHS = (40, 17, 3)  # of the texts by which a fused network is compared


def fuse(graph: "Graph", path: Path) -> str:
    """Fuse a network in its file, and return nothing; or leave it as it is, and return why.

    Attention becomes one node, so does GELU with its bias. A sum and the normalisation after it stay two: the
    fused kernel takes three times as long as both (docs/decisions/models.md). Tables stay as they are, too: an operator
    that reads them would keep them from being stored in eight bits.

    Args:
        graph: what was written, its attention by plain products.
        path: an ONNX file.
    """
    config: Any = graph.encoder.config
    heads, width = getattr(config, "num_attention_heads", None), getattr(config, "hidden_size", None)
    if not heads or not width:
        return "not fused: the heads of its attention are unknown"
    with TemporaryDirectory() as scratch:
        fused = Path(scratch) / path.name
        try:
            found = _optimised(path, fused, heads, width)
            if not found.get(ATTENTION):
                return "not fused: its attention is of another kind"
            if not _alike(path, fused, graph.shapes is not None):
                return "not fused: that changed what it gives"
        except OutOfTimeError:
            raise
        except Exception as error:  # whatever the tool has against a network, it can be computed as it is
            return f"not fused: {type(error).__name__}"
        path.write_bytes(fused.read_bytes())
    return ""


def _optimised(path: Path, fused: Path, heads: int, width: int) -> dict[str, int]:
    """Write the fused network, and return how many nodes of each kind were made."""
    with _modules_of_its_own(), _silent():
        from onnxruntime.transformers.fusion_options import FusionOptions
        from onnxruntime.transformers.optimizer import optimize_model

        options = FusionOptions("bert")
        options.use_multi_head_attention = True
        options.enable_skip_layer_norm = options.enable_bias_skip_layer_norm = False
        options.enable_embed_layer_norm = False
        found = optimize_model(
            os.fspath(path), "bert", num_heads=heads, hidden_size=width, optimization_options=options
        )
        found.save_model_to_file(os.fspath(fused))
        counts: dict[str, int] = found.get_fused_operator_statistics()
    return counts


def _alike(path: Path, fused: Path, word_shapes: bool) -> bool:
    """Return whether two networks give the same for texts of unequal lengths, padding and all, and for one alone."""
    inside = np.arange(max(_LENGTHS)) < np.array(_LENGTHS)[:, None]
    ids = np.where(inside, 1 + np.arange(inside.size).reshape(inside.shape) % 8, 0)
    mask = inside.astype(np.int64)
    one = slice(1, 2), slice(0, _LENGTHS[1])
    blocks = [
        Block(*([ids[part], mask[part]] + [np.zeros_like(ids[part])] * word_shapes)) for part in (slice(None), one)
    ]
    sessions = [session(one, 1) for one in (path, fused)]
    for block in blocks:
        before, after = (one.run(None, block.inputs)[0] for one in sessions)
        if before.ndim == 3:  # of tokens; what is given for padding is not read
            before, after = (found[block.mask == 1] for found in (before, after))
        if before.shape != after.shape or not np.abs(before - after).max() <= _TOLERANCE * np.abs(before).max():
            return False
    return True


@contextmanager
def _modules_of_its_own() -> Iterator[None]:
    """Let the tool find its modules, which it takes for top-level ones, under names as common as `models`."""
    before = list(sys.path)
    try:
        import onnxruntime.transformers

        sys.path.append(onnxruntime.transformers.__path__[0])  # by itself it does so at its first import only
        yield
    finally:
        sys.path[:] = before


@contextmanager
def _silent() -> Iterator[None]:
    """Keep the tool from printing what it could not fuse: the note of the form says that, once."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with redirect_stdout(StringIO()):
            yield
    finally:
        logging.disable(before)
