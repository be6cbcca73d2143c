"""An index on disk: passages as JSON lines, arrays as safetensors, and what reads the texts; nothing pickled.

<folder>/retriever.json        what it was made with, and the files with their sizes and hashes
<folder>/passages.jsonl        a passage on each line
<folder>/arrays.safetensors    vectors in half precision, and counts of terms
<folder>/terms.json            the terms, in the order of their columns
<folder>/dense/                the base, or the tuned encoder
<folder>/reranker/             the model that looks again
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from haoqi.core import folder as folders
from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.models import checksums
from haoqi.models.arrays import load_arrays, save_arrays
from haoqi.retrieval.bm25 import Bm25
from haoqi.retrieval.index import Index, Passage, to_json

if TYPE_CHECKING:
    from haoqi.retrieval.dense import Dense
    from haoqi.retrieval.rerank import Reranker

FORMAT = 1
CARD, PASSAGES, ARRAYS, TERMS = "retriever.json", "passages.jsonl", "arrays.safetensors", "terms.json"


def write(folder: Path, index: Index, dense: "Dense | None", reranker: "Reranker | None", *, standalone: bool) -> None:
    """Write an index whole or not at all; a folder that is there is replaced.

    Raises:
        UserError: if it stands where something else does, no space is left, or the folder cannot be written to.
    """
    if folder.exists() and not (folder / CARD).is_file():
        raise UserError(say("retrieval.in_the_way", folder=folder), say("retrieval.in_the_way.hint"))
    with folders.building(folder) as place:
        folders.write_atomic(place / PASSAGES, "".join(to_json(one) + "\n" for one in index.passages))
        arrays: dict[str, npt.NDArray[Any]] = {}
        if index.words is not None:
            counts = index.words.counts
            arrays |= {"counts": counts.data, "columns": counts.indices, "ends": counts.indptr}
            folders.write_json(place / TERMS, list(index.words.terms))
        if index.vectors is not None:
            arrays["vectors"] = index.vectors
        save_arrays(place / ARRAYS, arrays)
        if dense is not None:
            (place / "dense").mkdir()
            dense.save(place / "dense", standalone=standalone)
        if reranker is not None:
            (place / "reranker").mkdir()
            reranker.model.write(place / "reranker", standalone=standalone)
        card = {
            "format": FORMAT,
            "passages": len(index.passages),
            "dense": None if dense is None else {"name": dense.name, "tuned": dense.tuned},
            "reranker": None if reranker is None else {"name": reranker.name, "label": reranker.label},
            "files": checksums.checksums_of(place, place),
        }
        folders.write_json(place / CARD, card)


def read(folder: Path, cache: Path) -> tuple[Index, "Dense | None", "Reranker | None"]:
    """Return what `write` wrote.

    Raises:
        UserError: if there is none, it is damaged, or a newer Haoqi wrote it.
    """
    if not (folder / CARD).is_file():
        raise UserError(say("retrieval.none", folder=folder), say("retrieval.none.hint"))
    damaged = UserError(say("retrieval.damaged", folder=folder), say("retrieval.damaged.hint"))
    card = folders.read_json(folder / CARD)
    try:
        if card["format"] > FORMAT:
            raise UserError(say("retrieval.newer", folder=folder), "pip install -U haoqi")
        checksums.check(folder, card["files"], checksums.READ_AT_LOAD, damaged.hint)
        lines = (folder / PASSAGES).read_text(encoding="utf-8").split("\n")
        passages = tuple(Passage(one["id"], one["text"], one["meta"]) for one in map(json.loads, filter(None, lines)))
        arrays = load_arrays(folder / ARRAYS)
        whitened = card["dense"] is not None and not card["dense"]["tuned"]
        index = Index(passages, _words(folder, arrays, len(passages)), arrays.get("vectors"), whitened)
        dense, reranker = _dense(folder, card["dense"], cache), _reranker(folder, card["reranker"], cache)
    except (KeyError, TypeError, ValueError, OSError):
        raise damaged from None
    return index, dense, reranker


def _words(folder: Path, arrays: dict[str, npt.NDArray[Any]], count: int) -> Bm25 | None:
    if "ends" not in arrays:
        return None
    from scipy.sparse import csr_array

    terms = tuple(folders.read_json(folder / TERMS))
    table = (arrays["counts"], arrays["columns"], arrays["ends"])
    return Bm25(terms, csr_array(table, (count, len(terms))))


def _dense(folder: Path, facts: dict[str, Any] | None, cache: Path) -> "Dense | None":
    if facts is None:
        return None
    from haoqi.retrieval.dense import Dense

    return Dense.load(folder / "dense", cache, facts["name"], tuned=facts["tuned"])


def _reranker(folder: Path, facts: dict[str, Any] | None, cache: Path) -> "Reranker | None":
    if facts is None:
        return None
    from haoqi.models import model as models
    from haoqi.retrieval.rerank import Reranker

    return Reranker.of(models.load(folder / "reranker", cache), facts["name"], facts["label"])
