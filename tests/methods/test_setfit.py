"""Contrastive fine-tuning: how often it goes through how many texts, and how it reads them."""

import numpy as np
import pytest

from haoqi.methods.method import Size, methods
from haoqi.methods.setfit import ContrastBatches
from haoqi.models.reading import Reading


@pytest.mark.parametrize(("rows", "steps"), [(4, 10), (16, 10), (32, 10), (120, 12), (4000, 189)])
def test_contrasting_takes_ten_steps_of_two_an_epoch_at_least(rows: int, steps: int) -> None:
    size = Size(rows, 10, 20.0, 4, 6, 384, 0)
    assert methods.build("setfit").work(size).fit.steps == steps


def test_contrasted_texts_of_like_length_are_encoded_together() -> None:
    lengths = np.random.default_rng(0).permutation(np.arange(3, 27))
    reading = Reading([np.full(length, length) for length in lengths])
    targets = (lengths % 2).astype(np.int64)
    batches = ContrastBatches(reading, targets, np.arange(24), 24, lengths.astype(np.float32))
    parts, alike, counting = batches.collate(np.arange(24))
    assert [part.ids.shape for part in parts] == [(8, 10), (8, 18), (8, 26)]
    order = np.concatenate([part.lengths.numpy() for part in parts])
    assert counting.tolist() == order.tolist()
    assert (alike.numpy() == (order[:, None] % 2 == order[None, :] % 2)).all()
