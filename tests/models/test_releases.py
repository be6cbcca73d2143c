import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haoqi import tasks
from haoqi.core.errors import UserError
from haoqi.models.model import Model
from haoqi.models.predictors.constant import Constant
from haoqi.models.releases import releases

EVIDENCE = {"test": {"scores": {"accuracy": [0.9, 0.85, 0.95], "macro_f1": [0.8, 0.7, 0.9]}}}


@pytest.fixture(autouse=True)
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("HAOQI_HOME", str(tmp_path / "home"))
    yield tmp_path / "home"


def model(first: float = 1.0) -> Model:
    task = tasks.build("topic", ("sport", "tech"), {"tech": "computers and telephones"})
    return Model(task, Constant(np.array([first, 0.0], np.float32)), facts={"method": "majority", "origin": "run/1"})


def publish(name: str = "news", first: float = 1.0, **settings: Any) -> releases.Release:
    return releases.publish(model(first), EVIDENCE, name, **settings)


def test_release_keeps_the_model_and_its_evidence() -> None:
    release = publish()
    found = releases.get("news")
    assert (found.name, found.version, found.reference) == ("news", 1, "news@1")
    assert found == release
    assert found.evidence == EVIDENCE
    assert found.facts["origin"] == "run/1"
    assert releases.load("news")("text") == model()("text")


def test_versions_count_up_and_the_newest_answers_to_the_name() -> None:
    assert [publish(first=first).version for first in (1.0, -1.0, 1.0)] == [1, 2, 3]
    assert [one.version for one in releases.list_releases("news")] == [1, 2, 3]
    assert releases.get("news").version == releases.latest("news").version == 3
    assert releases.load("news@2")("text").label == "tech"


def test_release_that_is_not_promoted_leaves_the_name_where_it_was() -> None:
    publish("a", promote=False)
    assert releases.get("a").version == 1
    publish("a", promote=False)
    assert releases.get("a").version == 1
    assert releases.latest("a").version == 2
    assert releases.promote("a", 2).version == 2
    assert releases.get("a").version == 2


def test_rollback_goes_back_one_by_one_and_then_says_no() -> None:
    for _ in range(3):
        publish()
    assert [releases.rollback("news").version, releases.rollback("news").version] == [2, 1]
    assert releases.get("news").version == 1
    with pytest.raises(UserError, match="no version before 1"):
        releases.rollback("news")
    assert publish().version == 4
    assert releases.rollback("news").version == 1


def test_any_folder_of_a_model_can_be_named(tmp_path: Path) -> None:
    folder = publish().folder
    assert releases.get(str(folder)).reference == "news@1"
    model().save(tmp_path / "elsewhere")
    found = releases.get(str(tmp_path / "elsewhere"))
    assert (found.version, found.evidence) == (0, {})
    assert releases.load(str(tmp_path / "elsewhere"))("text").label == "sport"


def test_names_are_those_that_something_was_released_under(empty_home: Path) -> None:
    assert releases.names() == []
    publish("新闻")
    publish("news")
    (empty_home / "releases" / "empty").mkdir()
    assert releases.names() == ["news", "新闻"]


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "a\\b", ".hidden", "a..b", "-x", "a b", "x" * 101, "a@1"])
def test_name_that_could_leave_the_folder_is_refused_and_nothing_is_written(name: str, empty_home: Path) -> None:
    with pytest.raises(UserError):
        publish(name)
    assert not empty_home.exists()


@pytest.mark.parametrize("reference", ["", "@1", "news@", "news@x", "../news", "news@0", "news@7"])
def test_reference_to_nothing_is_refused(reference: str) -> None:
    publish()
    with pytest.raises(UserError):
        releases.get(reference)


def test_wrong_name_offers_the_nearest() -> None:
    publish("reviews")
    with pytest.raises(UserError) as caught:
        releases.load("review")
    assert "did you mean reviews?" in caught.value.hint


def test_before_the_first_release_the_hint_says_how_to_make_one() -> None:
    with pytest.raises(UserError) as caught:
        releases.load("reviews")
    assert "haoqi improve" in caught.value.hint


def test_many_at_once_get_a_version_each() -> None:
    with ThreadPoolExecutor(8) as pool:
        versions = list(pool.map(lambda _: publish().version, range(16)))
    assert sorted(versions) == list(range(1, 17))
    assert releases.get("news").evidence == EVIDENCE


def test_failed_publication_leaves_nothing(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="no space is left"):
        publish()
    assert sorted(path.name for path in (empty_home / "releases" / "news").iterdir()) == ["1", "current.json"]


def test_what_a_killed_process_left_is_neither_seen_nor_in_the_way(empty_home: Path) -> None:
    publish()
    left = empty_home / "releases" / "news" / ".new.killed"
    (left / "predictor").mkdir(parents=True)
    os.utime(left, (0, 0))
    assert len(releases.list_releases("news")) == 1
    assert publish().version == 2
    assert not left.exists()


def test_pointer_to_a_version_that_was_deleted_falls_back_to_the_newest(empty_home: Path) -> None:
    publish()
    pointer = empty_home / "releases" / "news" / "current.json"
    pointer.write_text(json.dumps({"version": 9, "before": []}), encoding="utf-8")
    assert releases.get("news").version == 1


def test_model_card_says_what_it_answers_and_how_good_it_is() -> None:
    text = (publish().folder / "README.md").read_text(encoding="utf-8")
    assert text.startswith("# news@1\n")
    for part in (
        "`tech`: computers and telephones",
        "| test | accuracy | 0.9000 | 0.8500 to 0.9500 |",
        "- method: majority",
    ):
        assert part in text
    assert text.index("| test | macro") < text.index("| test | accuracy")  # the metric that decides comes first


def test_model_card_of_numbers_and_pairs_names_no_labels_and_asks_for_two_texts() -> None:
    task = tasks.build("similarity", ())
    one = Model(task, Constant(np.array([2.5], np.float32)), {"half_width": 1.25, "level": 0.9}, {"method": "majority"})
    text = (releases.publish(one, {}, "alike").folder / "README.md").read_text(encoding="utf-8")
    assert "takes two texts at a time. Its answer is a number, within 1.25 of the right one nine times of ten." in text
    assert 'haoqi predict alike "some text" "another text"' in text
    assert 'model(("some text", "another text")).label' in text
    assert "labels" not in text.split("## How to use it")[0].replace("labelled", "")


def test_model_card_leads_with_most_examples_and_names_what_was_not_tested() -> None:
    def found(examples: int, **rest: Any) -> dict[str, Any]:
        table = [{"label": "sport", "support": examples}, {"label": "tech", "support": rest.pop("tech", 3)}]
        return {"examples": examples, "scores": {"macro_f1": [0.8, 0.7, 0.9]}, "table": table, **rest}

    evidence = {"test": found(3, tech=0, scorings=2), "valid": found(40, folds=5)}
    text = (releases.publish(model(), evidence, "few").folder / "README.md").read_text(encoding="utf-8")
    assert text.index("cross-validated on 40 examples") < text.index("on 3 test examples; not tested: tech")
    assert "scored 2 times for releases of this name" in text and "once" not in text
    assert "the scores leave them out: `tech`" in text
    assert "| valid | macro_f1 | 0.8000 | 0.7000 to 0.9000 | 40 |" in text
    first = (releases.publish(model(), {"test": found(90, scorings=1)}, "one").folder / "README.md").read_text("utf-8")
    assert "it was scored for no release of this name before" in first
