"""The card tells what a person should know, and prints nobody's data."""

import json
from pathlib import Path

from haoqi.core.say import Sentence, spoken
from haoqi.data import Card, DataSettings, Examples, Raw, prepare
from haoqi.data.preparing.card import rough_tokens


def prepared_card(folder: Path) -> Card:
    words = [f"letter {number} of the year {number * 37} was nobody's" for number in range(60)]
    texts = [*words, "call 13800138000 or jo@example.org", "call 13800138000 or jo@example.org", "这个酒店很好"]
    labels = [*["a", "b"] * 30, "a", "b", "a"]
    raw = Raw.of(Examples.of(texts, labels), "some.csv")
    return prepare(raw, str, DataSettings("some.csv", bad_rows=0.5), seed=0, folder=folder).card


def test_the_card_counts_and_masks(tmp_path: Path) -> None:
    card = prepared_card(tmp_path)
    assert card.rows == {"train": 49, "valid": 6, "test": 6}
    assert set(card.labels["train"]) == {"a", "b"}
    assert card.contradictions == 1
    assert card.contradicting == ({"text": "call [phone] or [email]", "labels": {"a": 1, "b": 1}},)
    assert card.dropped == {"contradicting labels": 2}
    assert card.languages["en"] > 0.9
    assert card.characters["min"] == 6
    assert "test has only 6 rows: scores on it are rough" in card.notes


def test_the_card_survives_json(tmp_path: Path) -> None:
    card = prepared_card(tmp_path)
    assert Card.from_json(json.loads(json.dumps(card.to_json()))) == card
    assert "13800138000" not in json.dumps(card.to_json())


def test_tokens_are_roughly_counted() -> None:
    assert rough_tokens("abcd efgh") == 3
    assert rough_tokens("酒店很好") == 4


def test_the_card_keeps_what_it_says_in_every_language(tmp_path: Path) -> None:
    texts = [f"write to jo{n % 20}@example.org about lamp {n}" for n in range(60)]
    labels = [("good", "bad")[n % 2] for n in range(60)]
    raw = Raw.of(Examples([*texts, texts[0]], [*labels, "bad"], list(range(61))))
    found = prepare(raw, str, DataSettings("memory", near_duplicates=False), seed=0, folder=tmp_path / "data").card
    back = Card.from_json(json.loads(json.dumps(found.to_json())))
    assert back == found
    told = [*found.dropped, *found.notes]
    assert "contradicting labels" in found.dropped and len(told) > 3
    assert [spoken(one, "zh") for one in (*back.dropped, *back.notes)] == [spoken(one, "zh") for one in told]
    assert all(isinstance(one, Sentence) for one in told)
