"""What leads is the estimate that says most, whatever wrote the evidence; labels that nothing tested are named."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.data.answers import ONE_CLASS
from haoqi.data.examples import Examples
from haoqi.evaluate.evidence import evidence
from haoqi.evaluate.headline import Headline, headline
from haoqi.evaluate.metric import Labels
from haoqi.evaluate.metrics import metrics
from haoqi.evaluate.predictions import Predictions

LABELS = ("fraud", "ok", "spam")


def found(examples: int, score: float = 0.8, labels: tuple[str, ...] = LABELS, **rest: Any) -> dict[str, Any]:
    """Return plain evidence of so many examples, spread over some of the labels."""
    table = [{"label": one, "support": examples // len(labels) if one in labels else 0} for one in LABELS]
    scores = {"macro_f1": [score, score - 0.1, min(1.0, score + 0.1)], "accuracy": [0.9, 0.8, 1.0]}
    return {"examples": examples, "scores": scores, "table": table, **rest}


@pytest.mark.parametrize(
    ("test", "valid", "leads"),
    [
        (found(3, 1.0), found(27, 0.793, folds=5), "valid"),
        (found(200), found(200), "test"),
        (found(2000), found(2100), "test"),  # as good as equal: the one that chose nothing
        (found(2000), found(500), "test"),
        (found(200), found(1800, folds=5), "valid"),
        (found(150, 1.0, ("ok", "spam")), found(150), "valid"),
        (found(150), found(150, 1.0, ("ok", "spam")), "test"),
        (found(5000, 1.0, ("ok", "spam")), found(60), "test"),  # too few to say more
    ],
)
def test_the_estimate_that_says_most_leads_and_the_other_stands_beside(test: Any, valid: Any, leads: str) -> None:
    told = headline({"test": test, "valid": valid})
    assert told is not None and told.beside is not None
    assert told.lead.split == leads
    assert {told.lead.examples, told.beside.examples} == {test["examples"], valid["examples"]}
    assert (told.lead.score, told.lead.low) == tuple({"test": test, "valid": valid}[leads]["scores"]["macro_f1"][:2])


def test_labels_without_a_test_example_are_named_whatever_leads() -> None:
    test = found(40, 1.0, ("ok", "spam"), scorings=2)
    alone, both = headline({"test": test}), headline({"test": test, "valid": found(400, folds=5)})
    assert alone is not None and both is not None
    assert alone.untested == both.untested == ("fraud",)
    assert (both.lead.split, both.lead.untested, both.lead.folds) == ("valid", (), 5)
    assert both.scorings == 2
    assert (alone.beside, alone.lead.tested) == (None, 2)


def test_evidence_of_earlier_versions_and_bare_scores_are_read() -> None:
    told = headline({"test": {"scores": {"macro_f1": [0.8, 0.7, 0.9]}}, "valid": {"scores": {"macro_f1": [1, 1, 1]}}})
    assert told is not None
    assert (told.lead.split, told.lead.examples, told.untested, told.scorings) == ("test", 0, (), 0)
    bare = headline({"test": {"scores": {"accuracy": 0.5}}})
    assert bare is not None and (bare.lead.score, bare.lead.low, bare.lead.high) == (0.5, 0.5, 0.5)
    assert headline({}) is headline({"test": {}}) is headline({"test": {**found(9), "examples": 0}}) is None
    only = headline({"test": {**found(9), "examples": 0}, "valid": found(9)})
    assert only is not None and only.lead.split == "valid" and only.test is None


def test_the_metric_that_decides_is_told() -> None:
    told = headline({"test": found(9)}, "accuracy")
    assert told is not None and (told.lead.metric, told.lead.score) == ("accuracy", 0.9)


def test_a_headline_is_the_same_after_json() -> None:
    told = headline({"test": found(30, 1.0, ("ok",)), "valid": found(300, folds=3)})
    assert told is not None
    assert Headline.from_plain(json.loads(json.dumps(told.to_plain()))) == told


@given(st.lists(st.sampled_from(LABELS), min_size=1, max_size=30))
def test_what_is_untested_is_what_no_example_has(true: list[str]) -> None:
    answers = Predictions(["ok"] * len(true), np.full(len(true), 0.5))
    examples = Examples.of([str(row) for row in range(len(true))], list(true))
    rng = np.random.default_rng(0)
    whole = evidence(ONE_CLASS, [metrics.build("macro_f1")], examples, answers, task=Labels(LABELS), rng=rng)
    told = headline({"test": whole.to_plain()})
    assert told is not None
    assert set(told.untested) == set(whole.untested) == set(LABELS) - set(true)
    assert told.lead.tested == len(set(true))
