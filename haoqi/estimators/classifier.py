"""A scikit-learn classifier of texts, or of pairs of them, that looks for its own best model."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin

from haoqi.data.answers import CLASS_OF_MARKS, ONE_CLASS
from haoqi.data.reading.decoding.characters import well_formed
from haoqi.data.reading.tables.label_cells import missing_among
from haoqi.estimators._text_estimator import TextEstimator, are_pairs, check_task, read_answers, read_texts


class TextClassifier(ClassifierMixin, TextEstimator):  # type: ignore[misc]
    """Fits the best model for labelled texts that it finds within its budget.

    It follows scikit-learn's conventions, with a list of str, or of pairs of str, where others take a matrix. Nothing
    is kept on disk unless it has a name; then it is released under it, and `haoqi.load(name)` has it too.

    Args:
        minutes: time to look; 5 where neither minutes nor steps are given.
        steps: how many experiments to make; with it, the same seed gives the same model.
        task: one of the tasks with one label; None: "classification", or "entailment" where X is pairs.
        base: names of the pretrained models to start from; chosen by the languages found where None.
        methods: names of the methods to try; all that suit where None.
        seed: everything that chance decides follows from it.
        name: under which the model is released; None: it is not.
        home: the folder of its runs, releases and caches; None: HAOQI_HOME. Fits with homes of their own may go on
            side by side in the threads of one process.

    Attributes:
        classes_: the labels, sorted, shape (labels,).
        model_: the model, with its method and its facts.

    >>> TextClassifier(minutes=2).fit(texts, labels).predict(texts)  # doctest: +SKIP
    """

    def fit(self, X: Any, y: Sequence[Any]) -> "TextClassifier":  # noqa: N803 - scikit-learn's name
        """Look for the best model for these texts and labels.

        Args:
            X: texts, n of them; or pairs of texts, shape (n, 2).
            y: a label for each: str, int, or anything that sorts.

        Raises:
            ValueError: if X is no list of text, y is missing or of another length, or there is one class only.
            UserError: if a setting cannot be, or the machine does not allow it.
        """
        texts = read_texts(X)
        classes, places = np.unique(read_answers(y, texts, "TextClassifier"), return_inverse=True)
        if len(classes) < 2:
            raise ValueError(f"y has one class only, {classes[0]!r}; a classifier needs at least 2 classes")
        task = self.task or ("entailment" if are_pairs(texts) else "classification")
        check_task(task, texts, (ONE_CLASS, CLASS_OF_MARKS), "TextClassifier")
        names = _names(classes)
        self.model_ = self._search(task, texts, [names[place] for place in places])
        self.classes_ = classes
        return self

    def predict(self, X: Any) -> npt.NDArray[Any]:  # noqa: N803
        """Return the label of each text or pair, shape (n,).

        Where macro-F1 decides it may be one that is a little less likely than another; of paths in a tree one above
        those of `classes_`, where what stands below is too unsure.

        Raises:
            NotFittedError: before `fit`.
        """
        texts = self._asked(X)
        if not texts:
            return self.classes_[:0]
        place, found = self._places(), self.model_.predict(texts).labels
        if all(label in place for label in found):
            return self.classes_[[place[label] for label in found]]
        if self.model_.task.output.kind.of_marks:  # a relation in a direction that y never has
            return self.classes_[[int(best) for best in self.predict_proba(texts).argmax(axis=1)]]
        return np.array([str(self.classes_[place[label]]) if label in place else label for label in found])

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:  # noqa: N803
        """Return the probability of each class for each text or pair, shape (n, classes), ordered as `classes_`.

        Raises:
            NotFittedError: before `fit`.
        """
        texts = self._asked(X)
        found = np.zeros((len(texts), len(self.classes_)))
        if texts:
            probabilities = self.model_.predict(texts).probabilities
            assert probabilities is not None, "tasks with one label per text have probabilities"
            # A class that had too few examples to learn from is none of the model's: its column stays 0. A relation in
            # a direction that y never has is none of the classes.
            place = self._places()
            known = [number for number, label in enumerate(self.model_.task.labels) if label in place]
            found[:, [place[self.model_.task.labels[number]] for number in known]] = probabilities[:, known]
            found /= found.sum(axis=1, keepdims=True)
        return found

    def _places(self) -> dict[Any, int]:
        """Return each label, as the model knows it, with its place among `classes_`."""
        return {self.model_.task.output.read(name): place for place, name in enumerate(_names(self.classes_))}


def _names(classes: npt.NDArray[Any]) -> list[str]:
    """Return a name for each class: its own words, which some methods read, where they can be one."""
    names = [well_formed(" ".join(str(one).split())) for one in classes.tolist()]
    odd = len(set(names)) < len(names) or bool(missing_among(names))
    return [f"class {place}" for place in range(len(names))] if odd else names
