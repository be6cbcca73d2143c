"""A scikit-learn regressor of texts, or of pairs of them, that looks for its own best model."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import RegressorMixin

from haoqi.data.answers import NUMBER
from haoqi.estimators._text_estimator import TextEstimator, are_pairs, check_task, read_answers, read_texts


class TextRegressor(RegressorMixin, TextEstimator):  # type: ignore[misc]
    """Fits the best model for texts with a number each that it finds within its budget.

    It follows scikit-learn's conventions, with a list of str, or of pairs of str, where others take a matrix. Nothing
    is kept on disk unless it has a name; then it is released under it, and `haoqi.load(name)` has it too.

    Args:
        minutes: time to look; 5 where neither minutes nor steps are given.
        steps: how many experiments to make; with it, the same seed gives the same model.
        task: one of the tasks whose answer is a number; None: "regression", or "similarity" where X is pairs.
        base: names of the pretrained models to start from; chosen by the languages found where None.
        methods: names of the methods to try; all that suit where None.
        seed: everything that chance decides follows from it.
        name: under which the model is released; None: it is not.
        home: the folder of its runs, releases and caches; None: HAOQI_HOME. Fits with homes of their own may go on
            side by side in the threads of one process.

    Attributes:
        model_: the model, with its method and its facts.

    >>> TextRegressor(minutes=2).fit(texts, prices).predict_interval(texts)  # doctest: +SKIP
    """

    def fit(self, X: Any, y: Sequence[Any]) -> "TextRegressor":  # noqa: N803 - scikit-learn's name
        """Look for the best model for these texts and numbers.

        Args:
            X: texts, n of them; or pairs of texts, shape (n, 2).
            y: a number for each.

        Raises:
            ValueError: if X is no list of text, y is missing, of another length or no numbers, or all are the same.
            UserError: if a setting cannot be, or the machine does not allow it.
        """
        texts = read_texts(X)
        numbers = _numbers(read_answers(y, texts, "TextRegressor"))
        task = self.task or ("similarity" if are_pairs(texts) else "regression")
        check_task(task, texts, (NUMBER,), "TextRegressor")
        self.model_ = self._search(task, texts, numbers.tolist())
        return self

    def predict(self, X: Any) -> npt.NDArray[np.float64]:  # noqa: N803
        """Return the number of each text or pair, shape (n,).

        Raises:
            NotFittedError: before `fit`.
        """
        texts = self._asked(X)
        return np.asarray(self.model_.predict(texts).labels if texts else [], dtype=np.float64)

    def predict_interval(self, X: Any) -> npt.NDArray[np.float64]:  # noqa: N803
        """Return between which numbers the right one of each text or pair lies, nine times of ten, shape (n, 2).

        Raises:
            NotFittedError: before `fit`.
        """
        texts = self._asked(X)
        if not texts:
            return np.zeros((0, 2))
        intervals = self.model_.predict(texts).intervals
        assert intervals is not None, "a model of numbers is calibrated on examples that it did not learn"
        return np.asarray(intervals, dtype=np.float64)


def _numbers(answers: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return answers as numbers.

    Raises:
        ValueError: if one is none, one is not finite, or all are the same.
    """
    found = np.asarray([_number(one, place) for place, one in enumerate(answers.tolist())], dtype=np.float64)
    if not np.isfinite(found).all():
        raise ValueError("y contains infinity; a regressor needs finite numbers")
    if (found == found[0]).all():
        raise ValueError(f"y is {found[0]:g} everywhere; a regressor needs at least 2 different numbers")
    return found


def _number(answer: Any, place: int) -> float:
    try:
        return float(answer)
    except (TypeError, ValueError):
        raise ValueError(f"y must be numbers, but y[{place}] is {answer!r}") from None
