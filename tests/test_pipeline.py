"""The spine, walked from a file to a release with a tiny base."""

import csv
import shutil
from pathlib import Path
from random import Random
from typing import Any

import pytest

from haoqi import data, pipeline
from haoqi.core import folder
from haoqi.core.errors import UserError
from haoqi.core.events import Event, Note, Released, Stage, Tried, Trying
from haoqi.core.ledger import Ledger
from haoqi.data.examples import Examples
from haoqi.data.settings import DataSettings
from haoqi.evaluate.metric import score_answers
from haoqi.explore.experiments import compile_examples
from haoqi.models.compile.form import forms
from haoqi.models.releases import releases
from haoqi.run import Run, run_of

GOOD = ("great", "lovely", "quick", "bright", "kind", "fresh")
BAD = ("broken", "late", "dull", "rude", "stale", "slow")
THINGS = ("phone", "hotel", "coffee", "film", "train", "letter", "screen", "room", "waiter", "song")


def reviews(path: Path, rows: int = 160, seed: int = 0) -> Path:
    """Write reviews that words decide, with a little noise."""
    rng = Random(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["body", "stars"])
        for number in range(rows):
            good = rng.random() < 0.5
            words = [rng.choice(GOOD if (good if rng.random() < 0.9 else not good) else BAD) for _ in range(3)]
            text = f"The {rng.choice(THINGS)} no. {number} was {words[0]}, {words[1]} and {words[2]}."
            writer.writerow([text, "positive" if good else "negative"])
    return path


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HAOQI_HOME", str(tmp_path / "home"))
    return tmp_path


def asked(place: Path, tiny_base: str, **settings: object) -> Run:
    source = place / "reviews.csv"
    if not source.exists():
        reviews(source)
    methods = ("majority", "tfidf", "probe", "full")
    return run_of(
        str(source),
        **{
            "steps": 5,
            "base": (tiny_base,),
            "methods": methods,
            "variants": 1,
            "compile": False,
            "advice_seconds": 0.0,
            **settings,
        },
    )


def test_a_file_becomes_a_release_with_its_evidence(place: Path, tiny_base: str) -> None:
    seen: list[Event] = []
    # None of these is repeated with another seed, so the third plan is one that has read the words.
    asked_for = asked(place, tiny_base, steps=4, methods=("majority", "tfidf", "probe"))
    release = pipeline.improve(asked_for, seen.append)
    assert (release.name, release.version) == ("reviews", 1)
    assert len([event for event in seen if isinstance(event, Tried)]) == 4
    told = seen[-1]
    assert isinstance(told, Released)
    assert told.low <= told.score <= told.high
    report = Path(told.report).read_text(encoding="utf-8")
    assert f"{told.score:.3f}" in report
    model = releases.load("reviews")
    assert model("The coffee was great, lovely and fresh.").label == "positive"
    assert model("The film was dull, rude and broken.").label == "negative"


def test_the_same_run_taken_up_again_is_done_and_releases_nothing_new(place: Path, tiny_base: str) -> None:
    first = pipeline.improve(asked(place, tiny_base))
    again = pipeline.improve(asked(place, tiny_base))
    assert (again.name, again.version) == (first.name, first.version)
    assert len(releases.list_releases("reviews")) == 1


def test_more_steps_go_on_where_the_run_was(place: Path, tiny_base: str) -> None:
    pipeline.improve(asked(place, tiny_base, steps=2))
    seen: list[Event] = []
    pipeline.improve(asked(place, tiny_base, steps=4), seen.append)
    assert [event.number for event in seen if isinstance(event, Tried)] == [3, 4]
    assert any(isinstance(event, Note) and "goes on after 2 experiments" in event.text for event in seen)


def digest(place: Path) -> str:
    [ledger] = (place / "home" / "runs" / "reviews").glob("*/ledger.sqlite")
    found = Ledger(ledger)
    [run] = found.runs()
    return found.verify(run)


def test_two_runs_with_one_seed_and_a_step_limit_give_the_same_ledger(
    place: Path, tiny_base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = []
    for name in ("one", "two"):
        (place / name).mkdir()
        monkeypatch.setenv("HAOQI_HOME", str(place / name / "home"))
        pipeline.improve(asked(place, tiny_base))
        digests.append(digest(place / name))
    assert digests[0] == digests[1]


def test_a_run_in_parts_gives_the_ledger_of_a_run_in_one(
    place: Path, tiny_base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.improve(asked(place, tiny_base))
    whole = digest(place)
    (place / "parts").mkdir()
    monkeypatch.setenv("HAOQI_HOME", str(place / "parts" / "home"))

    def stop(event: Event) -> None:
        if isinstance(event, Tried) and event.number in (1, 3):
            raise SystemError  # as sudden as a kill: nothing of ours catches it

    for _ in range(2):
        with pytest.raises(SystemError):
            pipeline.improve(asked(place, tiny_base), stop)
    pipeline.improve(asked(place, tiny_base))
    assert digest(place / "parts") == whole


def test_unfit_data_leave_nothing_behind(place: Path, tiny_base: str) -> None:
    rows = [f"the {thing} of day {day} was good,positive" for thing in THINGS for day in range(9)]
    rows.append("the only thing that was bad in all these days,negative")
    (place / "reviews.csv").write_text("\n".join(["body,stars", *rows]))
    with pytest.raises(UserError, match="one example only"):
        pipeline.improve(asked(place, tiny_base))
    assert not list((place / "home").glob("runs/*"))


def test_a_release_is_compiled_once_and_again_on_demand(
    place: Path, tiny_base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "names", lambda: ["onnx"])
    quick = asked(place, tiny_base, steps=1, methods=("probe",), compile=True)
    for stages in (1, 0):
        seen: list[Event] = []
        release = pipeline.improve(quick, seen.append)
        assert len([event for event in seen if isinstance(event, Stage) and event.name == "compiling"]) == stages
        assert len([event for event in seen if isinstance(event, Note) and "computed by" in event.text]) == stages
    first = release.compiled
    assert first is not None
    assert first.forms.keys() == {"torch", "onnx"}
    assert pipeline.compile("reviews").example_count == first.example_count
    shutil.rmtree(place / "home" / "runs")
    with pytest.raises(UserError, match="are not here") as caught:
        pipeline.compile("reviews")
    assert caught.value.hint.endswith("haoqi compile reviews@1 FILE")
    assert pipeline.compile("reviews", DataSettings(str(place / "reviews.csv"))).example_count > first.example_count


@pytest.mark.parametrize(
    ("settings", "learnt", "stands_in"),
    [({"refit": False}, False, False), ({}, True, True), ({"folds": 5}, True, False)],
)
def test_forms_are_compared_on_what_was_not_learnt_or_by_a_model_that_has_not(
    place: Path,
    tiny_base: str,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, Any],
    learnt: bool,
    stands_in: bool,
) -> None:
    monkeypatch.setattr(compile_examples, "FEW", 10)
    release = pipeline.improve(asked(place, tiny_base, steps=1, **{"methods": ("probe",), "folds": 0, **settings}))
    with compile_examples.compile_examples(release) as found:
        assert (found.learnt, found.stand_in is not None) == (learnt, stands_in)
        if found.stand_in is not None:
            texts = list(found.examples.texts)
            assert (found.stand_in.scores(texts) != releases.load("reviews").scores(texts)).any()
        assert (release.facts["learnt_from"] > len(found.examples)) or learnt


def test_nothing_is_compiled_where_it_is_not_wanted_or_there_is_no_base(place: Path, tiny_base: str) -> None:
    assert pipeline.improve(asked(place, tiny_base, steps=1, methods=("probe",))).compiled is None
    plain = asked(place, tiny_base, steps=1, methods=("tfidf",), compile=True, name="plain")
    assert pipeline.improve(plain).compiled is None


def test_the_level_of_knowledge_never_falls(place: Path, tiny_base: str) -> None:
    pipeline.improve(asked(place, tiny_base, steps=8))
    [path] = (place / "home" / "runs" / "reviews").glob("*/ledger.sqlite")
    ledger = Ledger(path)
    levels = [e.body["score"] for e in ledger.entries(ledger.runs()[0], "verdict")]
    assert levels == sorted(levels)


def test_ctrl_c_releases_what_was_found(place: Path, tiny_base: str) -> None:
    def stop(event: Event) -> None:
        if isinstance(event, Tried) and event.number == 2:
            raise KeyboardInterrupt

    release = pipeline.improve(asked(place, tiny_base), stop)
    assert release.version == 1


def test_other_data_under_the_same_name_is_another_run_and_the_next_version(place: Path, tiny_base: str) -> None:
    pipeline.improve(asked(place, tiny_base, steps=1))
    reviews(place / "reviews.csv", seed=1)
    assert pipeline.improve(asked(place, tiny_base, steps=1)).version == 2
    assert len(list((folder.runs() / "reviews").iterdir())) == 2


def labelled(path: Path, *labels: str) -> Path:
    """Write reviews of one kind each, under these labels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [f"the {thing} no. {n} was {GOOD[n]},{labels[0]}\n" for thing in THINGS for n in range(6)]
    rows += [f"the {thing} no. {n} was {BAD[n]},{labels[1]}\n" for thing in THINGS for n in range(6)]
    path.write_text("text,label\n" + "".join(rows), encoding="utf-8")
    return path


def test_a_file_of_the_same_name_with_other_labels_does_not_take_the_place_of_the_first(place: Path) -> None:
    fast = {"steps": 2, "methods": ("majority", "tfidf"), "near_duplicates": False, "advice_seconds": 0.0}
    files = [labelled(place / "23_train.csv", "+", "-"), labelled(place / "other" / "23_train.csv", "1", "0")]
    told: list[Event] = []
    for file in files:
        pipeline.improve(run_of(str(file), **fast), told.append)
    first, second = (event for event in told if isinstance(event, Released))
    assert (first.name, first.version, first.promoted) == ("23_train", 1, True)
    assert (second.name, second.version, second.promoted, second.answers) == ("23_train", 2, False, 1)
    assert second.why_not == "other_labels"
    assert second.promotion == {"source": str(files[0]), "added": ["0", "1"], "missing": ["+", "-"]}
    assert releases.load("23_train")("the lamp was rude").label == "-"
    report = Path(second.report).read_text(encoding="utf-8")
    assert "published but not promoted" in report
    assert "haoqi promote 23_train@2" in report

    pipeline.improve(run_of(str(files[1]), **fast, promote=True), told.append)
    again = told[-1]
    assert isinstance(again, Released)
    assert (again.version, again.promoted) == (2, True)
    assert releases.load("23_train")("the lamp was rude").label == "0"


def test_files_that_say_nothing_by_their_names_are_told_apart_by_their_folders(place: Path) -> None:
    for project, labels in (("mails", ("+", "-")), ("shop", ("1", "0"))):
        file = labelled(place / project / "train.csv", *labels)
        pipeline.improve(run_of(str(file), steps=1, methods=("majority",), near_duplicates=False, advice_seconds=0.0))
    assert releases.names() == ["mails-train", "shop-train"]


def test_a_run_goes_on_from_wherever_its_file_is_named(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = labelled(place / "mails" / "train.csv", "+", "-")
    fast = {"steps": 1, "methods": ("majority",), "near_duplicates": False, "advice_seconds": 0.0}
    first = pipeline.improve(run_of(str(file), **fast))
    monkeypatch.chdir(file.parent)
    again = pipeline.improve(run_of("train.csv", **fast))
    assert (again.name, again.version) == (first.name, first.version) == ("mails-train", 1)


def test_a_home_is_an_argument_and_the_usual_one_stays_empty(place: Path, tiny_base: str) -> None:
    elsewhere = place / "elsewhere"
    release = pipeline.improve(
        asked(place, tiny_base, steps=2, methods=("majority", "probe"), compile=True), home=elsewhere
    )
    assert release.folder == elsewhere / "releases" / "reviews" / "1"
    assert release.compiled is not None
    assert (elsewhere / "runs" / "reviews").is_dir()
    assert not folder.home().exists()
    new = DataSettings(str(reviews(place / "new.csv", rows=60, seed=5)))
    assert pipeline.evaluate("reviews", new, home=elsewhere).examples == 60
    assert pipeline.compile("reviews", home=elsewhere).example_count
    assert not folder.home().exists()


def test_few_examples_are_judged_by_cross_validation(place: Path, tiny_base: str) -> None:
    source = reviews(place / "few.csv", rows=40)
    release = pipeline.improve(
        run_of(str(source), steps=2, methods=("tfidf", "probe"), base=(tiny_base,), compile=False)
    )
    assert release.evidence["valid"]["examples"] > 30  # all but the test split


def test_a_release_is_scored_on_new_examples(place: Path, tiny_base: str) -> None:
    pipeline.improve(asked(place, tiny_base, steps=2, methods=("majority", "tfidf")))
    found = pipeline.evaluate("reviews", DataSettings(str(reviews(place / "new.csv", rows=60, seed=5))))
    assert found.scores["macro_f1"][0] > 0.8


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"methods": ("tfdif",)}, "there is no method tfdif"),
        ({"strategy": "luck"}, "there is no strategy luck"),
        ({"task": "sentimet"}, "there is no task sentimet"),
        ({"methods": ("crf",)}, "cannot learn the task"),
        ({"base": ("nowhere/none",)}, "nowhere/none"),
        ({"text": "nothing"}, "nothing"),
        ({"name": "../up"}, "cannot be a name"),
        ({"group": "body", "time": "stars"}, "contradict"),
        ({"steps": 0}, "must lie between"),
    ],
)
def test_bad_settings_say_what_is_wrong_and_leave_nothing_behind(
    place: Path, tiny_base: str, settings: dict[str, object], what: str
) -> None:
    with pytest.raises(UserError, match=what):
        pipeline.improve(asked(place, tiny_base, **settings))
    assert not list((place / "home").glob("releases/*"))


def test_a_run_that_is_stopped_before_its_first_model_promises_no_release(place: Path, tiny_base: str) -> None:
    heard: list[Event] = []

    def stop(event: Event) -> None:
        heard.append(event)
        if isinstance(event, Trying):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pipeline.improve(asked(place, tiny_base), stop)
    assert not [event for event in heard if isinstance(event, Note) and "released" in event.text]
    assert pipeline.improve(asked(place, tiny_base)).version == 1  # the same command takes up where it was


def test_a_run_that_had_ended_releases_nothing_new(place: Path, tiny_base: str) -> None:
    ends: list[Released] = []
    for _ in range(2):
        pipeline.improve(asked(place, tiny_base), lambda one: ends.append(one) if isinstance(one, Released) else None)
    assert [(one.version, one.new) for one in ends] == [(1, True), (1, False)]


def test_a_column_file_and_the_same_raw_texts_are_answered_and_scored_alike(place: Path) -> None:
    """The file cuts "O'Hara" and "3-0" as no rule does, so that a model of its words would know other ones."""
    names, lines, rng = ("O'Hara", "D'Arcy", "McKay", "Lee"), [], Random(0)
    for number in range(80):
        first, second = rng.sample(names, 2)
        for word in f"{first} beat {second} {number}- 0 can n't".split():
            lines.append(f"{word}\t{'B-PER' if word in names else 'O'}")
        lines.append("")
    source = place / "names.bio"
    source.write_text("\n".join(lines), encoding="utf-8")
    release = pipeline.improve(
        run_of(str(source), steps=1, methods=("crf",), compile=False, advice_seconds=0.0, format="columns")
    )
    evidence = pipeline.evaluate(release.reference, DataSettings(source=str(source), format="columns"))
    raw = data.read(DataSettings(source=str(source), format="columns")).examples
    assert raw.words is not None, "the file has words of its own"
    answers = releases.load(release.reference).predict(Examples.of(raw.texts)).labels
    served = score_answers(release.task.metric, raw.labels, answers, release.task.labels)
    assert evidence.scores[release.task.metric.name][0] == pytest.approx(served)
    assert served > 0.9
