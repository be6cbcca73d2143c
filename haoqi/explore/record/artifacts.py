"""The files of an experiment: its statistics, its answers and its early answers, which anyone can read."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from haoqi.core.errors import UserError
from haoqi.core.folder import read_json, write_atomic, write_json
from haoqi.data.examples import Span
from haoqi.evaluate.metric import Statistics
from haoqi.evaluate.predictions import Predictions

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class EarlyAnswers:
    """What a training with early-learning regularisation (`train.objectives`) answered early to its rows."""

    ids: npt.NDArray[np.int64]
    """Numbers of the rows in the source, each once, rising, shape (n,)."""
    probabilities: Floats
    """Of each label, shape (n, labels)."""

    @classmethod
    def of(cls, ids: Sequence[int], probabilities: Floats) -> "EarlyAnswers":
        """Return the early answers to rows; of those that were made of one row, the mean."""
        numbers, place, count = np.unique(np.asarray(ids, np.int64), return_inverse=True, return_counts=True)
        total = np.zeros((len(numbers), probabilities.shape[1]), np.float64)
        np.add.at(total, place, probabilities)
        return cls(numbers, np.asarray(total / count[:, None], np.float32))

    def all_of(self, ids: Sequence[int]) -> Floats | None:
        """Return the early answers to these rows, shape (n, labels); None if one of them was not learnt."""
        asked = np.asarray(ids, np.int64)
        place = np.minimum(np.searchsorted(self.ids, asked), len(self.ids) - 1)
        return self.probabilities[place] if (self.ids[place] == asked).all() else None


def write_early_answers(folder: Path, memory: EarlyAnswers) -> None:
    """Write the early answers of a training."""
    from safetensors.numpy import save

    write_atomic(folder / "memory.safetensors", save({"ids": memory.ids, "probabilities": memory.probabilities}))


def read_early_answers(folder: Path) -> EarlyAnswers | None:
    """Return what `write_early_answers` wrote; None where nothing is there that can be read."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return EarlyAnswers(**load((folder / "memory.safetensors").read_bytes()))
    except (OSError, TypeError, SafetensorError):
        return None


def write_statistics(folder: Path, statistics: Statistics) -> None:
    """Write a metric's statistics per example."""
    from safetensors.numpy import save

    arrays = {"data": statistics.data, "indices": statistics.indices, "indptr": statistics.indptr}
    write_atomic(folder / "statistics.safetensors", save({**arrays, "shape": np.asarray(statistics.shape)}))


def read_statistics(folder: Path) -> Statistics:
    """Return what `write_statistics` wrote.

    Raises:
        UserError: if the file is missing or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    path = folder / "statistics.safetensors"
    try:
        found = load(path.read_bytes())
        shape = tuple(int(side) for side in found["shape"])
        return csr_array((found["data"], found["indices"], found["indptr"]), shape=shape)
    except (OSError, KeyError, ValueError, SafetensorError):
        raise UserError(f"{path} is missing or damaged", "begin again with --fresh") from None


def write_predictions(folder: Path, predictions: Predictions, calibration: dict[str, Any]) -> None:
    """Write answers, a line each, and the calibration they were given with."""
    from safetensors.numpy import save

    nothing = [None] * len(predictions)
    spans: Sequence[tuple[float, ...] | None] = predictions.span_confidence or nothing
    sure = nothing if predictions.confidence is None else [round(float(one), 6) for one in predictions.confidence]
    within: list[dict[str, Any]] = [{}] * len(predictions)
    if predictions.intervals is not None:
        within = [{"interval": [round(float(one), 6) for one in both]} for both in predictions.intervals]
    if predictions.level_confidence is not None:
        within = [{"levels": [round(one, 6) for one in row]} for row in predictions.level_confidence]
    lines = [
        json.dumps({"answer": answer, "confidence": confidence, "spans": each, **more}, ensure_ascii=False)
        for answer, confidence, each, more in zip(predictions.labels, sure, spans, within, strict=True)
    ]
    write_atomic(folder / "answers.jsonl", "\n".join(lines) + "\n")
    if predictions.probabilities is not None:
        write_atomic(
            folder / "probabilities.safetensors", save({"probabilities": predictions.probabilities.astype(np.float32)})
        )
    write_json(folder / "calibration.json", calibration)


def read_predictions(folder: Path) -> Predictions:
    """Return the answers that `write_predictions` wrote.

    Raises:
        UserError: if a file is missing or damaged.
    """
    from safetensors.numpy import load

    path = folder / "answers.jsonl"
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        labels = [_answer(row["answer"]) for row in rows]
        confidence = intervals = None
        if not rows or rows[0]["confidence"] is not None:
            confidence = np.asarray([row["confidence"] for row in rows], dtype=np.float64)
        if rows and "interval" in rows[0]:
            intervals = np.asarray([row["interval"] for row in rows], dtype=np.float64)
        levels = [tuple(row["levels"]) for row in rows] if rows and "levels" in rows[0] else None
        spans = [tuple(row["spans"]) for row in rows] if rows and rows[0]["spans"] is not None else None
        table = folder / "probabilities.safetensors"
        probabilities = load(table.read_bytes())["probabilities"] if table.exists() else None
    except (OSError, KeyError, ValueError):
        raise UserError(f"{path} is missing or damaged", "begin again with --fresh") from None
    return Predictions(labels, confidence, probabilities, spans, intervals, levels)


def read_calibration(folder: Path) -> dict[str, Any]:
    """Return the calibration that was fitted on an experiment's scores."""
    found: dict[str, Any] = read_json(folder / "calibration.json")
    return found


def _answer(found: Any) -> Any:
    """Return an answer as it was before JSON: lists were tuples, and lists of three were spans."""
    if isinstance(found, list):
        return tuple(Span(*member) if isinstance(member, list) else member for member in found)
    return found
