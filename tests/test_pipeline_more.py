"""What a release says of its score: the estimate of most examples leads, and what nothing tested is named."""

import csv
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from haoqi import pipeline
from haoqi.core.events import Event, Note, Released, Stage
from haoqi.core.ledger import Ledger
from haoqi.data.settings import DataSettings
from haoqi.evaluate.headline import headline
from haoqi.models.releases import releases
from haoqi.run import Run, run_of

WORDS = {"ok": ("thanks", "lovely", "fine"), "fraud": ("stolen", "scam", "forged"), "spam": ("offer", "win", "click")}
THINGS = ("phone", "hotel", "coffee", "film", "train", "letter", "screen", "room", "waiter", "song")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HAOQI_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(
        "haoqi.explore.setup.context.choose_bases", lambda *_: {}
    )  # nothing here needs one, and it takes long
    return tmp_path


def write(path: Path, counts: dict[str, int], seed: int = 0) -> Path:
    """Write texts that words decide, so many of each label."""
    rng, number = Random(seed), 0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        for label, count in counts.items():
            for _ in range(count):
                number += 1
                one, other = rng.sample(WORDS[label], 2)
                thing = rng.choice(THINGS)
                writer.writerow([f"{one} about the {thing} {seed}{number * 37} and {other} {number * 91}", label])
    return path


def asked(source: Path, **settings: Any) -> Run:
    usual = {"methods": ("majority", "tfidf"), "steps": 2, "variants": 1, "compile": False, "advice_seconds": 0.0}
    return run_of(str(source), **{**usual, **settings})


def released(run: Run) -> tuple[Released, list[Event], str]:
    """Return what a run told at its end, all that it told, and its report."""
    heard: list[Event] = []
    pipeline.improve(run, heard.append)
    last = heard[-1]
    assert isinstance(last, Released)
    return last, heard, Path(last.report).read_text(encoding="utf-8")


def test_few_test_texts_stand_beside_the_cross_validated_score(place: Path) -> None:
    last, _, page = released(asked(write(place / "few.csv", {"ok": 15, "spam": 15}), folds=3))
    lead, beside = last.headline["lead"], last.headline["beside"]
    assert (lead["split"], lead["folds"], beside["split"]) == ("valid", 3, "test")
    assert lead["examples"] > 20 > 5 > beside["examples"]
    assert last.score == lead["score"]
    assert f'<span class="figure">{lead["score"]:.3f}</span>' in page
    assert "In cross-validation on" in page
    card = (Path(last.folder) / "README.md").read_text(encoding="utf-8")
    assert f"cross-validated on {lead['examples']} examples" in card
    assert f"on {beside['examples']} test examples" in card


def test_three_rows_of_a_class_are_tested(place: Path) -> None:
    last, _, _ = released(asked(write(place / "rare.csv", {"ok": 240, "fraud": 3})))
    test = releases.get("rare").evidence["test"]
    assert {row["label"]: row["support"] for row in test["table"]}["fraud"] == 1
    assert last.headline["lead"]["untested"] == last.headline["beside"]["untested"] == ()


def test_a_class_that_a_given_test_file_lacks_is_named_everywhere(place: Path) -> None:
    source = write(place / "given.csv", {"ok": 60, "spam": 60, "fraud": 12})
    test = write(place / "test.csv", {"ok": 60, "spam": 60}, seed=5)
    last, _, page = released(asked(source, test_file=str(test), folds=0))
    told = headline(releases.get("given").evidence)
    assert told is not None and told.untested == ("fraud",)
    assert "No test example has the label <strong>fraud</strong>" in page
    card = (Path(last.folder) / "README.md").read_text(encoding="utf-8")
    assert "not tested: fraud" in card and "no example to be tested on" in card


def test_a_test_split_that_is_scored_again_is_said_to_be(place: Path) -> None:
    source = write(place / "again.csv", {"ok": 60, "spam": 60})
    test = write(place / "test.csv", {"ok": 40, "spam": 40}, seed=5)
    seen = []
    for seed in (0, 1):  # other runs of the same name, whose test split is the given one
        last, heard, page = released(asked(source, test_file=str(test), seed=seed, folds=0))
        seen.append(
            (last.version, last.headline["lead"]["split"], releases.latest("again").evidence["test"]["scorings"])
        )
        card = (Path(last.folder) / "README.md").read_text(encoding="utf-8")
        said = [
            event.note if isinstance(event, Stage) else event.text for event in heard if isinstance(event, Stage | Note)
        ]
        assert not any("once" in text for text in [*said, card])
        assert ("has been scored 2 times" in page) == ("scored 2 times" in card) == (seed == 1)
    assert seen == [(1, "test", 1), (2, "test", 2)]


def test_a_champion_that_fell_after_its_release_has_the_same_split_scored_twice(place: Path) -> None:
    source = write(place / "more.csv", {"ok": 60, "spam": 60})
    for steps in (1, 2):
        pipeline.improve(asked(source, steps=steps, folds=0))
    assert [one.evidence["test"]["scorings"] for one in releases.list_releases("more")] == [1, 2]
    [path] = (place / "home" / "runs" / "more").glob("*/ledger.sqlite")
    ledger = Ledger(path)
    assert [entry.body["scorings"] for entry in ledger.entries(ledger.runs()[0], "release")] == [1, 2]
    last, _, page = released(asked(source, steps=2, folds=0))  # nothing is scored anew
    assert (last.version, "has been scored 2 times" in page) == (2, True)


def test_a_release_of_an_earlier_version_is_read_and_counts_as_scored(place: Path) -> None:
    source = write(place / "earlier.csv", {"ok": 60, "spam": 60})
    release = pipeline.improve(asked(source, steps=1, folds=0))
    path = release.folder / "evidence.json"
    plain = json.loads(path.read_text(encoding="utf-8"))
    for found in plain.values():
        found["format"] = 1
        for name in ("folds", "content", "scorings"):
            del found[name]
    path.write_text(json.dumps(plain), encoding="utf-8")
    last, _, _ = released(asked(source, steps=1, folds=0))
    assert (last.version, last.headline["lead"]["scorings"]) == (1, 0)
    pipeline.improve(asked(source, steps=2, folds=0))
    assert releases.latest("earlier").evidence["test"]["scorings"] == 2


def test_evaluate_knows_which_classes_a_file_has_none_of(place: Path) -> None:
    pipeline.improve(asked(write(place / "messages.csv", {"ok": 60, "spam": 60, "fraud": 30})))
    found = pipeline.evaluate("messages", DataSettings(str(write(place / "new.csv", {"ok": 9, "spam": 9}, seed=7))))
    assert (found.untested, found.examples) == (("fraud",), 18)


def test_a_file_of_the_same_name_with_numbers_on_another_scale_does_not_take_the_place_of_the_first(
    place: Path,
) -> None:
    told: list[Event] = []
    for folder, most in (("five", 5), ("hundred", 100)):
        path = place / folder / "scores.csv"
        path.parent.mkdir(parents=True)
        rows = [
            f"thing {n} is {'good' if n % 3 else 'bad'} {n * n % 17},{(n % 3) * most / 2 + n / 1000}\n"
            for n in range(90)
        ]
        path.write_text("text,score\n" + "".join(rows))
        fast = {"steps": 2, "methods": ("majority", "tfidf"), "near_duplicates": False, "advice_seconds": 0.0}
        pipeline.improve(run_of(str(path), **fast, label="score", task="regression"), told.append)
    first, second = (event for event in told if isinstance(event, Released))
    assert (first.promoted, second.promoted, second.answers, second.why_not) == (True, False, 1, "other_scale")
    assert "learnt numbers from" in Path(second.report).read_text(encoding="utf-8")
