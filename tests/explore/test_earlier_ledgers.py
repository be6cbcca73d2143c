"""What earlier versions wrote is resumed: their sentences are read as kinds and facts, their names as today's."""

import json
from pathlib import Path
from typing import Any

import pytest

from haoqi import pipeline
from haoqi.core.ledger import Entry, Ledger
from haoqi.core.say import saved, say, spoken
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.plans.reason import Reason
from haoqi.explore.record.earlier_ledgers import read_reason
from haoqi.explore.record.history import History
from haoqi.explore.scheduling.arm_bandit import has_begun
from haoqi.run import run_of

SETTINGS: dict[str, Any] = {
    "methods": ("majority", "tfidf", "logistic"),
    "reflect": False,
    "ensemble": False,
    "compile": False,
}


def plain_of(method: str) -> dict[str, Any]:
    return {"method": method, "base": None, "settings": [], "share": 1.0, "seed": 0}


def experiment(number: int, method: str, why: Any, **more: Any) -> dict[str, Any]:
    facts = {"number": number, "plan": plain_of(method), "score": 0.5, "expected": None, "doubt": 0.1}
    facts |= {"low": 0.4, "high": 0.6, "scores": {}, "work": 0.1, "error": "", "notes": [], "role": "explore"}
    return {**facts, "why": why, **more}


@pytest.fixture
def earlier() -> History:
    """Return what a ledger tells that holds sentences, with and without keys, and verdicts by names of then."""
    ledger = Ledger("sqlite://")
    close = saved(say("why.proposed", strategy="curious", count=4))
    kept = {"experiment": 2, "decision": "kept", "champion": 1, "score": 0.5, "difference": 0.1, "against": 1}
    noted = [
        saved(say("train.ended_early", step=3, steps=9, best="0.5", reach="0.6", beaten="0.7")),
        "memory was short",
    ]
    for kind, body in (
        ("experiment", experiment(1, "majority", "the cheapest, so that there is a model at once")),
        ("verdict", {"experiment": 1, "decision": "crowned", "champion": 1, "score": 0.5}),
        ("experiment", experiment(2, "tfidf", close, notes=noted)),
        ("verdict", {**kept, "retried": True, "believed": 0.97, "flattered": 0.004}),
        ("experiment", experiment(3, "knn", "proposed by halving among 1,204", score=None, error="no room")),
        ("verdict", {"experiment": 3, "decision": "failed", "champion": 1, "score": 0.5}),
        ("experiment", experiment(4, "probe", "", score=None, error="stopped after 7 s: its time was over")),
    ):
        ledger.add("run", kind, body, {"spent": 1.0, "seconds": 90.0})
    return History(ledger, "run")


def test_sentences_of_then_become_kinds_and_facts(earlier: History) -> None:
    first, second, third, fourth = earlier.experiments
    assert first.why is not None and second.why is not None
    assert first.why.words("why") == "the cheapest, so that there is a model at once"
    assert (second.why.kind, second.why.facts["count"]) == ("proposed", 4)
    assert spoken(second.why.words("why"), "zh") == "由策略 curious 从 4 个方案中选出"
    assert third.why == Reason("proposed", {"strategy": "halving", "count": "1,204"})
    assert fourth.why is None
    assert [one.kind for one in second.notes] == ["train.ended_early", "said"]
    assert second.notes[1].words() == "memory was short"
    assert (third.failure(), fourth.failure()) == ("no room", "stopped after 7 s: its time was over")
    assert [one.error and one.error.kind for one in earlier.experiments] == [None, None, "failed", "out_of_time"]


def test_decisions_on_them_are_those_of_then(earlier: History) -> None:
    assert has_begun(earlier.experiments) == 1
    verdict = earlier.verdicts[1]
    assert (verdict.retested, verdict.chance_better, verdict.selection_bias) == (True, 0.97, 0.004)
    assert earlier.found().number == 1


def test_a_sentence_whose_key_is_gone_is_told_as_it_was() -> None:
    found = read_reason({"key": "why.gone_since", "facts": {"count": 2}, "text": "for 2 reasons"}, "why")
    assert found is not None
    assert (found.kind, found.words("why")) == ("gone_since", "for 2 reasons")


def as_then(entry: Entry) -> dict[str, Any]:
    """Return the body of an entry as earlier versions wrote it."""
    body = dict(entry.body)
    if entry.kind == "verdict":
        names = {"retested": "retried", "chance_better": "believed", "selection_bias": "flattered"}
        return {names.get(name, name): value for name, value in body.items()}
    if entry.kind == "experiment":
        why = read_reason(body["why"], "why")
        body |= {"why": saved(why.words("why")) if why else "", "error": "", "notes": []}
    return body


def test_a_run_that_an_earlier_version_began_is_resumed_as_if_it_had_never_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "notes.csv"
    rows = [f"the {'good' if n % 2 else 'bad'} one no. {n} of {n % 7},{'yes' if n % 2 else 'no'}" for n in range(120)]
    source.write_text("\n".join(["text,label", *rows]), encoding="utf-8")

    def tried(home: str, steps: int) -> list[Experiment]:
        monkeypatch.setenv("HAOQI_HOME", str(tmp_path / home))
        pipeline.improve(run_of(str(source), steps=steps, **SETTINGS))
        [path] = (tmp_path / home / "runs" / "notes").glob("*/ledger.sqlite")
        ledger = Ledger(path)
        return History(ledger, ledger.runs()[0]).experiments

    whole = tried("whole", 6)
    tried("then", 4)
    [path] = (tmp_path / "then" / "runs" / "notes").glob("*/ledger.sqlite")
    ledger = Ledger(path)
    run = ledger.runs()[0]
    written = [(entry.kind, as_then(entry), entry.timing) for entry in ledger.entries(run)]
    ledger.close()
    path.unlink()
    old = Ledger(path)
    for kind, body, timing in written:
        if kind in ("begin", "experiment", "verdict"):
            old.add(run, kind, body, timing)
    assert '"retried"' in json.dumps([body for _, body, _ in written])
    old.close()
    resumed = tried("then", 6)
    assert [(e.plan, e.score, e.expected) for e in resumed] == [(e.plan, e.score, e.expected) for e in whole]
    assert [e.why and e.why.kind for e in resumed] == [e.why and e.why.kind for e in whole]
    assert len(resumed) == 6 and Plan("tfidf") in {e.plan for e in resumed}
