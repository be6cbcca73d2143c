"""Behavioural tests made from the data: texts changed in a way whose right answer is known.

Ribeiro et al., 2020, "Beyond Accuracy: Behavioral Testing of NLP Models with CheckList", arXiv:2005.04118: a
typing error, another case or another name should leave an answer as it is, a negation should turn a feeling.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from haoqi.data.examples import Examples, Indices
from haoqi.tasks.words import UNSPACED

Change = Callable[[str, np.random.Generator], str]

TYPOS_EVERY = 4
"""One word in so many gets a typing error, and one at least."""

LONGEST_NEGATED = 25
"""Words of a text that one negation may turn; longer ones say more than one thing."""

GOOD = frozenset({"positive", "pos", "good", "正面", "正向", "积极", "好评", "褒义"})
BAD = frozenset({"negative", "neg", "bad", "负面", "负向", "消极", "差评", "贬义"})

_LETTERS = re.compile(rf"[^\W\d_{UNSPACED}]{{4,}}")
_UNSPACED_RUN = re.compile(rf"[{UNSPACED}]{{4,}}")
_NUMBER = re.compile(r"\d+")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}\b")
_COPULA = re.compile(r"\b(is|was|are|were)\b(?! not)", re.IGNORECASE)
_VERY = re.compile(r"(很|非常|真|挺)(?=\w)")
_NAMES = ("Anna", "Robert", "Maria", "David", "Elena", "Omar", "Mei", "Ivan", "Nora", "Peter")


def names() -> list[str]:
    """Return the probes that change a text and not its answer, and the one that turns it."""
    return [*_CHANGES, "negation"]


def probed(
    name: str, examples: Examples, rng: np.random.Generator, words: Sequence[str] = ()
) -> tuple[Examples, Indices]:
    """Return the examples that a probe changes, as it changes them with the labels then right, and their rows.

    Args:
        name: one of `names`, or "hide", which takes words out.
        examples: labelled texts.
        rng: chooses what is changed.
        words: for "hide", what is taken out.

    Raises:
        KeyError: if there is no such probe.
    """
    if name == "negation":
        return _negated(examples)
    change: Change = (lambda text, _: hidden(text, words)) if name == "hide" else _CHANGES[name]
    texts = [change(text, rng) for text in examples.texts]
    rows = [row for row, text in enumerate(texts) if text != examples.texts[row] and text.strip()]
    chosen = examples.take(rows)
    return replace(chosen, texts=[texts[row] for row in rows], words=None), np.array(rows, dtype=np.int64)


def hidden(text: str, words: Sequence[str]) -> str:
    """Return a text without these words, whatever their case.

    >>> hidden("Good film, GOOD acting; goods", ["good"])
    'film, acting; goods'
    """
    for word in words:
        inside = rf"(?<!\w){re.escape(word)}(?!\w)" if not re.match(rf"[{UNSPACED}]", word) else re.escape(word)
        text = re.sub(rf"{inside} ?", "", text, flags=re.IGNORECASE)
    return text.strip()


def typos(text: str, rng: np.random.Generator) -> str:
    """Return a text with two neighbouring letters swapped in some words, their first letters left alone."""
    places = [match.span() for match in (*_LETTERS.finditer(text), *_UNSPACED_RUN.finditer(text))]
    if not places:
        return text
    letters = list(text)
    for choice in rng.permutation(len(places))[: 1 + len(places) // TYPOS_EVERY]:
        start, end = places[int(choice)]
        at = int(rng.integers(start + 1, end - 1))
        letters[at], letters[at + 1] = letters[at + 1], letters[at]
    return "".join(letters)


def other_names(text: str, rng: np.random.Generator) -> str:
    """Return a text with other numbers, and other names within its sentences."""

    def number(match: "re.Match[str]") -> str:
        digits = match.group()
        return "".join(str(int(rng.integers(1, 10))) for _ in digits)

    def named(match: "re.Match[str]") -> str:
        return _NAMES[int(rng.integers(len(_NAMES)))]

    return _NAME.sub(named, _NUMBER.sub(number, text))


def upper(text: str, rng: np.random.Generator) -> str:
    """Return a text in capitals."""
    return text.upper()


def opposite_sentiments(labels: Sequence[str]) -> dict[str, str]:
    """Return each label of a feeling with its opposite, or nothing where the labels are no feelings.

    >>> opposite_sentiments(("negative", "positive"))
    {'positive': 'negative', 'negative': 'positive'}
    """
    good = [label for label in labels if label.lower() in GOOD]
    bad = [label for label in labels if label.lower() in BAD]
    return {good[0]: bad[0], bad[0]: good[0]} if len(good) == len(bad) == 1 else {}


def _negated(examples: Examples) -> tuple[Examples, Indices]:
    """Return short texts that say one thing, negated, with the opposite label."""
    turned = opposite_sentiments(sorted({label for label in examples.labels if isinstance(label, str)}))
    texts, labels, rows = [], [], []
    for row, (text, label) in enumerate(examples):
        pattern, put = (_COPULA, r"\1 not") if _COPULA.search(text) else (_VERY, "不")
        one = len(pattern.findall(text)) == 1 and len(text.split()) <= LONGEST_NEGATED and len(text) < 200
        if label in turned and one:
            texts.append(pattern.sub(put, text))
            labels.append(turned[label])
            rows.append(row)
    chosen = examples.take(rows)
    return replace(chosen, texts=texts, labels=labels, words=None), np.array(rows, dtype=np.int64)


_CHANGES: dict[str, Change] = {"typos": typos, "case": upper, "names": other_names}
