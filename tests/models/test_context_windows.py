"""Questions and contexts in windows: each word counts once, and an answer is learnt wherever it lies whole."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.data.examples import Examples, Span
from haoqi.models.bases import load_tokenizer, resolve
from haoqi.models.encoders.context_windows import ContextSlots, read_contexts
from haoqi.models.encoders.model_input import Reader
from haoqi.tasks.outputs.context_span import ContextSpan
from haoqi.tasks.words import context_words

LONG = "Ann Lee flew from London to Oslo . " * 12


@pytest.fixture(scope="module")
def tokenizer(tiny_base: str, tmp_path_factory: pytest.TempPathFactory) -> object:
    return load_tokenizer(resolve(tiny_base, tmp_path_factory.mktemp("cache")))


def examples_of(contexts: list[str], questions: list[str] | None = None) -> Examples:
    """Return questions on contexts."""
    return replace(Examples.of(questions or ["Where did she fly to?"] * len(contexts)), contexts=contexts)


def read(tokenizer: object, examples: Examples, room: int) -> tuple[list, ContextSlots]:
    """Return windows and slots."""
    contexts = examples.contexts or []
    windows = read_contexts(tokenizer, examples.texts, contexts, context_words(examples), max_tokens=room)
    return windows, ContextSlots.of(windows)


@pytest.mark.parametrize("room", [16, 24, 40, 512])
def test_every_word_counts_once_and_windows_fit(tokenizer: object, room: int) -> None:
    examples = examples_of([LONG, "好" * 60, "", "short one", LONG], ["why?", "哪里" * 50, "", "x", "y " * 80])
    windows, slots = read(tokenizer, examples, room)
    assert all(len(window.ids) <= room for window in windows)
    assert [window.example for window in windows] == sorted(window.example for window in windows)
    for example, words in enumerate(context_words(examples)):
        own = [window for window in windows if window.example == example]
        assert own
        counted = np.concatenate([window.words[window.counts] for window in own])
        assert counted.tolist() == list(range(len(words)))
        for window in own:
            assert window.places[0] == 0
            assert (np.diff(window.places) >= 0).all()
            assert (window.places < len(window.ids)).all()
            assert len(window.owners) == len(window.ids)
    assert len(slots.words) == sum(len(window.places) for window in windows)


def test_scores_of_windows_are_joined_word_by_word_and_none_by_the_least(tokenizer: object) -> None:
    examples = examples_of([LONG, "short one", ""])
    _, slots = read(tokenizer, examples, 32)
    reading = Reader(tokenizer, 32, contexts=True).read(examples)
    assert reading.counts is not None
    found = np.stack([slots.words, np.arange(len(slots.words))], axis=1).astype(np.float32)
    joined = reading.split(found)
    for one, words in zip(joined, context_words(examples), strict=True):
        assert one.shape == (1 + len(words), 2)
        assert one[1:, 0].tolist() == list(range(len(words)))
        assert one[0, 0] == -1
    assert joined[0][0, 1] == 0  # of the first window, whose sum is least


@given(start=st.integers(0, 90), length=st.integers(1, 30), room=st.integers(24, 60))
def test_an_answer_is_learnt_in_each_window_that_holds_it_whole(
    tokenizer: object, start: int, length: int, room: int
) -> None:
    examples = examples_of([LONG])
    words = context_words(examples)[0]
    first, last = min(start, len(words) - 1), min(start + length - 1, len(words) - 1)
    span = Span(words[first][0], words[last][1], LONG[words[first][0] : words[last][1]])
    windows, slots = read(tokenizer, examples, room)
    targets, lost = slots.targets(ContextSpan().targets(replace(examples, labels=[(span,)])))
    whole = 0
    for number, window in enumerate(windows):
        own = targets[slots.slots_of(number)]
        if {first, last} <= set(window.words.tolist()):
            whole += 1
            at = [1 + window.words.tolist().index(one) for one in (first, last)]
            assert np.flatnonzero(own[:, 0]).tolist() == at[:1]
            assert np.flatnonzero(own[:, 1]).tolist() == at[1:]
        else:
            assert own[0].tolist() == [1, 1]
            assert own.sum() == 2
    assert lost == int(not whole)


def test_a_question_without_answer_points_to_the_first_row_of_all_windows(tokenizer: object) -> None:
    examples = replace(examples_of([LONG, "short one"]), labels=[(), ()])
    _, slots = read(tokenizer, examples, 30)
    targets, lost = slots.targets(ContextSpan().targets(examples))
    assert lost == 0
    assert (targets[slots.firsts] == 1).all()
    assert targets.sum() == 2 * len(slots.firsts)


def test_reading_nothing_gives_nothing(tokenizer: object, tmp_path: Path) -> None:
    reading = Reader(tokenizer, 30, contexts=True).read(replace(Examples.of([]), contexts=[]))
    assert reading.split(np.zeros((0, 2), np.float32)) == []
