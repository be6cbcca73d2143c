"""Instructions, dialogues and questions are classes where answers are few and repeat; else they are refused by name."""

import json
from pathlib import Path
from typing import Any

import pytest

from haoqi.core.errors import UserError
from haoqi.data import DataSettings, Raw, read

PAIRS = [(f"the {thing} of room {number} is broken", room) for number in range(6)
         for thing, room in (("oven", "kitchen"), ("hedge", "garden"))]  # fmt: skip
SAME = "Say which room this is about."
Json = Any


def load(folder: Path, document: Json, **settings: Any) -> Raw:
    (folder / "a.json").write_text(json.dumps(document), encoding="utf-8")
    return read(DataSettings(str(folder / "a.json"), **settings))


def alpaca(text: str, label: str) -> Json:
    return {"instruction": SAME, "input": text, "output": label}


def alpaca_alone(text: str, label: str) -> Json:
    return {"instruction": text, "input": "", "output": label}


def sharegpt(text: str, label: str) -> Json:
    return {"conversations": [{"from": "human", "value": text}, {"from": "gpt", "value": label}]}


def openai(text: str, label: str) -> Json:
    turns = [("system", SAME), ("user", text), ("assistant", label)]
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


def prompts(text: str, label: str) -> Json:
    return {"prompt": text, "completion": f" {label}"}


FORMS = {
    "alpaca": (alpaca, "input", "output"),
    "alpaca without inputs": (alpaca_alone, "instruction", "output"),
    "sharegpt": (sharegpt, "question", "answer"),
    "openai_messages": (openai, "question", "answer"),
    "prompt_completion": (prompts, "prompt", "completion"),
}


@pytest.mark.parametrize("form", FORMS)
def test_few_answers_that_repeat_are_classes(tmp_path: Path, form: str) -> None:
    record, text, label = FORMS[form]
    raw = load(tmp_path, [record(*pair) for pair in PAIRS])
    assert list(raw.examples) == PAIRS
    assert raw.schema.columns == {"text": text, "label": label}
    assert "2 different answers" in raw.schema.why["label"]
    assert f"laid out as {form.split()[0]}" in raw.schema.notes


@pytest.mark.parametrize("form", FORMS)
def test_answers_that_are_written_are_refused_with_the_flags_that_say_otherwise(tmp_path: Path, form: str) -> None:
    record, text, label = FORMS[form]
    written = [record(asked, f"I am sorry to hear that {asked}.") for asked, _ in PAIRS]
    with pytest.raises(UserError, match="text to be written, which is not learnt yet") as caught:
        load(tmp_path, written)
    assert f"--text {text} --label {label}" in caught.value.hint
    raw = load(tmp_path, written, text=text, label=label)
    assert raw.examples.labels[0] == f"I am sorry to hear that {PAIRS[0][0]}."


def test_instructions_and_inputs_that_both_differ_are_both_read(tmp_path: Path) -> None:
    document = [
        {"instruction": f"{SAME} Take {number % 3}.", "input": text if number % 4 else "", "output": label}
        for number, (text, label) in enumerate(PAIRS)
    ]
    raw = load(tmp_path, document)
    assert raw.examples.texts[:2] == [f"{SAME} Take 0.", f"{SAME} Take 1.\n{PAIRS[1][0]}"]


def test_earlier_turns_are_told_to_be_left_out(tmp_path: Path) -> None:
    more = [{"from": "human", "value": "hello"}, {"from": "gpt", "value": "what is it?"}]
    document = [{"conversations": [*more, *sharegpt(*pair)["conversations"]]} for pair in PAIRS]
    raw = load(tmp_path, document)
    assert list(raw.examples) == PAIRS
    assert raw.schema.warnings == ("12 dialogues have several turns, of which the last question alone is read",)


def test_preferences_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="preferences between two answers"):
        load(tmp_path, [{"prompt": text, "chosen": "yes", "rejected": "no"} for text, _ in PAIRS])


QA = [{"question": "which room?", "id": "1", "answers": [{"text": "oven", "answer_start": 4}]}]
QUESTIONS: dict[str, Json] = {
    "SQuAD": {"version": "2.0", "data": [{"title": "a", "paragraphs": [{"context": t, "qas": QA} for t, _ in PAIRS]}]},
    "CMRC": [{"context_text": t, "qas": [{"query_text": "which?", "answers": ["oven"]}]} for t, _ in PAIRS],
    "rows": [
        {"context": t, "question": "which?", "answers": {"text": [label], "answer_start": [4]}} for t, label in PAIRS
    ],
}


@pytest.mark.parametrize("form", QUESTIONS)
def test_questions_on_contexts_are_read_with_their_answers(tmp_path: Path, form: str) -> None:
    raw = load(tmp_path, QUESTIONS[form])
    assert raw.shape == "answers"
    assert raw.examples.contexts == [text for text, _ in PAIRS]
    assert raw.schema.columns == {"text": "question", "context": "context", "label": "answer"}
    for label, (text, _) in zip(raw.examples.labels, PAIRS, strict=True):
        assert isinstance(label, str) or all(text[start:end] == answer for start, end, answer in label)


def test_questions_on_contexts_are_read_as_classes_where_that_is_said(tmp_path: Path) -> None:
    raw = load(tmp_path, QUESTIONS["rows"], text="context", pair="question", label="answer")
    assert list(raw.examples) == PAIRS
    assert raw.examples.pairs == ["which?"] * len(PAIRS)
