"""Columns are chosen for a reason that can be told, and what could be meant too is named."""

from collections.abc import Sequence
from typing import Any

import pytest

from haoqi.core.config import build
from haoqi.core.errors import UserError
from haoqi.data.reading.tables.roles import MissingColumnError, Roles, choose_roles
from haoqi.data.settings import DataSettings

LONG = [f"this is a rather long free text about number {number}, is it not" for number in range(40)]
FEW = ["a", "b"] * 20
UUIDS = [f"{number:08x}-f6de-2fbe-8091-5aaf4110b8bc" for number in range(40)]
ROWS = 40
TIMES = [f"2024-01-{1 + number % 28:02d}T00:00:0{number % 10}.000000Z" for number in range(40)]


def chosen(columns: dict[str, Sequence[Any]], labelled: bool = True, **said: str) -> Roles:
    settings = build(DataSettings, {"source": "some.csv", **said}, "data")
    return choose_roles("some.csv", columns, settings, labelled)


def test_the_usual_name_wins_and_what_is_no_text_never_does() -> None:
    roles = chosen(
        {
            "id": list(range(40)),
            "url": [f"http://a.b/{number}" + "c" * 90 for number in range(40)],
            "body": LONG,
            "class": FEW,
            "x": FEW,
        }
    )
    assert roles.named() == {"text": "body", "label": "class"}
    assert roles.left_out == ("id", "url", "x")
    assert "its usual name" in roles.why["text"]


@pytest.mark.parametrize("other", [UUIDS, TIMES, [f"/data/audio/{n}/take one.wav" for n in range(40)]])
def test_identifiers_times_and_paths_are_no_text_however_long(other: list[str]) -> None:
    short = [f"hey printer {number}" for number in range(40)]
    assert chosen({"conversation": other, "said": short, "intent": FEW}).one("text") == "said"


def test_a_usual_label_name_is_never_the_text() -> None:
    columns = {"label": ["rather long names of classes", "another quite long name of a class"] * 20, "said": LONG}
    assert chosen(columns).named() == {"text": "said", "label": "label"}


def test_without_usual_names_what_looks_most_like_classes_wins_and_others_are_told() -> None:
    roles = chosen({"words": LONG, "three": ["a", "b", "c", "a"] * 10, "two": FEW})
    assert roles.one("label") == "two"
    assert roles.runners_up["label"] == ("three",)
    assert "label" in roles.unsure


def test_numbers_of_classes_win_over_titles_in_a_table_without_names() -> None:
    titles = [f"The {word}" for word in ("Lid", "Lawn", "Crust", "Chain", "Hedge", "Spout", "Yeast", "Pedal")] * 5
    columns: dict[str, Sequence[Any]] = {"1": ["1", "2", "3", "4"] * 10, "2": titles, "3": LONG}
    assert chosen(columns).one("label") == "1"


def test_an_almost_empty_column_is_never_the_label() -> None:
    gold = ["positive", *[""] * 39]
    columns = {"sentiment_gold": gold, "airline_sentiment": ["positive", "negative"] * 20, "text": LONG}
    assert chosen(columns).one("label") == "airline_sentiment"


def test_the_last_word_of_a_name_counts() -> None:
    columns: dict[str, Sequence[Any]] = {
        "airline_sentiment_confidence": [0.5, 1.0] * 20,
        "airline_sentiment": ["good", "bad"] * 20,
        "airline": ["Delta", "United"] * 20,
        "tweet_text": LONG,
    }
    assert chosen(columns).named() == {"text": "tweet_text", "label": "airline_sentiment"}


def test_names_of_classes_win_over_their_numbers() -> None:
    columns: dict[str, Sequence[Any]] = {
        "label": [100, 101] * 20,
        "label_desc": ["story", "culture"] * 20,
        "sentence": LONG,
    }
    assert chosen(columns).one("label") == "label_desc"


@pytest.mark.parametrize(
    ("one", "other"),
    [("sentence1", "sentence2"), ("#1 String", "#2 String"), ("text_a", "text_b"), ("premise", "hypothesis")],
)
def test_two_texts_by_their_names_are_both_read(one: str, other: str) -> None:
    roles = chosen({"Quality": ["0", "1"] * 20, one: LONG, other: LONG[::-1]})
    assert roles.columns == {"text": (one,), "pair": (other,), "label": ("Quality",)}


def test_a_further_free_text_is_told_with_the_flag_that_reads_both() -> None:
    roles = chosen({"title": [f"a title of it {n}" for n in range(40)], "description": LONG, "label": FEW})
    assert roles.one("text") == "description"
    assert roles.notes == (
        "title is free text too and is left out; --text description,title reads both as one text, "
        "--text title --pair description as two",
    )


def test_columns_of_0_and_1_are_labels_together() -> None:
    hot: dict[str, Sequence[Any]] = {name: ["0", "1"] * 20 for name in ("toxic", "insult", "threat")}
    assert chosen({"id": UUIDS, "comment_text": LONG, **hot}).columns["label"] == ("toxic", "insult", "threat")
    assert chosen({"comment_text": LONG, "label": FEW, **hot}).columns["label"] == ("label",)


def test_numbered_labels_are_several_where_later_ones_are_often_empty() -> None:
    later = ["a", *[""] * 3] * 10
    assert chosen({"text": LONG, "label_1": FEW, "label_2": later}).columns["label"] == ("label_1", "label_2")
    roles = chosen({"text": LONG, "label_1": FEW, "label_2": FEW[::-1]})
    assert (roles.columns["label"], roles.unsure) == (("label_1",), ("label",))


def test_where_nothing_is_a_text_or_a_label_nothing_is_learnt() -> None:
    with pytest.raises(UserError, match=r"no column that looks like text; it has file_id \(identifiers\)"):
        chosen({"file_id": [f"3461{n}_1" for n in range(40)], "num": list(range(40)), "label": FEW})
    with pytest.raises(UserError, match="no column that looks like a label"):
        chosen({"text": LONG, "id": UUIDS, "sent_at": TIMES})


def test_a_record_called_like_the_label_is_an_error_not_the_next_best_column() -> None:
    with pytest.raises(UserError, match=r"the field label of some\.csv looks like the label, but holds records"):
        chosen({"text": LONG, "label": [{"a": {"x": 1}}] * 40, "source": ["web", "mail"] * 20})


def test_what_is_said_is_taken() -> None:
    roles = chosen({"x": FEW, "y": LONG, "z": FEW}, text="x", label="y", group="z")
    assert roles.named() == {"text": "x", "label": "y", "group": "z"}
    assert chosen({"a": LONG, "b": LONG, "c": FEW}, text="a,b").columns["text"] == ("a", "b")
    assert chosen({"in, words": LONG, "b": LONG, "c": FEW}, text='"in, words",b').columns["text"] == ("in, words", "b")
    assert chosen({"a": LONG, "b": FEW}, text="1", label="2").named() == {"text": "a", "label": "b"}


def test_a_column_that_is_not_there_is_answered_with_flags() -> None:
    with pytest.raises(MissingColumnError, match="has no column txt; it has text, label") as caught:
        chosen({"text": LONG, "label": FEW}, text="txt")
    assert caught.value.hint == "map your columns: --text text"
    assert caught.value.roles == {"text"}


def test_what_stands_below_a_heading_is_the_text() -> None:
    rows = range(30)
    columns = {
        "title": [f"lamp {row}" for row in rows],
        "inhalte": [f"the lamp of room {row} broke on the second day and nobody came to mend it" for row in rows],
        "label": ["late" if row % 2 else "broken" for row in rows],
    }
    found = choose_roles("a.csv", columns, DataSettings("a.csv"))
    assert (found.columns["text"], found.runners_up["text"], found.unsure) == (("inhalte",), ("title",), ("text",))


def measured(*numbers: float) -> list[str]:
    return [str(numbers[row % len(numbers)] + row / 1000) for row in range(ROWS)]


def test_numbers_that_were_measured_are_the_label_where_nothing_looks_like_classes() -> None:
    texts = [f"the lamp of room {row} broke again and was late" for row in range(ROWS)]
    for name in ("rating", "label", "revenue", "price"):
        roles = chosen({"text": texts, name: measured(3.5, 1.25)})
        assert (roles.columns["label"], roles.unsure) == ((name,), ())
    classes = chosen({"text": texts, "revenue": measured(3.5, 1.25), "kind": ["lamp", "pot"] * (ROWS // 2)})
    assert classes.columns["label"] == ("kind",)
    named = chosen({"text": texts, "width": measured(2.0), "rating": measured(3.5)})
    assert (named.columns["label"], named.unsure) == (("rating",), ())


@pytest.mark.parametrize("name", ["1", "number", "id"])
def test_whole_numbers_that_count_the_rows_are_no_label(name: str) -> None:
    texts = [f"the lamp of room {row} broke again and was late" for row in range(ROWS)]
    with pytest.raises(UserError, match="no column that looks like a label"):
        chosen({"text": texts, name: [str(7 + 2 * row) for row in range(ROWS)]})


def test_of_several_columns_of_numbers_none_is_guessed() -> None:
    texts = [f"the lamp of room {row} broke again and was late" for row in range(ROWS)]
    with pytest.raises(UserError, match="no column that looks like a label"):
        chosen({"text": texts, "width": measured(2.0), "height": measured(3.5)})


def test_a_text_is_not_told_as_another_that_it_could_be() -> None:
    one = [f"the lamp {row}" for row in range(ROWS)]
    other = [f"and a much longer text on the lamp of room {row}" for row in range(ROWS)]
    roles = chosen({"sentence1": one, "sentence2": other, "label": ["a", "b"] * (ROWS // 2)})
    assert (roles.columns["text"], roles.columns["pair"]) == (("sentence1",), ("sentence2",))
    assert "text" not in roles.runners_up


PAIRED = [
    f"the {thing} of room {row} {how}"
    for row, (thing, how) in enumerate(
        zip(["lamp", "door", "bed", "tap"] * 10, ["broke again", "was late"] * 20, strict=True)
    )
]
COMPARED = [f"in room {row} somebody saw that {text.split()[1]}" for row, text in enumerate(PAIRED)]
SCORED = [str(number * 37 % 51 / 10) for number in range(ROWS)]


def test_two_columns_without_names_whose_rows_share_words_are_pairs_in_the_order_of_the_file() -> None:
    for columns in ({"1": PAIRED, "2": COMPARED, "3": SCORED}, {"1": SCORED, "2": COMPARED, "3": PAIRED}):
        roles = chosen(columns)
        texts = [column for column in columns if columns[column] is not SCORED]
        assert [roles.one("text"), roles.one("pair")] == texts
        assert columns[str(roles.one("label"))] is SCORED
        assert f"--text {texts[0]} reads one" in roles.why["pair"]
    assert chosen({"1": PAIRED, "2": COMPARED, "3": FEW}).one("pair") == "2"
    assert chosen({"1": PAIRED, "2": COMPARED, "3": SCORED}, text="2").named() == {"text": "2", "label": "3"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (PAIRED, COMPARED[1:] + COMPARED[:1]),  # of other rows
        ([text.split()[1] for text in PAIRED], COMPARED),  # a heading
        (PAIRED, [f"{text}." for text in PAIRED]),  # the same text twice
    ],
)
def test_two_columns_without_names_that_are_no_pairs_are_a_text_and_another(
    first: list[str], second: list[str]
) -> None:
    assert chosen({"1": first, "2": second, "3": SCORED}).one("pair") is None


def test_two_columns_with_names_are_pairs_by_these_alone() -> None:
    assert chosen({"said": PAIRED, "replied": COMPARED, "score": SCORED}).one("pair") is None
