"""Which stages a cascade may begin with, and which texts time it; `test_compile_release` tests what is chosen."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from haoqi import tasks
from haoqi.data.examples import Examples
from haoqi.models.compile import cascade_search
from haoqi.models.compile.cascade import Cascade, DeferralRule
from haoqi.models.compile.compiled import Measured
from haoqi.models.compile.faithfulness import Candidate, FaithfulnessTest
from haoqi.models.model import Model
from haoqi.models.predictors.constant import Constant

TEXTS = [f"text {row}" for row in range(400)]


class Reads(Constant):
    """A predictor with a graph that reads whole texts or every word."""

    pooling: Any = "mean"

    def graph(self) -> Any:
        return SimpleNamespace(pooling=self.pooling)

    def with_compute(self, compute: Any) -> "Reads":
        return self


class ReadsWords(Reads):
    """The same, of words."""

    pooling = None


def faithfulness(predictor: Any) -> FaithfulnessTest:
    model = Model(tasks.build("topic", ("a", "b")), predictor)
    return FaithfulnessTest(model, Examples.of(TEXTS, ["a"] * len(TEXTS)), np.zeros((len(TEXTS), 2), np.float32))


def candidate(rate: float) -> Candidate:
    logits = Constant(np.zeros(2, np.float32))
    return Candidate("form", logits, {"form": lambda blocks: iter(())}, Measured("", texts_per_second=rate), "")


@pytest.mark.parametrize(("kind", "truncated"), [(Reads, True), (ReadsWords, False), (Constant, False)])
def test_only_what_reads_whole_texts_is_shown_their_beginning(
    kind: Any, truncated: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def time_candidates(first: Any, found: list[Candidate], *rest: Any) -> Any:
        asked.extend(one.name for one in found)
        return found[0].measured, found

    monkeypatch.setattr(cascade_search, "time_candidates", time_candidates)
    before, form = candidate(10.0), candidate(10.0)
    test = faithfulness(kind(np.zeros(2, np.float32)))
    assert cascade_search._best_truncated_pass(test, form, before, lambda line: None) is None
    assert asked == (["form", *(f"form:{length}" for length in cascade_search.TRUNCATION_LENGTHS)] if truncated else [])


@pytest.mark.parametrize(("rate", "count"), [(1.0, 48), (100.0, 200), (1e6, 400)])
def test_a_timing_holds_the_same_share_of_small_margins_as_all_examples(rate: float, count: int) -> None:
    margins = np.random.default_rng(0).permutation(len(TEXTS)).astype(np.float32)
    drawn = cascade_search._choose_timed(faithfulness(Constant(np.zeros(2, np.float32))), candidate(rate), margins)
    assert len(drawn) == count
    near = dict(zip(TEXTS, margins, strict=True))
    assert np.mean([near[text] < 80 for text in drawn.texts]) == pytest.approx(0.2, abs=1 / count)


@pytest.mark.parametrize(("both_ms", "alone", "waits"), [(9.0, True, 4.6), (25.0, False, 5.0)])
def test_one_text_alone_goes_to_the_fast_stage_unless_both_take_too_long(
    both_ms: float, alone: bool, waits: float
) -> None:
    fast, faithful = (
        Candidate("form", Constant(np.zeros(2, np.float32)), {}, Measured("", latency_ms=delay), "")
        for delay in (3.5, 5.0)
    )
    rule = DeferralRule(0.5, 0.2)
    both = Cascade(fast.predictor, faithful.predictor, faithfulness(fast.predictor).model.margins, rule)
    pair = Candidate("both", both, {}, Measured(""), "", deferral_rules=(rule,))
    settled = cascade_search._route_single_texts(pair, fast, faithful, both_ms)
    assert (settled.deferral_rules[0].alone, settled.measured.latency_ms) == (alone, pytest.approx(waits))
    assert isinstance(settled.predictor, Cascade)
    assert settled.predictor.rule == settled.deferral_rules[0]
