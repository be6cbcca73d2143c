"""A retriever finds what a search through all texts finds, keeps it on disk, and says in words what it cannot do."""

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import haoqi
from haoqi import methods, tasks
from haoqi.core.errors import UserError
from haoqi.data.examples import Examples
from haoqi.methods.method import Job
from haoqi.models.bases import resolve
from haoqi.models.feature_store.store import FeatureStore
from haoqi.models.model import Model
from haoqi.retrieval.index import Hit
from haoqi.retrieval.retriever import Retriever
from haoqi.retrieval.whitening import Whitening

TEXTS = [
    "How do I reset my password?",
    "Where is my parcel?",
    "The battery died on day two.",
    "怎么重装系统？",
    "无线网卡驱动怎么安装？",
    "Where is my parcel?",
    "I want to change the address of my order.",
]


def ids(hits: list[Hit]) -> list[str]:
    return [hit.id for hit in hits]


@pytest.fixture(scope="module")
def model(tiny_base: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a function that gives a model of two texts by a method's name and a task's."""
    from dataclasses import replace

    base = resolve(tiny_base, tmp_path_factory.mktemp("cache"))
    store = FeatureStore(tmp_path_factory.mktemp("features"))
    texts = [f"{'striker scored' if row % 2 else 'telescope found'} {row}" for row in range(16)]

    def make(method: str, task: str = "paraphrase") -> Model:
        built = tasks.build(task, () if task in ("similarity", "ranking") else ("different", "same"))
        number = not built.output.kind.has_classes
        labels: list[Any] = [float(row % 2) if number else ("different", "same")[row % 2] for row in range(16)]
        examples = replace(Examples.of(texts, labels), pairs=[texts[row - row % 4] for row in range(16)])
        job = Job(built, examples, examples.take(range(4)), 0, store, base)
        return Model(built, methods.build(method).fit(job), {}, {"name": method})

    return make


def test_words_find_texts_in_both_languages() -> None:
    found = Retriever.of(TEXTS, base=None)
    assert ids(found.search("parcel where", k=1)) == ["1"]
    assert ids(found.search("系统重装", k=2)) == ["3"]  # no other text shares a pair of characters
    assert ids(found.search("驱动", k=9)) == ["4"]
    assert found.search("zzz") == []
    hit = found.search("password")[0]
    assert (hit.text, hit.by_words, hit.by_meaning) == (TEXTS[0], 1, None)
    assert hit.score > 0


def test_meaning_finds_what_a_search_through_all_vectors_finds(tiny_base: str) -> None:
    found = Retriever.of(TEXTS, base=tiny_base, words=False)
    assert found._dense is not None
    whitening = Whitening.of(found._dense.passages(TEXTS).astype(np.float16).astype(np.float32))
    vectors, asked = whitening(found._dense.passages(TEXTS)), whitening(found._dense.queries(["order address"]))
    cosines = (asked @ vectors.T)[0]
    order = [str(row) for row in np.argsort(-cosines, kind="stable").tolist() if row != 5]
    hits = found.search("order address", k=6)
    assert ids(hits) == order
    assert [hit.score for hit in hits] == pytest.approx(sorted(np.delete(cosines, 5).tolist(), reverse=True), abs=2e-3)


def test_both_orders_are_fused_by_their_places(tiny_base: str) -> None:
    both = Retriever.of(TEXTS, base=tiny_base)
    for hit in both.search("Where is my order?", k=6):
        assert hit.by_meaning is not None
        by_words = 0.0 if hit.by_words is None else 1 / (10 + hit.by_words)
        assert hit.score == pytest.approx(by_words + 2 / (10 + hit.by_meaning))


def test_many_queries_get_what_each_gets_alone(tiny_base: str) -> None:
    found = Retriever.of(TEXTS, base=tiny_base)
    queries = ["parcel", "系统", "battery died"]
    assert [ids(hits) for hits in found.search_all(queries, k=3)] == [
        ids(found.search(query, k=3)) for query in queries
    ]
    assert found.search_all([]) == []


def test_more_may_be_asked_for_than_there_is_and_equal_texts_are_found_once(
    tiny_base: str,
) -> None:
    found = Retriever.of(TEXTS, base=tiny_base)
    assert len(found.search("parcel", k=100)) == 6
    assert "5" not in ids(found.search("parcel", k=100))
    assert sorted(ids(found.search("parcel", k=2, repeats=True))) == ["1", "5"]  # equal texts, equal scores


def test_a_filter_is_a_function_or_values_of_meta() -> None:
    meta = [{"language": "zh" if row in (3, 4) else "en", "row": row} for row in range(len(TEXTS))]
    found = Retriever.of(TEXTS, base=None, meta=meta)
    assert ids(found.search("parcel order address", only={"language": "zh"})) == []
    assert ids(found.search("怎么", only={"language": "zh", "row": 4})) == ["4"]
    assert ids(found.search("parcel", only=lambda passage: passage.meta["row"] > 2)) == ["5"]  # the first was left out
    assert found.search("parcel")[0].meta == {"language": "en", "row": 1}


def test_texts_are_added_and_removed(tiny_base: str) -> None:
    found = Retriever.of(TEXTS[:2], base=tiny_base, ids=["a", "7"])
    assert found.add(["The telescope found water.", "系统升级"]) == ["8", "9"]
    assert found.add(["One more"], ids=["b"], meta=[{"x": 1}]) == ["b"]
    whole = Retriever.of([one.text for one in found.passages], base=tiny_base)
    for query in ("telescope", "系统", "reset"):
        assert [hit.text for hit in found.search(query)] == [hit.text for hit in whole.search(query)]
    found.remove(["a", "8"])
    assert len(found) == 3
    assert found.search("telescope", k=1)[0].id != "8"
    found.remove(["7", "9", "b"])
    assert found.search("anything") == []


def test_an_index_on_disk_finds_the_same_and_holds_nothing_that_could_run(tiny_base: str, tmp_path: Path) -> None:
    texts = [*TEXTS, "a line\u2028broken oddly"]
    found = Retriever.of(texts, base=tiny_base, meta=[{"row": row} for row in range(8)])
    found.save(tmp_path / "index")
    found.save(tmp_path / "index")  # replaces itself
    again = Retriever.load(tmp_path / "index")
    assert again.passages == found.passages
    for query in ("parcel", "系统", "oddly broken"):
        assert again.search(query) == found.search(query)
    again.add(["a telescope"])
    assert again.search("telescope", k=1)[0].id == "8"
    files = [path for path in (tmp_path / "index").rglob("*") if path.is_file()]
    assert {path.suffix for path in files} <= {".json", ".jsonl", ".safetensors"}
    moved = (tmp_path / "index").rename(tmp_path / "moved")
    assert len(Retriever.load(moved)) == 8
    words = Retriever.of(texts, base=None)
    words.save(tmp_path / "words")
    assert Retriever.load(tmp_path / "words").search("parcel") == words.search("parcel")


def test_a_damaged_index_is_a_plain_error(tmp_path: Path) -> None:
    Retriever.of(TEXTS, base=None).save(tmp_path / "index")
    with pytest.raises(UserError, match="there is no index"):
        Retriever.load(tmp_path)
    with pytest.raises(UserError, match="is no index"):
        Retriever.of(TEXTS, base=None).save(tmp_path)
    for name in ("passages.jsonl", "arrays.safetensors", "terms.json", "retriever.json"):
        Retriever.of(TEXTS, base=None).save(tmp_path / name)
        (tmp_path / name / name).write_bytes(b"garbage")
        with pytest.raises(UserError, match=r"damaged"):
            Retriever.load(tmp_path / name)
    card = json.loads((tmp_path / "index" / "retriever.json").read_text())
    (tmp_path / "index" / "retriever.json").write_text(json.dumps({**card, "format": 99}))
    with pytest.raises(UserError, match="newer"):
        Retriever.load(tmp_path / "index")


@pytest.mark.parametrize(
    ("ask", "problem"),
    [
        (lambda one: one.search("  "), "the query is empty"),
        (lambda one: one.search_all(["a", ""]), "the query is empty"),
        (lambda one: one.search_all("a"), "several queries"),
        (lambda one: one.search("a", k=0), "k is 0"),
        (lambda one: one.add("text"), "a list of texts"),
        (lambda one: one.add(["fine", " "]), "passage 1"),
        (lambda one: one.add(["x"], ids=["1"]), "the id 1 is given twice"),
        (lambda one: one.add(["x", "y"], ids=["q", "q"]), "the id q is given twice"),
        (lambda one: one.add(["x"], ids=["q", "r"]), "2 ids for 1"),
        (lambda one: one.remove(["nobody"]), "no passage with the id nobody"),
        (lambda one: Retriever.of(TEXTS, base=None, words=False), "finds nothing"),
        (lambda one: Retriever.of(TEXTS, base="no-such-base"), "no-such-base"),
        (lambda one: one.with_reranker("nothing-released"), "nothing-released"),
    ],
)
def test_what_cannot_be_is_said_in_words_and_changes_nothing(ask: Any, problem: str) -> None:
    found = Retriever.of(TEXTS, base=None)
    with pytest.raises(UserError, match=problem):
        ask(found)
    assert len(found) == len(TEXTS)


@pytest.mark.parametrize(("method", "task"), [("bi_encoder", "paraphrase"), ("cosine", "similarity")])
def test_a_release_that_reads_texts_one_by_one_can_index(model: Any, method: str, task: str, tmp_path: Path) -> None:
    found = Retriever.of(TEXTS, base=model(method, task), words=False)
    found.save(tmp_path / "index")
    assert Retriever.load(tmp_path / "index").search("striker") == found.search("striker")


def test_a_cross_encoder_looks_again_and_cannot_index(model: Any, tmp_path: Path) -> None:
    cross = model("full")
    with pytest.raises(UserError, match="reads both texts together"):
        Retriever.of(TEXTS, base=cross)
    plain = Retriever.of(TEXTS, base=None)
    found = plain.with_reranker(cross)
    hits = found.search("where is my parcel", k=3)
    chances = cross.predict([("where is my parcel", hit.text) for hit in hits]).probabilities[:, 1]
    assert [hit.score for hit in hits] == pytest.approx(chances.tolist(), abs=1e-5)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert ids(found.search("where is my parcel", rerank=0)) == ids(plain.search("where is my parcel"))
    found.save(tmp_path / "index")
    again = Retriever.load(tmp_path / "index").search("where is my parcel", k=3)
    assert ids(again) == ids(hits)


def test_which_answer_speaks_for_a_text_must_be_clear(model: Any) -> None:
    plain = Retriever.of(TEXTS, base=None)
    number = plain.with_reranker(model("probe", "ranking"))
    assert number.search("parcel")[0].score is not None
    strange = Model(tasks.build("matching", ("oben", "unten")), model("full").predictor, {}, {"name": "odd"})
    with pytest.raises(UserError, match="not clear: it has oben, unten"):
        plain.with_reranker(strange)
    assert plain.with_reranker(strange, label="oben") is not None
    single = Model(tasks.build("topic", ("a", "b")), model("full").predictor, {}, {"name": "single"})
    with pytest.raises(UserError, match="answers one text"):
        plain.with_reranker(single)


def test_threads_search_while_another_adds_and_removes(tiny_base: str) -> None:
    found, failed = Retriever.of(TEXTS, base=tiny_base), list[BaseException]()
    wanted = found.search("parcel", k=2, only=lambda passage: passage.id.isdecimal() and int(passage.id) < 7)

    def search() -> None:
        try:
            for _ in range(15):
                hits = found.search("parcel", k=2, only=lambda passage: int(passage.id) < 7)
                assert ids(hits) == ids(wanted)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for one in threads:
        one.start()
    for row in range(10):
        found.remove(found.add([f"striker {row}"]))
    for one in threads:
        one.join()
    assert not failed
    assert len(found) == len(TEXTS)


def test_it_is_one_of_the_public_names() -> None:
    assert haoqi.Retriever is Retriever
