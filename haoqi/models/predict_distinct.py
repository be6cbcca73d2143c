"""What is computed of many texts: each different one once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from haoqi.data.examples import Query
from haoqi.evaluate.predictions import Predictions

if TYPE_CHECKING:
    from haoqi.models.model import Asked, Model
    from haoqi.models.predictor import Progress


def predict_distinct(model: "Model", texts: "Sequence[Asked]", progress: "Progress | None" = None) -> Predictions:
    """Return a model's answers to some texts, in order; a text that occurs several times is computed once.

    Args:
        model: what answers.
        texts: any number of them, held in memory with their answers.
        progress: called with the number of different texts done so far.

    Raises:
        UserError: if one of them is not text.
    """
    if not all(isinstance(text, str | tuple | Query) for text in texts):
        return model.predict(texts, progress)  # says which
    places: dict[Asked, int] = {}
    rows = [places.setdefault(text, len(places)) for text in texts]
    if len(places) == len(texts):
        return model.predict(texts, progress)
    return model.predict(list(places), progress).take(rows)
