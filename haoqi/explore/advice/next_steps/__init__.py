"""Next steps: what could be done after a run, one file each, with what it is expected to gain and what it costs."""

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from haoqi.core.registry import Registry

if TYPE_CHECKING:
    from haoqi.evaluate.advice import NextStep
    from haoqi.explore.advice.run_end import RunEnd


@runtime_checkable
class Suggests(Protocol):
    """A frozen dataclass of settings with a `suggest` that uses its argument only.

    `accepts`, where it has one, says of which answers it can tell something; else of classes of texts and words.
    """

    def suggest(self, run_end: "RunEnd") -> "NextStep":
        """Return the step with its gain, costs and evidence; what is not known is None, and the reason says so.

        Args:
            run_end: the end of a run: the champion, its learning curve, what is believed of plans, costs.
        """
        ...


next_steps: Registry[Suggests] = Registry("next step", "haoqi.explore.advice.next_steps")
