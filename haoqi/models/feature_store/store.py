"""What frozen weights compute, computed once per base and text and kept for every plan."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from haoqi.models.bases import Base
from haoqi.models.encoders.tokens import LONGEST, Integers, Rows
from haoqi.models.feature_store.bounds import Disk, Memory, spare_memory
from haoqi.models.feature_store.shards import Array, Keys, Shards, keys_of

if TYPE_CHECKING:
    from haoqi.models.encoders.encoder import Pooling

Done = Callable[[int], Any]

# A killed process loses what would have come into one more file.
_EMBEDDING_BYTES_PER_SHARD = 6_000_000
_TOKEN_BYTES_PER_SHARD = 6_000_000
_STATE_BYTES_PER_SHARD = 64_000_000


@dataclass(frozen=True)
class FeatureStore:
    """Tokens, embeddings and hidden states, computed once and shared by all plans of a run.

    Rows are found by a hash of the text, so that splits, folds, samples and resumed runs share them. They lie in
    files that are mapped: the system holds in memory what is used as long as there is room, and reads it again
    where there was none. Beyond a bound the least recently used files go, hidden states, which are large and soon
    computed again, before embeddings and tokens; what has no room on disk is held in memory up to another bound.
    Writes are whole files, renamed into place: a killed process loses the file under way and nothing else, and
    processes can share a folder. What is returned is not to be written into.
    """

    folder: Path
    limit_bytes: int = 4_000_000_000
    """Of all files; half of what is free on the disk is the bound where that is less."""
    memory_bytes: int | None = None
    """Of what is held in memory without a file; None: a tenth of what is free at the first use, at most 2 GB."""

    def embeddings(self, base: Base, texts: Sequence[str], progress: Done | None = None) -> npt.NDArray[np.float32]:
        """Return mean-pooled, L2-normalised embeddings of the texts, shape (n, width).

        A base that pools otherwise is pooled as it was trained; a prefix that it was trained with is put before
        each text. Of a long text the first 256 tokens are read. Each text is computed once, however often it occurs.

        Args:
            base: the encoder.
            texts: what to embed.
            progress: called with the number of texts done; texts that were here count at once.
        """

        def compute(rows: list[int]) -> Iterator[tuple[int, Array]]:
            tokens = self.tokenize(base, [texts[row] for row in rows], _max_tokens(base), base.card.prefix)
            return _embed(base, tokens, _counting(progress, len(texts) - len(rows)))

        if not len(texts):
            return np.zeros((0, base.card.width), np.float32)
        shards = self._shards(f"{base.fingerprint}-embeddings-{LONGEST}")
        kept = self._kept(shards, _text_keys(texts), compute, most=_EMBEDDING_BYTES_PER_SHARD)
        return np.concatenate(kept).astype(np.float32, copy=False)

    def tokenize(self, base: Base, texts: Sequence[str], max_tokens: int, prefix: str = "") -> list[Integers]:
        """Return what `tokens.read_texts` returns with the tokenizer of a base, but cut each text only once.

        Bases with the same tokenizer share what was cut. The arrays are not to be written into.

        Args:
            base: whose tokenizer reads.
            texts: what to read.
            max_tokens: the longest result; at least the marks and one token.
            prefix: put before every text, such as "query: ".
        """
        from haoqi.models.bases import load_tokenizer, tokenizer_fingerprint
        from haoqi.models.encoders.tokens import read_texts

        def compute(rows: list[int]) -> Iterator[tuple[int, Array]]:
            yield from enumerate(read_texts(load_tokenizer(base), [texts[row] for row in rows], max_tokens, prefix))

        before = f"-{keys_of([prefix.encode()])[0, 0]:016x}" if prefix else ""
        shards = self._shards(f"{tokenizer_fingerprint(base)}-pieces-{max_tokens}{before}")
        return self._kept(shards, _text_keys(texts), compute, most=_TOKEN_BYTES_PER_SHARD)

    def token_vectors(self, base: Base, tokens: Sequence[int], progress: Done | None = None) -> npt.NDArray[np.float32]:
        """Return the embedding of each token as a text of its own, without a prefix, shape (n, width).

        Args:
            base: the encoder.
            tokens: their numbers in its vocabulary; each is computed once per store.
            progress: called with the number of tokens done.
        """
        from haoqi.models.bases import load_tokenizer
        from haoqi.models.encoders.tokens import find_special_tokens

        if not len(tokens):
            return np.zeros((0, base.card.width), np.float32)
        special = find_special_tokens(load_tokenizer(base))
        texts = [np.array([*special.before, token, *special.after], np.int32) for token in tokens]

        def compute(rows: list[int]) -> Iterator[tuple[int, Array]]:
            return _embed(base, [texts[row] for row in rows], _counting(progress, len(texts) - len(rows)))

        shards = self._shards(f"{base.fingerprint}-single-tokens")
        kept = self._kept(shards, keys_of(text.tobytes() for text in texts), compute, most=_EMBEDDING_BYTES_PER_SHARD)
        return np.concatenate(kept).astype(np.float32, copy=False)

    def hidden(
        self, base: Base, layer: int, texts: Sequence[str], progress: Done | None = None
    ) -> list[npt.NDArray[np.float16]]:
        """Return what enters a layer (0: the embeddings' output), each of shape (tokens, width)."""
        return self.states(base, layer, self.tokenize(base, texts, _max_tokens(base), base.card.prefix), progress)

    def states(
        self, base: Base, layer: int, tokens: Sequence[Integers], progress: Done | None = None
    ) -> list[npt.NDArray[np.float16]]:
        """Return what enters a layer for texts that were cut into tokens, each of shape (tokens, width).

        They are views of files, so that more than fits into memory can be returned; what has no room (`fits`) is
        computed and not kept. In 16 bits a number loses what lies beyond its eleventh binary digit, one part in
        2,048; the layers end in a normalisation, so that none is too large for it.

        Args:
            base: the encoder.
            layer: the layer they enter, from 0 (they leave the embeddings) to the number of layers (the end).
            tokens: what the tokenizer gave, special tokens included.
            progress: called with the number of texts done.
        """

        def compute(rows: list[int]) -> Iterator[tuple[int, Array]]:
            missing = [tokens[row] for row in rows]
            return _states(base, layer, missing, _counting(progress, len(tokens) - len(rows)))

        keep = self.fits(base, layer, tokens)
        keys = keys_of(np.asarray(row, dtype=np.int32).tobytes() for row in tokens)
        return self._kept(self._states_of(base, layer), keys, compute, most=_STATE_BYTES_PER_SHARD, keep=keep)

    def fits(self, base: Base, layer: int, tokens: Sequence[Integers]) -> bool:
        """Return whether the states of these texts can all be kept, if those of other texts and layers go."""
        size = 2 * base.card.width * sum(len(row) for row in tokens)
        if size <= self._memory.limit_bytes:
            return True
        return size <= self._disk.spare(self._states_of(base, layer).folder)

    def __reduce__(self) -> tuple[type["FeatureStore"], tuple[Path, int, int | None]]:
        """What is held in memory stays with the process that holds it."""
        return FeatureStore, (self.folder, self.limit_bytes, self.memory_bytes)

    def _kept(
        self,
        shards: Shards,
        keys: Keys,
        compute: Callable[[list[int]], Iterator[tuple[int, Array]]],
        *,
        most: int,
        keep: bool = True,
    ) -> list[Array]:
        """Return the array of each key, computing those that are not here.

        Args:
            shards: where they are looked for and kept.
            keys: of what is wanted.
            compute: yields (place among the rows it was given, array), in any order.
            most: bytes of a shard, roughly.
            keep: whether to keep what is computed.
        """
        found = shards.find(keys)
        missing = {keys[row].tobytes(): row for row, array in enumerate(found) if array is None}
        loose: dict[bytes, Array] = {}
        if missing:
            rows, used = list(missing.values()), shards.files(keys)
            for group in _groups(compute(rows), most):
                chosen, arrays = keys[[rows[place] for place, _ in group]], [array for _, array in group]
                path = self._add(shards, chosen, arrays, used) if keep else None
                if path is None:
                    loose.update((key.tobytes(), array) for key, array in zip(chosen, arrays, strict=True))
                else:
                    used.add(path)
            found = shards.find(keys)
        return [loose[keys[row].tobytes()] if array is None else array for row, array in enumerate(found)]

    def _add(self, shards: Shards, keys: Keys, arrays: list[Array], used: set[Path]) -> Path | None:
        """Keep one shard, and return its file if there was room for one."""
        size = sum(array.nbytes for array in arrays) + 2 * keys.nbytes
        gone = self._disk.make_room(size, shards.folder, used)
        if gone:
            for one in self._opened.values():
                one.forget(gone)
        return shards.add(keys, arrays, on_disk=gone is not None)

    def _states_of(self, base: Base, layer: int) -> Shards:
        return self._shards(f"{base.fingerprint}-layer-{layer}")

    def _shards(self, name: str) -> Shards:
        return self._opened.setdefault(name, Shards(self.folder / name, self._memory))

    @cached_property
    def _opened(self) -> dict[str, Shards]:
        return {}

    @cached_property
    def _memory(self) -> Memory:
        return Memory(spare_memory() if self.memory_bytes is None else self.memory_bytes)

    @cached_property
    def _disk(self) -> Disk:
        return Disk(self.folder, self.limit_bytes, first_out="*-layer-*")


def _embed(
    base: Base, tokens: Sequence[Integers], progress: Done | None
) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
    """Yield (row, embedding of shape (1, width)), in an order that is quick to compute."""
    from haoqi.models.bases import frozen_encoder
    from haoqi.models.encoders.placement import probed

    encoder = frozen_encoder(base, probed().device)
    for rows, vectors in vectors_of(encoder, base.card.pooling, tokens, progress):
        yield from zip(rows.tolist(), vectors[:, None], strict=True)


def vectors_of(
    encoder: Any, pooling: "Pooling", tokens: Sequence[Integers], progress: Done | None = None
) -> Iterator[tuple[Rows, npt.NDArray[np.float32]]]:
    """Yield (rows, their embeddings of length 1), in an order that is quick to compute.

    Args:
        encoder: on the device that this machine computes on.
        pooling: how the states of a text become one vector, as the base's card says.
        tokens: token ids of each text.
        progress: called with the number of texts done.
    """
    import torch

    from haoqi.models.encoders.batch_order import in_batches
    from haoqi.models.encoders.encoder import collate, mask_of, pool
    from haoqi.models.encoders.placement import probed

    placement = probed()
    for rows in in_batches(tokens, progress):
        batch = collate([tokens[row] for row in rows], placement.device)
        with torch.inference_mode(), placement.arithmetic():
            states = encoder(input_ids=batch.ids, attention_mask=mask_of(batch)).last_hidden_state
        yield rows, pool(states.float(), batch.lengths, pooling, normalise=True).cpu().numpy()


def _states(
    base: Base, layer: int, tokens: Sequence[Integers], progress: Done | None
) -> Iterator[tuple[int, npt.NDArray[np.float16]]]:
    """Yield (row, states), in an order that is quick to compute."""
    import torch

    from haoqi.models.bases import frozen_encoder
    from haoqi.models.encoders.batch_order import in_batches
    from haoqi.models.encoders.encoder import collate, mask_of, only_layers
    from haoqi.models.encoders.placement import probed

    placement = probed()
    encoder: Any = frozen_encoder(base, placement.device)
    with only_layers(encoder, 0, layer):
        for rows in in_batches(tokens, progress):
            batch = collate([tokens[row] for row in rows], placement.device)
            with torch.inference_mode(), placement.arithmetic():
                states = encoder(input_ids=batch.ids, attention_mask=mask_of(batch)).last_hidden_state
            halves = states.to(torch.float16).cpu().numpy()
            for place, row in enumerate(rows.tolist()):
                yield row, halves[place, : len(tokens[row])].copy()


def _groups(items: Iterable[tuple[int, Array]], most: int) -> Iterator[list[tuple[int, Array]]]:
    """Yield items together until they are so many bytes or more."""
    group: list[tuple[int, Array]] = []
    size = 0
    for item in items:
        group.append(item)
        size += item[1].nbytes
        if size >= most:
            yield group
            group, size = [], 0
    if group:
        yield group


def _counting(progress: Done | None, before: int) -> Done | None:
    return None if progress is None else lambda done: progress(before + done)


def _text_keys(texts: Sequence[str]) -> Keys:
    return keys_of(text.encode("utf-8", "surrogatepass") for text in texts)


def _max_tokens(base: Base) -> int:
    """Return the most tokens of a text that are embedded."""
    return min(LONGEST, base.card.max_tokens)
