"""Another release as a teacher: what it answers to the training texts, as a part of the loss."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.methods.method import Progress
from haoqi.models.model import Model
from haoqi.models.releases import releases
from haoqi.tasks.words import split_at_spans
from haoqi.train.distributed.group import first_rank_first
from haoqi.train.objectives.distillation import Distillation
from haoqi.train.objectives.losses import Loss
from haoqi.train.techniques import Techniques

if TYPE_CHECKING:
    from haoqi.methods._tuning import TrainingSetup


def distilled(setup: "TrainingSetup", techniques: Techniques, loss: Loss, *, numbered: bool) -> Distillation | None:
    """Return the loss that learns from the teacher, too; None where none is named.

    Args:
        setup: what is learnt.
        techniques: which teacher, and how much it counts.
        loss: against the labels.
        numbered: whether that loss is given the rows' numbers in place of labels.

    Raises:
        UserError: if there is no such model, or it answers another question.
    """
    if not techniques.teacher:
        return None
    kind, device = setup.job.task.output.kind, setup.placement.device
    with first_rank_first(setup.placement):
        taught = _answers(setup, releases.load(techniques.teacher, home=setup.job.home), techniques.teacher)
    if kind.is_number:
        mean, spread = setup.scale
        taught = ((taught - mean) / spread).astype(np.float32)
    return Distillation(
        loss,
        None if numbered else torch.from_numpy(setup.targets).to(device),
        torch.from_numpy(taught).to(device),
        "number" if kind.is_number else "several" if kind.several_classes else "one",
        techniques.teacher_share,
        techniques.teacher_temperature,
    )


def _answers(setup: "TrainingSetup", teacher: Model, name: str) -> npt.NDArray[np.float32]:
    """Return a teacher's logits, or numbers, one row per target, its classes in the order of ours."""
    job = setup.job
    task, theirs = job.task, teacher.task
    # The tags of words are no classes, so there the order has to be the same.
    same = theirs.labels == task.labels if task.output.kind.of_words else set(theirs.labels) == set(task.labels)
    if theirs.output.kind != task.output.kind or theirs.pairs != task.pairs or not same:
        raise UserError(
            f"the teacher {name} answers another question: {', '.join(theirs.labels) or theirs.output.name} "
            f"where {', '.join(task.labels) or task.output.name} is learnt",
            "name a release of the same task with the same labels",
        )
    train = split_at_spans(job.train) if task.output.kind.of_words else job.train

    def progress(done: int) -> None:
        job.report(Progress(0.0, say("fit.teacher", done=done, count=len(train))))

    scores = teacher.scores(train, progress)
    if task.output.kind.of_words:
        return np.concatenate(list(scores)).astype(np.float32)
    found = np.asarray(scores, np.float32).reshape(len(train), -1)
    return found[:, [theirs.labels.index(label) for label in task.labels]] if task.labels else found
