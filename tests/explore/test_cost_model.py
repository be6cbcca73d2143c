"""What plans are believed to cost: more for more, less for what is there already, and closer the more was seen."""

import math
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from haoqi import tasks
from haoqi.core.hardware import Hardware
from haoqi.data.answers import ONE_CLASS
from haoqi.data.examples import Examples, Splits
from haoqi.explore.costs.cost_model import CostModel
from haoqi.explore.costs.plan_costs import plan_size, plan_work
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.settings import ExploreSettings
from haoqi.explore.setup.context import SearchContext
from haoqi.explore.setup.text_lengths import TextLengths
from haoqi.methods.method import methods
from haoqi.methods.work import Load, Size
from haoqi.models.bases import Base
from haoqi.models.bases._card import BaseCard

SIZE = Size(1000, 200, 30.0, 4, layers=6, width=384, vocabulary=30000)
MACHINE = Hardware(2, 1 << 33, None, 100.0, 1.0, 10.0)
CARD = BaseCard("small", "encoder", layers=6, width=384, max_tokens=512, parameters=22_000_000)
ON_FEATURES = ("probe", "knn", "zero_shot", "blend")


def context(
    rows: int = 2000, judged: int = 400, *, task: str = "topic", folds: int = 0, machine: Hardware = MACHINE
) -> SearchContext:
    """Return a context of texts and bases that nobody reads."""
    examples = Examples.of([f"text {row}" for row in range(rows + judged + 300)], ["a"] * (rows + judged + 300))
    parts = (range(rows), range(rows, rows + judged), range(rows + judged, rows + judged + 300))
    bases = {name: Base(name, Path(name), replace(CARD, name=name), "0" * 32) for name in ("small", "other")}
    lengths = TextLengths(150.0, 30.0, False, dict.fromkeys(bases, (10, 30, 80, 400)))
    return SearchContext(
        task=tasks.build(task, ("a", "b", "c", "d")),
        splits=Splits(*(examples.take(part) for part in parts)),
        bases=bases,
        settings=ExploreSettings(folds=folds),
        hardware=machine,
        folder=Path("nowhere"),
        run="run",
        lengths=lengths,
    )


def ran(context: SearchContext, plan: Plan, times: float = 1.0, **facts: object) -> Experiment:
    """Return a plan that took so many times as long as a nominal machine takes."""
    return replace(Experiment(plan, score=0.5, seconds=times * plan_work(plan, context)), **facts)  # type: ignore[arg-type]


def plan_of(name: str, **rest: object) -> Plan:
    base = "small" if methods.get(name).uses_base else None  # type: ignore[attr-defined]
    return Plan.of(name, base, **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize("folds", [0, 5])
@pytest.mark.parametrize("name", ON_FEATURES)
def test_what_the_store_holds_is_not_paid_twice(name: str, folds: int) -> None:
    room = context(2000, folds=folds)
    fresh = CostModel.of(room, [], timed=False)
    later = CostModel.of(room, [ran(room, plan_of("probe"))], timed=False)
    other = CostModel.of(room, [ran(room, Plan.of("probe", "other"))], timed=False)
    plan = plan_of(name)
    assert later.cost(plan).seconds < 0.5 * fresh.cost(plan).seconds
    assert later.load(plan).forward <= 0.1 * fresh.load(plan).forward
    assert other.cost(plan) == fresh.cost(plan)


def test_what_was_seen_moves_the_rates_towards_it() -> None:
    room, plan = context(90_000), plan_of("tfidf")  # so much that importing a library is next to nothing
    before = CostModel.of(room, [], timed=True).cost(plan)
    experiment = Experiment(plan, score=0.5, seconds=3 * before.seconds)
    once = CostModel.of(room, [experiment], timed=True).cost(plan)
    often = CostModel.of(room, [experiment] * 5, timed=True).cost(plan)
    assert before.seconds < once.seconds < often.seconds < 4 * before.seconds
    assert often.seconds > 2.2 * before.seconds
    assert often.spread < once.spread < before.spread
    near, far = plan_of("tfidf", settings={"features": "both"}), plan_of("full")
    told = CostModel.of(room, [experiment] * 5, timed=True)
    fresh = CostModel.of(room, [], timed=True)
    rise = {one.method + str(one.settings): told.cost(one).seconds / fresh.cost(one).seconds for one in (near, far)}
    assert min(rise.values()) >= 1.0
    assert max(rise, key=lambda name: rise[name]).startswith("tfidf")


def test_one_outlier_moves_the_rates_less_than_a_habit() -> None:
    room, plan = context(90_000), plan_of("tfidf")
    usual = CostModel.of(room, [], timed=True).cost(plan).seconds
    done = [Experiment(plan, score=0.5, seconds=usual)] * 4
    busy = CostModel.of(room, [*done, Experiment(plan, score=0.5, seconds=30 * usual)], timed=True).cost(plan)
    assert usual < busy.seconds < 1.5 * usual


def test_what_the_budget_cut_or_what_failed_says_nothing_of_speed() -> None:
    room, plan = context(), plan_of("full")
    fresh = CostModel.of(room, [], timed=True)
    for told in ({"cut": True}, {"score": None, "error": "no"}):
        later = CostModel.of(room, [ran(room, plan, 0.1, **told)], timed=True)
        assert later.rates is fresh.rates


def test_without_a_clock_no_speed_and_no_machine_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    slow, fast = context(), context(machine=replace(MACHINE, fp32_gflops=5000.0, text_speed=99.0))
    history = [plan_of(name) for name in ("majority", "tfidf", "probe")]
    for name in methods.names():
        if not methods.get(name).accepts.takes(ONE_CLASS):  # type: ignore[attr-defined]
            continue
        plan = plan_of(name)
        one = CostModel.of(slow, [ran(slow, done, 9.0) for done in history], timed=False).cost(plan)
        monkeypatch.delitem(sys.modules, "transformers", raising=False)
        other = CostModel.of(fast, [ran(fast, done, 0.1) for done in history], timed=False).cost(plan)
        assert one == other
        assert plan_work(plan, slow) == plan_work(plan, fast)


def test_a_library_is_imported_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", sys)
    known, plan = CostModel.of(context(), [], timed=True), plan_of("tfidf")
    assert known.load(plan).sklearn == 0
    monkeypatch.delitem(sys.modules, "sklearn")
    assert known.load(plan).sklearn == 1


def test_what_an_import_took_is_not_laid_to_the_charge_of_a_method() -> None:
    plan = plan_of("tfidf")
    usual = CostModel.of(replace(context(), fresh=frozenset()), [], timed=True).rates
    load, importing = Load(plans=1, fits=1), Load(plans=1, fits=1, sklearn=1)
    seconds = usual.cost(importing, "tfidf").seconds - usual.cost(load, "tfidf").seconds
    once = CostModel.of(replace(context(), fresh=frozenset()), [], timed=True)
    whole = usual.cost(replace(once.load(plan), scipy=0, pandas=0, sklearn=0), "tfidf").seconds
    done = [Experiment(plan, score=0.5, seconds=whole + seconds), Experiment(plan, score=0.5, seconds=whole)]
    off = {}
    for fresh in ((), ("sklearn",)):
        told = CostModel.of(replace(context(), fresh=frozenset(fresh)), done, timed=True).rates
        off[fresh] = abs(math.log(told.cost(load, "tfidf").seconds / usual.cost(load, "tfidf").seconds))
    assert off["sklearn",] < 0.01 < off[()]


def test_the_same_history_gives_the_same_costs() -> None:
    room = context()
    history = [ran(room, plan_of(name), 1.5) for name in ("majority", "tfidf", "probe", "full")]
    one, other = (CostModel.of(room, history, timed=True) for _ in range(2))
    assert [one.cost(plan_of(name)) for name in ON_FEATURES] == [other.cost(plan_of(name)) for name in ON_FEATURES]


def test_a_release_is_paid_for_before_it_is_made() -> None:
    whole, folded = (CostModel.of(context(folds=folds), [], timed=True) for folds in (0, 5))
    assert (
        whole.reserve_seconds(None) < whole.reserve_seconds(plan_of("tfidf")) < whole.reserve_seconds(plan_of("full"))
    )
    assert folded.reserve_seconds(plan_of("full")) > 2 * whole.reserve_seconds(plan_of("full"))


def test_batches_of_any_length_pay_for_their_padding() -> None:
    mixed = replace(SIZE, lengths=tuple(range(10, 50)))
    even = replace(SIZE, lengths=(30,) * 40)
    assert mixed.padded(1).tokens == pytest.approx(29.5)
    assert 40 < mixed.padded(16).tokens < mixed.padded(64).tokens < 49
    for name, wanted in (("full", 1.05), ("setfit", 1.5)):
        work = methods.build(name).work
        assert work(mixed).fit.training / work(even).fit.training == pytest.approx(wanted, rel=0.1)


def test_a_release_of_few_examples_compares_few_answers() -> None:
    few, many = (CostModel.of(context(rows, 0, folds=3), [], timed=False) for rows in (16, 400))
    scored = plan_of("probe")
    assert few.trimming_seconds(scored) < 0.7 * many.trimming_seconds(scored)


def test_a_plan_that_asked_others_teaches_nothing_of_its_own_speed() -> None:
    room = context(500)
    asking = ran(room, Plan("tfidf").with_recipe("drop_suspects"), 50.0)
    again = ran(room, Plan("tfidf", seed=1).with_recipe("drop_suspects"), 50.0)
    fresh, once, twice = (CostModel.of(room, seen, timed=True) for seen in ([], [asking], [asking, again]))
    assert once.rates.logs.tolist() == fresh.rates.logs.tolist()
    assert twice.cost(Plan("tfidf")).seconds > once.cost(Plan("tfidf")).seconds


def test_a_fit_that_is_cut_short_saves_nothing_of_what_is_scored() -> None:
    costs, plan = CostModel.of(context(9000, 3000), [], timed=False), plan_of("blend")
    whole, short = costs.load(plan), costs.load(plan, 0.3)
    scored = plan_size(plan, context(9000, 3000)).forward(256, 6) * 3000
    assert short.forward - scored == pytest.approx(0.3 * (whole.forward - scored), rel=0.01)
    assert costs.cut_short(plan, 0.3).seconds > 0.3 * costs.cost(plan).seconds
