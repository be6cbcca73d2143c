"""The contract of a form: a way to compute a released encoder quickly, written beside the master."""

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
    """Texts of like length, cut into pieces, padded on the right with piece 0."""

    ids: Rows
    """Shape (rows, longest)."""
    mask: Rows
    """1 for pieces and 0 for padding, shape (rows, longest)."""
    shapes: Rows | None = None
    """How the word of each piece is written, for networks that are told, shape (rows, longest)."""

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

        That is a vector or logits per text, shape (rows, width), or logits per piece, shape (rows, longest, width).
        """
        ...


@dataclass(frozen=True)
class Glance:
    """A network that is shown the beginning of each text only, which is quicker where texts are long."""

    compute: Compute
    reach: int
    """Pieces of a text that are shown at most, marks included; at least 2."""

    @property
    def thread_safe(self) -> bool:
        """Whether several threads may call it at once."""
        return self.compute.thread_safe

    def __call__(self, blocks: Iterable[Block]) -> Iterator[Floats]:
        """Yield what the network gives for each block, in order; `computed` has cut the texts before."""
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
            What is to be told of it beside its measures, as that it is less than it could be; mostly nothing.

        Raises:
            UserError: if a library is missing, or this machine has nothing to gain.
        """
        ...

    def open(self, folder: Path, threads: int, master: "Callable[[], Graph]") -> Compute:
        """Return the network that `compile` wrote, ready to compute.

        Args:
            folder: what `compile` wrote into.
            threads: how many cores it may use.
            master: gives the network as torch has it, for forms that compute with that.

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

    def computed_by(self, compute: Compute) -> Predictor:
        """Return the same predictor with its encoder computed by a form."""
        ...


def threads_here() -> int:
    """Return how many cores a form may use: those of OMP_NUM_THREADS, which torch obeys too, or else all."""
    said = os.environ.get("OMP_NUM_THREADS", "")
    return int(said) if said.isdecimal() and int(said) else hardware.cores()


def computed(
    compute: Compute,
    ids: Sequence[Integers],
    shapes: Sequence[Rows] | None = None,
    progress: Progress | None = None,
) -> Iterator[tuple[Rows, Floats]]:
    """Yield (rows, what the network gives for them): like lengths together, the longest first.

    Args:
        compute: the network.
        ids: pieces of each text, marks included.
        shapes: for each piece how its word is written, where the network is told.
        progress: called with the number of texts done.
    """
    if isinstance(compute, Glance):
        assert shapes is None  # words are scored wherever they stand
        ids = [_beginning(one, compute.reach) for one in ids]
    everyone = np.arange(len(ids))
    order = [everyone] if len(ids) == 1 else list(parts(everyone, lengths_of(ids), BLOCK_TOKENS))
    done = 0
    for rows, found in zip(order, compute(block_of(ids, rows, shapes) for rows in order), strict=True):
        yield rows, found
        done += len(rows)
        if progress is not None:
            progress(done)


def block_of(ids: Sequence[Integers], rows: Iterable[int], shapes: Sequence[Rows] | None = None) -> Block:
    """Return some texts as one block, padded to the longest of them."""
    chosen = [ids[row] for row in rows]
    lengths = lengths_of(chosen)
    inside = np.arange(lengths.max()) < lengths[:, None]
    tables = [_filled(inside, chosen)]
    if shapes is not None:
        tables.append(_filled(inside, [shapes[row] for row in rows]))
    return Block(tables[0], inside.astype(np.int64), *tables[1:])


def in_order(run: Callable[[Block], Floats], blocks: Iterable[Block], workers: int) -> Iterator[Floats]:
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


def _beginning(ids: Integers, reach: int) -> Integers:
    """Return the first pieces of a text and the mark at its end."""
    return ids if len(ids) <= reach else np.concatenate([ids[: reach - 1], ids[-1:]])


def _filled(inside: npt.NDArray[np.bool_], rows: Sequence[npt.NDArray[Any]]) -> Rows:
    if len(rows) == 1:
        return rows[0].astype(np.int64)[None]
    table = np.zeros(inside.shape, np.int64)
    table[inside] = np.concatenate(rows)
    return table
