import copy
import json
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from haoqi import tasks
from haoqi.core.errors import UserError
from haoqi.data.examples import Examples, Span
from haoqi.models import model as models
from haoqi.models.model import Model
from haoqi.models.predictors.constant import Constant

LABELS = ("negative", "neutral", "positive")


@pytest.fixture
def model() -> Model:
    task = tasks.build("sentiment", LABELS, {"neutral": "neither good nor bad"})
    predictor = Constant(np.array([0.0, 1.0, 3.0], np.float32))
    return Model(task, predictor, calibration={"temperature": 2.0}, facts={"method": "majority", "settings": {}})


def test_one_text_gives_its_label_confidence_and_all_scores_highest_first(model: Model) -> None:
    answer = model("fine")
    assert answer.label == "positive"
    assert list(answer.scores) == ["positive", "neutral", "negative"]
    assert answer.confidence == pytest.approx(answer.scores["positive"])
    assert sum(answer.scores.values()) == pytest.approx(1.0)


def test_confidence_is_calibrated(model: Model) -> None:
    plain = Model(model.task, model.predictor)
    assert plain("fine").confidence > model("fine").confidence


def test_spans_come_with_a_confidence_each() -> None:
    task = tasks.build("entities", ("PER",))
    model = Model(task, Constant(np.array([0.0, 5.0, 0.0], np.float32), per_word=True))
    answer = model("Ann met Bob")
    assert answer.label == (Span(0, 3, "PER"), Span(4, 7, "PER"), Span(8, 11, "PER"))
    assert [span for span, _ in answer.spans] == list(answer.label)
    assert all(0 < confidence < 1 for _, confidence in answer.spans)


def test_model_is_the_same_after_a_round_trip(model: Model, tmp_path: Path) -> None:
    model.save(tmp_path / "deep" / "model")
    again = models.load(tmp_path / "deep" / "model")
    assert (again.task, again.calibration, again.facts) == (model.task, model.calibration, model.facts)
    assert again("fine") == model("fine")
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["model"]


def test_saving_over_a_model_replaces_it(model: Model, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    Model(model.task, Constant(np.array([9.0, 0.0, 0.0], np.float32))).save(tmp_path / "model")
    assert models.load(tmp_path / "model")("fine").label == "negative"


def test_failed_save_leaves_nothing_and_the_old_model_whole(model: Model, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    broken = Model(model.task, model.predictor, facts={"made by": object()})
    with pytest.raises(TypeError):
        broken.save(tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert models.load(tmp_path / "model")("fine").label == "positive"


def test_stream_asks_for_a_batch_at_a_time(model: Model) -> None:
    asked = []

    def texts() -> Iterator[str]:
        for number in range(1000):
            asked.append(number)
            yield f"text {number}"

    answers = model.stream(texts(), batch=10)
    next(answers)
    assert len(asked) == 10
    assert sum(1 for _ in answers) == 999


def test_stream_holds_a_batch_at_a_time_however_long_it_is(model: Model) -> None:
    def peak(texts: int) -> int:
        tracemalloc.start()
        for _ in model.stream(("x" * 1000 + str(number) for number in range(texts)), batch=20):
            pass
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    peak(20)
    assert peak(2000) < 1.5 * peak(200)


def test_no_text_gives_no_answer(model: Model) -> None:
    assert len(model.predict([])) == 0
    assert list(model.stream([])) == []


def test_examples_and_plain_texts_are_answered_alike(model: Model) -> None:
    texts = ["good", "bad"]
    assert model.predict(Examples.of(texts)).labels == model.predict(texts).labels


@pytest.mark.parametrize("texts", ["one text", ["fine", None], [float("nan")], [b"bytes"]])
def test_what_is_no_list_of_texts_is_refused(model: Model, texts: object) -> None:
    with pytest.raises(UserError, match="text"):
        model.predict(texts)  # type: ignore[arg-type]


def test_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no model in"):
        models.load(tmp_path / "nothing")


def test_model_of_a_newer_format_is_refused(model: Model, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    card = tmp_path / "model" / "model.json"
    card.write_text(json.dumps(json.loads(card.read_text("utf-8")) | {"format": 2}), encoding="utf-8")
    with pytest.raises(UserError, match="format 2"):
        models.load(tmp_path / "model")


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"format": 1}'])
def test_damaged_card_is_refused(model: Model, tmp_path: Path, content: str) -> None:
    model.save(tmp_path / "model")
    (tmp_path / "model" / "model.json").write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match="damaged"):
        models.load(tmp_path / "model")


@pytest.mark.parametrize("harm", ["missing", "short", "changed"])
def test_damaged_file_is_refused_by_name(model: Model, tmp_path: Path, harm: str) -> None:
    model.save(tmp_path / "model")
    models.verify(tmp_path / "model")
    file = tmp_path / "model" / "predictor" / "arrays.safetensors"
    content = file.read_bytes()
    file.unlink()
    if harm != "missing":
        file.write_bytes(content[:-1] if harm == "short" else content[:-1] + bytes([content[-1] ^ 1]))
    for read in (models.load, models.verify):
        with pytest.raises(UserError, match=r"arrays\.safetensors"):
            read(tmp_path / "model")


def test_large_files_are_read_whole_only_by_verify(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.save(tmp_path / "model")
    file = tmp_path / "model" / "predictor" / "arrays.safetensors"
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    monkeypatch.setattr(models, "READ_AT_LOAD", 10)
    assert models.load(tmp_path / "model").task == model.task
    with pytest.raises(UserError, match="changed"):
        models.verify(tmp_path / "model")


@pytest.mark.parametrize("safe", [True, False, None])
def test_a_thread_waits_while_another_asks_unless_the_predictor_says_that_it_need_not(safe: bool | None) -> None:
    @dataclass
    class Looks:
        """Looks whether another thread would be let in while it answers."""

        free: list[bool]

        def scores(self, examples: Examples, progress: object = None) -> np.ndarray:
            def come() -> bool:
                if found := model.mutex._lock.acquire(blocking=False):
                    model.mutex._lock.release()
                return found

            with ThreadPoolExecutor(1) as pool:
                self.free.append(pool.submit(come).result())
            return np.tile(np.array([0.0, 1.0, 3.0], np.float32), (len(examples), 1))

    if safe is not None:
        Looks.thread_safe = safe  # type: ignore[attr-defined]
    looks = Looks([])
    model = Model(tasks.build("sentiment", LABELS), looks)  # type: ignore[arg-type]
    assert model.thread_safe is bool(safe)
    model("good")
    model.predict(["good", "bad"])
    model.scores(["good"])
    assert looks.free == [bool(safe)] * 3


def test_models_of_one_predictor_wait_for_each_other_and_copies_do_not() -> None:
    model = Model(tasks.build("sentiment", LABELS), Constant(np.array([0.0, 1.0, 3.0], np.float32)))
    assert replace(model, facts={"method": "majority"}).mutex is model.mutex
    again = copy.deepcopy(model)
    assert again.mutex is not model.mutex
    with model.mutex, again.mutex:
        assert again("good").label == model("good").label


def test_half_a_surrogate_pair_is_answered_as_one_character() -> None:
    class Listens(Constant):
        def scores(self, examples: Examples, progress: object = None) -> np.ndarray:  # type: ignore[override]
            heard.extend(examples.texts)
            return super().scores(examples)

    heard: list[str] = []
    model = Model(tasks.build("sentiment", LABELS), Listens(np.array([0.0, 1.0, 3.0], np.float32)))
    assert model("so good \ud83d!").label == "positive"
    assert heard == ["so good \ufffd!"]


class OrderBound:
    """Gives other numbers where two texts change places, as arithmetic in eight bits may."""

    thread_safe = True

    def scores(self, examples: Examples, progress: object = None) -> np.ndarray:
        both = zip(examples.texts, examples.second_texts, strict=True)
        return np.array([[len(one) - len(other) / 2] for one, other in both], np.float32)


def test_where_the_order_of_two_texts_is_nothing_both_orders_are_answered_to_the_last_bit() -> None:
    asked = [("a cat", "one more dog"), ("z", "a bird")]
    turned = [(other, one) for one, other in asked]
    alike = Model(tasks.build("similarity", ()), OrderBound())  # type: ignore[arg-type]
    assert alike.predict(asked).labels == alike.predict(turned).labels
    ordered = Model(tasks.build("entailment", ("no", "yes")), OrderBound())  # type: ignore[arg-type]
    assert (ordered.scores(asked) != ordered.scores(turned)).all()
