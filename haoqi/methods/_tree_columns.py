"""What trees learn from: the n-grams that tell most, and how a text looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, hstack

from haoqi.core.say import say
from haoqi.methods.method import Job, Progress
from haoqi.models.lexical.ngrams import Ngrams, learn_ngrams, unspaced_share
from haoqi.models.lexical.surface import surface_features
from haoqi.models.predictors.tree_ensemble import Kind

# Of so many n-grams, those of most texts, the ones that tell most are chosen.
_CANDIDATES = 100_000
# Below this many texts, an n-gram that occurs once may tell something.
_FEW_TEXTS = 1000


@dataclass(frozen=True)
class TreeTask:
    """A job as trees learn it."""

    ngrams: Ngrams
    """What the first columns tell the presence of."""
    table: csr_array
    """Features of the training texts, float32, shape (n, columns)."""
    targets: npt.NDArray[Any]
    """Class numbers or numbers, shape (n,), or 0/1 for each class, shape (n, classes)."""
    weights: npt.NDArray[np.float64] | None
    """How much each text counts; None: all alike."""
    width: int
    """How many scores a text has."""
    kind: Kind
    """What the mean of trees is for this task: chances, or the answer itself."""

    @property
    def one_class(self) -> bool:
        """Whether a text has exactly one class."""
        return self.kind == "chances"


def tree_task(job: Job, most_columns: int) -> TreeTask:
    """Return what trees learn from.

    Args:
        job: what to learn.
        most_columns: how many n-grams get a column.
    """
    output, train = job.task.output, job.train
    targets = output.targets(train)
    kind: Kind = "mean" if output.kind.is_number else "chances" if output.kind.one_class else "several_chances"
    job.report(Progress(0.0, say("fit.counting")))
    ngrams, table = _columns(train.texts, targets, most_columns)
    whole = csr_array(hstack([table, csr_array(surface_features(train.texts))], format="csr"), dtype=np.float32)
    # scikit-learn's trees refuse places in 64 bits.
    whole.indices, whole.indptr = whole.indices.astype(np.int32), whole.indptr.astype(np.int32)
    return TreeTask(ngrams, whole, targets, None if train.weights is None else train.counting, output.width, kind)


def _columns(texts: Sequence[str], targets: npt.NDArray[Any], most: int) -> tuple[Ngrams, csr_array]:
    """Return the n-grams that tell most of the targets, and 1 where a text has one."""
    longest = 3 if unspaced_share(texts[:2000]) > 0.3 else 2
    least = 1 if len(texts) < _FEW_TEXTS else 2
    ngrams, counts = learn_ngrams(texts, "word", (1, longest), least_texts=least, limit=_CANDIDATES)
    counts.data[:] = 1.0
    chosen = np.sort(np.argsort(-_telling(counts, targets), kind="stable")[:most])
    return ngrams.only(chosen), csr_array(counts[:, chosen])


def _telling(occurs: csr_array, targets: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return how much each column tells of the targets: chi-squared with classes, F with numbers, shape (columns,)."""
    from sklearn.feature_selection import chi2, f_regression

    if not occurs.shape[1] or occurs.shape[0] < 3:
        return np.zeros(occurs.shape[1])
    with np.errstate(all="ignore"):
        if targets.ndim == 2:
            found = np.sum([chi2(occurs, column)[0] for column in targets.T.astype(np.int64)], axis=0)
        else:
            found = chi2(occurs, targets)[0] if targets.dtype.kind == "i" else f_regression(occurs, targets)[0]
    return np.nan_to_num(np.asarray(found, np.float64), nan=0.0, posinf=0.0)
