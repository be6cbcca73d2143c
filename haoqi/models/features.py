"""What frozen weights compute, computed once per base and text and kept for every plan."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.models.bases import Base
from haoqi.models.pieces import Integers
from haoqi.models.shards import KEY_BYTES, Shards

Done = Callable[[int], Any]

LONGEST = 256
"""Pieces of a text that its embedding is made of: sentence encoders were trained on less than that, and reading
all of a long text costs more than it tells."""

_EMBEDDINGS_PER_SHARD = 4096
_STATE_BYTES_PER_SHARD = 64_000_000


@dataclass(frozen=True)
class FeatureStore:
    """Embeddings and hidden states on disk, shared by all plans of a run.

    Rows are found by a hash of the text, so that splits, samples and resumed runs share them. Writes
    are whole shards, renamed into place: a killed process loses the shard under way and nothing else.
    """

    folder: Path
    limit_bytes: int = 4_000_000_000
    """Beyond this, hidden states are computed and not kept."""

    def embeddings(self, base: Base, texts: Sequence[str], progress: Done | None = None) -> npt.NDArray[np.float32]:
        """Return mean-pooled, L2-normalised embeddings of the texts, shape (n, width).

        A base that pools otherwise is pooled as it was trained; a prefix that it was trained with is put before
        each text. Of a long text the first 256 pieces are read. Each text is computed once, however often it occurs.

        Args:
            base: the encoder.
            texts: what to embed.
            progress: called with the number of texts done; texts that were here count at once.
        """
        shards = Shards(self.folder / f"{base.fingerprint}-embeddings-{LONGEST}")
        keys = [_key(text.encode("utf-8", "surrogatepass")) for text in texts]
        found = shards.find(keys)
        todo = {key: row for row, key in enumerate(keys) if key not in found}
        if todo:
            rows = list(todo.values())
            computed = _embed(base, [texts[row] for row in rows], _counting(progress, len(texts) - len(rows)))
            for group in _groups(computed, _EMBEDDINGS_PER_SHARD):
                names = [keys[rows[row]] for row, _ in group]
                arrays = [vector[None, :] for _, vector in group]
                shards.add(names, arrays)
                found.update(zip(names, arrays, strict=True))
        if not len(keys):
            return np.zeros((0, base.card.width), np.float32)
        return np.concatenate([found[key] for key in keys]).astype(np.float32, copy=False)

    def hidden(
        self, base: Base, layer: int, texts: Sequence[str], progress: Done | None = None
    ) -> list[npt.NDArray[np.float16]]:
        """Return what enters a layer (0: the embeddings' output), each of shape (tokens, width)."""
        from haoqi.models.bases import load_tokenizer
        from haoqi.models.pieces import read_texts

        pieces = read_texts(load_tokenizer(base), texts, min(LONGEST, base.card.max_tokens), base.card.prefix)
        return self.states(base, layer, pieces, progress)

    def states(
        self, base: Base, layer: int, pieces: Sequence[Integers], progress: Done | None = None
    ) -> list[npt.NDArray[np.float16]]:
        """Return what enters a layer for texts that were cut into pieces, each of shape (pieces, width).

        They are views of files, so that more than fits into memory can be held.

        Args:
            base: the encoder.
            layer: the layer they enter, from 0 (they leave the embeddings) to the number of layers (the end).
            pieces: what the tokenizer gave, its marks included.
            progress: called with the number of texts done.
        """
        shards, keys = self._shards(base, layer), [_piece_key(row) for row in pieces]
        found = shards.find(keys)
        rows = list({key: row for row, key in enumerate(keys) if key not in found}.values())
        if rows:
            missing = [pieces[row] for row in rows]
            fitting = self._fits(base, missing)
            computed = _states(base, layer, missing, _counting(progress, len(keys) - len(rows)))
            size = max(1, _STATE_BYTES_PER_SHARD // (2 * base.card.width * max(len(row) for row in missing)))
            for group in _groups(computed, size):
                names, arrays = [keys[rows[row]] for row, _ in group], [states for _, states in group]
                if fitting:
                    shards.add(names, arrays)
                else:
                    found.update(zip(names, arrays, strict=True))
            if fitting:
                found = shards.find(keys)
        return [found[key] for key in keys]

    def fits(self, base: Base, layer: int, pieces: Sequence[Integers]) -> bool:
        """Return whether the states of these texts can all be kept within `limit_bytes`."""
        found = self._shards(base, layer).find(_piece_key(row) for row in pieces)
        return self._fits(base, [row for row in pieces if _piece_key(row) not in found])

    def _fits(self, base: Base, missing: Sequence[Integers]) -> bool:
        more = 2 * base.card.width * sum(len(row) for row in missing)
        kept = sum(path.stat().st_size for path in self.folder.rglob("*.safetensors"))
        return kept + more <= self.limit_bytes

    def _shards(self, base: Base, layer: int) -> Shards:
        return Shards(self.folder / f"{base.fingerprint}-layer-{layer}")


def _embed(base: Base, texts: Sequence[str], progress: Done | None) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
    """Yield (row, embedding), in an order that is quick to compute."""
    import torch

    from haoqi.models.bases import load_encoder, load_tokenizer
    from haoqi.models.encoder import collate, mask_of, pool
    from haoqi.models.forward import in_batches
    from haoqi.models.pieces import read_texts
    from haoqi.models.placement import probed

    placement = probed()
    pieces = read_texts(load_tokenizer(base), texts, min(LONGEST, base.card.max_tokens), base.card.prefix)
    encoder: Any = load_encoder(base)
    encoder.to(placement.device)
    for rows in in_batches(pieces, progress):
        batch = collate([pieces[row] for row in rows], placement.device)
        with torch.inference_mode(), placement.arithmetic():
            states = encoder(input_ids=batch.ids, attention_mask=mask_of(batch)).last_hidden_state
        vectors = pool(states.float(), batch.lengths, base.card.pooling, normalise=True).cpu().numpy()
        yield from zip(rows.tolist(), vectors, strict=True)


def _states(
    base: Base, layer: int, pieces: Sequence[Integers], progress: Done | None
) -> Iterator[tuple[int, npt.NDArray[np.float16]]]:
    """Yield (row, states), in an order that is quick to compute."""
    import torch

    from haoqi.models.bases import load_encoder
    from haoqi.models.encoder import collate, mask_of, only_layers
    from haoqi.models.forward import in_batches
    from haoqi.models.placement import probed

    placement = probed()
    encoder: Any = load_encoder(base)
    encoder.to(placement.device)
    with only_layers(encoder, 0, layer):
        for rows in in_batches(pieces, progress):
            batch = collate([pieces[row] for row in rows], placement.device)
            with torch.inference_mode(), placement.arithmetic():
                states = encoder(input_ids=batch.ids, attention_mask=mask_of(batch)).last_hidden_state
            halves = states.to(torch.float16).cpu().numpy()
            for place, row in enumerate(rows.tolist()):
                yield row, halves[place, : len(pieces[row])].copy()


def _groups(items: Iterator[Any], size: int) -> Iterator[list[Any]]:
    group: list[Any] = []
    for item in items:
        group.append(item)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group


def _counting(progress: Done | None, before: int) -> Done | None:
    return None if progress is None else lambda done: progress(before + done)


def _piece_key(pieces: Integers) -> bytes:
    return _key(np.asarray(pieces, dtype=np.int32).tobytes())


def _key(content: bytes) -> bytes:
    return blake2b(content, digest_size=KEY_BYTES).digest()
