import io
from collections.abc import Sequence

import pytest
from rich.cells import cell_len
from rich.console import Console

from haoqi.cli.live import View
from haoqi.core.events import Advanced, Clock, Event, Note, Released, Stage, Tried, Trying
from haoqi.report.board import Board

EVENTS: tuple[Event, ...] = (
    Stage("reading", "reviews.csv"),
    Note("reviews.csv: 2,225 rows (csv, encoding utf-8)"),
    Stage("exploring"),
    Clock(3.0, 180.0, 0, None),
    Tried(1, "majority", "macro_f1", 0.067, 0.05, 0.08, 0.02, "the first champion", True),
    Tried(2, "tfidf", "macro_f1", 0.978, 0.962, 0.990, 3.3, "new champion", True),
    Tried(3, "probe of minilm, 强度 0.3", "macro_f1", 0.981, 0.965, 0.992, 16.3, "no measurable gain", False),
    Tried(4, "full of minilm", "macro_f1", None, None, None, 1.3, "out of memory", False),
    Note("going on without multilingual", warning=True),
    Clock(33.0, 180.0, 4, None),
    Trying(5, "full of minilm, learning rate 3e-05", "tends to come out best", 77.0),
    Advanced(0.45, "epoch 2 of 3"),
)


def drawn(events: Sequence[Event], width: int, height: int = 40, later: float = 0.0) -> list[str]:
    """Return the lines of the view after some events and some seconds."""
    now = [0.0]
    board = Board("评论", now=lambda: now[0])
    for event in events:
        board.tell(event)
    now[0] = later
    console = Console(width=width, height=height, file=io.StringIO())
    console.print(View(board))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(map(cell_len, drawn(EVENTS, width))) <= width


@pytest.mark.parametrize("width", [60, 80, 120])
def test_columns_stand_under_each_other_also_beside_chinese(width: int) -> None:
    rows = [line for line in drawn(EVENTS, width) if "0.9" in line and "├" in line]
    assert len(rows) == 2
    places = [cell_len(row[: row.index("0.9")]) for row in rows]
    assert len(set(places)) == 1
    assert len({cell_len(row.rstrip()) for row in rows}) == 1


def test_the_champion_comes_first_and_is_marked_though_another_scored_more() -> None:
    rows = [line for line in drawn(EVENTS, 80) if line[:1] in "* " and line[2:8].strip().isdigit()]
    assert rows[0].startswith("*    2  tfidf")
    assert [row.split()[0] for row in rows[1:]] == ["3", "1"]


def test_what_is_tried_and_why_is_shown_with_how_far_it_is() -> None:
    text = "\n".join(drawn(EVENTS, 80, later=12.0))
    assert "5. full of minilm, learning rate 3e-05" in text
    assert "tends to come out best; about 1 min 17 s" in text
    assert "45% after 12 s, epoch 2 of 3" in text


def test_time_left_runs_on_between_two_words_of_the_clock() -> None:
    assert drawn(EVENTS, 80, later=0.0)[0].endswith("2:27 left of 3:00")
    assert drawn(EVENTS, 80, later=27.0)[0].endswith("2:00 left of 3:00")


def test_steps_are_counted_where_there_is_no_time_limit() -> None:
    assert drawn([*EVENTS, Clock(33.0, None, 4, 10)], 80)[0].endswith("4 of 10 experiments")


def test_failed_experiments_are_counted_and_poor_ones_lie_off_the_scale() -> None:
    lines = drawn(EVENTS, 80)
    assert any("and 1 failed" in line for line in lines)
    assert "<" in next(line for line in lines if "majority" in line)


def test_a_low_terminal_shows_fewer_leaders_and_says_so() -> None:
    many = [Tried(n, f"plan {n}", "accuracy", n / 30, n / 40, n / 25, 1.0, "", False) for n in range(1, 21)]
    lines = drawn([Clock(1.0, 60.0, 20, None), *many], 80, height=15)
    assert len(lines) <= 15
    assert any("14 more" in line for line in lines)


def test_an_empty_board_is_drawn_too() -> None:
    assert drawn([], 80)[0].startswith("评论")


def test_a_release_clears_what_was_tried() -> None:
    done = [*EVENTS, Stage("releasing"), Released("r", 1, "f", "macro_f1", 0.9, 0.8, 0.95, "report.html")]
    lines = drawn(done, 80)
    assert lines[0].endswith("4 experiments in 0:33")
    assert not any("learning rate" in line or "left of" in line for line in lines)


def test_where_less_is_better_the_least_error_leads_and_lies_on_the_right() -> None:
    errors = (
        Tried(1, "majority", "rmse", 0.638, 0.6, 0.69, 0.1, "", True, greater_is_better=False),
        Tried(2, "knn", "rmse", 0.611, 0.59, 0.64, 0.1, "", False, greater_is_better=False),
        Tried(3, "tfidf", "rmse", 0.583, 0.545, 0.633, 0.1, "", True, greater_is_better=False),
        Tried(4, "zero_shot", "rmse", 2.5, 2.2, 2.8, 0.1, "", False, greater_is_better=False),
    )
    lines = drawn(errors, 90)
    head = next(line for line in lines if "0.69" in line)
    assert head.index("0.69") < head.index("0.55") and "-0." not in "".join(lines)
    rows = [line for line in lines if line[:1] in "* " and line[2:8].strip().isdigit()]
    assert [row.strip("* ").split()[0] for row in rows] == ["3", "2", "1", "4"]
    assert [row.index("┼") for row in rows[:3]] == sorted((row.index("┼") for row in rows[:3]), reverse=True)
    assert "<" in rows[3] and "┼" not in rows[3]
