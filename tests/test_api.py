import subprocess
import sys
from pathlib import Path

import pandas
import pytest

import haoqi
from haoqi import api
from haoqi.core.events import Event, Released, Tried

PAIRS = [
    (f"the {thing} was {word}", label)
    for thing in ("battery", "screen", "coffee", "hotel", "film", "book", "train", "camera", "soup", "lamp")
    for word, label in (("good", "+"), ("great", "+"), ("lovely", "+"), ("bad", "-"), ("awful", "-"), ("rude", "-"))
]
FAST = {"steps": 2, "methods": ("majority", "tfidf"), "near_duplicates": False, "advice_seconds": 0.0}


@pytest.fixture(scope="module")
def run() -> api.Improved:
    return haoqi.improve(PAIRS, name="pairs", **FAST)


def test_every_public_name_can_be_had_and_is_listed() -> None:
    for name in (*haoqi.__all__, "__version__"):
        assert getattr(haoqi, name) is not None
        assert name in dir(haoqi)
    with pytest.raises(AttributeError, match="no attribute 'imrpove'"):
        haoqi.imrpove  # type: ignore[attr-defined]  # noqa: B018


def test_tasks_and_methods_are_rooms_that_name_and_build() -> None:
    assert "topic" in haoqi.tasks.names()
    assert haoqi.tasks.build("topic", ("a", "b")).labels == ("a", "b")
    assert "tfidf" in haoqi.methods.names()
    assert haoqi.methods.build("tfidf", strength=2.0)
    assert "bbc-news" in haoqi.samples.names()


@pytest.mark.parametrize("code", ["import haoqi; dir(haoqi); haoqi.__version__", "import haoqi; haoqi.UserError"])
def test_looking_at_the_public_names_loads_neither_numpy_nor_typer(code: str) -> None:
    ending = "; import sys; print([name for name in ('numpy', 'torch', 'typer') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code + ending], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_a_run_has_its_score_its_report_and_its_model(run: api.Improved) -> None:
    assert run.low <= run.score <= run.high
    assert run.report.is_file()
    assert run.name == "pairs@1"
    assert run.model("the chair was awful").label == "-"


def test_a_release_is_loaded_by_name_by_version_and_by_folder(run: api.Improved) -> None:
    for ref in ("pairs", "pairs@1", run.release.folder, str(run.release.folder)):
        assert haoqi.load(ref)("the soup was lovely").label == "+"


def test_predict_takes_a_name_or_a_model(run: api.Improved) -> None:
    texts = ["the chair was awful", "the chair was great"]
    assert haoqi.predict("pairs", texts).labels == haoqi.predict(run.model, texts).labels == ["-", "+"]


def test_a_data_frame_is_learnt_like_a_file_of_the_same_rows(tmp_path: Path) -> None:
    frame = pandas.DataFrame({"opinion": [text for text, _ in PAIRS], "mark": [label for _, label in PAIRS]})
    frame.to_csv(tmp_path / "rows.csv", index=False)
    columns = {"text": "opinion", "label": "mark"}
    one = haoqi.improve(frame, name="frame", **columns, **FAST)
    other = haoqi.improve(tmp_path / "rows.csv", **columns, **FAST)
    assert (one.score, one.low, one.high) == (other.score, other.low, other.high)


def test_what_a_data_frame_lacks_is_missing_and_not_a_word() -> None:
    frame = pandas.DataFrame({"text": [text for text, _ in PAIRS], "label": [label for _, label in PAIRS]})
    frame["label"] = frame["label"].astype("string")
    frame.loc[[0, 5], "label"] = pandas.NA
    run = haoqi.improve(frame, name="gaps", bad_rows=0.1, **FAST)
    assert run.model.task.labels == ("+", "-")


def test_the_same_run_again_is_the_same_release(run: api.Improved) -> None:
    events: list[Event] = []
    again = haoqi.improve(PAIRS, name="pairs", listen=events.append, **FAST)
    assert (again.name, again.score) == (run.name, run.score)
    assert isinstance(events[-1], Released)
    assert not any(isinstance(event, Tried) and event.number > 2 for event in events)


def test_evaluate_scores_a_file(run: api.Improved, tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in PAIRS), encoding="utf-8")
    found = api.evaluate("pairs", path)
    score, low, high = next(iter(found.scores.values()))
    assert 0.9 < low <= score <= high


def test_what_is_wrong_is_a_user_error() -> None:
    with pytest.raises(haoqi.UserError, match="no setting minuts"):
        haoqi.improve(PAIRS, minuts=3)
    with pytest.raises(haoqi.UserError, match="each row must be a text and its label"):
        haoqi.improve([("a", "b", "c")])
    with pytest.raises(haoqi.UserError, match="there is no release"):
        haoqi.load("absent")


def test_answers_come_with_their_texts_in_order(run: api.Improved) -> None:
    texts = [text for text, _ in PAIRS]
    found = list(api.answers(run.model, iter(texts), batch=7))
    assert [text for text, _ in found] == texts
    assert [answer.label for _, answer in found] == [label for _, label in PAIRS]


def test_half_an_emoji_in_texts_or_labels_is_learnt_and_answered_as_one_character() -> None:
    pairs = [(f"{text} \ud83d", f"{label}\udc00") for text, label in PAIRS]
    model = haoqi.improve(pairs, name="halves", **FAST).model
    assert model("the soup was lovely \ud83d").label == "+\ufffd"
    assert haoqi.predict("halves", ["the soup was rude \ude00"]).labels == ["-\ufffd"]
