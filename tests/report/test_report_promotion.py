from typing import Any

import pytest

from haoqi.report import promotion
from haoqi.report.steps import in_words

LOWER = {"source": "", "metric": "macro_f1", "score": [0.7, 0.6, 0.8], "before": [0.9, 0.85, 0.95]}
TASKS = {"source": "", "task": "multilabel", "before": "classification"}
SCALES = {"source": "a.csv", "scale": [0.2, 4.9], "before": [1.0, 97.5]}
LABELS = {"source": "a.csv", "added": [], "missing": [f"label{number}" for number in range(9)]}


@pytest.mark.parametrize(
    ("kind", "facts", "words"),
    [
        ("lower_score", LOWER, ("0.700", "0.600–0.800", "0.900", "0.850–0.950")),
        ("other_task", TASKS, ("1",)),
        ("other_labels", LABELS, ("–", "label0, label1", "…", "a.csv")),
        ("other_scale", SCALES, ("0.2", "97.5", "4.9", "a.csv")),
        ("as_said", {}, ("1",)),
        ("answered_before", {}, ("1",)),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_reason_is_said_in_every_language(
    kind: str, facts: dict[str, Any], words: tuple[str, ...], language: str
) -> None:
    refused = {"promoted": False, "answers": 1, "why_not": kind, "facts": facts}
    text = " ".join(in_words(one, language) for one in promotion.told("train", 2, refused))
    assert "train" in text
    assert all(word in text for word in words)
    assert promotion.command("train", 2, refused) == "haoqi promote train@2"


def test_what_is_as_one_expects_is_not_said() -> None:
    for usual in ({}, {"promoted": True, "answers": 2, "why_not": "", "facts": {}}):
        assert promotion.told("train", 2, usual) == []
        assert promotion.command("train", 2, usual) == ""
