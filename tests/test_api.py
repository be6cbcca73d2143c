import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pyarrow
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


ROWS = [{"text": text, "label": label} for text, label in PAIRS]
COLUMNS = {"text": [row["text"] for row in ROWS], "label": [row["label"] for row in ROWS]}


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(ROWS, id="records"),
        pytest.param(COLUMNS, id="columns"),
        pytest.param((row for row in ROWS), id="a generator"),
        pytest.param(pyarrow.table(COLUMNS), id="Arrow"),
        pytest.param((COLUMNS["text"], COLUMNS["label"]), id="texts, labels"),
        pytest.param(pandas.DataFrame(COLUMNS).astype({"label": "category"}), id="categories"),
    ],
)
def test_rows_in_memory_are_learnt_as_the_same_rows_in_pairs_are(run: api.Improved, source: Any) -> None:
    found = haoqi.improve(source, name="pairs", **FAST)
    assert found.name == run.name


@pytest.mark.parametrize("source", [ROWS, COLUMNS, pandas.DataFrame(COLUMNS), pyarrow.table(COLUMNS)])
def test_tables_in_memory_are_evaluated_and_answered(run: api.Improved, source: Any) -> None:
    found = api.evaluate("pairs", source)
    assert found.examples == len(ROWS)
    assert next(iter(found.scores.values()))[0] > 0.9
    assert haoqi.predict(run.model, source).labels == COLUMNS["label"]


def test_lists_of_text_of_every_library_are_answered(run: api.Improved) -> None:
    texts = COLUMNS["text"][:4]
    wanted = COLUMNS["label"][:4]
    for given in (
        tuple(texts),
        iter(texts),
        pandas.Series(texts, index=[3, 3, 4, 5]),
        pyarrow.array(texts),
        np.array(texts),
    ):
        assert haoqi.predict(run.model, given).labels == wanted
    assert haoqi.predict(run.model, []).labels == []
    with pytest.raises(haoqi.UserError, match="text 1 is None, which is not text"):
        haoqi.predict(run.model, pandas.Series(["a", pandas.NA]))
    with pytest.raises(haoqi.UserError):
        haoqi.predict(run.model, "one text")


def test_splits_in_memory_and_a_file_of_tests_are_kept(tmp_path: Path) -> None:
    frame, rest = pandas.DataFrame(ROWS[:48]), pandas.DataFrame(ROWS[48:])
    rest.to_csv(tmp_path / "rest.csv", index=False)
    for name, source, settings in (
        ("splits", {"train": frame, "test": rest}, {}),
        ("file", frame, {"test_file": str(tmp_path / "rest.csv")}),
    ):
        found = haoqi.improve(source, name=name, **FAST, **settings)
        assert found.release.evidence["test"]["examples"] == len(rest)
    with pytest.raises(haoqi.UserError, match="rows in memory and a train_file"):
        haoqi.improve(frame, train_file="rest.csv", **FAST)


def test_sets_and_arrays_are_several_labels_a_text() -> None:
    several = {"+": {"warm", "kind"}, "-": np.array(["cold"])}
    found = haoqi.improve([(text, several[label]) for text, label in PAIRS], name="several", **FAST)
    assert found.model.task.labels == ("cold", "kind", "warm")
    assert sorted(found.model("the chair was lovely").label) == ["kind", "warm"]


def test_a_frame_with_two_columns_of_a_name_is_refused() -> None:
    frame = pandas.DataFrame(PAIRS, columns=["text", "text"])
    with pytest.raises(haoqi.UserError, match="several columns called text"):
        haoqi.improve(frame, **FAST)


def test_a_loaded_data_set_keeps_the_names_of_its_classes() -> None:
    datasets = pytest.importorskip("datasets")
    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["-", "+"])})
    rows = datasets.Dataset.from_list([{**row, "label": int(row["label"] == "+")} for row in ROWS], features=features)
    for name, source in (
        ("loaded", rows),
        ("loaded-splits", datasets.DatasetDict(train=rows)),
        ("streamed", rows.to_iterable_dataset()),
    ):
        assert haoqi.improve(source, name=name, **FAST).model.task.labels == ("+", "-")


def test_rows_without_a_name_are_called_data_wherever_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    assert haoqi.improve(PAIRS, **FAST).release.name == "data"
    config = tmp_path / "run.yaml"
    config.write_text("name: written\n", encoding="utf-8")
    assert haoqi.improve(PAIRS, config=config, **FAST).release.name == "written"
    assert haoqi.improve(PAIRS, config=config, name="said", **FAST).release.name == "said"


def test_a_release_that_does_not_answer_to_its_name_is_a_warning(run: api.Improved) -> None:
    other = [(text, {"+": "good", "-": "bad"}[label]) for text, label in PAIRS]
    with pytest.warns(UserWarning, match="published but not promoted.*haoqi promote pairs@2"):
        found = haoqi.improve(other, name="pairs", **FAST)
    assert (found.name, found.promoted) == ("pairs@2", False)
    assert found.model("the soup was lovely").label == "good"
    assert haoqi.load("pairs")("the soup was lovely").label == "+"


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


def test_two_texts_are_learnt_and_answered_from_lists_and_tables() -> None:
    rows = [
        (f"the {thing} {at}", f"the {thing if at % 2 else 'sea'} {at}") for at in range(40) for thing in ("lamp", "pot")
    ]
    labels = ["same" if one == other else "different" for one, other in rows]
    run = haoqi.improve((rows, labels), name="two", **FAST)
    assert run.release.task.name == "paraphrase"
    wanted = haoqi.predict("two", rows).labels
    frame = pandas.DataFrame(rows, columns=["text1", "text2"])
    renamed = frame.rename(columns={"text1": "ours", "text2": "theirs"})
    assert haoqi.predict("two", frame).labels == haoqi.predict(run.model, frame).labels == wanted
    assert haoqi.predict("two", renamed, text="ours", pair="theirs").labels == wanted
    for texts in (frame[["text1"]], ["one text"], [("one", None)]):
        with pytest.raises(haoqi.UserError, match=r"two texts|no column text2"):
            haoqi.predict("two", texts)
