"""TF-IDF with logistic regression, as tutorials have it (Cox, 1958; Sparck Jones, 1972, doi:10.1108/eb026526).

The habit that every other method has to beat: it is run early in every search, so that the report can say by how
much it was beaten, and how sure that is. Prefer it where its probabilities are wanted as they come and nothing
else was measurably better.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from haoqi.core.config import Range
from haoqi.data.answers import CLASSES_OF_EXAMPLES, Accepts
from haoqi.methods.method import Job, Weighs, methods
from haoqi.methods.tfidf import Tfidf
from haoqi.methods.work import Size, Work
from haoqi.models.predictor import Predictor


@methods.register
@dataclass(frozen=True)
class Logistic:
    """How closely the training examples are followed."""

    accepts: ClassVar[Accepts] = CLASSES_OF_EXAMPLES
    uses_base: ClassVar[bool] = False
    stochastic: ClassVar[bool] = False
    elastic: ClassVar[bool] = False
    weighs: ClassVar[Weighs] = "exactly"
    ranks: ClassVar[tuple[int, int]] = (8, 9)
    baseline: ClassVar[bool] = True

    strength: Annotated[float, Range(0.01, 100.0, log=True, search=False)] = 1.0
    """How much an error costs against large weights (C); 1 is scikit-learn's default."""

    def fit(self, job: Job) -> Predictor:
        """Return the linear model of job.train."""
        return Tfidf(strength=self.strength, loss="logistic").fit(job)

    def work(self, size: Size) -> Work:
        """As TF-IDF under this loss."""
        return Tfidf(strength=self.strength, loss="logistic").work(size)
