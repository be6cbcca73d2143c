"""Exploring and reflecting get the time that they pay for."""

import numpy as np

from haoqi.core.ledger import Ledger
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.plans.reason import Reason
from haoqi.explore.record.history import History, Verdict
from haoqi.explore.scheduling.arm_bandit import PROPOSED, ArmSpending, choose_arm, count_spending, has_begun


def share_of_reflecting(seen: list[ArmSpending], draws: int = 400) -> float:
    return float(np.mean([choose_arm(seen, np.random.default_rng(seed)) == "reflect" for seed in range(draws)]))


def test_with_nothing_known_either_side_is_as_likely() -> None:
    assert 0.4 < share_of_reflecting([]) < 0.6
    even = [ArmSpending(arm, 0.0, 5.0) for arm in ("explore", "reflect") for _ in range(4)]
    assert 0.4 < share_of_reflecting(even) < 0.6


def test_the_side_that_pays_gets_the_time_and_the_other_is_not_forgotten() -> None:
    paying = [ArmSpending("reflect", 0.02, 5.0) for _ in range(6)] + [
        ArmSpending("explore", 0.0, 5.0) for _ in range(6)
    ]
    assert share_of_reflecting(paying) > 0.9
    turned = [ArmSpending("explore" if one.arm == "reflect" else "reflect", one.gain, one.duration) for one in paying]
    assert share_of_reflecting(turned) < 0.1
    assert share_of_reflecting([ArmSpending("explore", 0.01, 5.0), ArmSpending("reflect", 0.0, 5.0)]) > 0.02


def test_what_counts_is_gain_per_second() -> None:
    dear = [ArmSpending("reflect", 0.02, 100.0) for _ in range(6)] + [
        ArmSpending("explore", 0.01, 5.0) for _ in range(6)
    ]
    assert share_of_reflecting(dear) < 0.15
    in_steps = [ArmSpending(one.arm, one.gain, 1.0) for one in dear]
    assert share_of_reflecting(in_steps) > 0.6


def test_in_a_world_where_reflecting_pays_it_takes_over() -> None:
    rng, seen, taken = np.random.default_rng(0), list[ArmSpending](), list[str]()
    for _ in range(60):
        arm = choose_arm(seen, rng)
        taken.append(arm)
        gain = float(rng.random() < (0.4 if arm == "reflect" else 0.02)) * 0.01
        seen.append(ArmSpending(arm, gain, 5.0))
    assert taken[-30:].count("reflect") > 24
    assert "explore" in taken


def history() -> History:
    found = History(Ledger("sqlite://"), "run")
    rows = [
        (Reason("cheap"), "explore", Plan("logistic"), 0.70, 0.70),
        (Reason("cheap"), "explore", Plan("probe"), 0.80, 0.80),
        (Reason(PROPOSED, {"strategy": "halving", "count": 9}), "explore", Plan("knn"), 0.79, 0.80),
        (
            Reason("lesson", {"claim": "it overfits"}),
            "reflect",
            Plan.of("probe", settings={"strength": 0.1}),
            0.81,
            0.80,
        ),
        (
            Reason("close", {"difference": 0.01, "p": 0.2}),
            "verify",
            Plan.of("probe", settings={"strength": 0.1}, seed=1),
            0.83,
            0.82,
        ),
    ]
    for number, (why, role, plan, score, level) in enumerate(rows, 1):
        found.add(Experiment(plan, score, why=why, role=role, seconds=2.0 * number), spent=0.0)
        found.judge(Verdict(number, "kept", 1, level), spent=0.0)
    return found


def test_a_ledger_credits_each_side_with_what_it_bought_since_they_compete() -> None:
    told = history()
    assert has_begun(told.experiments) == 2
    seen = count_spending(told, 2, timed=False)
    assert [(one.arm, one.duration) for one in seen] == [("explore", 1.0), ("reflect", 1.0), ("reflect", 1.0)]
    assert [round(one.gain, 6) for one in seen] == [0.0, 0.0, 0.02]  # the repeat is the lesson's merit
    told.add_reflection({"after": 5, "champion": "x", "failed": {}}, seconds=3.0, spent=9.0)
    timed = count_spending(told, 2, timed=True)
    assert [one.duration for one in timed] == [6.0, 8.0, 10.0, 3.0]
    assert (timed[-1].arm, timed[-1].gain) == ("reflect", 0.0)


def test_a_run_that_has_only_opened_credits_nobody() -> None:
    told = history()
    del told.experiments[2:], told.verdicts[2:]
    assert count_spending(told, has_begun(told.experiments), timed=True) == []
