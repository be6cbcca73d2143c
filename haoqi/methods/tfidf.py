"""TF-IDF n-grams under a linear support vector machine (Joachims, 1998, doi:10.1007/BFb0026683).

The words that occur decide, whatever their order beyond three; no base is read, so it is the fastest
method that reads the text, and on long texts whose topic shows in their words it is often the best. Prefer
it for topics, for long documents, and as the first usable model of any run. Solved by dual coordinate
descent (Hsieh et al., 2008, doi:10.1145/1390156.1390208), one label against the rest.

Words are letters between spaces; in scripts without spaces each character is a word, and n-grams reach one
further, since most Chinese words have two characters.
"""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, hstack

from haoqi.core.config import Choices, Range
from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.answers import CLASSES_AND_PAIRS, NUMBERS_TOO, Accepts
from haoqi.data.examples import Examples, Weights
from haoqi.methods._solver import unadvised
from haoqi.methods.method import Job, Progress, Weighs, methods
from haoqi.methods.work import Load, Size, Work, labelled
from haoqi.models.encoders.pair_features import Pairing, pair_table, pairing_for
from haoqi.models.lexical.marked_views import views_of
from haoqi.models.lexical.ngrams import Unit, learn_ngrams, unspaced_share
from haoqi.models.lexical.sparse_rows import SparseRows
from haoqi.models.predictor import Predictor
from haoqi.models.predictors.sparse_linear import SparseLinear, Terms

# Coefficients of all labels together: 160 MB. With many labels fewer n-grams get a column.
MOST_COEFFICIENTS = 40_000_000
# Below this many texts, an n-gram that occurs once is worth its column.
FEW_TEXTS = 1000
# Of the n-grams of all texts, about so many are different and get a column.
_COLUMNS_SHARE = 0.15


@methods.register
@dataclass(frozen=True)
class Tfidf:
    """Which n-grams count, and how closely the training examples are followed."""

    accepts: ClassVar[Accepts] = NUMBERS_TOO
    uses_base: ClassVar[bool] = False
    stochastic: ClassVar[bool] = False
    elastic: ClassVar[bool] = False
    weighs: ClassVar[Weighs] = "exactly"
    ranks: ClassVar[tuple[int, int]] = (7, 8)
    simple: ClassVar[bool] = True

    strength: Annotated[float, Range(0.01, 100.0, log=True)] = 1.0
    """How much an error costs against large weights (C): higher follows the examples more closely."""
    features: Annotated[str, Choices("words", "characters", "both")] = "words"
    """N-grams of words, of the characters within words, or both."""
    balance: Annotated[bool, Choices(False, True), CLASSES_AND_PAIRS] = False
    """Whether errors on rare labels cost more, in inverse proportion to how often the label occurs."""
    loss: Annotated[str, Choices("margin", "logistic", search=False), CLASSES_AND_PAIRS] = "margin"
    """What a wrong answer costs: by its distance from the margin (a support vector machine), or by its probability."""
    most_columns: Annotated[int, Range(1000, 2_000_000, log=True, search=False)] = 200_000
    """The most n-grams of each kind that get a weight; those of most texts are kept."""

    def fit(self, job: Job) -> Predictor:
        """Return the linear model of job.train."""
        train, kind, width = job.train, job.task.output.kind, job.task.output.width
        targets = job.task.output.targets(train)
        pairing = pairing_for(job.task)
        if kind.is_number:
            job.report(Progress(0.0, say("fit.counting")))
            terms, table = self.terms(train, self.most_columns, pairing)
            job.report(Progress(0.5, say("fit.label", done=1, count=1)))
            return SparseLinear(terms, *self._number(table, targets, train), pairing)
        if targets.ndim == 1:
            targets = targets[:, None] == np.arange(width)
        limit = min(self.most_columns, max(1000, MOST_COEFFICIENTS // width))
        job.report(Progress(0.0, say("fit.counting")))
        terms, table = self.terms(train, limit, pairing)
        columns = [0] if width == 2 and kind.one_class else range(width)
        weights = np.zeros((table.shape[1], width), np.float32)
        intercept = np.zeros(width, np.float32)
        for done, column in enumerate(columns):
            job.report(Progress(0.3 + 0.7 * done / len(columns), say("fit.label", done=done + 1, count=len(columns))))
            weights[:, column], intercept[column] = self._separate(
                table, targets[:, column].astype(bool), None if train.weights is None else train.counting
            )
        if len(columns) < width:
            weights, intercept = mirror(weights), mirror(intercept)
        return SparseLinear(terms, weights, intercept, pairing)

    def work(self, size: Size) -> Work:
        """Count the n-grams of all texts, then pass over those of the training texts for each label."""
        kinds = {
            "words": size.spelt * (3 if size.unspaced else 2),
            "characters": size.letters * (4 if size.unspaced else 5),
        }
        each = sum(kinds.values()) if self.features == "both" else kinds[self.features]
        columns = min(self.most_columns, _COLUMNS_SHARE * each * size.train_rows)
        # One label among many is sooner told from the rest than one of two.
        labels = 1.0 if size.labels == 2 else size.labels**0.75
        # Following the examples more closely takes the solver more rounds.
        rounds = max(0.1, self.strength) ** 0.5 * (1.0 if self.loss == "margin" else 3.0)
        fit = Load(
            fits=1,
            ngrams=each * size.train_rows / 1e6,
            sparse=rounds * labels * each * size.train_rows / 1e6,
            saved=columns * (size.labels + 2) / 1e6,
        )
        score = Load(ngrams=each * size.valid_rows / 1e6)
        return Work(fit + labelled(size, size.train_rows), score, libraries=("pandas", "sklearn"))

    def _number(self, table: csr_array, numbers: npt.NDArray[np.float32], train: Examples) -> tuple[Any, Any]:
        """Return coefficients, shape (columns, 1), and intercept of a ridge regression."""
        from sklearn.linear_model import Ridge

        machine = Ridge(alpha=1.0 / self.strength, solver="sparse_cg", tol=1e-4, random_state=0)
        machine.fit(table, numbers.astype(np.float64), None if train.weights is None else train.counting)
        return machine.coef_[:, None].astype(np.float32), np.array([machine.intercept_], np.float32)

    def terms(self, train: Examples, limit: int, pairing: Pairing) -> tuple[tuple[Terms, ...], csr_array]:
        """Return the n-grams of some examples, and their weights in each, or the features of pairs.

        Args:
            train: what to learn from.
            limit: the most n-grams of each kind.
            pairing: how the texts of an example belong together.

        Raises:
            UserError: if the texts hold no words.
        """
        texts, counting = train.texts, train.counting
        if pairing in ("ordered", "symmetric"):  # n-grams are those of both sides
            texts, counting = [*texts, *(train.pairs or ())], np.tile(counting, 2)
        views = views_of(texts) if pairing == "marked" else [texts]
        terms, tables = [], []
        for unit, lengths in self._kinds(texts):
            for view in views:
                least = 1 if len(texts) < FEW_TEXTS else 2
                ngrams, counts = learn_ngrams(view, unit, lengths, least_texts=least, limit=limit)
                of_texts = np.repeat(counting, np.diff(counts.indptr))
                occurring = np.bincount(counts.indices, of_texts, minlength=ngrams.width)
                rarity = (np.log((1 + counting.sum()) / (1 + occurring)) + 1).astype(np.float32)
                terms.append(Terms(ngrams, rarity))
                tables.append(terms[-1].weigh(SparseRows.of(counts)).csr)
        whole = csr_array(hstack(tables, format="csr"))
        if pairing in ("ordered", "symmetric"):
            whole = pair_table(whole[: len(train)], whole[len(train) :], pairing)
        table = csr_array(whole, dtype=np.float64)  # as liblinear would convert it, once
        if not table.shape[1]:
            raise UserError("the training texts hold no words", "check which column holds the text: --text NAME")
        return tuple(terms), table

    def _kinds(self, texts: list[str]) -> list[tuple[Unit, tuple[int, int]]]:
        """Return the units that are counted, and the shortest and the longest n-grams of each."""
        unspaced = unspaced_share(texts[:2000]) > 0.3
        kinds: dict[str, tuple[Unit, tuple[int, int]]] = {
            "words": ("word", (1, 3 if unspaced else 2)),
            "characters": ("character", (1, 4) if unspaced else (3, 5)),
        }
        return list(kinds.values()) if self.features == "both" else [kinds[self.features]]

    def _separate(
        self, table: csr_array, positive: npt.NDArray[np.bool_], weights: Weights | None
    ) -> tuple[Any, float]:
        """Return coefficients and intercept that part the positive rows from the rest, each row by its weight."""
        from sklearn.linear_model import LogisticRegression
        from sklearn.svm import LinearSVC

        if positive.all() or not positive.any():
            return 0.0, 1.0 if positive.any() else -1.0
        settings: dict[str, Any] = {"C": self.strength, "random_state": 0, "max_iter": 300}
        settings["class_weight"] = "balanced" if self.balance else None
        if self.loss == "logistic":
            machine = LogisticRegression(solver="liblinear", dual=True, **settings)
        else:
            machine = LinearSVC(**settings)
        with unadvised():
            machine.fit(table, positive, weights)
        return machine.coef_[0], machine.intercept_[0]


def mirror(array: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return scores of two labels from the score of the first: their difference is that score."""
    half = array[..., :1] / np.float32(2)
    return np.concatenate([half, -half], axis=-1).astype(np.float32)
