from pathlib import Path

import numpy as np
import pytest

from haoqi import methods, tasks
from haoqi.data.examples import Examples
from haoqi.methods.method import Job
from haoqi.methods.zero_shot import ZeroShot
from haoqi.models.bases import resolve
from haoqi.models.feature_store.store import FeatureStore


@pytest.fixture(scope="module")
def job(tiny_base: str, tmp_path_factory: pytest.TempPathFactory) -> Job:
    folder = tmp_path_factory.mktemp("zero")
    task = tasks.build("topic", ("bank shares", "telescope"), {"telescope": "stars and distant planets"})
    train = Examples.of(["The striker scored twice.", "A new telescope"], ["telescope", "bank shares"])
    return Job(task, train, train, 0, FeatureStore(folder), resolve(tiny_base, folder / "cache"))


def test_label_is_put_into_words_in_its_own_language() -> None:
    method = ZeroShot()
    assert method.words("world_news") == ["world news", "This text is about world news."]
    assert method.words("体育", "比赛") == ["体育", "这段文字是关于体育的。", "比赛"]
    assert ZeroShot(template="On {label}!").words("a-b", "ignored") == ["On a b!"]


def test_text_that_says_what_a_label_means_gets_this_label(job: Job) -> None:
    predictor = methods.build("zero_shot", centre=False, template="{label}").fit(job)
    scores = np.asarray(predictor.scores(Examples.of(["bank shares", "telescope"])))
    assert list(scores.argmax(axis=1)) == [0, 1]


def test_labels_of_the_examples_are_never_looked_at(job: Job) -> None:
    blind = Job(job.task, Examples.of(job.train.texts), job.valid, 0, job.store, job.base)
    one, other = (methods.build("zero_shot").fit(each).scores(job.valid) for each in (job, blind))
    assert np.array_equal(one, other)


def test_centred_scores_are_zero_on_average_over_the_training_texts(job: Job) -> None:
    scores = np.asarray(methods.build("zero_shot").fit(job).scores(job.train))
    np.testing.assert_allclose(scores.mean(axis=0), 0, atol=1e-4)


def test_no_training_text_is_no_obstacle(job: Job, tmp_path: Path) -> None:
    empty = Job(job.task, Examples.of([]), job.valid, 0, job.store, job.base)
    assert np.isfinite(methods.build("zero_shot").fit(empty).scores(job.valid)).all()
