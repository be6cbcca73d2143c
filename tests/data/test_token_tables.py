"""Tables of words with tags become sentences with spans; other tables stay what they are."""

import json
from pathlib import Path
from typing import Any

import pytest

from haoqi import data
from haoqi.core.errors import UserError
from haoqi.data.examples import Span
from haoqi.data.raw import Raw
from haoqi.data.reading.tables.table import Table
from haoqi.data.reading.tokens.token_tables import sentences_of
from haoqi.data.settings import DataSettings

WORDS = ["Nordlys Energy opens shops in Sortano .", "On Thursday it rained .", "The ferry from Tavisk was late ."] * 8
TAGS = ["B-ORG I-ORG O O O B-LOC O", "O O O O O", "O O O B-LOC O O O"] * 8
SURFACES = [[("Nordlys Energy", "ORG"), ("Sortano", "LOC")], [], [("Tavisk", "LOC")]] * 8
NAMES = ["O", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
NUMBERS = [[NAMES.index(tag) for tag in tags.split()] for tags in TAGS]

FLAT = [
    (number, word, tag)
    for number, (words, tags) in enumerate(zip(WORDS, TAGS, strict=True))
    for word, tag in zip(words.split(), tags.split(), strict=True)
]
IDS, TOKENS, ROW_TAGS = ([row[place] for row in FLAT] for place in range(3))


def first_only(form: str = "Sentence: {}") -> list[str]:
    return [form.format(one) if at == 0 or IDS[at - 1] != one else "" for at, one in enumerate(IDS)]


def counted() -> list[int]:
    found: list[int] = []
    for at, one in enumerate(IDS):
        found.append(found[-1] + 1 if at and IDS[at - 1] == one else 1)
    return found


def read(columns: dict[str, list[Any]], labelled: bool = True, **said: Any) -> Raw | None:
    return sentences_of(Table("t.csv", columns, "csv", "mark"), DataSettings("t.csv", **said), labelled)


def surfaces(raw: Raw | None) -> list[list[tuple[str, str]]]:
    assert raw is not None
    pairs = zip(raw.examples.texts, raw.examples.labels, strict=True)
    return [[(text[span.start : span.end], span.label) for span in labels] for text, labels in pairs]


SPEECH = [["NN", "VB", "DT", "JJ", "IN", "RB"][at % 6] for at in range(len(TOKENS))]
TABLES: dict[str, dict[str, list[Any]]] = {
    "an id on each row": {"sentence_id": IDS, "words": TOKENS, "labels": ROW_TAGS},
    "ids as text": {"sid": [f"s-{one}" for one in IDS], "w": TOKENS, "t": ROW_TAGS},
    "an id that comes again": {"sentence_id": [one % 3 for one in IDS], "words": TOKENS, "labels": ROW_TAGS},
    "first row only": {"Sentence #": first_only(), "Word": TOKENS, "POS": SPEECH, "Tag": ROW_TAGS},
    "first row only, none elsewhere": {
        "Sentence #": [cell or None for cell in first_only()],
        "Word": TOKENS,
        "Tag": ROW_TAGS,
    },
    "counted words": {"id": counted(), "token": TOKENS, "ner": ROW_TAGS},
    "without names": {"1": [str(one) for one in IDS], "2": TOKENS, "3": SPEECH, "4": ROW_TAGS},
    "documents too": {"doc_id": [one // 6 for one in IDS], "sent": IDS, "word": TOKENS, "tag": ROW_TAGS},
    "without prefixes": {
        "sentence": IDS,
        "word": TOKENS,
        "tag": [tag.removeprefix("B-").removeprefix("I-") for tag in ROW_TAGS],
    },
    "words as numbers too": {
        "n": list(range(len(TOKENS))),
        "sentence_idx": [float(one) for one in IDS],
        "word": TOKENS,
        "lemma": [word.lower() for word in TOKENS],
        "tag": ROW_TAGS,
    },
    "lists": {
        "id": list(range(24)),
        "tokens": [one.split() for one in WORDS],
        "ner_tags": [one.split() for one in TAGS],
    },
    "lists under any name": {"a": [one.split() for one in WORDS], "b": [one.split() for one in TAGS]},
    "a text and a list": {"utterance": WORDS, "slots": [one.split() for one in TAGS]},
    "texts": {"1": WORDS, "2": TAGS},
    "python lists": {"words": [repr(one.split()) for one in WORDS], "tags": [repr(one.split()) for one in TAGS]},
    "json lists": {
        "words": [json.dumps(one.split()) for one in WORDS],
        "tags": [json.dumps(one.split()) for one in TAGS],
    },
    "numpy lists": {
        "words": [repr(one.split()).replace(",", "") for one in WORDS],
        "tags": [repr(one.split()).replace(",", "") for one in TAGS],
    },
    "numbers and their names": {
        "tokens": [one.split() for one in WORDS],
        "ner_tags": NUMBERS,
        "label_list": [NAMES] * len(WORDS),
    },
    "parts of speech beside": {
        "tokens": [one.split() for one in WORDS],
        "pos_tags": [["NN", "VB", "DT", "JJ", "IN", "RB", "CC"][: len(one.split())] for one in WORDS],
        "tags": [one.split() for one in TAGS],
    },
}


@pytest.mark.parametrize("kind", TABLES)
def test_every_table_gives_the_same_spans(kind: str) -> None:
    raw = read(TABLES[kind])
    assert surfaces(raw) == SURFACES
    assert raw is not None and (raw.shape, raw.examples.texts) == ("spans", WORDS)
    assert all(raw.examples.words or ())
    assert set(raw.schema.columns.values()) <= set(TABLES[kind])
    assert not set(raw.schema.left_out) & set(raw.schema.columns.values())


@pytest.mark.parametrize("kind", TABLES)
def test_columns_given_back_read_the_same(kind: str) -> None:
    raw = read(TABLES[kind])
    assert raw is not None
    assert surfaces(read(TABLES[kind], **raw.schema.columns)) == SURFACES


@pytest.mark.parametrize(
    "said", [{"text": "sentence_id"}, {"label": "sentence_id"}, {"pair": "words"}, {"text": "absent"}]
)
def test_columns_said_otherwise_leave_the_table_alone(said: dict[str, str]) -> None:
    assert read(TABLES["an id on each row"], **said) is None


def test_names_in_the_first_row_are_no_words() -> None:
    columns = {
        str(at): [name, *cells]
        for at, (name, cells) in enumerate(TABLES["first row only"].items(), 1)  # a reader took them for cells
    }
    raw = read(columns)
    assert surfaces(raw) == SURFACES
    assert raw is not None and dict(raw.schema.columns) == {"text": "Word", "label": "Tag"}


def test_arrays_are_lists() -> None:
    import numpy as np

    raw = read({"words": [np.array(one.split()) for one in WORDS], "tags": [np.array(one.split()) for one in TAGS]})
    assert surfaces(raw) == SURFACES


def test_chinese_characters_join() -> None:
    raw = read({"tokens": [list("我在北京住")] * 6, "labels": [["O", "O", "B-LOC", "I-LOC", "O"]] * 6})
    assert raw is not None
    assert (raw.examples.texts[0], raw.examples.labels[0]) == ("我在北京住", (Span(2, 4, "LOC"),))


@pytest.mark.parametrize("tags", ["OOOOBIIO", "OOOOBIIO".lower(), list("OOOOBIIO")])
def test_a_tag_for_each_character(tags: Any) -> None:
    raw = read({"sentence": ["see cats", "new dogs"] * 10, "label": [tags] * 20, "id": list(range(20))})
    assert raw is not None
    assert raw.examples.texts[:2] == ["see cats", "new dogs"]
    assert raw.examples.labels[0] == (Span(4, 7, "entity"),)
    assert any("name no kind" in note for note in raw.schema.notes)


def test_numbers_of_tags_without_names_are_an_error_that_names_the_field() -> None:
    with pytest.raises(UserError, match=r"column ner_tags of t\.csv holds numbers of tags \(0, 1, 2, 3\)") as caught:
        read({"tokens": [one.split() for one in WORDS], "ner_tags": NUMBERS})
    assert "labels.txt" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("labels.txt", "\n".join(NAMES)),
        ("labels.txt", "\n".join(f"{name} {at}" for at, name in enumerate(NAMES))),
        ("tag_names.json", json.dumps(NAMES)),
        ("label2id.json", json.dumps({name: at for at, name in enumerate(NAMES)})),
        ("id2label.json", json.dumps({str(at): name for at, name in enumerate(NAMES)})),
        ("dataset_info.json", json.dumps({"features": {"ner_tags": {"feature": {"names": NAMES}}}})),
    ],
)
def test_a_file_beside_names_the_tags(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    rows = [{"tokens": words.split(), "ner_tags": tags} for words, tags in zip(WORDS, NUMBERS, strict=True)]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    raw = data.read(DataSettings(str(path)))
    assert surfaces(raw) == SURFACES
    assert any(f"{name} names the tags" in note for note in raw.schema.notes)


def test_a_file_beside_with_other_names_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("red\nblue\ngreen\nblack\nwhite\n", encoding="utf-8")
    columns = {"tokens": [one.split() for one in WORDS], "ner_tags": NUMBERS}
    with pytest.raises(UserError, match="nothing tells their names"):
        sentences_of(Table("a", columns, "json", "mark"), DataSettings(str(tmp_path / "a.json")), True)


def test_rows_with_more_words_than_tags_are_counted_and_told() -> None:
    columns = {"words": [one.split() for one in WORDS], "tags": [one.split() for one in TAGS]}
    columns["tags"][4] = ["O", "O"]
    raw = read(columns)
    assert raw is not None
    assert (len(raw.examples), dict(raw.schema.skipped)) == (23, {"without a tag for each word": 1})
    assert any("rows 5 " in note and "5 words and 2 tags" in note for note in raw.schema.notes)
    columns["tags"][7] = ["O"]
    with pytest.raises(UserError, match=r"2 of 24 sentences .* \(rows 5, 8\)") as caught:
        read(columns)
    assert "--bad-rows 0.09" in (caught.value.hint or "")
    allowed = read(columns, bad_rows=0.09)
    assert allowed is not None and len(allowed.examples) == 22


def test_words_without_a_tag_leave_their_sentence_out() -> None:
    tags = ["" if at == 8 else tag for at, tag in enumerate(ROW_TAGS)]
    raw = read({"sentence_id": IDS, "words": TOKENS, "labels": tags})
    assert surfaces(raw) == [SURFACES[0], *SURFACES[2:]]


def test_full_stops_end_sentences_where_nothing_else_does() -> None:
    raw = read({"word": TOKENS, "tag": ROW_TAGS})
    assert surfaces(raw) == SURFACES
    assert raw is not None
    assert any("full stops" in note for note in raw.schema.notes)
    assert any("sentence_id" in warning for warning in raw.schema.warnings)


def test_empty_rows_end_sentences() -> None:
    words, tags = [], []
    for one, other in zip(WORDS, TAGS, strict=True):
        words += [*one.replace(".", "now").split(), ""]
        tags += [*other.split(), None]
    raw = read({"word": words, "tag": tags})
    assert surfaces(raw) == SURFACES


def test_nothing_that_tells_sentences_apart_is_an_error() -> None:
    with pytest.raises(UserError, match="nothing tells where a sentence ends"):
        read({"word": [word.replace(".", "now") for word in TOKENS], "tag": ROW_TAGS})


def test_groups_and_splits_follow_the_first_word() -> None:
    columns = {**TABLES["an id on each row"], "source": [f"paper {one // 6}" for one in IDS]}
    parts: Any = ["train" if one < 20 else "test" for one in IDS]
    table = Table("t.csv", columns, "csv", "mark", parts)
    raw = sentences_of(table, DataSettings("t.csv", group="source"), True)
    assert raw is not None
    assert raw.parts == ["train"] * 20 + ["test"] * 4
    assert raw.examples.groups == [f"paper {at // 6}" for at in range(24)]


def test_of_several_columns_of_tags_the_others_are_told() -> None:
    columns = {**TABLES["an id on each row"], "inner": ["B-X" if tag == "I-ORG" else "O" for tag in ROW_TAGS]}
    raw = read(columns)
    assert raw is not None
    assert (raw.schema.columns["label"], raw.schema.runners_up["label"]) == ("labels", ["inner"])
    assert surfaces(read(columns, label="inner"))[0] == [("Energy", "X")]


@pytest.mark.parametrize(
    "columns",
    [
        {"sentence_id": IDS, "word": TOKENS, "pos": SPEECH},
        {"tokens": [one.split() for one in WORDS], "upos": [SPEECH[: len(one.split())] for one in WORDS]},
    ],
)
def test_parts_of_speech_alone_are_no_entities(columns: dict[str, list[Any]]) -> None:
    with pytest.raises(UserError, match="parts of speech"):
        read(columns)
    assert read(columns, labelled=False) is None


MOODS = ["good", "bad"] * 12
OTHERS: dict[str, dict[str, list[Any]]] = {
    "text and label": {"text": WORDS, "label": MOODS},
    "words and moods": {"word": TOKENS, "mood": ["good" if at % 2 else "bad" for at in range(len(TOKENS))]},
    "several labels": {"text": WORDS, "labels": [["a", "b"], ["a"]] * 12},
    "label lists as long as texts by chance": {"text": ["one two", "three"] * 12, "labels": [["a", "b"], ["c"]] * 12},
    "tokens and a label": {"tokens": [one.split() for one in WORDS], "label": MOODS},
    "tokens, parts of speech and a label": {
        "tokens": [one.split() for one in WORDS],
        "pos": [SPEECH[: len(one.split())] for one in WORDS],
        "label": MOODS,
    },
    "tokens and their numbers": {
        "text": WORDS,
        "tokens": [one.split() for one in WORDS],
        "input_ids": [list(range(len(one.split()))) for one in WORDS],
        "label": MOODS,
    },
    "two texts as long": {"a": WORDS, "b": [one.lower() for one in WORDS]},
    "names and blood groups": {"name": [f"n{at}" for at in range(24)], "group": ["O", "A", "B"] * 8},
    "identifiers and grades": {"id": [f"a{at}" for at in range(24)], "text": WORDS, "grade": ["O", "B-1", "B-2"] * 8},
    "texts of labels like tags": {"text": WORDS, "label": ["B-X", "O", "I-X"] * 8},
    "a 0 or 1 for each of four labels": {
        "text": WORDS,
        "labels": [[0, 1, 0, 0], [1, 0, 0, 1]] * 12,
        "label_names": [["a", "b", "c", "d"]] * 24,
    },
    "records in cells": {"text": WORDS, "labels": [[{"start": 0, "end": 3, "label": "B-X"}]] * 24, "meta": [{}] * 24},
    "pairs": {"text_a": WORDS, "text_b": WORDS, "label": MOODS},
    "numbers": {"user": IDS, "film": list(range(len(IDS))), "rating": [at % 5 for at in range(len(IDS))]},
    "empty cells": {"text": [None] * 24, "label": [""] * 24},
}


@pytest.mark.parametrize("kind", OTHERS)
def test_other_tables_are_left_alone(kind: str) -> None:
    assert read(OTHERS[kind]) is None


def test_a_table_without_tags_is_left_alone_where_labels_are_not_wanted() -> None:
    assert read({"sentence_id": IDS, "word": TOKENS}, labelled=False) is None


def test_a_class_of_the_whole_text_goes_before_tags_of_its_words(tmp_path: Path) -> None:
    records = [
        {
            "token": ["the", "lid", "of", "kettle", str(n)],
            "ner": ["O", "B-PART", "O", "B-THING", "O"],
            "relation": "ab"[n % 2],
        }
        for n in range(12)
    ]
    path = tmp_path / "relations.jsonl"
    path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    raw = data.read(DataSettings(str(path)))
    assert (raw.shape, raw.examples.texts[0], raw.examples.labels[:2]) == ("labels", "the lid of kettle 0", ["a", "b"])
    assert data.read(DataSettings(str(path), label="ner")).shape == "spans"
