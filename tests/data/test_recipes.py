"""What every recipe owes, and what each says that it does, in English and Chinese."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from haoqi.core.config import settings_of
from haoqi.core.errors import UserError
from haoqi.data.answers import NUMBER, ONE_CLASS, SEVERAL_CLASSES, SPANS
from haoqi.data.examples import Examples, Span
from haoqi.data.recipes import Recipe, RecipeTools, follow, recipes, suited, unfit
from haoqi.data.recipes._edits import Line
from haoqi.data.recipes._rows import names_in
from haoqi.data.recipes.paraphrase import plain
from haoqi.tasks.words import split_at_spans, words_of

KINDS = {"label": ONE_CLASS, "labels": SEVERAL_CLASSES, "spans": SPANS}

NAMES = recipes.names()
OUTPUTS = ("label", "labels", "spans")
CASES = [(name, output) for name in NAMES for output, kind in KINDS.items() if recipes.build(name).accepts.takes(kind)]

ENGLISH = {
    "good": ("the staff were friendly and the room was clean", "a lovely quiet room with a lovely view", "great value"),
    "bad": (
        "the staff were rude and the room was dirty",
        "a noisy room and a broken shower",
        "never going there again",
    ),
}
CHINESE = {
    "good": ("这个酒店的房间很大服务也很好", "房间很干净服务很好我很喜欢", "性价比很高下次还来"),
    "bad": ("这个酒店的房间很小服务也很差", "房间很脏服务很差我很失望", "再也不会来了太差了"),
}
LABELS = ("bad", "good")


def examples_of(output: str, rows: int = 18) -> Examples:
    """Return rows in both languages, one label of them rare."""
    texts: list[str] = []
    labels: list[Any] = []
    for row in range(rows):
        kind = "bad" if row % 3 == 0 else "good"
        language = (ENGLISH, CHINESE)[row % 2]
        text = f"{language[kind][row % 3]} {row}"
        if output == "spans":
            name = ("Ann Lee", "王小明")[row % 2]
            text = f"{name} {text}"
            labels.append((Span(0, len(name), kind),))
        else:
            labels.append(kind if output == "label" else ((kind,), ("bad", "good"), (kind,))[row % 3])
        texts.append(text)
    return replace(Examples.of(texts, labels), times=[float(row) for row in range(rows)])


def chances(examples: Examples, output: str) -> np.ndarray:
    """Return what a model would say that is right of all rows but the second, whose label it finds wrong."""
    found = np.zeros((len(examples), 2), np.float32)
    for row, label in enumerate(examples.labels):
        for place, name in enumerate(LABELS):
            found[row, place] = 0.9 if name in names_in(label, KINDS[output]) else 0.1
    if len(found) > 1:
        found[1] = 1 - found[1]
    return found


def tools_of(output: str, **rest: Any) -> RecipeTools:
    given: dict[str, Any] = {
        "kind": KINDS[output],
        "labels": LABELS,
        "seed": 3,
        "words": (lambda found: words_of(split_at_spans(found))) if output == "spans" else words_of,
        "held_out": lambda found: chances(found, output),
        "answers": answers,
        "teacher": lambda found, texts: (chances(found, output), answers(found, texts)),
        "embeddings": lambda texts: np.ones((len(texts), 1), np.float32),
        "unlabelled": Examples.of(["lovely and clean", "房间很脏", "rude"]),
        "write": lambda request: f"In other words: {request.rpartition(chr(10))[2]}",
        "writes": ("en", "zh"),
        "translate": lambda texts, source, target: [f"{text} ." for text in texts],
    }
    return RecipeTools(**(given | rest))


def answers(examples: Examples, texts: Sequence[str]) -> np.ndarray:
    """Return the probabilities that a model of a few words would give."""
    good = [bool(re.search("lovely|friendly|great|很好|很高", text)) for text in texts]
    return np.array([[0.05, 0.95] if one else [0.95, 0.05] for one in good], np.float32)


def columns(examples: Examples) -> list[Any]:
    return [examples.texts, examples.labels, examples.ids, examples.weights, examples.words]


@pytest.mark.parametrize("name", NAMES)
def test_recipe_says_what_it_does_where_it_comes_from_and_when_to_prefer_it(name: str) -> None:
    recipe = recipes.build(name)
    assert isinstance(recipe, Recipe)
    assert any(recipe.accepts.takes(kind) for kind in KINDS.values())
    assert recipe.growth >= 1
    assert recipe.words()
    words = recipes.source(name).split('"""')[1]
    assert re.search(r"\b(19|20)\d\d\b", words)
    assert "prefer" in words.lower()
    assert all(setting.help for setting in settings_of(recipes.get(name)))
    assert recipe.needs <= set(RecipeTools.__dataclass_fields__)


@pytest.mark.parametrize(("name", "output"), CASES)
def test_equal_arguments_give_equal_examples_and_no_label_is_lost(name: str, output: str) -> None:
    examples = examples_of(output)
    before = [list(column) if column is not None else None for column in columns(examples)]
    first, again = (recipes.build(name).apply(examples, tools_of(output)) for _ in range(2))
    assert columns(first) == columns(again)
    assert columns(examples) == before
    held = {kind for label in first.labels for kind in names_in(label, KINDS[output])}
    assert held == set(LABELS)
    assert first.counting.sum() > 0


@pytest.mark.parametrize(("name", "output"), CASES)
def test_spans_still_stand_on_words_and_rows_know_what_they_were_made_of(name: str, output: str) -> None:
    examples = examples_of(output)
    if output == "spans":
        examples = replace(examples, words=words_of(examples))
    found = recipes.build(name).apply(examples, tools_of(output))
    assert set(found.ids) <= {*examples.ids, *range(3)}
    if output != "spans":
        return
    for text, label, words, number in zip(found.texts, found.labels, found.words or [], found.ids, strict=True):
        [span] = label
        if name not in ("typos", "hide_tokens"):
            assert text[span.start : span.end] == ("Ann Lee", "王小明")[number % 2]
        assert span.start in {start for start, _ in words}
        assert span.end in {end for _, end in words}
        assert all(text[start:end].strip() == text[start:end] != "" for start, end in words)


@pytest.mark.parametrize(("name", "output"), CASES)
def test_recipe_works_on_next_to_nothing(name: str, output: str) -> None:
    for rows in (1, 2):
        few = examples_of(output, rows)
        tools = tools_of(output, write=lambda request: "", unlabelled=Examples.of(["?"]))
        try:
            found = recipes.build(name).apply(few, tools)
        except UserError:
            assert name == "paraphrase"  # no short text in a language that is written
            continue
        held, given = (
            {kind for label in one.labels for kind in names_in(label, KINDS[output])} for one in (found, few)
        )
        assert held == given


@pytest.mark.parametrize("name", ["delete_words", "swap_words", "typos", "neighbour_words", "cut_texts"])
def test_copies_count_less_than_what_people_labelled(name: str) -> None:
    examples = examples_of("label")
    settings = {"limit": 4} if name == "cut_texts" else {"copies": 3}
    found = recipes.build(name, **settings, weight=0.5).apply(examples, tools_of("label"))
    assert found.texts[: len(examples)] == examples.texts
    assert found.counting[: len(examples)].tolist() == [1.0] * len(examples)
    made = Counter[int]()
    for number, weight in zip(found.ids[len(examples) :], found.counting[len(examples) :], strict=True):
        made[number] += weight  # type: ignore[assignment]
    assert made
    assert max(made.values()) <= 0.5 + 1e-9


def test_deleted_words_are_gone_and_their_spaces_with_them() -> None:
    examples = Examples.of(["one two, three", "我很好"], ["good", "bad"])
    found = recipes.build("delete_words", share=0.4, copies=8).apply(examples, tools_of("label"))
    assert len(found) > 8
    for text, number in list(zip(found.texts, found.ids, strict=True))[2:]:
        assert 0 < len(text) < len(examples.texts[number])
        assert text == " ".join(text.split())
        left = iter(examples.texts[number])
        assert all(letter in left for letter in text if letter != " ")  # in their order


def test_swapped_words_are_all_still_there() -> None:
    examples = Examples.of(["one two three four", "服务很好"], ["good", "bad"])
    found = recipes.build("swap_words", share=0.3, copies=4).apply(examples, tools_of("label"))
    assert len(found) > 4
    for text, number in zip(found.texts, found.ids, strict=True):
        assert sorted(text.split()) == sorted(examples.texts[number].split()) or sorted(text) == sorted("服务很好")


def test_typos_are_slips_and_leave_marks_alone() -> None:
    examples = Examples.of(["wonderful, simply wonderful!", "服务很好。"], ["good", "bad"])
    found = recipes.build("typos", share=0.5, copies=8).apply(examples, tools_of("label"))
    english = [text for text, number in zip(found.texts, found.ids, strict=True) if number == 0][1:]
    chinese = [text for text, number in zip(found.texts, found.ids, strict=True) if number == 1][1:]
    assert english and chinese
    assert all("," in text and text.endswith("!") and abs(len(text) - 28) <= 3 for text in english)
    assert all(text.endswith("。") and set(text) <= set("服务很好。") for text in chinese)


def test_given_tokens_are_hidden_in_any_case_and_of_any_length() -> None:
    examples = Examples.of(
        ["Reuters: shares fell", "according to reuters it rained", "本报讯今天下雨", "rain"], ["good"] * 4
    )
    found = recipes.build("hide_tokens", tokens=("reuters", "本报讯"), share=1.0).apply(examples, tools_of("label"))
    assert found.texts == ["…: shares fell", "according to … it rained", "………今天下雨", "rain"]
    alone = Examples.of(["reuters", "Reuters!"], ["good", "bad"])
    assert recipes.build("hide_tokens", tokens=("reuters",), share=1.0).apply(alone, tools_of("label")) == alone


def test_hidden_names_stay_spans() -> None:
    examples = Examples.of(["Ann Lee met Bob"], [(Span(0, 7, "good"), Span(12, 15, "bad"))])
    found = recipes.build("hide_tokens", tokens=("ann",), share=1.0).apply(examples, tools_of("spans"))
    assert found.texts == ["… Lee met Bob"]
    assert found.labels == [(Span(0, 5, "good"), Span(10, 13, "bad"))]


def test_parts_of_long_texts_are_learnt_too() -> None:
    words = [f"w{number}" for number in range(20)]
    examples = Examples.of([" ".join(words), "short"], ["good", "bad"])
    found = recipes.build("cut_texts", limit=6).apply(examples, tools_of("label"))
    assert found.texts[2:] == [
        " ".join(words[-6:]),
        " ".join(words[7:13]),
        " ".join([*words[:3], *words[-3:]]),
    ]
    assert found.labels[2:] == ["good"] * 3
    chinese = Examples.of(["一二三四五六七八九十"], ["good"])
    assert recipes.build("cut_texts", limit=4, parts=("end",)).apply(chinese, tools_of("label")).texts[1] == "七八九十"


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_balance_evens_out_what_labels_count(strength: float) -> None:
    examples = Examples.of(["x"] * 20, ["good"] * 16 + ["bad"] * 4)
    found = recipes.build("balance", strength=strength).apply(examples, tools_of("label"))
    good, bad = found.counting[:16].sum(), found.counting[16:].sum()
    assert good / bad == pytest.approx(4 ** (1 - strength))
    assert found.counting.sum() == pytest.approx(20)
    repeated = recipes.build("balance", strength=strength, by="rows").apply(examples, tools_of("label"))
    counts = Counter(repeated.labels)
    assert counts["good"] == 16
    assert counts["bad"] == 4 * 4**strength
    assert repeated.weights is None


def test_balance_of_spans_looks_at_their_rarest_type() -> None:
    examples = Examples.of(
        ["ab cd"] * 5, [(Span(0, 2, "good"),)] * 3 + [(Span(0, 2, "good"), Span(3, 5, "bad"))] + [()]
    )
    weights = recipes.build("balance", strength=1.0).apply(examples, tools_of("spans")).counting
    assert weights[3] > weights[4] > weights[0] == weights[1]


def test_newer_rows_count_more() -> None:
    examples = replace(Examples.of(["x"] * 5, ["good"] * 5), times=[0.0, 25.0, 50.0, 75.0, 100.0])
    weights = recipes.build("recent", half_life=0.25).apply(examples, tools_of("label")).counting
    assert weights.sum() == pytest.approx(5)
    assert (weights[1:] / weights[:-1]).tolist() == pytest.approx([2.0] * 4)
    with pytest.raises(UserError, match="no dates"):
        recipes.build("recent").apply(replace(examples, times=None), tools_of("label"))


def test_sure_answers_to_unlabelled_texts_are_learnt_at_a_smaller_weight() -> None:
    examples = examples_of("label")
    found = recipes.build("self_train", confidence=0.9, weight=0.2).apply(examples, tools_of("label"))
    assert list(found)[len(examples) :] == [("lovely and clean", "good"), ("房间很脏", "bad"), ("rude", "bad")]
    assert found.counting[len(examples) :].tolist() == pytest.approx([0.19] * 3)
    assert len(recipes.build("self_train", confidence=0.99).apply(examples, tools_of("label"))) == len(examples)
    few = recipes.build("self_train", most=0.1).apply(examples, tools_of("label"))
    assert Counter(few.labels[len(examples) :]) == {"good": 1, "bad": 1}
    several = recipes.build("self_train").apply(examples_of("labels"), tools_of("labels"))
    assert several.labels[-2:] == [("bad",), ("bad",)]


def test_paraphrases_are_learnt_only_where_they_mean_and_say_the_same() -> None:
    examples = Examples.of(
        ["a lovely place to stay", "a place to avoid", "far from great, sadly"], ["good", "bad", "bad"]
    )
    said = {
        "a lovely place to stay": '"A great hotel."',
        "a place to avoid": "Here it is:\n\nA lovely hotel.",
        "far from great, sadly": "far from great, sadly",
    }
    asked: list[str] = []

    def write(request: str) -> str:
        asked.append(request)
        return said[request.rpartition("\n")[2]]

    found = recipes.build("paraphrase", weight=0.5).apply(examples, tools_of("label", write=write))
    assert list(found)[3:] == [("A great hotel.", "good")]
    assert found.weights == [1.0, 1.0, 1.0, 0.5]
    assert len(asked) == 3

    def apart(texts: Sequence[str]) -> np.ndarray:
        return np.eye(2, dtype=np.float32)[[int("hotel" in text) for text in texts]]

    far = recipes.build("paraphrase").apply(examples, tools_of("label", write=write, embeddings=apart))
    assert far == examples
    asked.clear()
    recipes.build("paraphrase", count=1).apply(examples, tools_of("label", write=write))
    assert len(asked) == 1
    with pytest.raises(UserError, match="knows the language of no short text"):
        recipes.build("paraphrase").apply(examples, tools_of("label", write=write, writes=("zh",)))


def test_a_generator_s_manners_are_not_learnt() -> None:
    assert plain("Sure! Here is the text:\n\nA fine day.\n\nHope this helps.") == "A fine day."
    assert plain("“好的一天。”") == "好的一天。"
    assert plain("") == ""


def test_texts_are_translated_there_and_back() -> None:
    examples = Examples.of(["a great place to stay", "服务很好我很喜欢", "12 34 56"], ["good", "good", "bad"])
    trips: list[tuple[str, str]] = []

    def translate(texts: Sequence[str], source: str, target: str) -> list[str]:
        trips.append((source, target))
        return [f"{text}~" for text in texts]

    found = recipes.build("back_translate").apply(examples, tools_of("label", translate=translate))
    assert trips == [("en", "zh"), ("zh", "en"), ("zh", "en"), ("en", "zh")]
    assert list(found)[3:] == [("a great place to stay~~", "good"), ("服务很好我很喜欢~~", "good")]


def test_steps_are_followed_in_order_each_with_a_seed_of_its_own() -> None:
    examples = examples_of("label")
    found = follow([("delete_words", ()), ("delete_words", (("copies", 1),))], examples, tools_of("label"))
    assert len(found) > 3 * len(examples)
    assert found.weights is not None
    assert min(found.weights) == 0.25
    assert follow((), examples, tools_of("label")) is examples


@pytest.mark.parametrize(
    ("name", "changes", "what"),
    [
        ("drop_suspects", {"kind": SPANS}, "cannot change examples with such answers"),
        ("self_train", {"unlabelled": None}, "needs unlabelled texts"),
        ("paraphrase", {"write": None}, "needs a base that writes"),
        ("paraphrase", {"embeddings": None}, "needs a base to compare"),
        ("back_translate", {"translate": None}, "needs a base that translates"),
    ],
)
def test_recipe_says_no_where_it_cannot_work(name: str, changes: dict[str, Any], what: str) -> None:
    tools = replace(tools_of("label"), **changes)
    with pytest.raises(UserError, match=what) as caught:
        follow([(name, ())], examples_of("label"), tools)
    assert caught.value.hint
    assert unfit(recipes.build(name), tools) is not None
    assert name not in suited(tools)


def test_suited_recipes_are_those_that_a_kit_allows() -> None:
    assert suited(tools_of("label")) == NAMES
    bare = tools_of("spans", unlabelled=None, write=None, translate=None, embeddings=None)
    assert set(suited(bare)) == {name for name, output in CASES if output == "spans"}


def test_unknown_recipe_and_setting_are_refused() -> None:
    with pytest.raises(UserError, match="there is no recipe drop_suspect"):
        follow([("drop_suspect", ())], examples_of("label"), tools_of("label"))
    with pytest.raises(UserError, match="no setting sahre"):
        follow([("delete_words", (("sahre", 0.1),))], examples_of("label"), tools_of("label"))


def test_a_rewritten_line_keeps_its_spans() -> None:
    line = Line("Dr. Ann Lee flew to Rome.", (Span(4, 11, "PER"), Span(20, 24, "LOC")), ((0, 3), (4, 7), (8, 11)))
    line = replace(line, words=(*line.words, (12, 16), (17, 19), (20, 24), (24, 25)))
    new = line.rewritten(["", "Anna", "Lee", "", "to", "Rome", "!"], SPANS)
    assert new.text == "Anna Lee to Rome!"
    assert [new.text[start:end] for start, end, _ in new.label] == ["Anna Lee", "Rome"]
    assert [new.text[start:end] for start, end in new.words] == ["Anna", "Lee", "to", "Rome", "!"]


OTHERS = [
    (name, number, pairs)
    for name in NAMES
    for number in (False, True)
    for pairs in (False, True)
    if (number or pairs) and recipes.build(name).accepts.takes(NUMBER if number else ONE_CLASS, pairs=pairs)
]


def test_recipes_of_words_weights_and_suspects_take_what_they_can() -> None:
    of = {(number, pairs): {n for n, *rest in OTHERS if rest == [number, pairs]} for _, number, pairs in OTHERS}
    anything = {"recent", "delete_words", "swap_words", "typos"}
    assert of[True, True] == anything
    assert of[True, False] == anything | {"hide_tokens", "cut_texts"}
    suspects = {"drop_suspects", "soften_suspects", "correct_suspects", "early_learning"}
    assert of[False, True] == anything | {"balance"} | suspects


@pytest.mark.parametrize(("name", "number", "pairs"), OTHERS)
def test_numbers_stay_with_their_texts_and_second_texts_with_their_first(name: str, number: bool, pairs: bool) -> None:
    examples = examples_of("label")
    if number:
        examples = replace(examples, labels=[float(row) for row in range(len(examples))])
    if pairs:
        examples = replace(examples, pairs=[f"beside {row}" for row in range(len(examples))])
    tools = tools_of("label", pairs=pairs, kind=NUMBER if number else ONE_CLASS)
    found, again = (follow([(name, {})], examples, tools) for _ in range(2))
    assert (columns(found), found.pairs) == (columns(again), again.pairs)
    assert found.counting.sum() > 0
    assert len(found) > len(examples) / 2
    place = {identifier: row for row, identifier in enumerate(examples.ids)}
    for row, identifier in enumerate(found.ids):
        if number:
            assert found.labels[row] == examples.labels[place[identifier]]
        if pairs:
            assert found.second_texts[row] == f"beside {place[identifier]}"
