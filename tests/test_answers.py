"""Questions with contexts go all the way: Chinese in CMRC's form, through a run, a release and its report."""

import csv
import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import haoqi
from haoqi import pipeline
from haoqi.__main__ import main
from haoqi.core.errors import UserError
from haoqi.data.examples import Span
from haoqi.models.releases.releases import Release
from haoqi.run import run_of

CITIES = "北京 上海 广州 深圳 杭州 南京 成都 重庆 武汉 西安 苏州 天津 青岛 大连 厦门 长沙 昆明 贵阳 兰州 济南".split()  # noqa: SIM905
NAMES = "李明 王芳 张伟 刘洋 陈静 杨帆 赵磊 黄敏 周杰 吴倩".split()  # noqa: SIM905
CONTEXT = "青年宫位于厦门，由刘洋在1987年设计，共有12层。"
ASKED = {"青年宫位于哪里？": "厦门", "青年宫是哪一年设计的？": "1987年", "青年宫是谁设计的？": "刘洋"}


def cmrc(count: int) -> list[dict[str, object]]:
    """Return contexts in the form of CMRC 2018, three questions each and one that has no answer."""
    rng, found = np.random.default_rng(0), []
    for row in range(count):
        city, name, year = CITIES[row % 20], NAMES[(row * 7 + row // 10) % 10], 1900 + int(rng.integers(0, 120))
        what = f"{'文化体育科技音乐'[row % 4 * 2 :][:2]}{'馆厅楼院'[row % 4]}{row}号"
        context = f"{what}位于{city}，由{name}在{year}年设计，共有{row % 30 + 3}层。"
        asked = ((f"{what}位于哪里？", city), (f"{what}是哪一年设计的？", f"{year}年"), (f"{what}是谁设计的？", name))
        qas = [{"query_text": question, "query_id": "x", "answers": [answer] * 3} for question, answer in asked]
        qas.append({"query_text": f"{what}为什么要拆除？", "query_id": "y", "answers": []})
        found.append({"context_id": str(row), "context_text": context, "qas": qas})
    return found


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """Return a release of questions in Chinese."""
    path = tmp_path_factory.mktemp("cmrc") / "buildings.json"
    path.write_text(json.dumps(cmrc(70), ensure_ascii=False), encoding="utf-8")
    run = run_of(str(path), steps=2, methods=["majority", "overlap"], folds=0, near_duplicates=False)
    return pipeline.improve(run)


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """Return a function that runs a command."""

    def run(*words: str, pipe: str = "") -> Ended:
        monkeypatch.setattr(sys, "stdin", io.StringIO(pipe))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(words)
        return Ended(int(ended.value.code or 0), *capsys.readouterr())

    return run


def test_chinese_questions_are_learnt_from_words_alone_and_told_in_the_report(release: Release) -> None:
    scores = release.evidence["test"]["scores"]
    assert release.task.name == "answers"
    assert release.facts["method"] == "overlap"
    assert list(scores) == ["answer_f1", "answer_exact_match", "no_answer_f1"]
    assert scores["answer_f1"][0] > 0.9
    assert scores["no_answer_f1"][0] > 0.9
    page = (release.folder / "report.html").read_text(encoding="utf-8")
    assert "all questions on one context together" in page
    card = (release.folder / "README.md").read_text(encoding="utf-8")
    assert "a stretch of the context, or none" in card
    assert '("a question", "its context")' in card


def test_answers_stand_in_their_context_and_what_is_not_there_has_none(release: Release) -> None:
    model = haoqi.load("buildings")
    for question, answer in ASKED.items():
        found = model(haoqi.Query(question, context=CONTEXT))
        ((start, end, text),) = found.label  # type: ignore[misc, union-attr]
        assert CONTEXT[start:end] == text == answer
        assert found.confidence is not None
        assert 0.3 < found.confidence <= 1
    assert model(("青年宫为什么要拆除？", CONTEXT)).label == ()
    both = model.predict([(question, CONTEXT) for question in ASKED])
    assert [label[0].label for label in both.labels] == list(ASKED.values())
    rows = [{"question": question, "context": CONTEXT} for question in ASKED]
    assert haoqi.predict("buildings", rows).labels == both.labels


@pytest.mark.parametrize("given", [["谁？"], [haoqi.Query("谁？")], [haoqi.Query("谁？", "一对")]])
def test_a_question_without_context_is_refused(release: Release, given: list[object]) -> None:
    with pytest.raises(UserError, match="answers a question from a context") as caught:
        haoqi.load("buildings").predict(given)  # type: ignore[arg-type]
    assert "[(question, context), ...]" in caught.value.hint


def test_a_person_asks_on_the_command_line(release: Release, command: Callable[..., Ended]) -> None:
    question = "青年宫是谁设计的？"
    answer, sure = command("predict", "buildings", question, CONTEXT).out.rstrip("\n").split("\t")
    assert answer == "刘洋"
    assert 0 < float(sure) <= 1
    record = json.loads(command("predict", "buildings", question, CONTEXT, "--json").out)
    start = CONTEXT.index("刘洋")
    assert (record["answer"], record["start"], record["end"]) == ("刘洋", start, start + 2)
    assert (record["text"], record["context"]) == (question, CONTEXT)
    piped = command("predict", "buildings", pipe=f"{question}\t{CONTEXT}\n").out
    assert piped.startswith("刘洋\t")
    nothing = command("predict", "buildings", "青年宫为什么要拆除？", CONTEXT).out
    assert nothing.startswith("(no answer)\t")
    assert "given: 1" in command("predict", "buildings", question).err


@pytest.mark.parametrize("form", ["csv", "jsonl", "json"])
def test_files_of_questions_are_answered_with_places(
    release: Release, command: Callable[..., Ended], tmp_path: Path, form: str
) -> None:
    path, out = tmp_path / f"asked.{form}", tmp_path / "answered.csv"
    asked = [*ASKED, "青年宫为什么要拆除？"]
    rows = [{"id": str(row), "question": one, "context": CONTEXT} for row, one in enumerate(asked)]
    if form == "csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    elif form == "jsonl":
        path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    else:
        qas = [{"question": row["question"], "id": row["id"]} for row in rows]
        document = {"data": [{"title": "青年宫", "paragraphs": [{"context": CONTEXT, "qas": qas}]}]}
        path.write_text(json.dumps(document), encoding="utf-8")
    assert command("predict", "buildings", "--file", str(path), "--out", str(out)).code == 0
    found = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert [row["answer"] for row in found] == [*ASKED.values(), ""]
    for row in found[:-1]:
        assert CONTEXT[int(row["start"]) : int(row["end"])] == row["answer"]
    assert (found[-1]["start"], found[-1]["end"]) == ("", "")
    assert all(0 <= float(row["confidence"]) <= 1 for row in found)


def test_a_file_without_contexts_is_refused_with_the_flag(
    release: Release, command: Callable[..., Ended], tmp_path: Path
) -> None:
    (tmp_path / "asked.csv").write_text("question,id\n谁？,1\n哪里？,2\n", encoding="utf-8")
    ended = command("predict", "buildings", "--file", str(tmp_path / "asked.csv"))
    assert ended.code != 0
    assert "--context" in ended.err


def test_a_release_is_scored_on_more_questions_and_inspected(
    release: Release, command: Callable[..., Ended], tmp_path: Path
) -> None:
    path = tmp_path / "more.json"
    path.write_text(json.dumps(cmrc(12)), encoding="utf-8")
    found = haoqi.api.evaluate("buildings", str(path))  # type: ignore[attr-defined]
    assert found.examples == 48
    assert found.scores["answer_f1"][0] > 0.9
    shown = command("inspect", str(path)).out
    assert "answers, because every question comes with a context" in shown
    assert "12 of 48 questions have no answer in their context" in shown
    assert "(no answer)" in shown


def test_a_mistake_shows_the_question_and_what_stands_around_the_answers() -> None:
    from dataclasses import replace

    from haoqi.data.answers import CONTEXT_SPAN
    from haoqi.data.examples import Examples
    from haoqi.evaluate.mistakes import mistakes
    from haoqi.evaluate.predictions import Predictions

    context = "x " * 900 + "Ann flew to Oslo and Bo to Rome. " + "y " * 900
    at = context.index("Oslo")
    oslo, rome = Span(at, at + 4, "Oslo"), Span(context.index("Rome"), context.index("Rome") + 4, "Rome")
    right = [(oslo,), (oslo,), (), (oslo,), (oslo,)]
    given = [(rome,), (), (rome,), (Span(at - 3, at + 4, "to Oslo"),), (Span(0, 4, "Oslo"),)]
    examples = replace(Examples.of(["Where?"] * 5, right), contexts=[context] * 5)
    found = mistakes(examples, Predictions(given, confidence=np.arange(5) / 10 + 0.1), CONTEXT_SPAN)
    assert {one.id: one.kind for one in found} == {0: "wrong", 1: "missed", 2: "invented", 3: "boundary"}
    for one in found:
        assert one.asked == "Where?"
        assert len(one.text) < 500
        for start, end, text in (*one.true, *one.predicted):
            assert one.text[start:end] == text
