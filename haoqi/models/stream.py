"""What is computed of many texts: each different one once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from haoqi.evaluate.predictions import Predictions

if TYPE_CHECKING:
    from haoqi.models.model import Model
    from haoqi.models.predictor import Progress


def distinct(model: "Model", texts: Sequence[str], progress: "Progress | None" = None) -> Predictions:
    """Return a model's answers to some texts, in order; a text that occurs several times is computed once.

    Args:
        model: what answers.
        texts: any number of them, held in memory with their answers.
        progress: called with the number of different texts done so far.

    Raises:
        UserError: if one of them is not text.
    """
    if not all(isinstance(text, str) for text in texts):
        return model.predict(texts, progress)  # says which
    places: dict[str, int] = {}
    rows = [places.setdefault(text, len(places)) for text in texts]
    if len(places) == len(texts):
        return model.predict(texts, progress)
    return _repeated(model.predict(list(places), progress), rows)


def _repeated(predictions: Predictions, rows: list[int]) -> Predictions:
    """Return the answers at some places, each as often as it is asked for."""
    chances, spans = predictions.probabilities, predictions.span_confidence
    return Predictions(
        [predictions.labels[row] for row in rows],
        predictions.confidence[rows],
        None if chances is None else chances[rows],
        None if spans is None else [spans[row] for row in rows],
    )
