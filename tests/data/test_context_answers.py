"""Questions with contexts, from every form they come in: answers are found where they stand, or told to be nowhere."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi import data, tasks
from haoqi.core.errors import UserError
from haoqi.data.examples import Examples, Span
from haoqi.data.preparing.prepared import prepare
from haoqi.data.preparing.split import in_folds
from haoqi.data.raw import Raw
from haoqi.data.reading.context_answers import place_answers
from haoqi.data.settings import DataSettings

CONTEXT = "Ann Lee flew to Oslo. In Oslo she met Bo, who is from Oslonia."
OSLO = (Span(16, 20, "Oslo"), Span(25, 29, "Oslo"))


@pytest.mark.parametrize(
    ("cell", "placed"),
    [
        ("Oslo", OSLO),
        (" oslo ", OSLO),
        ("Ann\n Lee", (Span(0, 7, "Ann Lee"),)),
        (["Oslo", "Bo"], (*OSLO, Span(38, 40, "Bo"))),
        ({"text": ["Oslo"], "answer_start": [25]}, OSLO[1:]),
        ({"text": ["Oslo"], "answer_start": [23]}, OSLO[1:]),
        ({"text": "Oslo", "answer_start": "16"}, OSLO[:1]),
        ([{"text": "Oslo", "answer_start": 16}, {"text": "Bo", "answer_start": -1}], (OSLO[0], Span(38, 40, "Bo"))),
        ('{"text": ["Oslo"], "answer_start": [16]}', OSLO[:1]),
        ("{'text': array(['Oslo'], dtype=object), 'answer_start': array([16], dtype=int32)}", OSLO[:1]),
        ({"text": [" Oslo"], "answer_start": [15]}, OSLO[:1]),
        ((Span(16, 20, "Oslo"),), OSLO[:1]),
        ([], ()),
        ({"text": [], "answer_start": []}, ()),
        ("", ()),
        (None, ()),
        ("CANNOTANSWER", ()),
        ("Rome", "Rome"),
        (["Rome", "Oslo"], OSLO),
    ],
)
def test_answers_are_placed(cell: Any, placed: Any) -> None:
    assert place_answers(cell, CONTEXT) == placed


def test_chinese_answers_are_found_in_the_middle_of_everything() -> None:
    assert place_answers("1998年", "它建于1998年，1998年底开放。") == (Span(3, 8, "1998年"), Span(9, 14, "1998年"))
    assert place_answers(None, "好", None) is None


@given(st.text("ab 好,\n", min_size=1, max_size=40), st.integers(0, 40), st.integers(1, 10))
def test_what_was_cut_from_a_context_is_found_there(context: str, start: int, length: int) -> None:
    cut = context[start : start + length]
    found = place_answers({"text": [cut], "answer_start": [start]}, context)
    if not cut.strip():
        assert found == () or all(context[a:b] == text for a, b, text in found)
        return
    ((begin, end, text),) = found
    assert context[begin:end] == text == cut.strip()
    assert start <= begin and end <= start + length


def rows_of(count: int) -> list[dict[str, Any]]:
    """Return questions, two on each context, of which every fifth has no answer."""
    found = []
    for row in range(count):
        name, city = f"Person{row}", f"City{row // 2}"
        context = f"{city} is a town. Person{row // 2 * 2} and Person{row // 2 * 2 + 1} were born in {city}."
        asked = f"Who was the {row % 2 + 1}. to be born?"
        answer = "" if row % 5 == 4 else name
        found.append({"question": asked, "context": context, "answer": answer})
    return found


def squad(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return rows as SQuAD 2.0 has them."""
    found = []
    for row in rows:
        text, context = row["answer"], row["context"]
        answers = [{"text": text, "answer_start": context.index(text)}] if text else []
        asked = {"question": row["question"], "id": "x", "answers": answers, "is_impossible": not text}
        found.append({"title": "t", "paragraphs": [{"context": context, "qas": [asked]}]})
    return {"version": "v2.0", "data": found}


def as_csv(rows: list[dict[str, Any]], path: Path, **more: list[Any]) -> None:
    """Write rows as a table."""
    import pandas as pd

    pd.DataFrame(rows).assign(**more).to_csv(path, index=False)


def write(form: str, rows: list[dict[str, Any]], folder: Path) -> Path:
    """Write rows in a form and return the file."""
    path = folder / f"data.{'csv' if form.startswith('csv') else 'parquet' if form == 'parquet' else 'json'}"
    nested = [{"text": [one["answer"]] if one["answer"] else [], "answer_start": []} for one in rows]
    starts = [one["context"].find(one["answer"]) if one["answer"] else None for one in rows]
    nested = [
        {**one, "answer_start": [start] if start is not None else []} for one, start in zip(nested, starts, strict=True)
    ]
    if form == "squad":
        path.write_text(json.dumps(squad(rows)), encoding="utf-8")
    elif form == "csv":
        as_csv(rows, path)
    elif form == "csv with starts":
        as_csv(rows, path, answer_start=starts, id=list(range(len(rows))))
    elif form == "csv of records":
        as_csv([{"question": one["question"], "context": one["context"]} for one in rows], path, answers=nested)
    elif form == "lines":
        flat = [{**one, "answers": below} for one, below in zip(rows, nested, strict=True)]
        kept = [{key: value for key, value in one.items() if key != "answer"} for one in flat]
        path = path.with_suffix(".jsonl")
        path.write_text("\n".join(json.dumps(one) for one in kept), encoding="utf-8")
    else:
        import pandas as pd

        table = pd.DataFrame(rows).drop(columns="answer").assign(answers=nested)
        table.to_parquet(path)
    return path


@pytest.mark.parametrize("form", ["squad", "csv", "csv with starts", "csv of records", "lines", "parquet"])
def test_questions_are_recognised_in_every_form(form: str, tmp_path: Path) -> None:
    rows = rows_of(40)
    raw = data.read(DataSettings(str(write(form, rows, tmp_path))))
    assert raw.shape == "answers"
    assert raw.examples.texts == [one["question"] for one in rows]
    assert raw.examples.contexts == [one["context"] for one in rows]
    task, why = tasks.resolve(None, raw, DataSettings(""))
    assert task.name == "answers"
    assert why == "answers, because every question comes with a context that holds its answer"
    for one, label in zip(rows, raw.examples.labels, strict=True):
        assert [text for _, _, text in label] == ([one["answer"]] if one["answer"] else [])
        assert all(one["context"][start:end] == text for start, end, text in label)


def test_columns_that_are_called_otherwise_can_be_named(tmp_path: Path) -> None:
    rows = [{"q": one["question"], "c": one["context"], "a": one["answer"]} for one in rows_of(30)]
    as_csv(rows, tmp_path / "data.csv")
    raw = data.read(DataSettings(str(tmp_path / "data.csv"), text="q", context="c", label="a"))
    assert raw.shape == "answers"
    assert raw.schema.columns == {"text": "q", "context": "c", "label": "a"}


def test_answers_that_are_classes_or_stand_in_no_context_are_none(tmp_path: Path) -> None:
    rows = rows_of(40)
    for row, one in enumerate(rows):
        one["answer"] = ("yes", "no")[row % 2]
    as_csv(rows, tmp_path / "data.csv")
    assert data.read(DataSettings(str(tmp_path / "data.csv"))).shape == "labels"


def test_files_without_answers_keep_question_and_context(tmp_path: Path) -> None:
    path = write("squad", rows_of(8), tmp_path)
    raw = data.read(DataSettings(str(path)), labelled=False)
    assert raw.shape == "answers"
    assert raw.examples.contexts is not None
    assert raw.examples.labels == [None] * 8


def test_an_answer_that_stands_nowhere_is_told_and_left_out_where_there_are_few(tmp_path: Path) -> None:
    rows = rows_of(120)
    rows[7]["answer"] = "Nobody"
    as_csv(rows, tmp_path / "data.csv")
    settings = DataSettings(str(tmp_path / "data.csv"))
    raw = data.read(settings)
    task, _ = tasks.resolve(None, raw, settings)
    found = prepare(raw, task.output.read, settings, seed=0, folder=tmp_path / "data", classes=False)
    assert any("'Nobody' does not stand in its context" in note for note in found.card.notes)
    for one in rows[:40]:
        one["answer"] = "Nobody"
    as_csv(rows, tmp_path / "more.csv")
    with pytest.raises(UserError, match="Nobody"):
        many = DataSettings(str(tmp_path / "more.csv"), text="question", context="context", label="answer")
        tasks.resolve(None, data.read(many), many)


def test_questions_on_one_context_stay_in_one_split_and_in_one_fold(tmp_path: Path) -> None:
    settings = DataSettings(str(write("squad", rows_of(120), tmp_path)))
    raw = data.read(settings)
    task, _ = tasks.resolve(None, raw, settings)
    found = prepare(raw, task.output.read, settings, seed=0, folder=tmp_path / "data", classes=False)
    assert found.card.split == "group"
    assert not any(found.card.labels.values())
    splits = (found.splits.train, found.splits.valid, found.splits.test)
    contexts = [set(one.contexts or ()) for one in splits]
    assert all(len(one) for one in contexts)
    assert sum(map(len, contexts)) == len(set.union(*contexts))
    assert sum(map(len, splits)) == 120  # equal contexts are no duplicates where the questions differ
    import numpy as np

    folds = in_folds(found.splits.train, 5, np.random.default_rng(0))
    by_context: dict[str, set[int]] = {}
    for context, fold in zip(found.splits.train.contexts or (), folds.tolist(), strict=True):
        by_context.setdefault(context, set()).add(fold)
    assert all(len(one) == 1 for one in by_context.values())
    assert set(folds.tolist()) == set(range(5))


def test_examples_of_a_caller_are_placed_too() -> None:
    examples = replace(Examples.of(["Where?", "Who?"], ["Oslo", ()]), contexts=[CONTEXT, CONTEXT])
    raw = Raw.of(examples)
    assert raw.shape == "answers"
    assert raw.examples.labels == [OSLO, ()]


def test_nothing_can_be_learnt_where_no_question_has_an_answer(tmp_path: Path) -> None:
    rows = [{**one, "answer": ""} for one in rows_of(30)]
    settings = DataSettings(str(write("squad", rows, tmp_path)))
    with pytest.raises(UserError, match="no question has an answer in its context"):
        tasks.resolve(None, data.read(settings), settings)


@pytest.mark.parametrize("name", ["topic", "entities", "paraphrase"])
def test_other_tasks_refuse_questions_with_contexts(name: str, tmp_path: Path) -> None:
    settings = DataSettings(str(write("squad", rows_of(30), tmp_path)))
    with pytest.raises(UserError, match="questions with contexts") as caught:
        tasks.resolve(name, data.read(settings), settings)
    assert "--task answers" in caught.value.hint


def test_answers_are_refused_where_there_are_no_contexts() -> None:
    raw = Raw.of(Examples.of(["a good film", "a bad one"], ["pos", "neg"]))
    with pytest.raises(UserError, match="needs questions with a context") as caught:
        tasks.resolve("answers", raw, DataSettings(""))
    assert "--context" in caught.value.hint
