"""Reasons are decided by their kinds, and read as sentences in every language."""

import ast
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from string import Formatter

import pytest

import haoqi
from haoqi.core.errors import UserError
from haoqi.core.say import Sentence, saved, say, spoken, texts
from haoqi.explore.experiments.run_experiment import _failure
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.plans.reason import SAID, Reason
from haoqi.explore.record.earlier_ledgers import read_reason
from haoqi.explore.scheduling.arm_bandit import PROPOSED


def test_a_reason_is_written_in_every_language_with_its_numbers_as_they_are_read() -> None:
    close = Reason("close", {"difference": 0.01234, "p": 0.2041})
    told = close.words("why")
    assert told == "better than the champion by 0.012, too little to be sure (p = 0.204)"
    assert "0.012" in spoken(told, "zh") and spoken(told, "zh") != told


def reasons() -> Iterator[tuple[str, set[str]]]:
    """Yield the kind of every reason that the code of the search makes, and the names of its facts."""
    for path in sorted((Path(haoqi.__file__).parent / "explore").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Reason"):
                continue
            kind = ast.unparse(node.args[0]).strip("'")
            facts = node.args[1] if len(node.args) > 1 else None
            keys = facts.keys if isinstance(facts, ast.Dict) else []
            if kind == "PROPOSED" or isinstance(node.args[0], ast.Constant):
                yield PROPOSED if kind == "PROPOSED" else kind, {ast.unparse(key).strip("'") for key in keys if key}


def test_every_reason_of_the_code_has_a_sentence_whose_gaps_it_fills() -> None:
    english = texts("en")
    found = dict(reasons())
    assert {"first", "close", "lesson", "proposed", "out_of_time", "user_error", "failed"} <= found.keys()
    for kind, facts in found.items():
        key = next(key for key in (f"why.{kind}", f"error.{kind}") if key in english)
        assert {name for _, name, _, _ in Formatter().parse(english[key]) if name} <= facts | {"seconds"}, kind


def test_what_a_fit_notes_is_known_by_the_key_of_its_sentence_and_plain_text_stays() -> None:
    noted = Reason.of(say("train.ended_early", step=3, steps=9, best="0.5", reach="0.6", beaten="0.7"))
    assert noted.kind == "train.ended_early"
    assert isinstance(noted.words(), Sentence)
    assert Reason.of("memory was short") == Reason(SAID, {"text": "memory was short"})
    assert Reason.of("memory was short").words() == "memory was short"


@pytest.mark.parametrize("facts", [{}, {"count": 3}])
def test_a_reason_that_the_texts_do_not_know_or_fill_is_told_by_its_kind(facts: dict[str, int]) -> None:
    assert Reason("its_own_way", facts).words("why") == "its own way"
    assert Reason("proposed", facts).words("why") == "proposed"


def test_a_ledger_keeps_kind_and_facts_and_no_sentence_of_them() -> None:
    reason = Reason("lesson", {"claim": say("lesson.told.raised", claim="x")})
    plain = json.loads(json.dumps(saved(asdict(Experiment(Plan("knn"), 0.5, why=reason)))))["why"]
    assert plain.keys() == {"kind", "facts"}
    found = read_reason(plain, "why")
    assert found == reason
    assert spoken(found.words("why"), "zh") == spoken(reason.words("why"), "zh")


def test_what_a_person_can_put_right_keeps_what_to_do_in_every_language() -> None:
    found = _failure(UserError(say("library.missing", name="x"), "pip install x"))
    assert found.kind == "user_error"
    assert found.words("error") == "this needs the library x, which is not installed (pip install x)"
    assert "x" in spoken(found.words("error"), "zh") and "needs" not in spoken(found.words("error"), "zh")
    assert _failure(UserError("no room")).words("error") == "no room"


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        (MemoryError(), "failed", "MemoryError"),
        (RuntimeError("no\n  room"), "failed", "no room"),
        (ValueError("x" * 600), "failed", "x" * 500),
    ],
)
def test_what_an_exception_says_is_kept_on_one_line(error: Exception, kind: str, told: str) -> None:
    found = _failure(error)
    assert (found.kind, found.words("error")) == (kind, told)
