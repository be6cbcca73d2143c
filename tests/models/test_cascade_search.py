"""Which looks a cascade may begin with, and which texts time it; what is chosen of them is told by `test_compiling`."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from haoqi import tasks
from haoqi.data.examples import Examples
from haoqi.models.compile import cascade_search
from haoqi.models.compile.cascade import Cascade, Doubt
from haoqi.models.compile.compiled import Measured
from haoqi.models.compile.faithfulness import Candidate, Court
from haoqi.models.model import Model
from haoqi.models.predictors.constant import Constant

TEXTS = [f"text {row}" for row in range(400)]


class Reads(Constant):
    """A predictor with a graph that reads whole texts or every word."""

    pooling: Any = "mean"

    def graph(self) -> Any:
        return SimpleNamespace(pooling=self.pooling)

    def computed_by(self, compute: Any) -> "Reads":
        return self


class ReadsWords(Reads):
    """The same, of words."""

    pooling = None


def court(predictor: Any) -> Court:
    model = Model(tasks.build("topic", ("a", "b")), predictor)
    return Court(model, Examples.of(TEXTS, ["a"] * len(TEXTS)), np.zeros((len(TEXTS), 2), np.float32))


def candidate(rate: float) -> Candidate:
    logits = Constant(np.zeros(2, np.float32))
    return Candidate("form", logits, {"form": lambda blocks: iter(())}, Measured("", texts_per_second=rate), "")


@pytest.mark.parametrize(("kind", "glances"), [(Reads, True), (ReadsWords, False), (Constant, False)])
def test_only_what_reads_whole_texts_is_shown_their_beginning(
    kind: Any, glances: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def timed(first: Any, found: list[Candidate], *rest: Any) -> Any:
        asked.extend(one.name for one in found)
        return found[0].measured, found

    monkeypatch.setattr(cascade_search, "timed", timed)
    before, form = candidate(10.0), candidate(10.0)
    assert cascade_search._glance(court(kind(np.zeros(2, np.float32))), form, before, lambda line: None) is None
    assert asked == (["form", *(f"form:{reach}" for reach in cascade_search.REACHES)] if glances else [])


@pytest.mark.parametrize(("rate", "count"), [(1.0, 48), (100.0, 200), (1e6, 400)])
def test_a_timing_holds_as_many_texts_in_doubt_as_all_the_judges_do(rate: float, count: int) -> None:
    margins = np.random.default_rng(0).permutation(len(TEXTS)).astype(np.float32)
    drawn = cascade_search._spread(court(Constant(np.zeros(2, np.float32))), candidate(rate), margins)
    assert len(drawn) == count
    near = dict(zip(TEXTS, margins, strict=True))
    assert np.mean([near[text] < 80 for text in drawn.texts]) == pytest.approx(0.2, abs=1 / count)


@pytest.mark.parametrize(("both_ms", "alone", "waits"), [(9.0, True, 4.6), (25.0, False, 5.0)])
def test_one_text_alone_is_asked_of_the_quick_look_unless_two_in_a_row_take_too_long(
    both_ms: float, alone: bool, waits: float
) -> None:
    quick, faithful = (
        Candidate("form", Constant(np.zeros(2, np.float32)), {}, Measured("", latency_ms=delay), "")
        for delay in (3.5, 5.0)
    )
    doubt = Doubt(0.5, 0.2)
    both = Cascade(quick.predictor, faithful.predictor, court(quick.predictor).model.margins, doubt)
    pair = Candidate("both", both, {}, Measured(""), "", doubts=(doubt,))
    settled = cascade_search._settled(pair, quick, faithful, both_ms)
    assert (settled.doubts[0].alone, settled.measured.latency_ms) == (alone, pytest.approx(waits))
    assert isinstance(settled.predictor, Cascade)
    assert settled.predictor.doubt == settled.doubts[0]
