"""What a person may say about a pretraining."""

from dataclasses import dataclass
from typing import Annotated

from haoqi.core.config import Range

SCRATCH = "none"
"""The name of the base of a pretraining that begins with nothing."""


@dataclass(frozen=True)
class PretrainSettings:
    """From which base, for how long, and how words are hidden; from scratch also how large."""

    base: str | None = None
    """The base that learns on; none: a new one from scratch; chosen by the texts' languages when left out."""
    name: str | None = None
    """What the new base is called; when left out after the base and the source."""
    minutes: Annotated[float, Range(0.05, 100_000, search=False)] = 30.0
    """Time for all of it, over all its sittings; it ends sooner where the epochs are over or nothing is gained."""
    from_scratch: bool = False
    """Begin with nothing but a tokenizer that is learnt from the texts, as `--base none` does."""
    epochs: Annotated[int, Range(1, 1000, search=False)] = 20
    """How often every text is read at most, hidden words changing each time."""
    learning_rate: Annotated[float | None, Range(1e-6, 1e-1, log=True, search=False)] = None
    """Step size at the end of warm-up; when left out 0.0001, from scratch 0.002."""
    batch_size: Annotated[int, Range(1, 4096, log=True, search=False)] = 32
    """Windows of text per step."""
    max_tokens: Annotated[int, Range(8, 8192, log=True, search=False)] = 128
    """Tokens of a window; longer texts are cut into some."""
    hidden: Annotated[float, Range(0.02, 0.6, search=False)] = 0.15
    """Share of the tokens that are hidden and guessed."""
    whole_words: bool = True
    """Hide whole words, Chinese ones as the texts themselves tell them apart, rather than single tokens."""
    head_share: Annotated[float, Range(0.0, 0.9, search=False)] = 0.2
    """Share of the time in which the output layer learns alone, for no base here comes with one."""
    held_out: Annotated[float, Range(0.005, 0.5, search=False)] = 0.05
    """Share of the texts that are kept back: half decide when to end, half measure before and after."""
    layers: Annotated[int, Range(1, 48, search=False)] = 2
    """Of a base from scratch."""
    width: Annotated[int, Range(16, 2048, search=False)] = 128
    """Of a base from scratch: length of a token's vector, a multiple of 32 or of 8."""
    pieces: Annotated[int, Range(100, 100_000, log=True, search=False)] = 4000
    """Tokens of a base from scratch; Chinese characters are a token each."""
    seed: Annotated[int, Range(0, 2**31 - 1, search=False)] = 0
    """Everything that chance decides follows from it."""
    fresh: bool = False
    """Begin again, and put the new base in the place of one of the same name."""

    @property
    def scratch(self) -> bool:
        """Whether there is no base to begin with."""
        return self.from_scratch or self.base == SCRATCH
