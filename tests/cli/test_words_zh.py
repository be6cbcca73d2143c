"""A Chinese terminal sees Chinese: no English words beside names, in lines, tables, errors and the live view."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from haoqi.cli.live import View
from haoqi.core.events import Advanced, Clock, Event, Note, Released, Tried, as_plain
from haoqi.core.say import Sentence, spoken
from haoqi.report.board import Board

Run = Callable[..., Any]

ALLOWED = {
    # what people and we named: files, columns, labels, releases, commands, bases and recipes as they are typed
    *(
        "reviews",
        "csv",
        "body",
        "stars",
        "positive",
        "negative",
        "zh",
        "haoqi",
        "improve",
        "predict",
        "file",
        "minutes",
    ),
    *("report", "html", "utf", "next", "label", "help", "PATH", "bases", "fresh", "debug", "curious", "bbc", "news"),
    # tasks, bases and methods as they are typed, and what has no other name
    *("sentiment", "minilm", "multilingual", "tfidf", "logistic", "majority", "torch", "en", "TF", "IDF"),
    # errors of the system
    *("Permission", "denied"),
}
# Of the file that is learnt from.
NAMES = ("reviews", "csv", "utf", "body", "stars")
SETTINGS = ("--text", "body", "--label", "stars", "--no-near-duplicates", "--methods", "majority,tfidf,logistic")


@pytest.fixture(autouse=True)
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAOQI_LANG", "zh")


def english(text: str, *names: str) -> set[str]:
    """Return the English words of a text that are no names; paths are left out."""
    words = re.findall(r"[A-Za-z]{2,}", re.sub(r"\S*/\S+", " ", text))
    return {word for word in words if word not in ALLOWED and word not in names}


@pytest.fixture(scope="module")
def told(reviews: Path, home: Path) -> list[Event]:
    """Return what a run says that reflects, tests lessons and gives advice."""
    from haoqi import pipeline
    from haoqi.run import run_of

    heard: list[Event] = []
    settings = {
        "text": "body",
        "label": "stars",
        "near_duplicates": False,
        "methods": ["majority", "tfidf", "logistic"],
    }
    pipeline.improve(run_of(str(reviews), name="zh", steps=8, **settings), heard.append)
    return heard


def test_every_line_of_a_run_is_chinese(told: list[Event]) -> None:
    from haoqi.cli import lines

    assert {type(event).__name__ for event in told} >= {"Stage", "Note", "Trying", "Tried", "Clock", "Released"}
    said = [line for event in told if (line := lines.plain(event)) is not None]
    [released] = [event for event in told if isinstance(event, Released)]
    said += lines.ending(released)
    assert len(said) > 20
    assert english("\n".join(said), "zh") == set()


def test_the_live_view_is_chinese(told: list[Event]) -> None:
    from rich.console import Console

    board = Board("zh", now=lambda: 0.0)
    drawn = io.StringIO()
    console = Console(file=drawn, width=160, height=60, force_terminal=False)
    for event in told:
        board.tell(event)
        console.print(View(board))
    for event in (Clock(1.0, 60.0, 1, None), Advanced(0.5)):
        board.tell(event)
        console.print(View(board))
    assert english(drawn.getvalue(), "zh") == set()


def test_a_run_told_to_machines_is_the_same_in_every_language(told: list[Event]) -> None:
    plain = json.dumps([as_plain(event) for event in told], ensure_ascii=False)
    assert not re.search("[一-鿿]", plain)
    verdicts = [event for event in told if isinstance(event, Tried)]
    assert verdicts and all(isinstance(event.verdict, Sentence) for event in verdicts)
    assert as_plain(verdicts[0])["said"]["verdict"]["key"] == "verdict.first"


def test_a_run_that_had_ended_says_that_nothing_is_new(run: Run, reviews: Path) -> None:
    words = ("improve", str(reviews), *SETTINGS, "--steps", "2", "--name", "again-zh", "--advice-seconds", "0")
    first, second, more = run(*words), run(*words), run(*["3" if word == "2" else word for word in words])
    assert "已发布 again-zh 第 1 版" in first.out and "没有新结果" not in first.out
    assert "没有新结果：这次运行早已结束，它发布的是 again-zh 第 1 版" in second.out
    assert "已发布 again-zh" not in second.out
    assert "没有找到更好的：again-zh 第 1 版不变" in more.out or "已发布 again-zh 第 2 版" in more.out
    assert english(first.out + second.out + more.out, "again") == set()


def test_what_was_released_is_told_in_chinese(run: Run, told: list[Event], reviews: Path) -> None:
    for words in (("releases", "zh"), ("next", "zh"), ("evaluate", "zh", str(reviews), *SETTINGS[:4])):
        ended = run(*words)
        assert ended.code == 0
        assert english(ended.err, *NAMES) == set(), words
        assert re.search("[一-鿿]", ended.out), words
        assert english(ended.out, "zh") == set(), words
        machine = run(*words, "--json").out
        assert not re.search("[一-鿿]", machine), words


@pytest.fixture(scope="module")
def tickets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Titles, cells of several labels, dates, a second column of texts, and rows without a text, a label or a cell."""
    path = tmp_path_factory.mktemp("tickets") / "tickets.csv"
    lamps, kettles = "the lamp of order {} flickers again", "my kettle of order {} leaks a lot"
    rows = ["Tickets of May", "body,remark,topics,day"]
    for number in range(60):
        text = (lamps, kettles)[number % 2].format(number)
        topics = ("lamp; late", "kettle", "lamp", "late; kettle")[number % 4]
        rows.append(f"{text},a clerk called about it {number} times,{topics},{number % 28 + 1}/05/2024")
    rows += ["the lamp of order 3 flickers again,none,kettle,01/05/2024", ",no text at all,lamp,02/05/2024"]
    rows += ["a chair without a label,nobody called,,03/05/2024", "a chair,lamp", "write to jo@example.org now,x,N/A,"]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


# What the file above holds, and how it is typed that it is read otherwise.
TICKETS = ("tickets", "remark", "topics", "day", "lamp", "kettle", "late", "jo", "org", "example", "NA")
TICKETS_FLAGS = (
    "pair",
    "text",
    "multilabel",
    "separator",
    "none",
    "COLUMN",
    "bad",
    "rows",
    "missing",
    "labels",
    "task",
)
TICKETS_TASKS = ("entities", "classification")
METRICS = ("micro", "macro", "exact", "match")  # by their names, as settings have them
TICKETS_READ = ("--text", "body", "--label", "topics", "--time", "day", "--bad-rows", "0.2")


def test_how_a_file_is_read_is_told_in_chinese(run: Run, tickets: Path) -> None:
    ended = run("inspect", str(tickets), *TICKETS_READ)
    assert ended.code == 0, ended.err
    facts, columns, _ = ended.out.split("\n\n")
    assert english(facts, *TICKETS, *TICKETS_FLAGS) == set()
    for told in ("标题", "2 行没有标签", "1 行列数不同", "日期按日在前读，即 日/月/年", "标签在 ';' 处切开"):
        assert told in facts, told
    assert columns.split("\n")[0].split() == ["列", "内容", "读作"]
    assert english(columns.split("\n", 1)[1], *TICKETS) == set()
    machine = run("inspect", str(tickets), *TICKETS_READ, "--json").out
    assert not re.search("[一-鿿]", machine)
    for wrong in (("--text", "bodies"), ("--label", "day", "--text", "body", "--task", "entities")):
        ended = run("inspect", str(tickets), *wrong)
        assert (
            english(ended.out.split("\n\n")[0] + ended.err, *TICKETS, *TICKETS_FLAGS, "bodies", *TICKETS_TASKS) == set()
        )


def test_what_a_run_says_of_its_data_is_chinese_in_lines_card_and_report(run: Run, tickets: Path) -> None:
    settings = (*TICKETS_READ, "--split", "time", "--methods", "majority,tfidf")
    ended = run("improve", str(tickets), *settings, "--steps", "1", "--name", "tickets", "--advice-seconds", "0")
    assert ended.code == 0, ended.err
    assert english(ended.out, *TICKETS, *TICKETS_FLAGS) == set()
    page = Path(re.search(r"\S+report\.html", ended.out)[0]).read_text(encoding="utf-8")  # type: ignore[index]
    section = page[page.index('id="data"') :].split("</section>")[0]
    chinese = re.findall(r'<span class="zh" lang="zh-Hans">(.*?)</span>', page)
    for told in (
        "2 行没有标签，当作无标签文本",
        "略去列数不同的 1 行",
        "日期按日在前读，即 日/月/年",
        "1 条文本含电子邮件地址",
    ):
        assert any(told in one for one in chinese), told
    bare = re.sub(r'<span class="(en|zh)" lang="[\w-]+">.*?</span>|<[^>]*>', " ", section)
    assert "rows" not in bare and "labels are" not in bare


@pytest.mark.parametrize(
    ("content", "flags", "told"),
    [
        (None, (), "没有文件"),
        ("", (), "是空的"),
        ("text,label\n", (), "没有行"),
        ("a lamp that is broken\nanother one\n" * 20, (), "只有一列"),
        ("text,label\na lamp,good\na chair,bad\n", ("--label", "lable"), "没有列 lable"),
        ("text,label\n" + "".join(f"a lamp that is broken {n},bad\n" for n in range(20)), (), "每行的标签都是"),
        ("text,note\n" + "".join(f"a lamp {n},a long remark on {n}\n" for n in range(30)), (), "没有看起来像标签的列"),
        ("text,label\n" + "a lamp,good\na chair,bad,worse\n" * 20, (), "列数不同"),
        ("text,label\n" + "".join(f"a lamp that is broken {n},\n" for n in range(20)), (), "没有看起来像标签的列"),
        (
            "text,label,day\n" + "a lamp,good,soon\na chair,bad,later\n" * 9,
            ("--text", "text", "--time", "day"),
            "不是日期",
        ),
        ("text,label\na lamp,good\na chair,bad\n" * 9, ("--group", "text", "--time", "label"), "互相矛盾"),
        ("text,label\na lamp,good\na chair,bad\n" * 9, ("--split", "group"), "需要一个列"),
        ('{"text": "a lamp", "label": "good"}\n{"text": \n', ("--format", "json"), "的第 2 行不是 JSON"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_in_chinese(
    run: Run, tmp_path: Path, content: str | None, flags: tuple[str, ...], told: str
) -> None:
    path = tmp_path / "mails.csv"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    ended = run("improve", str(path), *flags, "--steps", "1", "--methods", "majority", "--advice-seconds", "0")
    assert ended.code == 2, ended.out
    assert told in ended.err
    held = ("mails", "text", "note", "lable", "day", "soon", "later", "lamp", "bad", "good", "rows", "COLUMN")
    typed = (
        "delimiter",
        "sentiment",
        "faq",
        "people",
        "daily",
        "reviews",
        "multilabel",
        "that",
        "is",
        "broken",
        "JSON",
    )
    parser = ("Expecting", "value", "line", "column", "char")  # what Python says of JSON
    assert english(ended.err, *held, *typed, *parser, "time", "group", "split", "label", "classification") == set()


def test_what_a_file_of_settings_would_do_is_told_in_chinese(run: Run, tickets: Path, tmp_path: Path) -> None:
    config = tmp_path / "run.yaml"
    config.write_text(f"source: {tickets}\ntext: body\nlabel: topics\nbad_rows: 0.2\nsteps: 3\n", encoding="utf-8")
    ended = run("check", str(config))
    assert ended.code == 0, ended.err
    before = ended.out.split("方法")[0]
    assert english(before, *TICKETS, *TICKETS_FLAGS, *METRICS) == set()
    assert "3 个实验" in ended.out


def test_answers_and_errors_have_a_chinese_frame(run: Run, told: list[Event], tmp_path: Path) -> None:
    rows, out = tmp_path / "rows.csv", tmp_path / "out.csv"
    rows.write_text("body\nthe lamp was great\n", encoding="utf-8")
    ended = run("predict", "zh", "--file", str(rows), "--out", str(out))
    assert ended.err == f"文本列是 body，与学习时相同\n已回答 1 行：{out}\n"
    for words in (("predict", "zh", "a", "--file", "a.csv"), ("predict", "zh", "--out", "a.csv")):
        wrong = run(*words)
        assert wrong.code == 2
        first, second, rest = wrong.err.split("\n")
        assert first.startswith("错误：") and second.startswith("  提示：") and not rest
        assert english(wrong.err, "out") == set()


def test_the_report_tells_plans_and_times_in_chinese(told: list[Event]) -> None:
    [released] = [event for event in told if isinstance(event, Released)]
    page = Path(released.report).read_text(encoding="utf-8")
    spans = re.findall(r'<span class="zh" lang="zh-Hans">(.*?)</span>', page)
    assert any("逻辑回归" in span for span in spans)
    assert any(re.fullmatch(r"[\d.]+\xa0秒", span) for span in spans)
    plans = {spoken(event.plan, "zh") for event in told if isinstance(event, Tried)}
    assert all(re.search("[一-鿿]|TF-IDF", plan) for plan in plans)


def test_a_terminal_that_cannot_write_chinese_is_told_in_english(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from haoqi.cli import words

    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert words.translate(Note(words.say("run.stopped")).text) == "stopped by you; what was found so far is released"
