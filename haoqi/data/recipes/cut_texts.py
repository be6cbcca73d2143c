"""Long texts learnt from their end and their middle too (Sun et al., 2019, arXiv:1905.05583, on head and tail).

An encoder reads the first some hundred pieces of a text and no more. Copies of the rest, or of head and tail together,
show it what else such texts say. Prefer it where the report finds that many texts are cut,
and their answer may stand late.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from haoqi.core.config import Choices, Range
from haoqi.core.say import joined, say
from haoqi.data.answers import Accepts
from haoqi.data.examples import Examples
from haoqi.data.recipes import RecipeTools, Words, recipes
from haoqi.data.recipes._rows import with_rows


@recipes.register
@dataclass(frozen=True)
class CutTexts:
    """From where a text counts as long, and which parts of it are learnt too."""

    accepts: ClassVar[Accepts] = Accepts(raw=frozenset({"logits", "numbers"}))
    needs: ClassVar[frozenset[str]] = frozenset()

    limit: Annotated[int, Range(4, 100_000, log=True, search=False)] = 180
    """Words (of Chinese, characters) from which a text is long: about what fills 256 pieces."""
    parts: Annotated[tuple[str, ...], Choices("end", "middle", "head_tail", search=False)] = (
        "end",
        "middle",
        "head_tail",
    )
    """What a long text gives, a row each."""
    weight: Annotated[float, Range(0.05, 2.0)] = 0.5
    """How much all parts of a text count together against the text itself."""

    @property
    def growth(self) -> float:
        """A row per part, if all texts are long."""
        return 1.0 + len(self.parts)

    def words(self) -> str:
        """Return what a plan learns from."""
        return say("recipe.cut_texts", parts=joined([say(f"recipe.part.{part}") for part in self.parts]))

    def apply(self, examples: Examples, tools: RecipeTools) -> Examples:
        """Return the examples, and parts of those that are long."""
        rows, texts = [], []
        for row, (text, words) in enumerate(zip(examples.texts, tools.words(examples), strict=True)):
            if len(words) > self.limit:
                rows += [row] * len(self.parts)
                texts += [self._part(part, text, words) for part in self.parts]
        columns = {"texts": texts} if examples.words is None else {"texts": texts, "words": [()] * len(texts)}
        return with_rows(examples, rows, self.weight / max(1, len(self.parts)), **columns)

    def _part(self, part: str, text: str, words: Words) -> str:
        """Return `limit` words of a text."""
        count, limit = len(words), self.limit
        if part == "head_tail":
            head = text[: words[limit // 2 - 1][1]]
            return f"{head} {text[words[count - (limit - limit // 2)][0] :]}"
        first = count - limit if part == "end" else (count - limit) // 2
        return text[words[first][0] : words[first + limit - 1][1]]
