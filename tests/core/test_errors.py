from pathlib import Path

import pytest

from haoqi.core.errors import UserError, require, unknown


def test_error_reads_as_two_lines() -> None:
    assert str(UserError("there is no file a.csv", "give a path")) == "there is no file a.csv\n  hint: give a path"


def test_error_without_a_hint_reads_as_one_line() -> None:
    assert str(UserError("there is no file a.csv")) == "there is no file a.csv"


@pytest.mark.parametrize(("typed", "meant"), [("tfdif", "tfidf"), ("TFIDF", "tfidf"), ("prob", "probe")])
def test_unknown_name_is_answered_with_the_nearest(typed: str, meant: str) -> None:
    assert unknown("method", typed, ["tfidf", "probe"]).hint.startswith(f"did you mean {meant}?")


def test_unknown_name_far_from_all_is_answered_with_the_list() -> None:
    assert unknown("method", "zebra", ["tfidf", "probe"]).hint == "The methods are: probe, tfidf"


def test_unknown_name_where_none_are_known() -> None:
    assert unknown("query", "margin", []).hint == "No queries are known"


def test_long_lists_are_cut() -> None:
    hint = unknown("setting", "zebra", [f"setting_{number:03}" for number in range(100)]).hint
    assert hint.endswith("setting_029, ...")


def test_missing_library_names_the_extra_that_brings_it() -> None:
    with pytest.raises(UserError) as caught:
        require("haoqi_absent_library.part", "studio")
    assert caught.value.what == "this needs the library haoqi_absent_library, which is not installed"
    assert caught.value.hint == 'pip install "haoqi[studio]"'


def test_library_that_is_there_is_imported() -> None:
    assert require("json.decoder", "studio").__name__ == "json.decoder"


def test_library_that_is_there_but_lacks_its_own_needs_is_no_user_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "haoqi_broken.py").write_text("import haoqi_absent_library")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="haoqi_absent_library"):
        require("haoqi_broken", "studio")
