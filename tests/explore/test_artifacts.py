"""What an experiment leaves behind is read as it was written, and a damaged file is an error that says so."""

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from haoqi.core.errors import UserError
from haoqi.data.examples import Span
from haoqi.evaluate.predictions import Predictions
from haoqi.explore.record import artifacts


def test_what_was_made_of_one_row_is_remembered_together() -> None:
    memory = artifacts.EarlyAnswers.of([7, 3, 7], np.array([[0.2, 0.8], [0.9, 0.1], [0.6, 0.4]], np.float32))
    told = memory.all_of([7, 3])
    assert told is not None and np.allclose(told, [[0.4, 0.6], [0.9, 0.1]])
    assert memory.all_of([3, 8]) is None
    assert memory.all_of([9]) is None


def test_answers_of_every_kind_are_read_as_they_were_written(tmp_path: Path) -> None:
    labels = ["a", ("a", "b"), (Span(0, 3, "PER"), Span(4, 9, "LOC")), ()]
    for place, answer in enumerate(labels):
        folder = tmp_path / str(place)
        written = Predictions([answer] * 2, np.array([0.25, 0.5]), np.array([[0.25, 0.75], [0.5, 0.5]], np.float32))
        artifacts.write_predictions(folder, written, {"temperature": 1.5, "thresholds": [0.25]})
        found = artifacts.read_predictions(folder)
        assert found.labels == written.labels
        assert found.confidence.tolist() == [0.25, 0.5]
        assert found.probabilities is not None and found.probabilities.tolist() == [[0.25, 0.75], [0.5, 0.5]]
        assert artifacts.read_calibration(folder) == {"temperature": 1.5, "thresholds": [0.25]}


def test_how_sure_each_span_is_is_kept_beside_it(tmp_path: Path) -> None:
    answers = [(Span(0, 3, "PER"),), ()]
    artifacts.write_predictions(tmp_path, Predictions(answers, np.array([0.5, 1.0]), None, [(0.5,), ()]), {})
    found = artifacts.read_predictions(tmp_path)
    assert found.span_confidence == [(0.5,), ()]
    assert found.probabilities is None


def test_statistics_are_read_as_they_were_written_and_what_is_damaged_is_said(tmp_path: Path) -> None:
    counts = csr_array(np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 2.5]]))
    artifacts.write_statistics(tmp_path, counts)
    assert artifacts.read_statistics(tmp_path).toarray().tolist() == counts.toarray().tolist()
    (tmp_path / "statistics.safetensors").write_bytes(b"damaged")
    for read in (artifacts.read_statistics, artifacts.read_predictions):
        with pytest.raises(UserError, match="missing or damaged"):
            read(tmp_path)


def test_early_answers_are_none_where_no_training_left_any(tmp_path: Path) -> None:
    assert artifacts.read_early_answers(tmp_path) is None
    kept = artifacts.EarlyAnswers.of([3, 5], np.array([[0.5, 0.5], [0.25, 0.75]], np.float32))
    artifacts.write_early_answers(tmp_path, kept)
    found = artifacts.read_early_answers(tmp_path)
    assert found is not None
    assert found.ids.tolist() == [3, 5]
    assert found.probabilities.tolist() == kept.probabilities.tolist()
    (tmp_path / "memory.safetensors").write_bytes(b"damaged")
    assert artifacts.read_early_answers(tmp_path) is None
