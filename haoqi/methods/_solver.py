"""Solvers without the advice that their library prints into a person's terminal."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unadvised() -> Iterator[None]:
    """Keep scikit-learn from saying what does no harm here.

    A rough optimum scores as well as the best one, and with few examples of many labels most labels are rare.
    """
    from warnings import catch_warnings, filterwarnings

    from sklearn.exceptions import ConvergenceWarning

    with catch_warnings():
        filterwarnings("ignore", category=ConvergenceWarning)
        filterwarnings("ignore", "The number of unique classes", UserWarning)
        yield
