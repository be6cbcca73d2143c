"""Contrastive fine-tuning: how often it goes through how many texts, and how it reads them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haoqi.data.examples import Examples
from haoqi.evaluate.metrics.accuracy import accuracy
from haoqi.methods._names import with_names
from haoqi.methods.method import Job, methods
from haoqi.methods.setfit import ContrastBatches
from haoqi.methods.work import Size
from haoqi.models.bases import Base
from haoqi.models.encoders.model_input import Reading
from haoqi.models.feature_store.store import FeatureStore
from haoqi.tasks.outputs.many_labels import ManyLabels
from haoqi.tasks.outputs.one_label import OneLabel
from haoqi.tasks.task import Task


@pytest.mark.parametrize(("rows", "steps"), [(4, 10), (16, 10), (32, 10), (120, 15), (4000, 189)])
def test_contrasting_takes_ten_steps_of_two_an_epoch_at_least(rows: int, steps: int) -> None:
    size = Size(rows, 10, 20.0, 4, 6, 384, 0)
    assert methods.build("setfit").work(size).fit.steps == steps


@pytest.mark.parametrize("many", [False, True])
def test_labels_are_put_into_words_unless_they_are_none(many: bool, base: Base, tmp_path: Path) -> None:
    labels = ("news_item", "好评", "2", "x")
    output = (ManyLabels if many else OneLabel)(labels)
    own: list[Any] = [(name,) if many else name for name in labels]
    task = Task(output, (accuracy(),), ("a", own[0]), descriptions={"好评": "客人很满意"})
    train = Examples(["a text"] * 4, own, [0, 1, 2, 3], weights=[0.5] * 4)
    given = Job(task=task, train=train, valid=Examples.of([]), seed=0, store=FeatureStore(tmp_path), base=base)
    found = with_names(given).train
    assert found.texts[4:] == [
        *("news item", "This text is about news item.", "This is news item."),
        *("好评", "这段文字是关于好评的。", "客人很满意"),
    ]
    assert found.labels[4:] == [own[0]] * 3 + [own[1]] * 3
    assert found.counting.tolist() == [0.5] * 4 + [1.0] * 6
    assert len(set(found.ids)) == 10


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
