import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from haoqi.batch.partial_file import Partial, Skip, check_free, digest_of, partial
from haoqi.core.errors import UserError

FACTS: dict[str, Any] = {"release": "reviews@1", "digest": "d", "settings": {"text": "body"}, "file": "in.csv"}


def mark(rows: int) -> str:
    """Stand for the digest of the first rows of the input."""
    return "0123456789"[:rows]


@contextmanager
def opened(folder: Path, *, fresh: bool = False, skip: Skip = mark, **facts: Any) -> Iterator[Partial]:
    with partial(folder / "out.csv", FACTS | facts, skip, first="head\n", fresh=fresh) as found:
        yield found


def add(found: Partial, *lines: str) -> None:
    """Append a window of answers."""
    rows = found.rows + len(lines)
    found.append("".join(f"{line}\n" for line in lines), len(lines), consumed=rows, mark=mark(rows))


def stopped(folder: Path) -> None:
    """Leave two windows of answers behind."""
    with pytest.raises(ZeroDivisionError), opened(folder) as found:
        add(found, "one")
        add(found, "two", "three")
        raise ZeroDivisionError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_answers_appear_whole_and_nothing_else_stays(tmp_path: Path) -> None:
    with opened(tmp_path) as found:
        add(found, "one")
        assert names(tmp_path) == ["out.csv.partial", "out.csv.partial.journal"]
        found.publish(force=False)
    assert names(tmp_path) == ["out.csv"]
    assert (tmp_path / "out.csv").read_bytes() == b"head\none\n"


def test_what_was_stopped_goes_on_after_its_last_window(tmp_path: Path) -> None:
    stopped(tmp_path)
    with opened(tmp_path) as found:
        assert (found.rows, found.consumed) == (3, 3)
        add(found, "four")
        found.publish(force=False)
    assert (tmp_path / "out.csv").read_bytes() == b"head\none\ntwo\nthree\nfour\n"


@pytest.mark.parametrize("torn", [b"fo", b"four\nfi", b"x" * 100])
def test_what_a_kill_tore_is_written_anew(tmp_path: Path, torn: bytes) -> None:
    stopped(tmp_path)
    for name, tail in (("out.csv.partial", torn), ("out.csv.partial.journal", b'{"rows": 4, "se')):
        with (tmp_path / name).open("ab") as file:
            file.write(tail)
    with opened(tmp_path) as found:
        assert found.rows == 3
        add(found, "four")
        found.publish(force=False)
    assert (tmp_path / "out.csv").read_bytes() == b"head\none\ntwo\nthree\nfour\n"


def test_a_kill_before_the_first_window_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    journal, answers = ((tmp_path / f"out.csv.partial{ending}") for ending in (".journal", ""))
    for line, there in ((b"", None), (b'{"haoqi": "ans', None), (b'{"haoqi": "answers"}\n', b"he")):
        journal.write_bytes(line)
        if there is not None:
            answers.write_bytes(there)
        with opened(tmp_path) as found:
            assert found.rows == 0
            add(found, "one")
            found.publish(force=True)
        assert (tmp_path / "out.csv").read_bytes() == b"head\none\n"


def test_a_failure_before_the_first_window_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), opened(tmp_path):
        raise ZeroDivisionError
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("facts", "what", "hint"),
    [
        ({"release": "reviews@2"}, "holds 3 answers of reviews@1, and reviews@2", "haoqi predict reviews@1"),
        ({"digest": "e"}, "of reviews@1 as it was before it was changed", "--fresh"),
        ({"settings": {"text": "title"}}, "other settings: text 'body', now 'title'", "--fresh"),
        ({"settings": {"text": "body", "names": True}}, "other settings: names None, now True", "--fresh"),
    ],
)
def test_answers_of_another_model_or_setting_are_not_mixed(
    tmp_path: Path, facts: dict[str, Any], what: str, hint: str
) -> None:
    stopped(tmp_path)
    with pytest.raises(UserError) as caught, opened(tmp_path, **facts):
        pass
    assert what in caught.value.what
    assert hint in caught.value.hint
    with opened(tmp_path) as found:  # and are still there
        assert found.rows == 3
    with opened(tmp_path, fresh=True, **facts) as found:
        assert found.rows == 0


def test_answers_to_other_rows_are_refused(tmp_path: Path) -> None:
    stopped(tmp_path)
    with (
        pytest.raises(UserError, match=r"3 answers to other rows than the first of in\.csv"),
        opened(tmp_path, skip=lambda rows: "changed"),
    ):
        pass


def test_answers_that_are_shorter_than_their_journal_are_refused(tmp_path: Path) -> None:
    stopped(tmp_path)
    (tmp_path / "out.csv.partial").write_bytes(b"head\n")
    with pytest.raises(UserError, match="do not belong together"), opened(tmp_path):
        pass


@pytest.mark.parametrize("content", [b"mine", b"mine\n", b'{"haoqi": "other"}\n', b"{}\n{}\n"])
def test_a_file_that_only_has_a_journals_name_is_left_alone(tmp_path: Path, content: bytes) -> None:
    place = tmp_path / "out.csv.partial.journal"
    place.write_bytes(content)
    for fresh in (False, True):
        with pytest.raises(UserError, match="is no journal of answers"), opened(tmp_path, fresh=fresh):
            pass
    assert place.read_bytes() == content


def test_a_file_that_only_has_the_name_of_partial_answers_is_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "out.csv.partial"
    place.write_bytes(b"mine")
    with pytest.raises(UserError, match="no journal of what it holds"), opened(tmp_path):
        pass
    assert names(tmp_path) == ["out.csv.partial"]
    assert place.read_bytes() == b"mine"


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    with opened(tmp_path) as found:
        add(found, "one")
        with pytest.raises(UserError, match="another process is writing answers"), opened(tmp_path):
            pass
        found.publish(force=False)
    assert (tmp_path / "out.csv").read_bytes() == b"head\none\n"


def test_a_file_that_appeared_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    with pytest.raises(UserError, match="already there"), opened(tmp_path) as found:
        add(found, "one")
        out.write_text("precious", encoding="utf-8")
        found.publish(force=False)
    assert out.read_text(encoding="utf-8") == "precious"
    with opened(tmp_path) as found:  # the answers are kept
        assert found.rows == 1
        found.publish(force=True)
    assert out.read_bytes() == b"head\none\n"


def test_a_kill_after_publishing_does_not_reach_the_published_file(tmp_path: Path) -> None:
    stopped(tmp_path)
    out = tmp_path / "out.csv"
    out.hardlink_to(tmp_path / "out.csv.partial")
    before = out.read_bytes()
    with opened(tmp_path) as found:
        add(found, "one")
        assert out.read_bytes() == before
        found.publish(force=True)
    assert out.read_bytes() == b"head\none\n"


def test_half_a_character_is_written_as_its_number(tmp_path: Path) -> None:
    with opened(tmp_path) as found:
        add(found, json.dumps({"text": "\ud83d"}, ensure_ascii=False))
        found.publish(force=False)
    last = (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()[-1]
    assert json.loads(last) == {"text": "\ud83d"}


def test_a_digest_follows_all_that_answers_depend_on_and_not_prose(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "model.json").write_text("{}", encoding="utf-8")
    before = digest_of(tmp_path)
    (tmp_path / "README.md").write_text("read me", encoding="utf-8")
    assert digest_of(tmp_path) == before
    (tmp_path / "inner" / "compiled.json").write_text("{}", encoding="utf-8")
    assert digest_of(tmp_path) != before


def test_only_a_free_name_in_a_folder_is_written_to(tmp_path: Path) -> None:
    (tmp_path / "there.csv").touch()
    check_free(tmp_path / "there.csv", force=True)
    for path, what in (("there.csv", "already there"), ("no/out.csv", "its folder is not there"), ("", "is a folder")):
        with pytest.raises(UserError, match=what):
            check_free(tmp_path / path, force=False)
