"""A file is answered without a command line: another process may follow, and take up what was begun."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from haoqi import api
from haoqi.batch import answer_rows
from haoqi.batch.answer_file import answer_file
from haoqi.batch.partial_file import Partial
from haoqi.batch.row_files import open_rows
from haoqi.core.errors import UserError
from haoqi.data.settings import DataSettings
from haoqi.models.releases import releases

ROWS = 60


class Heard:
    """Notes what it is told; at a count of rows it raises."""

    def __init__(self, fails_at: int, error: type[BaseException]) -> None:
        self.fails_at, self.error = fails_at, error
        self.rows = self.consumed = 0
        self.shares: list[float] = []

    def wrote(self, rows: int, consumed: int) -> None:
        self.rows, self.consumed = self.rows + rows, consumed
        if self.rows >= self.fails_at:
            raise self.error("enough")

    def computing(self, consumed: int, share: float) -> None:
        self.shares.append(share)


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> releases.Release:
    monkeypatch.setenv("HAOQI_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(answer_rows, "FIRST_ROWS", 8)
    monkeypatch.setattr("haoqi.batch.writer.EVERY", 0.0)
    words = {"good": ("lovely", "great", "fine"), "bad": ("awful", "poor", "weak")}
    rows = [(f"the {n} was {word}", label) for label, them in words.items() for word in them for n in range(30)]
    source = tmp_path / "rated.csv"
    source.write_text("body,stars\n" + "".join(f"{a},{b}\n" for a, b in rows), encoding="utf-8")
    made = api.improve(source, steps=1, methods=("tfidf",), advice_seconds=0.0)
    return releases.get(made.release.name)


def answered(
    release: releases.Release, folder: Path, fails_at: int = 10**9, error: type[BaseException] = UserError
) -> tuple[int, Heard, list[int]]:
    source, kept = folder / "in.csv", []
    if not source.exists():
        source.write_text("id,body\n" + "".join(f"{n},no. {n} was lovely\n" for n in range(ROWS)), encoding="utf-8")
    heard = Heard(fails_at, error)

    @contextmanager
    def follow(partial: Partial) -> Iterator[Heard]:
        kept.append(partial.rows)
        yield heard

    rows = open_rows(source, DataSettings(str(source)), release.schema)
    return answer_file(release, rows, folder / "out.jsonl", name=source.name, follow=follow), heard, kept


def test_all_rows_are_answered_and_whoever_follows_hears_of_each(release: Any, tmp_path: Path) -> None:
    count, heard, kept = answered(release, tmp_path)
    found = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert (count, heard.rows, kept) == (ROWS, ROWS, [0])
    assert [int(row["id"]) for row in found] == list(range(ROWS))
    assert {row["label"] for row in found} == {"good"}
    assert 0.0 in heard.shares
    assert max(heard.shares) == 1.0


def test_what_was_written_before_an_end_is_kept_and_taken_up(release: Any, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    answered(release, whole)
    with pytest.raises(UserError, match="enough") as caught:
        answered(release, tmp_path, fails_at=16)
    assert "16 answers are kept" in (caught.value.hint or "")
    with pytest.raises(KeyboardInterrupt):
        answered(release, tmp_path, fails_at=16, error=KeyboardInterrupt)
    assert not (tmp_path / "out.jsonl").exists()
    count, heard, kept = answered(release, tmp_path)
    assert (count, heard.rows, kept) == (ROWS, ROWS - 32, [32])
    assert (tmp_path / "out.jsonl").read_bytes() == (whole / "out.jsonl").read_bytes()
