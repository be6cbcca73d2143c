"""What a method that says nothing of its work is believed to take."""

from dataclasses import dataclass

import pytest

from haoqi.methods import methods
from haoqi.methods.work import Size, work_of

SMALL = Size(500, 100, 20.0, 3, layers=6, width=384, vocabulary=30000)
LARGE = Size(5000, 1000, 20.0, 3, layers=6, width=384, vocabulary=30000)


@dataclass(frozen=True)
class Silent:
    uses_base: bool
    stochastic: bool


def test_what_a_method_says_of_its_work_counts() -> None:
    method = methods.build("tfidf")
    assert work_of(method, SMALL) == method.work(SMALL)


@pytest.mark.parametrize("silent", [Silent(False, False), Silent(True, False), Silent(True, True)])
def test_a_silent_method_is_believed_to_take_more_for_more_rows(silent: Silent) -> None:
    less, more = work_of(silent, SMALL), work_of(silent, LARGE)
    assert less.fit.fits == 1
    assert sum(more.fit.counts) + more.embeds > 5 * (sum(less.fit.counts) + less.embeds - 1)
    assert (less.tunes or less.asks) == silent.uses_base
