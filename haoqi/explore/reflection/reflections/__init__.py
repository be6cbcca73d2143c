"""Reflections: what can be learnt from how a model fails. One file each; they keep no state and change nothing."""

from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from haoqi.core.registry import Registry

if TYPE_CHECKING:
    from haoqi.data.answers import Accepts
    from haoqi.explore.record.lessons import Lesson
    from haoqi.explore.reflection.champion_diagnostics import ChampionDiagnostics


@runtime_checkable
class Reflection(Protocol):
    """A frozen dataclass of thresholds with a `reflect` that uses its argument only.

    With `early: ClassVar[bool] = True` it looks before the first training, too, whose recipe can follow it.
    """

    accepts: "ClassVar[Accepts]"
    """Of which answers it has something to say; classes of single texts and of words where it does not say."""
    asks: ClassVar[bool]
    """Whether it has the champion answer texts made for it; as that takes longest, it comes last."""

    def reflect(self, diagnostics: "ChampionDiagnostics") -> "list[Lesson]":
        """Return what this reflection has to say, usually nothing: a lesson needs evidence and a plan to test it.

        Args:
            diagnostics: of the champion; what would take too long is None.
        """
        ...


reflections: Registry[Reflection] = Registry("reflection", "haoqi.explore.reflection.reflections")
