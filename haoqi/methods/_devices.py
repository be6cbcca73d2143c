"""A fit on several devices: each rank runs the method, and what rank 0 has learnt comes back through a folder."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from haoqi.core.folder import cache
from haoqi.methods.method import Job, Progress
from haoqi.models.encoders.placement import probed
from haoqi.models.predictor import Predictor
from haoqi.models.predictors.encoder import Encoder
from haoqi.train.distributed.launch import launch
from haoqi.train.distributed.worker import Tell

Fit = Callable[[Job], Predictor]


def on_devices(fit: Fit, job: Job) -> Predictor:
    """Return what a method's fit gives, run by as many processes as the job has devices.

    Args:
        fit: a bound method of a method, which is sent to the processes with its settings. It trains an encoder.
        job: what to learn.

    Raises:
        UserError: if a process raised one, or was lost.
    """
    if job.devices == 1:
        return fit(job)
    assert job.base is not None
    until = None if job.seconds is None else time.monotonic() + job.seconds
    sent = replace(job, report=_silent, note=_silent, remember=_silent)
    with TemporaryDirectory(prefix="haoqi-") as place:
        work = _FitAndSave(fit, sent, until, Path(place))
        launch(work, job.devices, probed().device, partial(_hear, job))
        found = Encoder.load(work.folder, cache())
        return Encoder.of(found.model, found.reader, job.base, found.tuned)  # read before its folder is gone


@dataclass(frozen=True)
class _FitAndSave:
    """A rank's part of a fit."""

    fit: Fit
    job: Job
    until: float | None
    """When the job's time is over, by the clock that all processes share."""
    folder: Path

    def __call__(self, rank: int, tell: Tell) -> None:
        seconds = None if self.until is None else self.until - time.monotonic()  # starting took some
        predictor = self.fit(replace(self.job, seconds=seconds, report=tell, note=tell))
        if rank == 0:
            predictor.save(self.folder, standalone=False)


def _hear(job: Job, message: Progress | str) -> None:
    """Pass on what rank 0 reports or notes."""
    if isinstance(message, Progress):
        job.report(message)
    else:
        job.note(message)


def _silent(message: Any) -> None:
    pass
