"""Data recipes: what is done to training examples before a plan learns from them, one file each.

A recipe sees the examples that are learnt from and no others: validation and test examples never pass through one.
It leaves, re-weighs, changes or adds rows; rows that it adds count less than those that people labelled.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from haoqi.core import seeds
from haoqi.core.errors import UserError
from haoqi.core.registry import Registry
from haoqi.data.answers import Accepts, AnswerKind
from haoqi.data.examples import Examples

Floats = npt.NDArray[np.float32]
Words = tuple[tuple[int, int], ...]

# What a recipe may need of its tools: in words, and what to do where it is missing.
_NEEDS: Mapping[str, tuple[str, str]] = {
    "unlabelled": ("unlabelled texts", "leave the label empty in some rows of the source, or use another recipe"),
    "embeddings": ("a base to compare texts with", "haoqi bases get minilm, or name one with --base"),
    "write": ("a base that writes", "haoqi bases get smollm2"),
    "teacher": ("a plan that it learns from", "the search names one, once it has found a better model that is slow"),
    "translate": ("a base that translates, and no release of haoqi ships one yet", "paraphrase needs smollm2 only"),
}


@dataclass(frozen=True)
class RecipeTools:
    """What a recipe may use beside the examples; what is None cannot be had."""

    kind: AnswerKind
    """The facts of the answers."""
    labels: tuple[str, ...]
    seed: int
    """All that chance decides follows from it."""
    words: Callable[[Examples], list[Words]]
    """(start, end) of each word of each text; no span ends within one."""
    held_out: Callable[[Examples], Floats]
    """The probability of each label for each row, shape (n, labels), by a cheap model not fitted on that row."""
    answers: Callable[[Examples, Sequence[str]], Floats]
    """The same for any texts (second), shape (texts, labels), by a cheap model fitted on examples (first)."""
    pairs: bool = False
    """Whether an example is two texts."""
    teacher: Callable[[Examples, Sequence[str]], tuple[Floats, Floats]] | None = None
    """The probability of each label for each row (first) and for each of some other texts (second), by the plan's
    teacher as it answers rows that it did not learn; shapes (n, labels) and (texts, labels)."""
    embeddings: Callable[[Sequence[str]], Floats] | None = None
    """Embeddings of length 1 of texts, shape (n, width)."""
    word_vectors: Callable[[Sequence[str]], Floats] | None = None
    """What a base knows of single words, length 1 or 0 (unknown), shape (n, width)."""
    unlabelled: Examples | None = None
    write: Callable[[str], str] | None = None
    """A generator's answer to a request."""
    writes: tuple[str, ...] = ()
    """ISO 639 codes of the languages that `write` knows."""
    translate: Callable[[Sequence[str], str, str], list[str]] | None = None
    """Texts from a language (second) in another (third), as ISO 639 codes."""
    report: Callable[[float, str], None] = field(default=lambda share, note: None)
    """Told the share done, in [0, 1], and a short phrase."""

    def rng(self, *names: object) -> np.random.Generator:
        """Return a generator of its own for these names."""
        return seeds.generator(self.seed, "recipe", *names)


@runtime_checkable
class Recipe(Protocol):
    """A frozen dataclass of settings with an `apply`. One file each; the file's name is its name.

    The module docstring cites its source and says when to prefer it. It may have `instead: ClassVar[str]`: the recipe
    that comes near to it, for methods that cannot use what it makes.
    """

    accepts: ClassVar[Accepts]
    """Which answers' examples it can change."""
    needs: ClassVar[frozenset[str]]
    """Fields of the tools that it needs."""

    @property
    def growth(self) -> float:
        """Rows that come out per row that goes in, at most, roughly: what learning costs more."""
        ...

    def words(self) -> str:
        """Return what it does as a part of a sentence about a plan: "without suspect labels"."""
        ...

    def apply(self, examples: Examples, tools: RecipeTools) -> Examples:
        """Return the examples to learn from instead; equal arguments give equal examples, and no label is lost.

        Raises:
            UserError: if the examples are none that it can work on.
        """
        ...


recipes: Registry[Recipe] = Registry("recipe", "haoqi.data.recipes")


def follow(steps: Iterable[tuple[str, Iterable[tuple[str, Any]]]], examples: Examples, tools: RecipeTools) -> Examples:
    """Return the examples after one recipe after another.

    Args:
        steps: names of recipes with their settings.
        examples: what would be learnt from.
        tools: what the recipes may use; each gets a seed of its own.

    Raises:
        UserError: if a recipe is not known, does not suit the task, or needs what is not there.
    """
    for place, (name, settings) in enumerate(steps):
        recipe = recipes.build(name, **dict(settings))
        if reason := unfit(recipe, tools):
            raise UserError(f"the recipe {name} {reason[0]}", reason[1])
        examples = recipe.apply(examples, replace(tools, seed=seeds.number(tools.seed, place, name)))
    return examples


def unfit(recipe: Recipe, tools: RecipeTools) -> tuple[str, str] | None:
    """Return why a recipe cannot be followed with these tools and what to do, or None if it can."""
    if not recipe.accepts.takes(tools.kind, pairs=tools.pairs):
        return "cannot change examples with such answers", "haoqi recipes says what each is for"
    for need in sorted(recipe.needs):
        if getattr(tools, need) is None:
            what, hint = _NEEDS[need]
            return f"needs {what}", hint
    return None


def suited(tools: RecipeTools) -> list[str]:
    """Return the names of the recipes that can be followed with these tools, each at its defaults."""
    return [name for name in recipes.names() if unfit(recipes.build(name), tools) is None]
