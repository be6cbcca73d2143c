"""Words are replaced by words that mean the like and speak for the same label."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from haoqi.data.answers import ONE_CLASS, SEVERAL_CLASSES, SPANS
from haoqi.data.examples import Examples
from haoqi.data.recipes import RecipeTools, recipes
from haoqi.data.recipes._neighbours import bound_pairs, learn_lexicon
from haoqi.tasks.words import words_of

KINDS = {"label": ONE_CLASS, "labels": SEVERAL_CLASSES, "spans": SPANS}


def tools_of(output: str, **rest: Any) -> RecipeTools:
    def unasked(*_: object) -> np.ndarray:
        raise AssertionError("neighbours ask no model")

    return RecipeTools(KINDS[output], ("bad", "good"), 3, words_of, unasked, unasked, **rest)


def test_neighbours_speak_for_the_same_label_and_keep_their_case() -> None:
    good = [f"a {word} hotel near the sea" for word in ("lovely", "great", "nice") for _ in range(4)]
    bad = [f"a {word} hotel near the sea" for word in ("awful", "bad", "dirty") for _ in range(4)]
    other = [f"my {word} sings old songs on {day}" for word in ("uncle", "sister") for day in ["one", "two", "six"]]
    examples = Examples.of(good + bad + other * 2, ["good"] * 12 + ["bad"] * 12 + ["good", "bad"] * 6)
    lexicon = learn_lexicon(examples, tools_of("label"), 0.4)
    assert set(lexicon.neighbours["lovely"]) <= {"great", "nice"}
    assert lexicon.neighbours["lovely"]
    shouted = replace(examples, texts=[text.title() for text in examples.texts])
    found = recipes.build("neighbour_words", share=0.5).apply(shouted, tools_of("label"))
    assert len(found) > len(examples)
    assert all(word[0].isupper() for text in found.texts for word in text.split())


def test_characters_that_keep_together_are_replaced_together() -> None:
    texts = [f"我{word}这{thing}" for word in ("喜欢", "讨厌") for thing in ("酒店", "房间", "早餐") for _ in range(4)]
    spelt = [list(text) for text in texts]
    assert {"喜欢", "讨厌", "酒店"} <= bound_pairs(spelt)
    texts += [f"{day}天气{how}" for day in ("今日", "明日") for how in ("晴朗", "阴沉") for _ in range(4)]
    examples = Examples.of(texts, ["good", "bad"] * 20)
    found = recipes.build("neighbour_words", share=0.5, similarity=0.1).apply(examples, tools_of("label"))
    new = set(found.texts[40:]) - set(texts)
    assert any(re.fullmatch("我(喜欢|讨厌)这(酒店|房间|早餐)", text) for text in found.texts[40:])
    pairs = "喜欢|讨厌|酒店|房间|早餐|天气|今日|明日|晴朗|阴沉"
    assert all(re.fullmatch(f"我?({pairs})?这?({pairs})+", text) for text in new)


def test_a_base_s_word_vectors_decide_where_there_is_one() -> None:
    texts = [f"{word} {thing}" for word in ("red", "blue", "tall") for thing in ("car", "man")]
    examples = Examples.of([*texts, *(f"no {row}" for row in range(6))], ["good"] * 12)
    table = {"red": (1.0, 0.0), "blue": (0.9, 0.1), "tall": (0.0, 1.0)}

    def vectors(words: Sequence[str]) -> np.ndarray:
        return np.array([table.get(word, (0.0, 0.0)) for word in words], np.float32)

    lexicon = learn_lexicon(examples, tools_of("label", word_vectors=vectors), 0.5)
    assert lexicon.neighbours == {"red": ["blue"], "blue": ["red"]}
