"""Texts said in other words by a small generator (Dai et al., 2023, "AugGPT", arXiv:2302.13007).

A paraphrase is learnt only where its embedding is near the text's and a model gives it the text's label; most of what
a small generator writes fails that. Prefer it for English with tens of examples per label and minutes to spend: two
cores write one sentence in a second or two.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from haoqi.core.config import Range
from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.answers import CLASSES_OF_TEXTS, Accepts
from haoqi.data.examples import Examples
from haoqi.data.recipes import RecipeTools, recipes
from haoqi.data.recipes._rewritten import drawn, in_languages, with_rewritten

_ASKED = "Rewrite this text in other words. Keep its meaning, tone and length. Answer with the new text only.\n\n{text}"


@recipes.register
@dataclass(frozen=True)
class Paraphrase:
    """How many texts are said anew, and how near they have to stay."""

    accepts: ClassVar[Accepts] = CLASSES_OF_TEXTS
    needs: ClassVar[frozenset[str]] = frozenset({"write", "embeddings", "answers"})

    count: Annotated[int, Range(1, 10_000, log=True, search=False)] = 40
    """Texts that are said anew, drawn by chance."""
    most_words: Annotated[int, Range(5, 300, search=False)] = 60
    """Longest text that is, in words: the generator reads and writes slowly."""
    similarity: Annotated[float, Range(0.3, 0.99)] = 0.7
    """Least cosine of the two texts' embeddings."""
    weight: Annotated[float, Range(0.05, 1.0)] = 0.5
    """How much a paraphrase counts against its text."""

    @property
    def growth(self) -> float:
        """A few rows more."""
        return 1.1

    def words(self) -> str:
        """Return what a plan learns from."""
        return say("recipe.paraphrase", count=self.count)

    def apply(self, examples: Examples, tools: RecipeTools) -> Examples:
        """Return the examples, and the paraphrases that pass.

        Raises:
            UserError: if the generator knows the language of none of the texts.
        """
        assert tools.write is not None
        rows = in_languages(examples, drawn(examples, tools, len(examples), self.most_words), tools.writes)
        if not rows:
            what = f"the generator writes {', '.join(tools.writes)} and knows the language of no short text here"
            raise UserError(what, "delete_words and neighbour_words work in any language")
        chosen = sorted(tools.rng("texts").permutation(rows)[: self.count].tolist())
        new = {}
        for done, row in enumerate(chosen):
            tools.report(done / len(chosen), say("recipe.paraphrase.progress", done=done + 1, count=len(chosen)))
            new[row] = plain(tools.write(_ASKED.format(text=examples.texts[row])))
        return with_rewritten(examples, tools, new, similarity=self.similarity, weight=self.weight)


def plain(answer: str) -> str:
    """Return the text in a generator's answer, without what it says around it.

    >>> plain('Here is the new text:\\n\\n"A fine day."\\n\\nI hope this helps!')
    'A fine day.'
    """
    lines = [line.strip() for line in answer.splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].endswith(":"):
        lines = lines[1:]
    text = lines[0] if lines else ""
    return text[1:-1].strip() if len(text) > 1 and text[0] in "\"“'" and text[-1] in "\"”'" else text
