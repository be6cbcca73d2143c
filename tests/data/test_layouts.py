"""Exports of labelling tools are read as what they are, and what must not be believed is left out and told."""

import json
from pathlib import Path
from typing import Any

import pytest

from haoqi.core.errors import UserError
from haoqi.data import DataSettings, Raw, Span, read
from haoqi.data.reading.layouts import layouts

ROWS = [("the oven is broken", "kitchen"), ("the lawn is dry", "garden"), ("the hedge is tall", "garden")]
SPANS = [(Span(4, 8, "thing"),), (Span(4, 8, "thing"),), (Span(4, 9, "thing"),)]
Json = Any


def load(folder: Path, document: Json, name: str = "a.json", **settings: Any) -> Raw:
    lines = isinstance(document, list) and name.endswith("l")
    text = "\n".join(map(json.dumps, document)) if lines else json.dumps(document)
    (folder / name).write_text(document if isinstance(document, str) else text, encoding="utf-8")
    return read(DataSettings(str(folder / name), **settings))


def surface(row: int) -> dict[str, Any]:
    (span,) = SPANS[row]
    return {"start": span.start, "end": span.end, "text": ROWS[row][0][span.start : span.end]}


def task(row: int, *answers: Json, **more: Any) -> Json:
    return {"id": row, "data": {"text": ROWS[row][0], "source": "x"}, "annotations": list(answers), **more}


def answer(*values: Json, kind: str = "choices", **more: Any) -> Json:
    results = [{"from_name": "topic", "to_name": "text", "type": kind, "value": value} for value in values]
    return {"result": results, "was_cancelled": False, **more}


def labels(row: int) -> Json:
    return answer({**surface(row), "labels": ["thing"]}, kind="labels")


CLASSES: dict[str, Json] = {
    "label_studio": [task(row, answer({"choices": [label]}), drafts=[]) for row, (_, label) in enumerate(ROWS)],
    "label_studio, minimal": [
        {"id": 1, "text": text, "topic": label, "annotator": 1, "annotation_id": 7, "lead_time": 2.5}
        for text, label in ROWS
    ],
    "prodigy": [{"text": t, "label": label, "answer": "accept", "_input_hash": 1} for t, label in ROWS],
    "prodigy, choices": [
        {
            "text": t,
            "options": [{"id": 1, "text": "kitchen"}, {"id": 2, "text": "garden"}],
            "accept": [1 if label == "kitchen" else 2],
            "answer": "accept",
        }
        for t, label in ROWS
    ],
    "spacy": [[t, {"cats": {"kitchen": label == "kitchen", "garden": label == "garden"}}] for t, label in ROWS],
    "spacy, records": [
        {"text": t, "cats": {"kitchen": float(label == "kitchen"), "garden": float(label == "garden")}}
        for t, label in ROWS
    ],
    "luis": [
        {"text": t, "intent": label, "entities": [{"entity": "thing", "startPos": 4, "endPos": 7}]} for t, label in ROWS
    ],
    "luis, an app": {
        "luis_schema_version": "7.0.0",
        "intents": [{"name": "kitchen"}],
        "utterances": [{"text": t, "intent": label, "entities": []} for t, label in ROWS],
    },
    "rasa": {"rasa_nlu_data": {"common_examples": [{"text": t, "intent": label} for t, label in ROWS]}},
    "intents": {
        "intents": [
            {"tag": "kitchen", "patterns": [ROWS[0][0]], "responses": ["We shall look."]},
            {"tag": "garden", "patterns": [ROWS[1][0], ROWS[2][0]], "responses": ["We shall look."]},
        ]
    },
    "intents, a list": [
        {"name": "kitchen", "examples": [ROWS[0][0]], "id": 1},
        {"name": "garden", "examples": [ROWS[1][0], ROWS[2][0]], "id": 2},
    ],
    "texts_by_label": {"kitchen": [ROWS[0][0]], "garden": [ROWS[1][0], ROWS[2][0]]},
}


@pytest.mark.parametrize("form", CLASSES)
@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_every_layout_of_classes_gives_the_same_rows(tmp_path: Path, form: str, name: str) -> None:
    raw = load(tmp_path, CLASSES[form], name)
    assert list(raw.examples) == ROWS
    assert (raw.shape, raw.parts, raw.schema.format) == ("labels", None, "json")
    assert f"laid out as {form.partition(',')[0]}" in raw.schema.notes


ENTITIES: dict[str, Json] = {
    "label_studio": [task(row, labels(row)) for row in range(3)],
    "prodigy": [
        {
            "text": ROWS[row][0],
            "tokens": [{"text": "the", "start": 0, "end": 3, "id": 0}],
            "spans": [{**surface(row), "token_start": 1, "token_end": 1, "label": "thing"}],
            "answer": "accept",
        }
        for row in range(3)
    ],
    "doccano": [
        {
            "id": row,
            "text": ROWS[row][0],
            "entities": [{"id": 9, "label": "thing", "start_offset": 4, "end_offset": SPANS[row][0].end}],
            "relations": [],
            "Comments": [],
        }
        for row in range(3)
    ],
    "spacy": [[ROWS[row][0], {"entities": [[4, SPANS[row][0].end, "thing"]]}] for row in range(3)],
    "ner_annotator": {
        "classes": ["thing"],
        "annotations": [[ROWS[row][0], {"entities": [[4, SPANS[row][0].end, "thing"]]}] for row in range(3)],
    },
}


@pytest.mark.parametrize("form", ENTITIES)
def test_every_layout_of_entities_gives_the_same_spans(tmp_path: Path, form: str) -> None:
    raw = load(tmp_path, ENTITIES[form])
    assert raw.shape == "spans"
    assert list(raw.examples) == list(zip([text for text, _ in ROWS], SPANS, strict=True))
    assert f"laid out as {form}" in raw.schema.notes


def test_every_layout_says_what_it_is() -> None:
    told = {form.partition(",")[0] for form in {**CLASSES, **ENTITIES}}
    assert told < {*layouts.names()}
    assert all(layouts.describe(name) for name in layouts.names())


@pytest.mark.parametrize("name", layouts.names())
@pytest.mark.parametrize(
    "document", [[], {}, [None], [1, "a"], [[]], {"a": {}}, [{"data": 1}], {"nlu": 3}, {"data": [[]]}, [{"text": None}]]
)
def test_recognising_a_layout_never_raises(name: str, document: Json) -> None:
    assert layouts.build(name).recognises(document) == 0


def test_cancelled_answers_and_drafts_are_not_learnt_and_told(tmp_path: Path) -> None:
    cancelled = answer({"choices": ["kitchen"]}, was_cancelled=True)
    document = [
        task(0, answer({"choices": ["kitchen"]})),
        task(1, cancelled, answer({"choices": ["garden"]})),
        task(2, cancelled),
        task(2, drafts=[{"result": []}]),
    ]
    raw = load(tmp_path, document)
    assert raw.examples.labels == ["kitchen", "garden", None]
    assert raw.parts == ["train", "train", "unlabelled"]
    assert raw.schema.skipped == {"whose answer was cancelled": 1}
    assert "1 task has only a draft, which is not learnt" in raw.schema.notes
    with pytest.raises(UserError, match="every answer was cancelled"):
        load(tmp_path, [task(2, cancelled)])
    with pytest.raises(UserError, match="no task has an answer"):
        load(tmp_path, [task(2)])


def test_of_several_answers_the_ground_truth_else_the_first_is_learnt_and_told(tmp_path: Path) -> None:
    one, other = answer({"choices": ["kitchen"]}), answer({"choices": ["garden"]})
    raw = load(tmp_path, [task(0, one, other), task(1, one, {**other, "ground_truth": True}), task(2, other, other)])
    assert raw.examples.labels == ["kitchen", "garden", "garden"]
    assert "the answers to 2 tasks differ" in raw.schema.notes


def test_an_empty_answer_for_spans_says_that_there_are_none(tmp_path: Path) -> None:
    raw = load(tmp_path, [task(0, labels(0)), task(1, answer()), task(2)])
    assert raw.examples.labels == [SPANS[0], (), None]


def test_an_empty_answer_for_classes_is_no_label_and_told(tmp_path: Path) -> None:
    raw = load(tmp_path, [task(row, answer({"choices": [ROWS[row][1]]})) for row in range(2)] + [task(2, answer())])
    assert raw.parts == ["train", "train", "unlabelled"]
    assert "1 task was answered with nothing and serves as unlabelled text" in raw.schema.notes


def test_several_choices_and_paths_of_a_taxonomy_are_labels(tmp_path: Path) -> None:
    raw = load(
        tmp_path, [task(0, answer({"choices": ["kitchen", "urgent"]})), task(1, answer({"choices": ["garden"]}))]
    )
    assert raw.examples.labels == [["kitchen", "urgent"], ["garden"]]
    paths = [task(row, answer({"taxonomy": [["home", ROWS[row][1]]]}, kind="taxonomy")) for row in range(3)]
    assert load(tmp_path, paths).examples.labels == ["home / kitchen", "home / garden", "home / garden"]


def test_places_in_markup_and_images_are_refused_by_name(tmp_path: Path) -> None:
    region = {"start": "/div[1]/text()[1]", "end": "/div[1]/text()[1]", "startOffset": 4, "hypertextlabels": ["thing"]}
    with pytest.raises(UserError, match="not counted in characters of a text"):
        load(tmp_path, [task(0, answer(region, kind="hypertextlabels"))])
    known = {**region, "globalOffsets": {"start": 4, "end": 8}}
    raw = load(tmp_path, [task(0, answer(known, kind="hypertextlabels"))])
    assert raw.examples.labels == [SPANS[0]]
    with pytest.raises(UserError, match="the answers of topic are of a kind that is not learnt from"):
        load(tmp_path, [task(0, answer({"x": 1, "y": 2, "rectanglelabels": ["a"]}, kind="rectanglelabels"))])


def test_rejected_and_ignored_answers_are_left_out_and_told(tmp_path: Path) -> None:
    document = [
        {"text": text, "label": label, "answer": said, "_task_hash": 1}
        for (text, label), said in zip([*ROWS, *ROWS], ["accept"] * 3 + ["reject", "reject", "ignore"], strict=True)
    ]
    raw = load(tmp_path, document, "a.jsonl")
    assert list(raw.examples) == ROWS
    assert raw.schema.skipped == {"answered reject": 2, "answered ignore": 1}
    texts = read(DataSettings(str(tmp_path / "a.jsonl")), labelled=False)
    assert len(texts.examples) == 6


def test_one_label_asked_for_makes_two_classes(tmp_path: Path) -> None:
    document = [
        {"text": text, "label": "garden", "answer": "accept" if label == "garden" else "reject"} for text, label in ROWS
    ]
    assert load(tmp_path, document).examples.labels == ["not garden", "garden", "garden"]


def test_categories_that_are_on_together_are_several_labels(tmp_path: Path) -> None:
    document = [
        {"text": "the oven is broken", "cats": {"kitchen": 1.0, "urgent": 1.0}},
        {"text": "the lawn is dry", "cats": {"kitchen": 0.0, "urgent": 0.0}},
    ]
    assert load(tmp_path, document).examples.labels == [["kitchen", "urgent"], []]


def test_old_exports_with_numbered_labels_are_refused(tmp_path: Path) -> None:
    document = [{"text": text, "annotations": [{"label": 3, "user": 1}], "meta": {}} for text, _ in ROWS]
    with pytest.raises(UserError, match="Doccano's JSON with numbered labels") as caught:
        load(tmp_path, document)
    assert "text labels" in caught.value.hint
    old = [{"id": 0, "paragraphs": [{"raw": "a", "sentences": [{"tokens": []}]}]}]
    with pytest.raises(UserError, match="spaCy's training JSON of version 2"):
        load(tmp_path, old)


def test_entities_beside_an_intent_are_told_and_can_be_learnt(tmp_path: Path) -> None:
    raw = load(tmp_path, CLASSES["luis"])
    assert "the entities are left out; --label entities learns them" in raw.schema.notes
    raw = load(tmp_path, CLASSES["luis"], label="entities")
    assert raw.examples.labels[0] == (Span(4, 8, "thing"),)


def test_patterns_without_blanks_are_texts_and_words_under_text_are_none(tmp_path: Path) -> None:
    document = {"intents": [{"tag": "早", "patterns": ["早上好"]}, {"tag": "再见", "patterns": ["再见", "明天见"]}]}
    assert load(tmp_path, document).examples.texts == ["早上好", "再见", "明天见"]
    words = [{"text": t.split(), "label": label} for t, label in ROWS[:2]]
    assert list(load(tmp_path, words).examples) == ROWS[:2]


def test_splits_that_an_export_names_are_kept(tmp_path: Path) -> None:
    utterances = [{"text": t, "intent": i, "dataset": "Test" if i == "kitchen" else "Train"} for t, i in ROWS]
    document = {"projectFileVersion": "2022-05-01", "assets": {"utterances": utterances}}
    assert load(tmp_path, document).parts == ["test", "train", "train"]


YAML = """version: "3.1"
nlu:
- intent: no
  examples: |
    - i do not want [soup](dish)
    - never ever
- intent: order
  examples: |
    - two [teas]{"entity": "dish", "role": "first"} for me
- synonym: soup
  examples: |
    - broth
"""
MARKDOWN = """## intent:no
- i do not want [soup](dish)
* never ever

## intent:order
- two [teas](dish:tea) for me
## synonym:soup
- broth
"""


@pytest.mark.parametrize(("name", "text"), [("nlu.yml", YAML), ("nlu.md", MARKDOWN)])
def test_intents_of_rasa_are_read_from_yaml_and_markdown(tmp_path: Path, name: str, text: str) -> None:
    raw = load(tmp_path, text, name)
    assert list(raw.examples) == [("i do not want soup", "no"), ("never ever", "no"), ("two teas for me", "order")]
    assert "synonym are left out" in raw.schema.notes
    spans = load(tmp_path, text, name, label="entities")
    assert spans.examples.labels == [(Span(14, 18, "dish"),), (), (Span(4, 8, "dish"),)]


def test_yaml_of_plain_records_is_read_and_no_word_becomes_a_truth_value(tmp_path: Path) -> None:
    rows = [(f"they said that on day {number}", ("no", "on", "off")[number % 3]) for number in range(12)]
    text = "".join(f"- text: {text}\n  label: {label}\n" for text, label in rows)
    assert list(load(tmp_path, text, "a.yaml").examples) == rows
    for bad, words in (("a: [1\nb: 2", "is not YAML"), ("a: &x [1]\nb: *x", "refers to parts of itself")):
        with pytest.raises(UserError, match=words):
            load(tmp_path, bad, "b.yaml")


def test_columns_that_were_said_are_taken_from_plain_records_where_a_layout_has_none_such(tmp_path: Path) -> None:
    document = [{"text": t, "cats": {"a": 1.0, "b": 0.0}, "mood": label} for t, label in ROWS]
    assert load(tmp_path, document, label="mood").examples.labels == ["kitchen", "garden", "garden"]
    document = [{"tag": label, "patterns": [t], "source": "mail" if label == "garden" else "web"} for t, label in ROWS]
    raw = load(tmp_path, document[:2], text="patterns", label="source")
    assert raw.examples.labels == ["web", "mail"]
