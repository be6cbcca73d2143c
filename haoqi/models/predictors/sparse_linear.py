"""A linear model of weighted n-grams: one weight per n-gram and label."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from haoqi.core.folder import read_json, write_json
from haoqi.data.examples import Examples
from haoqi.models.arrays import load_arrays, save_arrays
from haoqi.models.encoders.pair_features import Pairing, pair_table
from haoqi.models.lexical.marked_views import views_of
from haoqi.models.lexical.ngrams import Ngrams
from haoqi.models.lexical.sparse_rows import SparseRows, row_sums, side_by_side
from haoqi.models.predictor import Progress, predictors
from haoqi.tasks.task import Scores

Floats = npt.NDArray[np.float32]

# Texts are counted in batches of this many, so that memory stays the same however many there are.
BATCH = 4096


@dataclass(frozen=True)
class Terms:
    """N-grams of one unit and how telling each is."""

    ngrams: Ngrams
    rarity: Floats
    """Inverse document frequency of each column."""

    def weigh(self, counts: SparseRows) -> SparseRows:
        """Return tf-idf weights of some counts: (1 + log count) x rarity, each text's weights of length 1."""
        weights = (np.float32(1) + np.log(counts.data)) * self.rarity[counts.indices]
        lengths = np.sqrt(np.maximum(row_sums(counts, weights * weights), np.float32(1e-12)))
        return replace(counts, data=weights / np.repeat(lengths, np.diff(counts.indptr)))


@predictors.register
@dataclass(frozen=True)
class SparseLinear:
    """Scores of a text or of a pair: its tf-idf features times the labels' coefficients; for a number there is one."""

    thread_safe: ClassVar[bool] = True

    terms: tuple[Terms, ...]
    """Of each unit; of marked stretches those of each view in turn."""
    coefficients: Floats
    """Shape (columns of all terms, labels)."""
    intercept: Floats
    """Shape (labels,)."""
    pairing: Pairing = ""
    """Whether examples are pairs, or marked stretches, whose features are then what coefficients are of."""

    def scores(self, examples: Examples, progress: Progress | None = None) -> Scores:
        """Return logits, shape (n, labels)."""
        found = np.empty((len(examples), len(self.intercept)), np.float32)
        for start in range(0, len(examples), BATCH):
            stop = min(len(examples), start + BATCH)
            table = self._weights(examples.texts[start:stop])
            if self.pairing in ("ordered", "symmetric"):
                second = self._weights(examples.second_texts[start:stop])
                found[start:stop] = pair_table(table.csr, second.csr, self.pairing) @ self.coefficients
            else:
                found[start:stop] = table @ self.coefficients
            found[start:stop] += self.intercept
            if progress is not None:
                progress(stop)
        return found

    def _weights(self, texts: Sequence[str]) -> SparseRows:
        """Return the tf-idf weights of some texts, shape (n, columns of all terms)."""
        views = views_of(texts) if self.pairing == "marked" else [texts]
        counted = zip(self.terms, cycle(views), strict=False)
        return side_by_side([terms.weigh(terms.ngrams.count(view)) for terms, view in counted])

    def save(self, folder: Path, *, standalone: bool) -> None:
        """Write terms.json and arrays.safetensors; there is no base, so every folder stands alone."""
        arrays: dict[str, npt.NDArray[Any]] = {"coefficients": self.coefficients, "intercept": self.intercept}
        facts = []
        for place, terms in enumerate(self.terms):
            plain, own = terms.ngrams.as_plain(place)
            facts.append(plain)
            arrays |= {f"{place}.rarity": terms.rarity} | own
        write_json(folder / "terms.json", facts)
        if self.pairing:
            write_json(folder / "pairs.json", {"pairing": self.pairing})
        save_arrays(folder / "arrays.safetensors", arrays)

    @classmethod
    def load(cls, folder: Path, cache: Path) -> "SparseLinear":
        """Return what `save` wrote; its scores are the same to the last bit."""
        arrays = load_arrays(folder / "arrays.safetensors")
        terms = tuple(
            Terms(Ngrams.from_plain(plain, arrays, place), arrays[f"{place}.rarity"])
            for place, plain in enumerate(read_json(folder / "terms.json"))
        )
        facts = read_json(folder / "pairs.json") if (folder / "pairs.json").exists() else {}
        return cls(terms, arrays["coefficients"], arrays["intercept"], facts.get("pairing", ""))
