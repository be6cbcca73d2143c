"""A bi-encoder draws together what belongs together; its losses are those of the papers."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from haoqi import methods, tasks
from haoqi.data.examples import Examples
from haoqi.methods._pair_batches import PairBatch, PairBatches
from haoqi.methods.bi_encoder import correlation_loss, in_batch_loss, order_loss
from haoqi.methods.method import Job
from haoqi.models.bases import resolve
from haoqi.models.encoders.model_input import Reading
from haoqi.models.feature_store.store import FeatureStore
from haoqi.models.predictors.bi_encoder import BiEncoder

RNG = np.random.default_rng(3)


def unit(rows: int, width: int = 4) -> torch.Tensor:
    found = torch.from_numpy(RNG.normal(size=(rows, width)).astype(np.float32))
    return torch.nn.functional.normalize(found, dim=1)


class Given:
    """Stands for a model whose vectors are known."""

    def __init__(self, vectors: torch.Tensor) -> None:
        self.known = vectors

    def features(self, part: Any) -> torch.Tensor:
        return self.known[part]


def batch(
    targets: list[float], queries: list[int], counting: list[float] | None = None, items: list[int] | None = None
) -> PairBatch:
    count = len(targets)
    return PairBatch(
        [torch.arange(count), torch.arange(count, 2 * count)],  # type: ignore[list-item]
        torch.arange(2 * count),
        torch.tensor(targets),
        torch.tensor(queries),
        torch.arange(count) if items is None else torch.tensor(items),
        torch.tensor(counting or [1.0] * count),
    )


def test_order_loss_is_that_of_all_pairs_in_the_wrong_order() -> None:
    vectors, targets = unit(8), [0.0, 1.0, 0.5, 1.0]
    cosines = (vectors[:4] * vectors[4:]).sum(dim=1).tolist()
    wanted = 1.0
    for one in range(4):
        for other in range(4):
            if targets[one] > targets[other]:
                wanted += np.exp((cosines[other] - cosines[one]) / 0.05)
    found = order_loss(0.05)(Given(vectors), batch(targets, [0, 1, 2, 3]))  # type: ignore[arg-type]
    assert float(found) == pytest.approx(4 * np.log(wanted), rel=1e-4)


def test_correlation_loss_is_one_less_the_correlation() -> None:
    vectors, targets = unit(16), RNG.normal(size=8).tolist()
    cosines = (vectors[:8] * vectors[8:]).sum(dim=1).numpy()
    found = correlation_loss()(Given(vectors), batch(targets, list(range(8))))  # type: ignore[arg-type]
    assert float(found) == pytest.approx(8 * (1 - np.corrcoef(cosines, targets)[0, 1]), rel=1e-3)
    twice = [1.0] * 7 + [2.0]
    known = np.cov(cosines, targets, fweights=[1] * 7 + [2])
    weighed = correlation_loss()(Given(vectors), batch(targets, list(range(8)), twice))  # type: ignore[arg-type]
    wanted = 9 * (1 - known[0, 1] / np.sqrt(known[0, 0] * known[1, 1]))
    assert float(weighed) == pytest.approx(wanted, rel=1e-3)
    assert float(correlation_loss()(Given(vectors), batch([1.0] * 8, list(range(8))))) == pytest.approx(8.0)  # type: ignore[arg-type]


def test_in_batch_loss_is_a_softmax_over_second_texts_without_other_right_answers() -> None:
    vectors = unit(8)
    first, second = vectors[:4].numpy(), vectors[4:].numpy()
    targets, queries = [1.0, 0.0, 1.0, 1.0], [0, 0, 1, 0]  # the last pair is another right answer to the first query
    wanted = 0.0
    for row, others in ((0, [0, 1, 2]), (2, [0, 1, 2, 3]), (3, [1, 2, 3])):
        near = {other: float(np.exp(first[row] @ second[other] / 0.1)) for other in others}
        wanted -= np.log(near[row] / sum(near.values()))
    found = in_batch_loss(0.1)(Given(vectors), batch(targets, queries))  # type: ignore[arg-type]
    assert float(found) == pytest.approx(wanted, rel=1e-4)


def test_a_text_that_is_right_for_two_queries_is_wrong_for_neither() -> None:
    vectors = unit(4)
    other = vectors.clone()
    apart = in_batch_loss(0.1)(Given(vectors), batch([1.0, 1.0], [0, 1]))  # type: ignore[arg-type]
    shared = in_batch_loss(0.1)(Given(other), batch([1.0, 1.0], [0, 1], items=[7, 7]))  # type: ignore[arg-type]
    assert float(apart) > 0.01
    assert float(shared) == pytest.approx(0.0, abs=1e-5)


def test_steps_hold_each_right_answer_once_with_wrong_ones_of_its_query() -> None:
    texts = [f"q{row // 5}" for row in range(30)]
    examples = replace(Examples.of(texts, [0.0] * 30), pairs=texts)
    targets = np.array([1.0 if row % 5 == 0 else 0.0 for row in range(30)], np.float32)
    reading = Reading([np.arange(3, dtype=np.int64)] * 60)
    batches = PairBatches(reading, targets, examples, 8, by_query=True)
    steps = batches.epoch(np.random.default_rng(0))
    rows = np.concatenate([parts[0] for parts in steps])
    assert sorted(rows[targets[rows] > 0].tolist()) == [0, 5, 10, 15, 20, 25]
    assert len(rows) == 6 * 4
    for [step] in steps:
        assert len(step) <= 8
        own = {texts[row] for row in step.tolist() if targets[row] > 0}
        assert {texts[row] for row in step.tolist()} == own
    plain = PairBatches(reading, targets, examples, 8).epoch(np.random.default_rng(0))
    assert sorted(np.concatenate([parts[0] for parts in plain]).tolist()) == list(range(30))


@pytest.mark.parametrize("task", ["paraphrase", "similarity", "matching", "ranking", "entailment"])
def test_it_learns_what_belongs_together(task: str, tiny_base: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    base = resolve(tiny_base, tmp_path_factory.mktemp("cache"))
    words = ("striker", "telescope", "minister", "coffee")
    rng, texts, pairs, labels = np.random.default_rng(0), list[str](), list[str](), list[Any]()
    for row in range(96):
        one, other = (int(part) for part in rng.integers(4, size=2))
        other = one if row % 2 else other
        texts.append(f"{words[one]} {row % 7} said")
        pairs.append(f"about the {words[other]} on day {row % 5}")
        labels.append(one == other)
    known = {"entailment": ("a", "b", "c"), "ranking": (), "similarity": ()}.get(task, ("different", "same"))
    built = tasks.build(task, known)
    if not known:
        labels = [float(label) for label in labels]
    elif task == "entailment":
        labels = ["a" if label else "c" if row % 3 else "b" for row, label in enumerate(labels)]
    else:
        labels = [("different", "same")[label] for label in labels]
    examples = replace(Examples.of(texts, labels), pairs=pairs)
    method = methods.build("bi_encoder", epochs=8, learning_rate=1e-3, batch_size=8)
    job = Job(built, examples, examples.take([]), 0, FeatureStore(tmp_path_factory.mktemp("features")), base)
    predictor = method.fit(job)
    assert isinstance(predictor, BiEncoder)
    right = np.array([label in (1.0, "same", "a") for label in labels])
    vectors = predictor.vectors([*texts, *pairs])
    np.testing.assert_allclose((vectors**2).sum(axis=1), 1, rtol=1e-4)
    if task != "entailment":
        cosines = (vectors[:96] * vectors[96:]).sum(axis=1)
        assert (cosines[right][:, None] > cosines[~right][None, :]).mean() > 0.75
        assert predictor.directions.shape[0] == 1
    answers = built.output.decode(np.asarray(predictor.scores(examples)), examples)
    assert built.metric(examples, answers, built) > {"similarity": 0.6, "entailment": 0.4}.get(task, 0.8)
