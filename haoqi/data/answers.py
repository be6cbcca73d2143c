"""What an answer is, by facts: nothing in the house compares the names of outputs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from haoqi.core.config import Setting

Unit = Literal["text", "word", "marks", "context", "none"]
"""What is answered: a text as a whole, each of its words, two stretches of it that are marked, a question by a stretch
of its context, or none of these, where the answer is a text of its own."""

RawKind = Literal["logits", "numbers", "texts"]
"""What a predictor gives: logits of classes, numbers, or candidate texts with their log-probabilities."""


@dataclass(frozen=True)
class AnswerKind:
    """The facts of an answer, by which methods, recipes, metrics and reports know what they can do with it."""

    unit: Unit = "text"
    raw: RawKind = "logits"
    has_classes: bool = True
    """Whether it is made of classes out of a list."""
    exclusive: bool = True
    """Whether a unit has exactly one class; otherwise any number of them."""
    in_tree: bool = False
    """Whether classes are paths in a tree, and an answer may be a node above them."""

    @property
    def one_class(self) -> bool:
        """Whether an example has exactly one class."""
        return self.unit in ("text", "marks") and self.has_classes and self.exclusive

    @property
    def several_classes(self) -> bool:
        """Whether a text has any number of classes."""
        return self.unit == "text" and self.has_classes and not self.exclusive

    @property
    def of_words(self) -> bool:
        """Whether words are answered, each by itself."""
        return self.unit == "word"

    @property
    def of_marks(self) -> bool:
        """Whether two stretches are answered that are marked in the text, as `haoqi.data.entity_marks` says."""
        return self.unit == "marks"

    @property
    def of_context(self) -> bool:
        """Whether a stretch of the context of each text is the answer, or none is."""
        return self.unit == "context"

    @property
    def is_number(self) -> bool:
        """Whether the answer is a number."""
        return self.raw == "numbers"

    def as_plain(self) -> dict[str, Any]:
        """Return what JSON can hold and `from_plain` reads."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any] | str) -> "AnswerKind":
        """Return the kind that `as_plain` described, or that an earlier version called label, labels or spans.

        Raises:
            ValueError: if there is no such kind.
        """
        if not isinstance(plain, str):
            return cls(**plain)
        if plain not in _EARLIER:
            raise ValueError(f"{plain!r} is no kind of answer")
        return _EARLIER[plain]


ONE_CLASS = AnswerKind()
ONE_PATH = AnswerKind(in_tree=True)
SEVERAL_CLASSES = AnswerKind(exclusive=False)
SPANS = AnswerKind(unit="word")
NUMBER = AnswerKind(raw="numbers", has_classes=False)
CLASS_OF_MARKS = AnswerKind(unit="marks")
CONTEXT_SPAN = AnswerKind(unit="context", has_classes=False)

_EARLIER = {"label": ONE_CLASS, "labels": SEVERAL_CLASSES, "spans": SPANS}


@dataclass(frozen=True)
class Accepts:
    """Which answers a method or a recipe can deal with, by their facts."""

    units: frozenset[Unit] = frozenset({"text"})
    raw: frozenset[RawKind] = frozenset({"logits"})
    exclusive: bool | None = None
    """Whether a unit must have exactly one class, or must be able to have several; None: either."""
    pairs: bool = False
    """Whether the second text of an example is read, too."""
    singles: bool = True
    """Whether examples of one text are taken; not by what compares two."""

    def takes(self, kind: AnswerKind, *, pairs: bool = False) -> bool:
        """Return whether this answer can be dealt with.

        Args:
            kind: the facts of the answer.
            pairs: whether examples have a second text that counts.
        """
        exclusive = self.exclusive is None or not kind.has_classes or kind.exclusive == self.exclusive
        texts = self.pairs if pairs else self.singles
        return kind.unit in self.units and kind.raw in self.raw and exclusive and texts


CLASSES_OF_TEXTS = Accepts()
CLASSES = Accepts(units=frozenset({"text", "word"}))
NUMBERS_TOO = Accepts(units=frozenset({"text", "marks"}), raw=frozenset({"logits", "numbers"}), pairs=True)
"""Classes of texts, of pairs and of marked stretches, and numbers."""
PAIRS = Accepts(raw=frozenset({"logits", "numbers"}), exclusive=True, pairs=True, singles=False)
"""One class of two texts, or a number, and nothing of single texts."""
TEXTS_AND_WORDS = Accepts(units=frozenset({"text", "word", "marks"}), raw=frozenset({"logits", "numbers"}), pairs=True)
"""Classes and numbers of texts, of pairs and of marked stretches, and classes of words."""
ANYTHING = Accepts(
    units=frozenset({"text", "word", "marks", "context"}), raw=frozenset({"logits", "numbers"}), pairs=True
)
CLASSES_AND_PAIRS = Accepts(units=frozenset({"text", "word", "marks"}), pairs=True)
"""Classes of texts, of pairs, of words and of marked stretches."""
CLASSES_OF_EXAMPLES = Accepts(units=frozenset({"text", "marks"}), pairs=True)
"""Classes of texts, of pairs and of marked stretches."""
SINGLE_TEXTS = Accepts(units=frozenset({"text", "word"}), raw=frozenset({"logits", "numbers"}))
"""Classes of texts and of words, and numbers, but no pairs."""


def setting_applies(setting: Setting, kind: AnswerKind, *, pairs: bool = False) -> bool:
    """Return whether a setting means anything where such answers are learnt.

    An `Accepts` in its annotation says for which it does, as in `Annotated[bool, Choices(False, True), CLASSES]`; one
    without means something for all that its method takes.

    Args:
        setting: of a method or a recipe.
        kind: the facts of the answer.
        pairs: whether examples have a second text that counts.
    """
    return all(fact.takes(kind, pairs=pairs) for fact in setting.facts if isinstance(fact, Accepts))
