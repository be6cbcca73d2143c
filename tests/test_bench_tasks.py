"""The benches' own scores agree with other libraries, and the page of the matrix leaves no cell without a word."""

import importlib
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haoqi.data.examples import Span

BENCH = Path(__file__).parent.parent / "bench"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what imports a module of the benches by its name."""
    monkeypatch.syspath_prepend(str(BENCH))
    return importlib.import_module


def test_relations_are_right_only_in_their_direction(bench: Any) -> None:
    truth = ["A(e1,e2)", "A(e2,e1)", "B(e1,e2)", "Other"]
    # A: one of two right, two said; B: nothing said; Other has no part in the mean.
    assert bench("tasks").relation_f1(truth, ["A(e1,e2)", "A(e1,e2)", "Other", "Other"]) == pytest.approx(0.25)


def test_tags_and_entities_are_counted_as_scikit_learn_and_seqeval_do(bench: Any) -> None:
    from seqeval.metrics import f1_score
    from sklearn.metrics import precision_recall_fscore_support

    bench_tasks, rng = bench("tasks"), np.random.default_rng(0)
    # Only valid tags, on which no two readings of BIO differ.
    valid = [["B-PER", "I-PER", "O", "B-LOC"], ["O", "B-PER", "B-PER", "I-PER"], ["O", "O", "B-LOC", "I-LOC"]]
    truth = [valid[place] for place in rng.integers(3, size=30)]
    given = [valid[place] for place in rng.integers(3, size=30)]
    assert bench_tasks.entity_f1(truth, given)["entity F1"] == pytest.approx(f1_score(truth, given))
    flat = [[tag for tags in side for tag in tags] for side in (truth, given)]
    rows = {row["tag"]: row for row in bench_tasks.tag_rows(*flat)}
    for way in ("micro", "macro"):
        theirs = precision_recall_fscore_support(*flat, average=way, zero_division=0)
        found = rows[f"{way} average"]
        assert (found["precision"], found["recall"], found["F1"]) == pytest.approx(theirs[:3])


def test_iob1_is_read_as_bio_and_spans_come_back_as_tags(bench: Any, tmp_path: Path) -> None:
    path = tmp_path / "few"
    path.write_text("-DOCSTART- -X- O O\n\nAnn X I-PER\nLee X I-PER\nBob X B-PER\nleft X O\n\nRome X I-LOC\n")
    found = bench("tasks").bio_sentences(path)
    assert found == [(["Ann", "Lee", "Bob", "left"], ["B-PER", "I-PER", "B-PER", "O"]), (["Rome"], ["B-LOC"])]
    spans = [Span(0, 7, "PER"), Span(8, 11, "PER")]
    assert bench("tasks").tags_of(found[0][0], spans) == found[0][1]


def test_answers_are_compared_as_squads_script_does(bench: Any) -> None:
    word_f1 = bench("tasks").word_f1
    assert word_f1("the Nobel Prize", "Nobel prize.") == 1.0
    assert word_f1("in 1920", "1920") == pytest.approx(2 / 3)
    assert (word_f1("", ""), word_f1("", "x")) == (1.0, 0.0)


def test_what_optimizers_step_is_counted_once_and_solvers_are_not(bench: Any) -> None:
    import torch

    first, second = torch.zeros(3, 4, requires_grad=True), torch.zeros(5, requires_grad=True)
    with bench("matrix").Stepped() as stepped:
        assert stepped.count is None
        torch.optim.LBFGS([second]).step(lambda: (second**2).sum())
        assert stepped.count is None
        for _ in range(2):
            torch.optim.SGD([first], 0.1).step()
        assert stepped.count == 12
    torch.optim.SGD([second], 0.1).step()
    assert stepped.count == 12


def test_page_says_why_where_there_is_no_score(bench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page, table = bench("matrix_page"), bench("table")
    cell = {"score": 0.8, "low": 0.7, "high": 0.9, "seconds": 2.0, "trained": 22_000_000, "stepped": True}
    facts = {"metric": "accuracy", "train": 90, "test": 10}
    rows = [
        {"set": "sst2", "method": "majority", **cell, **facts, "score": 0.5, "trained": 2, "stepped": False},
        {"set": "sst2", "method": "full", "reason": "not done within 240 s"},
        {"set": "sst2", "method": "full", **cell, **facts},
        {"set": "sst2", "method": "lora", "reason": "its process ended with code 1"},
    ]
    monkeypatch.setattr(page, "PAGE", tmp_path / "matrix.md")
    monkeypatch.setattr(table, "recorded", lambda bench: rows)
    text = page.write().read_text(encoding="utf-8")
    assert "| full | 0.800 | 0.700 to 0.900 | +0.300 | – | 2 | 22.0 M |" in text
    assert re.search(r"Without a score, does not learn such answers: [^.]*\bcrf\b", text)
    assert "Without a score, its process ended with code 1: lora." in text
    assert "not done within" not in text
    assert "Without a score, not run yet: " in text
