"""Small networks over token vectors: what they learn, in what time, and what they need to answer."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haoqi import methods, tasks
from haoqi.data.examples import Examples, Span
from haoqi.methods.method import Job, Progress
from haoqi.models.bases import Base, load_encoder
from haoqi.models.feature_store.store import FeatureStore
from haoqi.models.networks.token_table import token_table
from haoqi.models.predictors.token_network import TokenNetworkPredictor
from haoqi.train.loop import checkpoint

TEXTS = ["The match was bright", "The match was broken", "A bright planet", "A broken planet"] * 12
LABELS = ["good", "bad", "good", "bad"] * 12
NAMED = ["Peter flew to London", "London sang to Peter", "Peter trained in Paris", "Paris fell"] * 8
PLACES = [(Span(14, 20, "LOC"),), (Span(0, 6, "LOC"),), (Span(17, 22, "LOC"),), (Span(0, 5, "LOC"),)] * 8


def job_of(base: Base, **changes: Any) -> Job:
    examples = Examples.of(TEXTS, LABELS)
    store = FeatureStore(base.folder.parent / "features")
    given = {"task": tasks.build("topic", ("bad", "good")), "train": examples, "valid": examples, "seed": 0}
    return Job(**{**given, "store": store, "base": base, **changes})


@pytest.mark.parametrize("name", ["cnn", "bilstm"])
def test_a_word_that_decides_is_found_and_every_parameter_that_shall_learn_does(name: str, base: Base) -> None:
    predictor = methods.build(name, epochs=12, learning_rate=5e-3, dropout=0.1).fit(job_of(base))
    assert isinstance(predictor, TokenNetworkPredictor)
    found = np.asarray(predictor.scores(Examples.of(["A bright match", "The broken match"])))
    assert found.argmax(axis=1).tolist() == [1, 0]
    network, units = predictor.network(), {"cnn": 100, "bilstm": 96}[name]
    tokens, width = network.table.weight.shape
    body = sum(weight.numel() for weight in network.body.parameters())
    if name == "cnn":
        assert body == sum(size * width * units + units for size in (3, 4, 5))
    else:
        assert body == 2 * 4 * units * (width + units + 2)
    assert (tokens, width) == load_encoder(base).get_input_embeddings().weight.shape


def test_names_are_found_by_the_words_around_them_and_by_each_other(base: Base) -> None:
    examples = Examples.of(NAMED, PLACES)
    task = tasks.build("entities", ("LOC",))
    job = job_of(base, task=task, train=examples, valid=examples)
    predictor = methods.build("bilstm_crf", epochs=40, learning_rate=5e-3, dropout=0.0, batch_size=8).fit(job)
    asked = Examples.of(NAMED[:4])
    scores = predictor.scores(asked)
    assert task.output.decode(scores, asked).labels == PLACES[:4]
    for words in scores:  # they are log probabilities
        np.testing.assert_allclose(np.exp(words).sum(axis=1), 1.0, atol=1e-4)


def test_numbers_come_in_their_own_unit(base: Base) -> None:
    examples = Examples.of(TEXTS, [150.0 if label == "good" else 50.0 for label in LABELS])
    job = job_of(base, task=tasks.build("regression", ()), train=examples, valid=examples)
    found = methods.build("cnn", epochs=20, learning_rate=5e-3, dropout=0.1).fit(job).scores(Examples.of(TEXTS[:2]))
    np.testing.assert_allclose(np.asarray(found)[:, 0], [150.0, 50.0], atol=25)


def test_vectors_of_tokens_that_no_text_holds_stay_those_of_the_base(base: Base) -> None:
    predictor = methods.build("cnn", epochs=2).fit(job_of(base))
    assert isinstance(predictor, TokenNetworkPredictor)
    found = predictor.network().table.weight.numpy()
    wanted = token_table(base, 128).astype(np.float16).astype(np.float32)
    same = (found == wanted).all(axis=1)
    read = predictor.reader.read(Examples.of(TEXTS)).ids
    used = np.unique(np.concatenate(read))
    assert same.sum() >= len(same) - len(used) - 1
    assert not same[used].all()


def test_a_training_that_was_stopped_goes_on_where_it_was(
    base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second call finds the checkpoint of the first, and ends as if nothing had been."""
    monkeypatch.setattr("haoqi.train.loop.loop._CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr("haoqi.train.loop.loop._REPORTS_PER_SECOND", 1e9)
    asked, method = Examples.of(TEXTS[:4]), methods.build("cnn", epochs=3)
    wanted = method.fit(job_of(base)).scores(asked)

    class StoppedError(Exception):
        pass

    def interrupt(progress: Progress) -> None:
        if progress.share > 0.6:
            raise StoppedError

    with pytest.raises(StoppedError):
        method.fit(job_of(base, folder=tmp_path, report=interrupt))
    assert (tmp_path / checkpoint.FILE).exists()
    np.testing.assert_allclose(method.fit(job_of(base, folder=tmp_path)).scores(asked), wanted, atol=1e-6)


@pytest.mark.parametrize("name", ["cnn", "bilstm"])
def test_without_time_a_step_is_taken(name: str, base: Base) -> None:
    found = methods.build(name, epochs=50).fit(job_of(base, seconds=0.0)).scores(Examples.of(TEXTS[:2]))
    assert np.isfinite(np.asarray(found)).all()


@pytest.mark.parametrize("name", ["cnn", "static"])
def test_of_a_large_vocabulary_what_the_texts_can_need_is_kept_and_they_score_the_same(
    name: str, base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chinese = Examples.of(["房间很大", "电池坏了", "服务很好", "屏幕太暗"] * 6, LABELS[:24])
    job, asked = job_of(base, train=chinese, valid=chinese), Examples.of([*chinese.texts[:4], "早餐不错", "2!"])
    whole: Any = methods.build(name).fit(job)
    monkeypatch.setattr("haoqi.methods._vocabulary.MANY", 100)
    small: Any = methods.build(name).fit(job)
    np.testing.assert_allclose(small.scores(asked), whole.scores(asked), atol=1e-5)
    tables = [one.embedder.table if name == "static" else one.network().table.weight for one in (small, whole)]
    assert len(tables[0]) < len(tables[1])
    small.save(tmp_path, standalone=True)
    np.testing.assert_array_equal(type(small).load(tmp_path, tmp_path).scores(asked), small.scores(asked))
