"""An index of texts that finds those that suit a query: by words, by meaning, or by both, and re-ranked on demand."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from haoqi.core import folder as folders
from haoqi.core.errors import UserError
from haoqi.core.mutex import Mutex
from haoqi.core.say import say
from haoqi.retrieval.bm25 import Bm25
from haoqi.retrieval.index import Filter, Hit, Index, Passage, allowed_rows, ranked_hits

if TYPE_CHECKING:
    from haoqi.models.model import Model
    from haoqi.retrieval.dense import Dense
    from haoqi.retrieval.rerank import Reranker

Progress = Callable[[int], None]

RERANKED = 30
"""Texts that are looked at again, at least."""
# Scores held at once: 64 MB.
_SCORES = 16_000_000


class Retriever:
    """An index of texts; any number of threads may search it while another adds or removes texts.

    A search sees the index as it was when it began. Vectors of queries are computed by one thread at a time.

    >>> from haoqi.retrieval.retriever import Retriever
    >>> faq = Retriever.of(["How do I reset my password?", "Where is my parcel?"], base=None)
    >>> [hit.id for hit in faq.search("lost parcel", k=1)]
    ['1']
    """

    def __init__(self, index: Index, dense: "Dense | None", reranker: "Reranker | None" = None) -> None:
        self._index, self._dense, self._reranker = index, dense, reranker
        self._changing = Mutex()

    @classmethod
    def of(
        cls,
        texts: Sequence[str],
        base: "str | Model | None" = "multilingual",
        *,
        words: bool = True,
        ids: Sequence[str] | None = None,
        meta: Sequence[Mapping[str, Any]] | None = None,
        reranker: "str | Model | Reranker | None" = None,
        home: str | Path | None = None,
        progress: Progress | None = None,
    ) -> "Retriever":
        """Return an index of some texts.

        Args:
            texts: what is to be found; equal ones are kept, and found as one.
            base: what turns texts into vectors: a base ("minilm", "multilingual", a folder), or a release of a
                bi-encoder; None: texts are found by their words alone.
            words: whether texts are found by their words, too.
            ids: of the texts, each once; None: "0", "1" and so on.
            meta: what else is known of each, as JSON can hold it.
            reranker: a release of a task on two texts that looks again at what was found.
            home: the folder that holds releases/ and cache/; None: HAOQI_HOME.
            progress: called with the number of texts that were read.

        Raises:
            UserError: if there is no such base or release, neither words nor meaning is asked for, a text is no text or
                an id occurs twice.
        """
        place = None if home is None else Path(home).expanduser().absolute()
        if base is None and not words:
            raise UserError(say("retrieval.nothing"), say("retrieval.nothing.hint"))
        dense = None
        if base is not None:
            from haoqi.retrieval.dense import dense_of

            dense = dense_of(base, place)
        vectors = None if dense is None else np.zeros((0, 0), np.float16)
        empty = Index((), Bm25.of([]) if words else None, vectors, dense is not None and not dense.tuned)
        found = cls(empty, dense)
        found.add(texts, ids=ids, meta=meta, progress=progress)
        return found if reranker is None else found.with_reranker(reranker, home=home)

    def __len__(self) -> int:
        return len(self._index.passages)

    @property
    def passages(self) -> tuple[Passage, ...]:
        """All passages, in the order in which they were added."""
        return self._index.passages

    @property
    def base(self) -> str | None:
        """What turns texts into vectors; None: nothing does."""
        return None if self._dense is None else self._dense.name

    def with_reranker(
        self, release: "str | Model | Reranker", *, label: str | None = None, home: str | Path | None = None
    ) -> "Retriever":
        """Return the same index, whose best texts are looked at again by a release of a task on two texts.

        Args:
            release: by name, or as a model.
            label: the class that speaks for a text; None: the one that is called "relevant", "same", "1" or the like.
            home: the folder that holds releases/; None: HAOQI_HOME.

        Raises:
            UserError: if there is no such release, it answers single texts, or no class speaks for a text.
        """
        from haoqi.retrieval.rerank import reranker_of

        return Retriever(self._index, self._dense, reranker_of(release, label, home=home))

    def search(
        self, query: str, k: int = 10, *, only: Filter | None = None, rerank: int | None = None, repeats: bool = False
    ) -> list[Hit]:
        """Return the passages that suit a query best, the best first; fewer than k where there are no more.

        Args:
            query: a question, or some words.
            k: how many, at least 1.
            only: which passages may be found: a function of a passage, or values that its meta must have.
            rerank: how many are looked at again, where there is a re-ranker; None: 30, or k if that is more; 0: none.
            repeats: whether equal texts are all found; else the first of them stands for the others.

        Raises:
            UserError: if the query is empty, or k is below 1.
        """
        return self.search_all([query], k, only=only, rerank=rerank, repeats=repeats)[0]

    def search_all(
        self,
        queries: Sequence[str],
        k: int = 10,
        *,
        only: Filter | None = None,
        rerank: int | None = None,
        repeats: bool = False,
    ) -> list[list[Hit]]:
        """Return what `search` does for each query; many at once take less time than one after another."""
        _check(queries, k)
        index, reranker = self._index, self._reranker
        looked_at = 0 if reranker is None else max(k, RERANKED) if rerank is None else rerank
        rows = allowed_rows(index, only, repeats=repeats)
        if not len(rows) or not queries:
            return [[] for _ in queries]
        asked = self._dense.queries(queries) if self._dense is not None else None
        step = max(1, _SCORES // len(index.passages))
        found: list[list[Hit]] = []
        for start in range(0, len(queries), step):
            some = slice(start, start + step)
            vectors = None if asked is None else asked[some]
            found += ranked_hits(index, rows, queries[some], vectors, count=max(k, looked_at))
        if reranker is not None and looked_at:
            found = [_again(reranker, query, hits, looked_at) for query, hits in zip(queries, found, strict=True)]
        return [hits[:k] for hits in found]

    def add(
        self,
        texts: Sequence[str],
        *,
        ids: Sequence[str] | None = None,
        meta: Sequence[Mapping[str, Any]] | None = None,
        progress: Progress | None = None,
    ) -> list[str]:
        """Add texts, and return their ids.

        Args:
            texts: what is to be found.
            ids: none of which is known yet; None: the next numbers.
            meta: what else is known of each, as JSON can hold it.
            progress: called with the number of texts that were read.

        Raises:
            UserError: if a text is no text, an id occurs twice, or the lengths differ; then nothing is added.
        """
        with self._changing:
            index = self._index
            more = _passages(texts, ids, meta, {one.id for one in index.passages})
            words = None if index.words is None else index.words.added([one.text for one in more])
            vectors = index.vectors
            if self._dense is not None and more:
                new = self._dense.passages([one.text for one in more], progress).astype(np.float16)
                vectors = new if vectors is None or not len(vectors) else np.concatenate([vectors, new])
            self._index = Index((*index.passages, *more), words, vectors, index.whitened)
        return [one.id for one in more]

    def remove(self, ids: Sequence[str]) -> None:
        """Remove passages.

        Raises:
            UserError: if an id is not known; then nothing is removed.
        """
        gone = {ids} if isinstance(ids, str) else set(ids)
        with self._changing:
            index = self._index
            if strange := sorted(gone - {one.id for one in index.passages}):
                raise UserError(say("retrieval.no_id", id=strange[0]), say("retrieval.no_id.hint"))
            left = [row for row, one in enumerate(index.passages) if one.id not in gone]
            self._index = index.kept(np.asarray(left, dtype=np.int64))

    def save(self, folder: str | Path, *, standalone: bool = True) -> None:
        """Write the index whole or not at all; a folder that is there is replaced.

        Args:
            folder: where to; its parents are made.
            standalone: whether the base's weights are copied too, so that it works on any machine.
        """
        from haoqi.retrieval.files import write

        write(Path(folder).expanduser(), self._index, self._dense, self._reranker, standalone=standalone)

    @classmethod
    def load(cls, folder: str | Path, *, home: str | Path | None = None) -> "Retriever":
        """Return what `save` wrote.

        Args:
            folder: where it lies.
            home: the folder that holds cache/, where bases are found if it only refers to one; None: HAOQI_HOME.

        Raises:
            UserError: if there is none, it is damaged, or a newer Haoqi wrote it.
        """
        from haoqi.retrieval.files import read

        return cls(*read(Path(folder).expanduser(), folders.cache(None if home is None else Path(home).expanduser())))


def _check(queries: Sequence[str], k: int) -> None:
    if isinstance(queries, str):
        raise UserError(say("retrieval.one_query"), say("retrieval.one_query.hint"))
    if k < 1:
        raise UserError(say("retrieval.bad_k", k=k), say("retrieval.bad_k.hint"))
    for query in queries:
        if not isinstance(query, str) or not query.strip():
            raise UserError(say("retrieval.empty_query"), say("retrieval.empty_query.hint"))


def _passages(
    texts: Sequence[str], ids: Sequence[str] | None, meta: Sequence[Mapping[str, Any]] | None, known: set[str]
) -> list[Passage]:
    """Return texts as passages with ids that are not known yet."""
    if isinstance(texts, str):
        raise UserError(say("retrieval.one_text"), say("retrieval.one_text.hint"))
    for name, column in (("ids", ids), ("meta", meta)):
        if column is not None and len(column) != len(texts):
            raise UserError(say("retrieval.lengths", name=name, count=len(column), texts=len(texts)))
    for place, text in enumerate(texts):
        if not isinstance(text, str) or not text.strip():
            raise UserError(say("retrieval.no_text", place=place, text=repr(text)[:40]), say("retrieval.no_text.hint"))
    given = _next_numbers(len(texts), known) if ids is None else [str(one) for one in ids]
    if twice := next((one for one, often in _counted(given).items() if often > 1 or one in known), None):
        raise UserError(say("retrieval.same_id", id=twice), say("retrieval.same_id.hint"))
    facts = [{}] * len(texts) if meta is None else [dict(one) for one in meta]
    return [Passage(*one) for one in zip(given, texts, facts, strict=True)]


def _next_numbers(count: int, known: set[str]) -> list[str]:
    first = max((int(one) + 1 for one in known if one.isdecimal()), default=0)
    return [str(first + place) for place in range(count)]


def _counted(names: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in names:
        found[name] = found.get(name, 0) + 1
    return found


def _again(reranker: "Reranker", query: str, hits: list[Hit], count: int) -> list[Hit]:
    """Return hits with the first of them in the order of a re-ranker."""
    head = hits[:count]
    if not head:
        return hits
    scores = reranker.scores(query, [hit.text for hit in head])
    order = np.argsort(-scores, kind="stable").tolist()
    return [replace(head[place], score=float(scores[place])) for place in order] + hits[count:]
