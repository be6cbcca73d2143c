"""What the benches conclude from their cells is right; their runs are not tests."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

BENCH = Path(__file__).parent.parent / "bench"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what imports a module of the benches by its name."""
    monkeypatch.syspath_prepend(str(BENCH))
    return importlib.import_module


def cell(who: str, case: str, *scores: float) -> dict[str, Any]:
    return {
        "who": who,
        "case": case,
        "seed": 0,
        "seconds": 200.0 if who == "haoqi" else 3.0,
        "readings": [{"at": at, "macro_f1": score} for at, score in zip((20, 60, 90, 180), scores, strict=True)],
    }


def test_ranks_are_over_cases_that_all_have_and_ties_share_them(bench: Any) -> None:
    found = [
        cell("haoqi", "a", 0.5, 0.8, 0.85, 0.9),
        cell("tfidf", "a", 0.7, 0.8, 0.8, 0.8),
        cell("trainer", "a", 0.1, 0.8, 0.8, 0.85),
        cell("haoqi", "b", 0.9, 0.9, 0.9, 0.9),
        cell("haoqi/curious", "a", 1.0, 1.0, 1.0, 1.0),  # beside the ranking
    ]
    search = bench("search")
    first, second, last = (search.ranked(found, at) for at in (20, 60, 180))
    assert {who: told[0][0] for who, told in first.items()} == {"haoqi": 2, "tfidf": 1, "trainer": 3}
    assert {told[0][0] for told in second.values()} == {2.0}
    assert last["haoqi"] == [(1.0, 0.9, "a 0")]


def test_lost_cases_and_what_was_wanted_are_printed(bench: Any, capsys: pytest.CaptureFixture[str]) -> None:
    found = [cell("haoqi", "a", 0.5, 0.8, 0.86, 0.9), cell("tfidf", "a", 0.7, 0.7, 0.8, 0.85)]
    bench("search").show(found, 3.0)
    told = capsys.readouterr().out
    assert "lost: a 0, 0.5000 to tfidf's 0.7000" in told
    assert "best mean rank at every reading: no" in told
    assert "the best single peer, tfidf: +0.0500" in told
    assert "after half the time: +0.0100" in told
    assert "over its time: haoqi, a 0, 200 s" in told


def test_a_rank_that_is_shared_is_not_the_best(bench: Any, capsys: pytest.CaptureFixture[str]) -> None:
    found = [cell(who, "a", 0.5, 0.8, 0.86, 0.9) for who in ("haoqi", "tpe")]
    bench("search").show(found, 3.0)
    assert "best mean rank at every reading: no" in capsys.readouterr().out


def test_a_plain_search_reads_the_best_validation_score(
    bench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAOQI_HOME", str(tmp_path))
    source = tmp_path / "rows.csv"
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("bcdfglmnprst"), 5)) for _ in range(200)]
    texts = [" ".join([("fine", "poor")[at % 2], *rng.choice(words, 9)]) for at in range(160)]
    lines = ["text,label", *(f"{text},{'ab'[at % 2]}" for at, text in enumerate(texts))]
    source.write_text("\n".join(lines), encoding="utf-8")
    settings = {"minutes": 0.1, "strategy": "random", "methods": ("majority", "tfidf"), "folds": 0, "variants": 2}
    asked = {"source": str(source), "settings": settings, "test": ["fine", "poor"], "readings": [0.0, 6.0]}
    told = bench("peers.plain").answer({**asked, "over": 1.1})
    none, last = told["readings"]
    assert none == {"at": 0.0, "plan": None, "answers": None}
    assert last["answers"] == ["a", "b"]
    assert last["valid"] == pytest.approx(max(score for _, score, _ in told["tried"]), abs=1e-4)
    assert {words for words, _, _ in told["tried"]} >= {"majority", "tfidf"}
    assert [score for _, _, score in told["crowned"]] == sorted({score for _, _, score in told["crowned"]})


def test_the_choice_of_plans_is_ranked_apart(bench: Any, capsys: pytest.CaptureFixture[str]) -> None:
    found = [cell("haoqi", "a", 0.5, 0.8, 0.86, 0.9), cell("haoqi/tpe", "a", 0.5, 0.9, 0.9, 0.9)]
    found += [cell("tpe", "a", 0.4, 0.4, 0.4, 0.4)]
    search = bench("search")
    assert set(search.ranked(found, 60)) == {"haoqi", "tpe"}
    assert search.ranked(found, 60, search.WITHIN)["haoqi"] == [(2.0, 0.8, "a 0")]
    search.show_within(found, 3.0)
    assert capsys.readouterr().out.count("the choice of plans alone") == 3


@pytest.mark.parametrize(("minutes", "read"), [(0.25, [15]), (3, [20, 60, 180]), (10, [20, 60, 180, 600])])
def test_a_run_is_read_at_its_end_and_before(bench: Any, minutes: float, read: list[float]) -> None:
    assert bench("search").readings(minutes) == read


def test_an_epoch_of_setfit_has_as_many_steps_as_its_pairs_make(bench: Any) -> None:
    labels = [label for label in "abcd" for _ in range(8)]
    assert bench("peers.set_fit").epoch_steps(labels) == 48  # 384 unlike pairs, as many alike, 16 a step
    assert bench("peers.set_fit").epoch_steps(["a"] * 8) == 5  # 36 alike, a text with itself among them


def test_suspects_are_held_against_the_known_flips(bench: Any) -> None:
    judged = bench("flipped").judged
    assert judged([1, 2, 3, 4], {2, 4, 6, 8, 9}) == {"suspects": 4, "precision": 0.5, "recall": 0.4}
    assert judged(None, {1}) == {"suspects": None}
    assert judged([1], set()) == {"suspects": 1}


def test_two_sides_are_paired_over_the_test_rows(bench: Any) -> None:
    few_shot = bench("few_shot")
    test = [(str(at), "ab"[at % 2]) for at in range(100)]
    right, wrong = [label for _, label in test], ["a"] * 100
    same = {who: few_shot._scores(test, right) for who in ("haoqi", "setfit")}
    assert (same["haoqi"]["accuracy"], same["haoqi"]["count"]) == (1.0, 100)
    told = few_shot.compared([{"who": who, **found} for who, found in same.items()])
    assert (told["difference"], told["p"]) == (0.0, pytest.approx(1.0))
    worse = {"haoqi": few_shot._scores(test, wrong), "setfit": same["setfit"]}
    told = few_shot.compared([{"who": who, **found} for who, found in worse.items()])
    assert told["difference"] == pytest.approx(-0.5)
    assert told["p"] < 0.01


def test_a_contestant_that_fails_says_why(bench: Any) -> None:
    apart = bench("peers.apart")
    with pytest.raises(RuntimeError, match="tfidf failed"):
        apart.run("tfidf", {"train": []})


def test_the_linear_peer_reads_english_and_chinese(bench: Any) -> None:
    linear = bench("peers.linear")
    for good, bad in (("a very good film", "a bad film"), ("这个很好", "这个太差")):
        asked = {"train": [good, bad] * 5, "labels": ["1", "0"] * 5, "test": [good, bad], "seed": 0}
        assert linear.answer(asked)["answers"] == ["1", "0"]
    assert np.isfinite(linear.answer(asked)["seconds"])
