import numpy as np
import pytest

from haoqi import methods, tasks
from haoqi.data.examples import Examples
from haoqi.methods import probe
from haoqi.methods.method import Job
from haoqi.models.bases import resolve
from haoqi.models.feature_store.store import FeatureStore
from haoqi.models.predictors.embedding_linear import EmbeddingLinear


@pytest.fixture(scope="module")
def job(tiny_base: str, tmp_path_factory: pytest.TempPathFactory) -> Job:
    folder = tmp_path_factory.mktemp("probe")
    texts = [f"{'The striker scored' if row % 2 else 'A new telescope found'} in minute {row}" for row in range(40)]
    train = Examples.of(texts, ["sport" if row % 2 else "tech" for row in range(40)])
    task = tasks.build("topic", ("sport", "tech"))
    return Job(task, train, train.take(range(8)), 0, FeatureStore(folder), resolve(tiny_base, folder / "cache"))


def fit(job: Job, **settings: float) -> EmbeddingLinear:
    predictor = methods.build("probe", **settings).fit(job)
    assert isinstance(predictor, EmbeddingLinear)
    return predictor


def test_what_was_learnt_is_known(job: Job) -> None:
    scores = np.asarray(fit(job).scores(job.train))
    assert [job.task.labels[place] for place in scores.argmax(axis=1)] == job.train.labels


def test_strength_that_is_given_is_used(job: Job) -> None:
    weak, strong = (np.abs(fit(job, strength=strength).directions).sum() for strength in (0.0001, 10.0))
    assert weak < strong


def test_strength_with_the_least_loss_on_held_out_examples_is_chosen() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(600, 20)).astype(np.float32)
    clear = vectors[:, 0] > 0
    noise = rng.random(600) > 0.5
    plain = Examples.of([""] * 600)
    for_clear, for_noise = (
        probe._best_strength(vectors, np.stack([one, ~one], axis=1), True, plain) for one in (clear, noise)
    )
    assert for_clear > for_noise


def test_copies_of_a_row_do_not_vouch_for_it() -> None:
    rng = np.random.default_rng(0)
    vectors, noise = rng.normal(size=(300, 60)).astype(np.float32), rng.random(300) > 0.5
    twice = np.tile(np.arange(300), 2)
    targets = np.stack([noise, ~noise], axis=1)[twice]
    known, unknown = Examples.of([""] * 300).take(twice), Examples.of([""] * 600)
    chosen, fooled = (probe._best_strength(vectors[twice], targets, True, rows) for rows in (known, unknown))
    assert chosen < fooled


def test_few_examples_are_enough(job: Job) -> None:
    few = Job(job.task, job.train.take([0, 1]), job.valid, 0, job.store, job.base)
    assert np.isfinite(np.asarray(fit(few).scores(job.valid))).all()


def test_embeddings_come_from_the_store_that_all_plans_share(job: Job) -> None:
    fit(job)
    before = {path.name for path in job.store.folder.rglob("*.safetensors")}
    fit(job, strength=0.1).scores(job.train)
    assert {path.name for path in job.store.folder.rglob("*.safetensors")} == before
