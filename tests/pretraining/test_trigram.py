"""The character trigram model: chances that add up, and what was met is likelier."""

import math

from haoqi.pretraining.trigram import Trigram

TEXTS = ["the cat sat", "the cat ran", "a dog sat", "the dog"]
LETTERS = sorted(set("".join(TEXTS)))


def test_chances_after_any_context_add_up_to_one() -> None:
    model = Trigram.learn(TEXTS, len(LETTERS) + 2)
    for context in ("\x02\x02", "\x02t", "th", "zz", "ez", "at"):
        total = sum(model.chance(letter, context) for letter in [*LETTERS, "\x03"])
        unknown = model.chance("?", context)
        assert math.isclose(total + unknown, 1.0, rel_tol=1e-9)


def test_what_was_met_takes_fewer_bits() -> None:
    model = Trigram.learn(TEXTS, len(LETTERS) + 2)
    assert model.bits("the cat") < model.bits("tac eht")


def test_lower_orders_count_contexts_as_kneser_and_ney_do() -> None:
    # "francisco" is met often, but after one character only: alone it is unlikely.
    model = Trigram.learn(["sf"] * 20 + ["ab", "cb", "db"], 8)
    assert model.chance("b", "zz") > model.chance("f", "zz")
