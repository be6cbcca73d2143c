"""Texts that a model wrote anew: kept where they mean the same and are answered the same."""

from collections.abc import Sequence

import numpy as np

from haoqi.data.examples import Examples
from haoqi.data.preparing.languages import language_of
from haoqi.data.recipes import RecipeTools
from haoqi.data.recipes._rows import answered, with_rows


def drawn(examples: Examples, tools: RecipeTools, count: int, most_words: int) -> list[int]:
    """Return rows to write anew: drawn by chance among texts that are short enough, in order."""
    lengths = [len(words) for words in tools.words(examples)]
    able = [row for row, length in enumerate(lengths) if 3 <= length <= most_words]
    return sorted(int(row) for row in tools.rng("rows").permutation(able)[:count])


def in_languages(examples: Examples, rows: Sequence[int], languages: Sequence[str]) -> list[int]:
    """Return the rows whose text is in one of these languages."""
    return [row for row in rows if language_of(examples.texts[row]) in languages]


def with_rewritten(
    examples: Examples, tools: RecipeTools, new: dict[int, str], *, similarity: float, weight: float
) -> Examples:
    """Return the examples, and after them those new texts that pass as the old ones.

    A new text passes if its embedding is as near as asked for, if it is not the old text, and if a cheap model
    fitted on the examples gives it the label that it would have.

    Args:
        examples: what is there.
        tools: embeddings and answers.
        new: what rows, as positions, were turned into.
        similarity: least cosine of the two texts' embeddings.
        weight: how much a new text counts, as a share of the old one.
    """
    rows = [row for row, text in new.items() if text.strip() and text.strip() != examples.texts[row].strip()]
    texts = [new[row].strip() for row in rows]
    if not rows:
        return examples
    alike = np.ones(len(rows), bool)
    if tools.embeddings is not None:
        both = tools.embeddings([*texts, *(examples.texts[row] for row in rows)])
        alike = (both[: len(rows)] * both[len(rows) :]).sum(axis=1) >= similarity
    answers, _ = answered(tools.answers(examples, texts), tools)
    same = [place for place, row in enumerate(rows) if alike[place] and answers[place] == examples.labels[row]]
    columns = {"texts": [texts[place] for place in same]}
    if examples.words is not None:
        columns["words"] = [()] * len(same)  # type: ignore[list-item]
    return with_rows(examples, [rows[place] for place in same], weight, **columns)
