"""Texts translated into another language and back (Sennrich et al., 2016, arXiv:1511.06709).

What comes back says the same in other words; where a base is there to compare, only what stays near is learnt, and only
where a model gives it the text's label. Prefer it to `paraphrase` wherever a translator is at hand: it changes less.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Annotated, ClassVar

from haoqi.core.config import Range
from haoqi.core.say import say
from haoqi.data.answers import CLASSES_OF_TEXTS, Accepts
from haoqi.data.examples import Examples
from haoqi.data.preparing.languages import language_of
from haoqi.data.recipes import RecipeTools, recipes
from haoqi.data.recipes._rewritten import drawn, with_rewritten


@recipes.register
@dataclass(frozen=True)
class BackTranslate:
    """How many texts go through which language."""

    accepts: ClassVar[Accepts] = CLASSES_OF_TEXTS
    needs: ClassVar[frozenset[str]] = frozenset({"translate", "answers"})

    count: Annotated[int, Range(1, 100_000, log=True, search=False)] = 200
    """Texts that are translated, drawn by chance."""
    through: str = ""
    """The language in between, as ISO 639 code; empty: Chinese for English texts, English for all others."""
    most_words: Annotated[int, Range(5, 400, search=False)] = 100
    """Longest text that is, in words."""
    similarity: Annotated[float, Range(0.3, 0.99)] = 0.7
    """Least cosine of the two texts' embeddings, where there is a base."""
    weight: Annotated[float, Range(0.05, 1.0)] = 0.5
    """How much a translated text counts against its source."""

    @property
    def growth(self) -> float:
        """Some rows more."""
        return 1.2

    def words(self) -> str:
        """Return what a plan learns from."""
        return say("recipe.back_translate", count=self.count)

    def apply(self, examples: Examples, tools: RecipeTools) -> Examples:
        """Return the examples, and what came back and passes."""
        assert tools.translate is not None
        by_language = defaultdict[str, list[int]](list)
        for row in drawn(examples, tools, self.count, self.most_words):
            by_language[language_of(examples.texts[row])].append(row)
        new: dict[int, str] = {}
        for done, (language, rows) in enumerate(sorted(by_language.items())):
            through = self.through or ("zh" if language == "en" else "en")
            if language in ("other", through):
                continue
            tools.report(
                done / len(by_language),
                say("recipe.back_translate.progress", count=len(rows), language=language, through=through),
            )
            there = tools.translate([examples.texts[row] for row in rows], language, through)
            new.update(zip(rows, tools.translate(there, through, language), strict=True))
        return with_rewritten(examples, tools, new, similarity=self.similarity, weight=self.weight)
