import json
import shutil
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import torch

from haoqi import pipeline, tasks
from haoqi.core.errors import UserError
from haoqi.core.events import Event, Note
from haoqi.data.examples import Examples, Splits
from haoqi.methods.method import Job, methods
from haoqi.models import model as model_files
from haoqi.models.bases import Base, Trimmed, load_encoder, load_tokenizer, resolve
from haoqi.models.encoders.embedder import Embedder
from haoqi.models.feature_store.store import FeatureStore
from haoqi.models.model import Model
from haoqi.models.predictor import Predictor
from haoqi.models.predictors.embedding_linear import EmbeddingLinear
from haoqi.models.predictors.encoder import Encoder
from haoqi.models.releases import releases
from haoqi.models.trim import trim
from haoqi.run import run_of

SEEN = ["这个酒店的房间很大", "电池第二天就坏了", "屏幕太暗", "服务也很好"]
UNSEEN = ["科学家在遥远的行星上发现了水。", "早餐不错，但是价格有点贵", "2024!", ""]
ENGLISH = ["The battery died on day two", "telescope, striker and minister"]


@pytest.fixture
def base(tiny_base: str, tmp_path: Path) -> Base:
    folder = tmp_path / "tiny"
    shutil.copytree(tiny_base, folder)
    return resolve(str(folder), tmp_path / "cache")


@pytest.fixture(autouse=True)
def _all_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trim, "WORTH_BYTES", 1)


def linear(base: Base) -> EmbeddingLinear:
    rng = np.random.default_rng(0)
    return EmbeddingLinear(Embedder(base), rng.normal(size=(8, 2)).astype(np.float32), np.zeros(2, np.float32))


def tuned(base: Base, folder: Path) -> Encoder:
    """Return an encoder that was tuned on the seen texts, its table left as the base has it."""
    examples = Examples.of(SEEN * 3, ["good", "bad"] * 6)
    job = Job(tasks.build("topic", ("bad", "good")), examples, examples, 0, FeatureStore(folder), base)
    found = methods.build("top_layers", epochs=2, batch_size=4, layers=1).fit(job)
    assert isinstance(found, Encoder)
    return found


def predictor(kind: str, base: Base, tmp_path: Path) -> Predictor:
    return linear(base) if kind == "frozen" else tuned(base, tmp_path / "features")


def scores(found: Predictor, texts: list[str]) -> Any:
    return np.asarray(found.scores(Examples.of(texts)))


def base_of(found: Predictor) -> Base:
    base: Base = found.base  # type: ignore[attr-defined]
    return base


def splits(texts: list[str]) -> Splits:
    examples = Examples.of(texts, ["good", "bad"] * (len(texts) // 2))
    return Splits(examples, examples, examples)


KINDS = pytest.mark.parametrize("kind", ["frozen", "tuned"])


@KINDS
def test_texts_in_kept_scripts_get_the_same_logits_to_the_bit(kind: str, base: Base, tmp_path: Path) -> None:
    whole = predictor(kind, base, tmp_path)
    small, kept = trim.trim(whole, SEEN, tmp_path / "small", half=False)
    assert [(one.scripts, one.rounded, one.cut) for one in kept] == [(("Han",), False, True)]
    np.testing.assert_array_equal(scores(small, SEEN + UNSEEN), scores(whole, SEEN + UNSEEN))
    assert np.isfinite(scores(small, ENGLISH)).all()
    assert (scores(small, ENGLISH) != scores(whole, ENGLISH)).any()


@KINDS
def test_copy_is_smaller_and_says_what_it_kept(kind: str, base: Base, tmp_path: Path) -> None:
    whole = predictor(kind, base, tmp_path)
    before = {path.name: path.read_bytes() for path in base.folder.iterdir()}
    small, (kept,) = trim.trim(whole, SEEN, tmp_path / "small", half=False)
    assert {path.name: path.read_bytes() for path in base.folder.iterdir()} == before
    own = base_of(small)
    table = load_encoder(own).get_input_embeddings().weight
    assert len(table) == kept.tokens == load_tokenizer(own).get_vocab_size() < kept.whole
    assert kept.whole == len(load_encoder(base).get_input_embeddings().weight)
    assert own.trimmed == kept
    assert kept.to_plain()["pieces"] == kept.tokens  # the key that earlier releases have
    assert Trimmed.from_plain(kept.to_plain()) == kept
    assert kept.base == base.fingerprint
    assert own.name == base.name
    assert own.card.parameters == sum(one.numel() for one in load_encoder(own).parameters())


@KINDS
def test_copy_is_another_object_than_its_base(kind: str, base: Base, tmp_path: Path) -> None:
    small, _ = trim.trim(predictor(kind, base, tmp_path), SEEN, tmp_path / "small", half=False)
    assert base_of(small).fingerprint != base.fingerprint
    store = FeatureStore(tmp_path / "both")
    store.embeddings(base, SEEN)
    store.embeddings(base_of(small), SEEN)
    found = {path.name[:32] for path in (tmp_path / "both").glob("*-embeddings*")}
    assert found == {base.fingerprint, base_of(small).fingerprint}


@KINDS
def test_what_was_trimmed_is_saved_with_its_copy_and_read_again(kind: str, base: Base, tmp_path: Path) -> None:
    small, (kept,) = trim.trim(predictor(kind, base, tmp_path), SEEN, tmp_path / "small", half=False)
    task = tasks.build("topic", ("bad", "good"))
    # There is nowhere else to find it, so that a mere reference would be lost.
    Model(task, small).save(tmp_path / "model", standalone=False)
    expected = scores(small, SEEN + ENGLISH)
    shutil.rmtree(tmp_path / "small")
    again = model_files.load(tmp_path / "model", tmp_path / "nowhere").predictor
    assert base_of(again).trimmed == kept
    assert base_of(again).fingerprint == base_of(small).fingerprint
    np.testing.assert_array_equal(scores(again, SEEN + ENGLISH), expected)


@KINDS
def test_restored_copy_reads_all_scripts_as_before(kind: str, base: Base, tmp_path: Path) -> None:
    whole = predictor(kind, base, tmp_path)
    small, (kept,) = trim.trim(whole, SEEN, tmp_path / "small", half=False)
    again = trim.restore(small, tmp_path / "again", tmp_path / "cache")
    assert base_of(again).trimmed is None
    assert base_of(again).fingerprint == base.fingerprint
    assert base_of(again).card.parameters == base.card.parameters
    assert load_encoder(base_of(again)).config.vocab_size == kept.whole
    np.testing.assert_array_equal(scores(again, SEEN + ENGLISH), scores(whole, SEEN + ENGLISH))


def test_restored_table_keeps_what_was_learnt_and_takes_the_rest_from_the_base(base: Base, tmp_path: Path) -> None:
    whole = tuned(base, tmp_path / "features")
    row = load_tokenizer(base).token_to_id("酒")
    with torch.no_grad():
        whole.model.encoder.get_input_embeddings().weight[row] += 1  # type: ignore[operator]
    expected = whole.model.encoder.get_input_embeddings().weight.detach().clone()  # type: ignore[operator]
    open_to_all = Encoder.of(whole.model, whole.reader, whole.base, None)
    small, _ = trim.trim(open_to_all, SEEN, tmp_path / "small", half=False)
    again = trim.restore(small, tmp_path / "again", tmp_path / "cache")
    assert isinstance(again, Encoder)
    assert torch.equal(again.model.encoder.get_input_embeddings().weight, expected)  # type: ignore[operator]
    assert not torch.equal(expected, load_encoder(base).get_input_embeddings().weight)


def test_restoring_refuses_another_base(base: Base, tmp_path: Path) -> None:
    small, _ = trim.trim(linear(base), SEEN, tmp_path / "small", half=False)
    config = base.folder / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text("utf-8")) | {"note": 1}), encoding="utf-8")
    with pytest.raises(UserError, match="not the one whose tokens"):
        trim.restore(small, tmp_path / "again", tmp_path / "cache")


def test_restoring_what_is_whole_changes_nothing(base: Base, tmp_path: Path) -> None:
    again = trim.restore(linear(base), tmp_path / "again", tmp_path / "cache")
    assert base_of(again).fingerprint == base.fingerprint
    np.testing.assert_array_equal(scores(again, ENGLISH), scores(linear(base), ENGLISH))


def test_texts_that_need_what_was_left_out_are_told(base: Base, tmp_path: Path) -> None:
    _, (kept,) = trim.trim(linear(base), SEEN, tmp_path / "small", half=False)
    assert trim.unfamiliar(kept, UNSEEN) == {}
    assert trim.unfamiliar(kept, ["好abc"]) == {"Latin": 0.75}


@KINDS
def test_rounded_weights_take_half_the_space(kind: str, base: Base, tmp_path: Path) -> None:
    whole = predictor(kind, base, tmp_path)
    small, (kept,) = trim.trim(whole, SEEN + ENGLISH * 4, tmp_path / "small", half=True)
    assert (kept.cut, kept.rounded, kept.scripts) == (False, True, ())
    weights = next((tmp_path / "small").rglob("model.safetensors"))
    assert weights.stat().st_size < 0.6 * (base.folder / "model.safetensors").stat().st_size
    np.testing.assert_allclose(scores(small, SEEN + ENGLISH), scores(whole, SEEN + ENGLISH), atol=0.02)


def champion(base: Base) -> Model:
    return Model(tasks.build("topic", ("bad", "good")), linear(base), facts={"method": "probe", "base": "tiny"})


def test_a_release_is_smaller_only_while_its_answers_stay(
    base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Event] = []
    with trim.smaller(champion(base), splits(SEEN), tmp_path, heard.append) as found:
        kept = base_of(found.predictor).trimmed
        assert kept is not None
        assert (kept.cut, kept.rounded) == (True, True)
        assert found.facts["pieces"].endswith("written in Han")
        assert "16 bits" in found.facts["weights"]
        assert found.facts["method"] == "probe"
    assert isinstance(heard[-1], Note)
    assert not (tmp_path / "smaller").exists()
    monkeypatch.setattr(trim, "_same_answers", lambda *_: False)
    with trim.smaller(champion(base), splits(SEEN), tmp_path) as found:
        kept = base_of(found.predictor).trimmed
        assert kept is not None
        assert (kept.cut, kept.rounded) == (True, False)
        assert "weights" not in found.facts


@pytest.mark.parametrize("judges", [0, 4])
def test_answers_that_must_stay_are_there_without_validation_examples(
    judges: int, base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Examples] = []
    monkeypatch.setattr(trim, "_same_answers", lambda model, other, examples: bool(asked.append(examples)) or True)
    found = splits(SEEN)
    found = Splits(found.train, found.train.take(range(judges)), found.train)
    with trim.smaller(champion(base), found, tmp_path) as model:
        assert model.facts["weights"].endswith(f"none of {judges or len(SEEN)} answers")
    assert asked[0] == (found.valid if judges else found.train)


def test_answers_are_compared_one_by_one(base: Base) -> None:
    model = champion(base)
    other = Model(model.task, EmbeddingLinear(Embedder(base), -linear(base).directions, np.zeros(2, np.float32)))
    assert trim._same_answers(model, model, Examples.of(SEEN))
    assert not trim._same_answers(model, other, Examples.of(SEEN))


def test_where_little_is_saved_the_model_stays_as_it_is(
    base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trim, "WORTH_BYTES", 1_000_000)
    model = champion(base)
    with trim.smaller(model, splits(SEEN), tmp_path) as found:
        assert found is model


def test_a_model_without_a_base_is_not_even_written(base: Base, tmp_path: Path) -> None:
    model = Model(tasks.build("topic", ("bad", "good")), linear(base), facts={"method": "tfidf", "base": None})
    with trim.smaller(model, splits(SEEN), tmp_path) as found:
        assert found is model
        assert not list((tmp_path / "smaller").glob("*"))


def test_what_was_trimmed_once_is_not_trimmed_again(base: Base, tmp_path: Path) -> None:
    small, _ = trim.trim(linear(base), SEEN, tmp_path / "small", half=True)
    again, kept = trim.trim(small, ["好"], tmp_path / "again", half=True)
    assert again is small
    assert kept == []


def test_a_vocabulary_that_cannot_be_cut_is_left_alone_and_that_is_said(base: Base, tmp_path: Path) -> None:
    file = base.folder / "tokenizer.json"
    plain = json.loads(file.read_text("utf-8"))
    plain["model"]["vocab"]["##ж"] = len(plain["model"]["vocab"])
    file.write_text(json.dumps(plain), encoding="utf-8")
    heard: list[Event] = []
    changed = resolve(str(base.folder), tmp_path / "cache")
    same, kept = trim.trim(linear(changed), SEEN, tmp_path / "small", half=False, listen=heard.append)
    assert kept == []
    assert base_of(same) == changed
    [note] = [one for one in heard if isinstance(one, Note)]
    assert "ж" in note.text


def test_a_release_holds_the_smaller_copy_and_the_run_the_whole_one(
    tiny_base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    monkeypatch.setenv("HAOQI_HOME", str(tmp_path / "home"))
    rng, letters = Random(0), sorted(set("".join(SEEN)))
    rows = [f"{''.join(rng.sample(letters, 9))},{'good' if number % 2 else 'bad'}" for number in range(80)]
    (tmp_path / "zh.csv").write_text("\n".join(["text,label", *rows]) + "\n", encoding="utf-8")
    heard: list[Event] = []
    run = run_of(str(tmp_path / "zh.csv"), steps=1, base=(tiny_base,), methods=("probe",), folds=0)
    release = pipeline.improve(run, heard.append)
    assert any(isinstance(one, Note) and "smaller than its base" in one.text for one in heard)
    assert "Han" in release.facts["pieces"]
    assert "Han" in (release.folder / "README.md").read_text("utf-8")
    model = releases.load("zh")
    assert base_of(model.predictor).trimmed is not None
    assert not list((tmp_path / "home" / "runs").rglob("smaller"))
    (master,) = (tmp_path / "home" / "runs").rglob("model.json")
    assert base_of(model_files.load(master.parent).predictor).trimmed is None
