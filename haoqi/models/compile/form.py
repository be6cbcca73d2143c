"""The contract of a form: a way to compute a released encoder quickly, written beside the release's weights."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from haoqi.core import hardware
from haoqi.core.registry import Registry
from haoqi.models.encoders.tokens import Integers, Rows, lengths_of, parts
from haoqi.models.predictor import Predictor, Progress

if TYPE_CHECKING:
    from haoqi.models.compile.graph import Graph

Floats = npt.NDArray[np.float32]

BLOCK_TOKENS = 512
"""Tokens of a block: enough for matrix products at full speed, few enough for the cache of one core."""


@dataclass(frozen=True)
class Block:
    """Token ids of texts of like length, padded on the right with 0."""

    ids: Rows
    """Shape (rows, longest)."""
    mask: Rows
    """1 for tokens and 0 for padding, shape (rows, longest)."""
    shapes: Rows | None = None
    """How the word of each token is written, for networks that take it, shape (rows, longest)."""

    @property
    def inputs(self) -> dict[str, Rows]:
        """The tensors of the block under the names that a graph gives its inputs."""
        given = {"input_ids": self.ids, "attention_mask": self.mask}
        return given if self.shapes is None else {**given, "shapes": self.shapes}


class Compute(Protocol):
    """A network that is ready to compute on this machine."""

    @property
    def thread_safe(self) -> bool:
        """Whether several threads may call it at once, each with blocks of its own."""
        ...

    def __call__(self, blocks: Iterable[Block]) -> Iterator[Floats]:
        """Yield what the network gives for each block, in order.

        That is a vector or logits per text, shape (rows, width), or logits per token, shape (rows, longest, width).
        """
        ...


@dataclass(frozen=True)
class TruncatedPass:
    """A truncated first pass: a network that reads the beginning of each text only, which is faster for long texts."""

    compute: Compute
    max_tokens: int
    """The most tokens of a text that are read, special ones included; at least 2."""

    @property
    def thread_safe(self) -> bool:
        """Whether several threads may call it at once."""
        return self.compute.thread_safe

    def __call__(self, blocks: Iterable[Block]) -> Iterator[Floats]:
        """Yield what the network gives for each block, in order; `compute_rows` has cut the texts before."""
        return self.compute(blocks)


@runtime_checkable
class Form(Protocol):
    """A way to compute a network. It is registered in one file of `models/forms/`."""

    exact: bool
    """Whether weights and states are floating point, so that answers depend little on the machine."""

    library: str
    """The module that it computes with."""

    def compile(self, graph: "Graph", folder: Path) -> str:
        """Write what `open` needs into an existing, empty folder; nothing pickled.

        Returns:
            A remark to print beside its measures, such as that it is slower than it could be; mostly empty.

        Raises:
            UserError: if a library is missing, or this machine has nothing to gain.
        """
        ...

    def open(self, folder: Path, threads: int, uncompiled: "Callable[[], Graph]") -> Compute:
        """Return the network that `compile` wrote, ready to compute.

        Args:
            folder: what `compile` wrote into.
            threads: how many cores it may use.
            uncompiled: returns the network as torch has it, for forms that compute with that.

        Raises:
            UserError: if a library is missing.
        """
        ...


forms: Registry[Form] = Registry("form", "haoqi.models.compile.forms")


@runtime_checkable
class Compilable(Predictor, Protocol):
    """A predictor whose cost is an encoder, which a form may compute in place of torch."""

    def graph(self, *, lean: bool = False) -> "Graph | None":
        """Return the encoder with all that is computed after it, as one network; None if this one has none.

        Args:
            lean: of an encoder that computes and no more, as `lean_encoder` gives it; exporters need the other.
        """
        ...

    def with_compute(self, compute: Compute) -> Predictor:
        """Return the same predictor with its encoder computed by a form."""
        ...


def count_threads() -> int:
    """Return how many cores a form may use: those of OMP_NUM_THREADS, which torch obeys too, or else all."""
    said = os.environ.get("OMP_NUM_THREADS", "")
    return int(said) if said.isdecimal() and int(said) else hardware.cores()


def compute_rows(
    compute: Compute,
    ids: Sequence[Integers],
    shapes: Sequence[Rows] | None = None,
    progress: Progress | None = None,
) -> Iterator[tuple[Rows, Floats]]:
    """Yield (rows, what the network gives for them): like lengths together, the longest first.

    Args:
        compute: the network.
        ids: tokens of each text, special ones included.
        shapes: for each token how its word is written, where the network takes it.
        progress: called with the number of texts done.
    """
    if isinstance(compute, TruncatedPass):
        assert shapes is None  # words are scored wherever they stand
        ids = [_truncate(one, compute.max_tokens) for one in ids]
    everyone = np.arange(len(ids))
    order = [everyone] if len(ids) == 1 else list(parts(everyone, lengths_of(ids), BLOCK_TOKENS))
    done = 0
    for rows, found in zip(order, compute(build_block(ids, rows, shapes) for rows in order), strict=True):
        yield rows, found
        done += len(rows)
        if progress is not None:
            progress(done)


def joined_logits(of_tokens: Floats, places: Rows) -> Floats:
    """Return the logits of one text, of which each token that the head reads gives a part, shape (outputs,).

    Args:
        of_tokens: what a network gives for each token, a part for each place, shape (tokens, places x outputs).
        places: the tokens that are read, shape (places,).
    """
    parts = of_tokens.reshape(len(of_tokens), len(places), -1)
    found: Floats = parts[places, np.arange(len(places))].sum(axis=0)
    return found


def build_block(ids: Sequence[Integers], rows: Iterable[int], shapes: Sequence[Rows] | None = None) -> Block:
    """Return some texts as one block, padded to the longest of them."""
    chosen = [ids[row] for row in rows]
    lengths = lengths_of(chosen)
    inside = np.arange(lengths.max()) < lengths[:, None]
    tables = [_pad(inside, chosen)]
    if shapes is not None:
        tables.append(_pad(inside, [shapes[row] for row in rows]))
    return Block(tables[0], inside.astype(np.int64), *tables[1:])


def run_in_order(run: Callable[[Block], Floats], blocks: Iterable[Block], workers: int) -> Iterator[Floats]:
    """Yield run(block) for each block, in order, some of them computed at the same time.

    Args:
        run: may be called from several threads at once.
        blocks: taken a few ahead of what was yielded, and no more.
        workers: how many run at once.
    """
    from concurrent.futures import Future, ThreadPoolExecutor

    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Floats]] = deque()
        for block in blocks:
            waiting.append(pool.submit(run, block))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _truncate(ids: Integers, max_tokens: int) -> Integers:
    """Return the first tokens of a text and the special token at its end."""
    return ids if len(ids) <= max_tokens else np.concatenate([ids[: max_tokens - 1], ids[-1:]])


def _pad(inside: npt.NDArray[np.bool_], rows: Sequence[npt.NDArray[Any]]) -> Rows:
    if len(rows) == 1:
        return rows[0].astype(np.int64)[None]
    table = np.zeros(inside.shape, np.int64)
    table[inside] = np.concatenate(rows)
    return table
