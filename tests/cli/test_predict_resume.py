"""`haoqi predict` on a file, killed and taken up again: the same bytes as if it had not been."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from haoqi.batch import answer_file, writer
from haoqi.batch import answer_rows as rows
from haoqi.batch.partial_file import Partial
from haoqi.core.errors import UserError
from haoqi.models.releases import releases

Run = Callable[..., Any]

WORDS = ("awful", "great", "broken", "lovely", "rude")
# Ends its own process by SIGKILL in the middle of the third window, half of which has reached the disk.
KILLED = """
import os, signal, sys
from haoqi.__main__ import main
from haoqi.batch import writer
from haoqi.batch.partial_file import Partial
writer.EVERY = 0.0
append = Partial.append
def torn(self, text, rows, **facts):
    if self.rows >= 2048:
        with self.path.open("ab") as file:
            file.write(text.encode()[: len(text) // 2])
        os.kill(os.getpid(), signal.SIGKILL)
    append(self, text, rows, **facts)
Partial.append = torn
main(sys.argv[1:])
"""


def source_of(folder: Path, count: int, name: str = "in.csv") -> Path:
    path = folder / name
    if name.endswith(".jsonl"):
        records = [{"id": row, "text": f"the soup no. {row // 2} was {WORDS[row % 5]}"} for row in range(count)]
        path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    else:
        lines = [f'{row},"the soup, no. {row // 2}, was {WORDS[row % 5]}"\n' for row in range(count)]
        path.write_text("id,text\n" + "".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a hundred rows be many windows, each of which is written alone."""
    monkeypatch.setattr(writer, "EVERY", 0.0)
    monkeypatch.setattr(rows, "FIRST_ROWS", 8)
    monkeypatch.setattr(rows, "MOST_ROWS", 16)


@pytest.fixture
def stop(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that lets the writing of a window fail once so many rows are written, or no longer."""
    append = Partial.append

    def stop(after: int | None, error: type[BaseException] = KeyboardInterrupt) -> None:
        def failing(self: Partial, text: str, rows: int, **facts: Any) -> None:
            if after is not None and self.rows >= after:
                raise error
            append(self, text, rows, **facts)

        monkeypatch.setattr(Partial, "append", failing)

    return stop


def test_a_killed_process_is_taken_up_to_the_same_bytes(run: Run, released: str, tmp_path: Path) -> None:
    source = source_of(tmp_path, 6_000)
    words = ("predict", released, "--file", str(source), "--out", str(tmp_path / "out.csv"))
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", KILLED, *words], env=environment, capture_output=True, check=False)
    assert done.returncode == -9, done.stderr
    assert not (tmp_path / "out.csv").exists()
    assert (tmp_path / "out.csv.partial").stat().st_size > 0
    ended = run(*words)
    assert ended.err.splitlines()[-2:] == [
        "2,048 rows answered before: going on after them",
        f"6,000 rows answered: {tmp_path / 'out.csv'}",
    ]
    assert run(*words[:-1], str(tmp_path / "whole.csv")).code == 0
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv", "whole.csv"]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("kinds", [("in.csv", "out.tsv"), ("in.jsonl", "out.jsonl"), ("in.txt", "out.csv")])
def test_stopped_after_any_window_it_ends_in_the_same_bytes(
    run: Run, released: str, tmp_path: Path, stop: Callable[..., None], kinds: tuple[str, str]
) -> None:
    source, out = source_of(tmp_path, 100, kinds[0]), tmp_path / kinds[1]
    words = ("predict", released, "--file", str(source), "--out")
    assert run(*words, str(tmp_path / f"whole{out.suffix}")).code == 0
    whole = (tmp_path / f"whole{out.suffix}").read_bytes()
    for after in (0, 8, 16, 48, 96):
        stop(after)
        ended = run(*words, str(out))
        assert ended.code == 130
        told = [f"{after} rows answered and kept in {out}.partial"] if after else []
        said = [*told, "stopped; the same command takes up where it was"]
        assert ended.err.splitlines()[-len(said) :] == said
        assert not out.exists()
        stop(None)
        assert run(*words, str(out)).code == 0
        assert out.read_bytes() == whole
        out.unlink()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("every", [0.0, float("inf")])
def test_stopped_while_a_window_is_computed_all_before_it_is_kept_though_it_was_not_yet_time_to_write(
    run: Run, released: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every: float
) -> None:
    source, out = source_of(tmp_path, 100), tmp_path / "out.csv"
    words = ("predict", released, "--file", str(source))
    whole = run(*words).out
    monkeypatch.setattr(writer, "EVERY", every)
    answer, windows = rows.answer, iter(range(100))

    def stopped(*given: Any, **said: Any) -> None:
        if next(windows) == 3:  # of 8, 8, 16 and 16 rows
            raise KeyboardInterrupt
        answer(*given, **said)

    with monkeypatch.context() as patch:
        patch.setattr(answer_file, "answer", stopped)
        ended = run(*words, "--out", str(out))
    assert ended.code == 130
    assert f"32 rows answered and kept in {out}.partial" in ended.err
    assert run(*words, "--out", str(out)).code == 0
    assert out.read_text(encoding="utf-8") == whole

    windows = iter(range(100))
    with monkeypatch.context() as patch:
        patch.setattr(answer_file, "answer", stopped)
        printed = run(*words)
    assert printed.code == 130
    assert printed.out == "".join(whole.splitlines(keepends=True)[:33])


@pytest.mark.usefixtures("small")
def test_stopped_twice_it_is_taken_up_twice(run: Run, released: str, tmp_path: Path, stop: Callable[..., None]) -> None:
    words = ("predict", released, "--file", str(source_of(tmp_path, 100)), "--out", str(tmp_path / "out.csv"))
    for after in (16, 48):
        stop(after)
        assert run(*words).code == 130
    stop(None)
    assert "48 rows answered before" in run(*words).err
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        assert [row["id"] for row in csv.DictReader(file)] == [str(number) for number in range(100)]


@pytest.mark.usefixtures("small")
def test_another_model_input_or_column_is_refused_until_told_to_begin_anew(
    run: Run, released: str, tmp_path: Path, stop: Callable[..., None]
) -> None:
    source, out = source_of(tmp_path, 100), tmp_path / "out.csv"
    text = source.read_text(encoding="utf-8")
    words = ("predict", released, "--file", str(source), "--out", str(out))
    stop(16)
    assert run(*words).code == 130
    stop(None)

    again = releases.publish(releases.load(released), {}, "other")
    what, hint = run("predict", again.reference, *words[2:]).two_lines
    assert f"holds 16 answers of {released}@" in what
    assert f"and {again.reference} is to answer now" in what
    assert f"haoqi predict {released}@" in hint
    assert (
        "holds 16 answers given under other settings: text 'text', now 'id'" in run(*words, "--text", "id").two_lines[0]
    )
    source.write_text(text.replace("no. 3", "no. 4"), encoding="utf-8")
    what, hint = run(*words).two_lines
    assert "holds 16 answers to other rows than the first of in.csv" in what
    assert "--fresh" in hint
    assert run(*words, "--fresh").code == 0
    assert "no. 3" not in out.read_text(encoding="utf-8")
    assert len(out.read_text(encoding="utf-8").splitlines()) == 101


@pytest.mark.usefixtures("small")
def test_a_bad_line_far_down_costs_nothing_of_what_was_answered(run: Run, released: str, tmp_path: Path) -> None:
    source, out = source_of(tmp_path, 2_000), tmp_path / "out.csv"
    good = source.read_text(encoding="utf-8")
    source.write_text(good.replace("1999,", "1999,x,y,z,"), encoding="utf-8")
    words = ("predict", released, "--file", str(source), "--out", str(out))
    what, hint = run(*words).two_lines
    assert "line 2001 of in.csv has 5 cells for 2 columns" in what
    assert "answers are kept: after that, the same command goes on" in hint
    source.write_text(good, encoding="utf-8")
    assert "rows answered before" in run(*words).err
    assert len(out.read_text(encoding="utf-8").splitlines()) == 2_001


@pytest.mark.usefixtures("small")
def test_a_disk_that_is_full_keeps_what_was_answered(
    run: Run, released: str, tmp_path: Path, stop: Callable[..., None]
) -> None:
    class FullError(UserError):
        def __init__(self) -> None:
            super().__init__("no space is left on the disk", "free some")

    words = ("predict", released, "--file", str(source_of(tmp_path, 100)), "--out", str(tmp_path / "out.csv"))
    stop(32, FullError)
    assert run(*words).two_lines == (
        "no space is left on the disk",
        "free some; 32 answers are kept: after that, the same command goes on",
    )
    stop(None)
    assert "32 rows answered before" in run(*words).err


@pytest.mark.usefixtures("small")
def test_repeated_texts_are_answered_where_they_stand(run: Run, released: str, tmp_path: Path) -> None:
    words = [WORDS[(row * row) % 5] for row in range(200)]
    source, out = tmp_path / "in.csv", tmp_path / "out.jsonl"
    source.write_text("id,text\n" + "".join(f"{row},it was {word}\n" for row, word in enumerate(words)), "utf-8")
    assert run("predict", released, "--file", str(source), "--out", str(out)).code == 0
    found = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in found] == [str(row) for row in range(200)]
    said = {row["text"]: row["label"] for row in found}
    assert [said[f"it was {word}"] for word in words] == [row["label"] for row in found]
    assert said["it was awful"] != said["it was great"]
