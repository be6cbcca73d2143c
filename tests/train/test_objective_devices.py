"""Techniques on two processes, whose weights must be those of one."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from haoqi.models.encoders.encoder import Batch, EncoderModel
from haoqi.models.encoders.placement import Placement
from haoqi.train.adversary import Adversary
from haoqi.train.loop import fit
from haoqi.train.losses import label_gap, label_loss
from haoqi.train.objective import Objective
from haoqi.train.processes import kept_processes
from tests.train import test_devices
from tests.train.test_devices import SHARDED, TWO, again, learner, weights
from tests.train.test_loop import SETTINGS

model = test_devices.model
OBJECTIVE = Objective(label_loss(focus=1.0), label_gap, r_drop=1.0, adversary=Adversary(0, 0.1))


class Weighed(test_devices.Texts):
    """Texts that all count alike."""

    def collate(self, rows: np.ndarray) -> tuple[Batch, Tensor, None]:  # type: ignore[override]
        return *super().collate(rows), None


@pytest.fixture(scope="module", autouse=True)
def processes() -> Iterator[None]:
    """Start the child once for all tests here."""
    with kept_processes():
        yield


@pytest.mark.parametrize("placement", [TWO, SHARDED], ids=["data parallel", "sharded"])
@pytest.mark.slow
def test_techniques_on_two_processes_give_the_weights_of_one(model: EncoderModel, placement: Placement) -> None:
    short, other = replace(SETTINGS, epochs=2, average=0.5), again(model)
    for module, where in ((model, Placement()), (other, placement)):
        given: Any = replace(learner(module, loss=OBJECTIVE), batches=Weighed())
        fit(given, short, seed=0, placement=where)
    assert torch.allclose(weights(model), weights(other), atol=1e-5)
