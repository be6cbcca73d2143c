from pathlib import Path

import numpy as np
import pytest

from haoqi.methods._heads import fit_head, start_head
from haoqi.methods._tuning import prepare_training
from haoqi.models.bases import Base
from tests.methods.test_tuning import EXAMPLES, job


@pytest.mark.parametrize(("kind", "strength"), [("label", 0.1), ("labels", 10.0)])
def test_the_head_starts_from_a_probe_as_strong_as_its_labels_are_many(
    kind: str, strength: float, base: Base, tmp_path: Path
) -> None:
    setup = prepare_training(job(base, tmp_path, kind), 64)
    start_head(setup)
    embeddings = setup.job.store.embeddings(base, EXAMPLES[kind].texts)
    weight, bias = fit_head(embeddings, setup.targets, 2, strength, weights=setup.counting)
    assert np.allclose(setup.model.head.weight.detach().numpy(), weight, atol=1e-6)
    assert np.allclose(setup.model.head.bias.detach().numpy(), bias, atol=1e-6)


def test_a_stronger_probe_follows_its_rows_more_closely() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, 8)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    targets, ones = (rows[:, 0] + 0.3 * rng.normal(size=60) > 0).astype(np.int64), np.ones(60, np.float32)
    sizes = [np.linalg.norm(fit_head(rows, targets, 2, strength, weights=ones)[0]) for strength in (0.1, 1.0, 10.0)]
    assert sizes == sorted(sizes)
    assert sizes[0] < 0.5 * sizes[2]
