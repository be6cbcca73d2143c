import doctest

import pytest

from haoqi.batch import answer_rows
from haoqi.cli import flags, live, words


@pytest.mark.parametrize("module", [flags, live, answer_rows, words])
def test_the_examples_in_the_docstrings_are_right(module: object) -> None:
    failed, tried = doctest.testmod(module)  # type: ignore[arg-type]
    assert tried > 0
    assert failed == 0


def test_a_missing_score_is_a_dash() -> None:
    assert words.score(None) == "-"
