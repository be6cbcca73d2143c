"""What a training can do against learning its examples by heart, as settings that all gradient methods share.

- Focal loss: what is answered right and surely counts less (Lin et al., 2017, arXiv:1708.02002).
- R-Drop: two passes that hide different units must agree (Liang et al., 2021, arXiv:2106.14448).
- Mixup of what a head reads, with the labels (Zhang et al., 2018, arXiv:1710.09412; Verma et al., 2019,
  arXiv:1806.05236; of sentences: Guo et al., 2019, arXiv:1905.08941).
- Adversarial training: inputs are moved where that harms most, in one step (FGM: Miyato et al., 2017, arXiv:1605.07725)
  or in some (FreeLB: Zhu et al., 2020, arXiv:1909.11764).
- Supervised contrast: texts of one label are drawn together and others apart (Khosla et al., 2020, arXiv:2004.11362),
  beside the loss of their labels (Gunel et al., 2021, arXiv:2011.01403).
- Distillation: what a better model finds likely beside the label is learnt, too (Hinton et al., 2015,
  arXiv:1503.02531).
"""

from dataclasses import dataclass
from typing import Annotated

from haoqi.core.config import Choices, Range
from haoqi.core.errors import UserError
from haoqi.data.answers import CLASSES_AND_PAIRS, CLASSES_OF_EXAMPLES, TEXTS_AND_WORDS
from haoqi.train.optimization import Optimization


@dataclass(frozen=True)
class Techniques(Optimization):
    """How closely the examples are followed; a method's own settings come first."""

    label_smoothing: Annotated[float, Range(0.0, 0.2), CLASSES_AND_PAIRS] = 0.0
    """Share of each target that is spread over all labels."""
    dropout: Annotated[float, Range(0.0, 0.5, search=False)] = 0.1
    """Share of the head's inputs that are hidden in training; with r_drop, of the states in layers that learn too."""
    class_weights: Annotated[str, Choices("none", "balanced", search=False), CLASSES_AND_PAIRS] = "none"
    """Whether errors on rare labels cost more."""
    focal: Annotated[float, Range(0.0, 5.0, search=False), CLASSES_AND_PAIRS] = 0.0
    """Gamma of the focal loss, usually 2: sure and right answers count less; 0: all count alike."""
    r_drop: Annotated[float, Range(0.0, 10.0, search=False)] = 0.0
    """How much two passes with different dropout must agree, usually 1 to 5, for twice the time; 0: one pass."""
    mixup: Annotated[float, Range(0.0, 4.0, search=False), TEXTS_AND_WORDS] = 0.0
    """Texts, or words, are mixed two by two in shares from a beta distribution with this parameter; 0: never."""
    adversarial: Annotated[str, Choices("none", "fgm", "freelb", search=False)] = "none"
    """Whether embeddings are moved to where they harm: fgm in one step, for twice the time, freelb in some."""
    adversarial_radius: Annotated[float, Range(0.001, 1.0, log=True, search=False)] = 0.02
    """How far they are moved, as a share of their length."""
    adversarial_steps: Annotated[int, Range(2, 10, search=False)] = 3
    """Passes of freelb, each of which takes the time of a plain training."""
    contrast: Annotated[float, Range(0.0, 0.95, search=False), CLASSES_OF_EXAMPLES] = 0.0
    """Share of the loss that draws texts of one label together and others apart; 0: none."""
    contrast_temperature: Annotated[float, Range(0.02, 1.0, log=True, search=False), CLASSES_OF_EXAMPLES] = 0.3
    """How sharply: low weighs the nearest texts most."""
    teacher: str = ""
    """A release, or a model's folder, whose answers to the training texts are learnt, too; empty: none."""
    teacher_share: Annotated[float, Range(0.05, 1.0, search=False)] = 0.5
    """Share of the loss that is for the teacher's answers; the rest is for the labels."""
    teacher_temperature: Annotated[float, Range(0.5, 20.0, log=True, search=False), CLASSES_AND_PAIRS] = 2.0
    """How evenly the teacher's chances are spread: high brings out what it finds likely beside the first label."""

    @property
    def copies(self) -> int:
        """Times that a row is computed at once."""
        return 2 if self.r_drop else 1

    @property
    def passes(self) -> int:
        """Times that a batch is computed, one after another."""
        return {"none": 1, "fgm": 2}.get(self.adversarial, self.adversarial_steps)

    @property
    def effort(self) -> float:
        """What a step takes, as a multiple of one without any technique."""
        return float(self.copies * self.passes)

    @property
    def plain(self) -> bool:
        """Whether the loss is that of the examples and no more."""
        return self.effort == 1 and not (self.mixup or self.contrast or self.teacher)

    def check(self) -> None:
        """Say no to settings that contradict each other.

        Raises:
            UserError: if two passes are compared that cannot differ.
        """
        if self.r_drop and not self.dropout:
            raise UserError("r_drop compares passes that hide different units, and dropout is 0", "say dropout 0.1")
