"""What plans are believed to cost: more for more, less for what is there already, and closer the more was seen."""

import math
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from haoqi import tasks
from haoqi.core.hardware import Hardware
from haoqi.core.ledger import Ledger
from haoqi.data.answers import ONE_CLASS
from haoqi.data.examples import Examples, Splits
from haoqi.data.recipes import recipes
from haoqi.explore.costs import throughput
from haoqi.explore.costs.cost_model import CostModel
from haoqi.explore.costs.label_check_models import FOLDS, ROUNDS, label_check_plans
from haoqi.explore.costs.plan_costs import plan_size, plan_work
from haoqi.explore.costs.throughput import Cost, MeasuredPlan, Throughput, estimate_throughput, reference_throughput
from haoqi.explore.costs.workload import StoredFeatures, Trial, features_after, plan_load
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.record.history import History
from haoqi.explore.scheduling.candidate_plans import candidate_plans
from haoqi.explore.scheduling.scheduler import Scheduler
from haoqi.explore.settings import ExploreSettings
from haoqi.explore.setup.context import SearchContext
from haoqi.explore.setup.text_lengths import TextLengths, measure_lengths
from haoqi.methods.method import methods
from haoqi.methods.work import KINDS, Load, Size
from haoqi.models.bases import Base, resolve
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
@pytest.mark.parametrize("name", methods.names())
def test_more_to_do_never_costs_less(name: str, folds: int) -> None:
    work = methods.build(name).work

    def seconds(rows: int, **changes: object) -> float:
        size = replace(SIZE, train_rows=rows, **changes)  # type: ignore[arg-type]
        return (
            reference_throughput().cost(plan_load(work(size), Trial(size, rows, folds), StoredFeatures()), name).seconds
        )

    by_rows = [seconds(rows) for rows in (100, 200, 1000, 5000, 50_000)]
    assert by_rows == sorted(by_rows)
    for changes in ({"valid_rows": 2000}, {"tokens": 90.0}, {"labels": 100}, {"layers": 12}, {"vocabulary": 250_000}):
        assert seconds(1000, **changes) >= by_rows[2]


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


def test_a_base_is_read_until_it_is_held_and_copied_from_then_on() -> None:
    room, folded, full = context(), context(2000, 500, folds=5), plan_of("full")
    first = CostModel.of(room, [], timed=False)
    later = CostModel.of(room, [ran(room, plan_of("probe"))], timed=False)
    assert (first.load(plan_of("probe")).loads, first.load(full).loads, first.load(full).copied) == (1, 2, 0)
    assert (later.load(plan_of("probe")).loads, later.load(full).loads) == (0, 0)
    assert later.load(full).copied == pytest.approx(22, rel=0.01)
    assert CostModel.of(folded, [], timed=False).load(full).loads == 2
    assert CostModel.of(folded, [], timed=False).load(full).copied == pytest.approx(4 * 22, rel=0.01)
    tagging = context(2000, 500, task="entities", folds=5)
    assert CostModel.of(tagging, [], timed=False).load(full).loads == 5


def test_a_larger_share_pays_for_the_rest_only() -> None:
    room = context(9000)
    whole = plan_of("probe")
    fresh = CostModel.of(room, [], timed=False).load(whole).forward
    after = CostModel.of(room, [ran(room, replace(whole, share=1 / 3))], timed=False).load(whole).forward
    judged = 400 / 9400
    assert after == pytest.approx(fresh * (2 / 3) * (1 - judged), rel=0.01)


def test_a_blend_finds_the_share_that_a_probe_has_read_by_chance() -> None:
    size = replace(SIZE, train_rows=9000)
    work, probe = methods.build("blend").work(size), replace(size, train_rows=4500)
    kept = features_after(StoredFeatures(), methods.build("probe").work(probe), Trial(probe, 9000))
    fresh, later = (plan_load(work, Trial(size, 9000), one).forward for one in (StoredFeatures(), kept))
    assert later == pytest.approx(fresh * 2000 / 4200, rel=0.01)


def test_frozen_layers_are_computed_once_for_all_plans_that_share_them() -> None:
    room = context()
    plan, again = plan_of("top_layers"), plan_of("top_layers", settings={"epochs": 4, "learning_rate": 0.001})
    fresh = CostModel.of(room, [], timed=False).load(again)
    later = CostModel.of(room, [ran(room, plan)], timed=False).load(again)
    deeper = CostModel.of(room, [ran(room, plan)], timed=False).load(plan_of("top_layers", settings={"layers": 3}))
    scoring = plan_size(plan, room).valid_rows * plan_size(plan, room).forward(256, 6)
    assert later.forward < 0.5 * fresh.forward
    assert later.forward >= scoring
    assert deeper.forward > later.forward
    assert later.training == fresh.training


def test_cross_validation_multiplies_fits_and_not_what_is_kept() -> None:
    whole = context(2000, 500, folds=0)
    folded = context(2000, 500, folds=5)
    for name, kind in (("tfidf", "sparse"), ("probe", "dense"), ("full", "training"), ("tfidf", "fits")):
        once, often = (getattr(CostModel.of(one, [], timed=False).load(plan_of(name)), kind) for one in (whole, folded))
        assert often == pytest.approx(5 * once, rel=0.05), (name, kind)
    once, often = (CostModel.of(one, [], timed=False).load(plan_of("probe")).forward for one in (whole, folded))
    assert often == pytest.approx(once, rel=0.01)
    assert CostModel.of(folded, [], timed=False).load(plan_of("full")).saved == 0


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


def test_a_faster_machine_is_believed_to_be_faster() -> None:
    slow, matrix = estimate_throughput(MACHINE), estimate_throughput(replace(MACHINE, fp32_gflops=400.0))
    text, halves = (
        estimate_throughput(replace(MACHINE, text_speed=20.0)),
        estimate_throughput(replace(MACHINE, bf16_gflops=1600.0)),
    )
    training, counting = Load(training=1000.0), Load(ngrams=100.0)
    assert matrix.cost(training, "full").seconds == pytest.approx(slow.cost(training, "full").seconds / 4)
    assert halves.cost(training, "full").seconds == pytest.approx(slow.cost(training, "full").seconds / 2)
    assert text.cost(counting, "tfidf").seconds == pytest.approx(slow.cost(counting, "tfidf").seconds / 2)
    assert matrix.cost(counting, "tfidf") == slow.cost(counting, "tfidf")
    assert estimate_throughput(replace(MACHINE, text_speed=0.0)).cost(counting, "x").seconds > 0


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


def test_rates_learn_what_made_the_times() -> None:
    true = reference_throughput().scaled(2.0, 0.7)
    loads = [Load(plans=1, ngrams=n, sparse=m, training=t) for n in (1, 9) for m in (1, 20) for t in (0, 300, 2000)]
    seen = [MeasuredPlan("tfidf", load, true.cost(load, "tfidf").seconds) for load in loads]
    found = reference_throughput().learnt(seen)
    for load in (Load(plans=1, ngrams=4), Load(plans=1, sparse=8), Load(plans=1, training=900)):
        wanted, doubt = true.cost(load, "tfidf").seconds, reference_throughput().cost(load, "tfidf").spread
        assert found.cost(load, "tfidf").seconds == pytest.approx(wanted, rel=0.15)
        assert found.cost(load, "tfidf").spread < doubt


def test_a_method_that_nobody_has_measured_has_a_cost_in_doubt() -> None:
    load = Load(plans=1, fits=1, ngrams=5)
    assert (
        reference_throughput().cost(load, "from another package").spread
        >= reference_throughput().cost(load, "tfidf").spread - 1e-9
    )
    assert reference_throughput().cost(load, "from another package").seconds > 0


def test_a_clock_that_ends_a_plan_bounds_its_cost() -> None:
    cost = Cost(10.0, 0.3)
    assert cost.within(None) == cost
    assert cost.within(4.0).seconds == 4.0
    assert cost.within(40.0) == cost
    assert cost.at_most() == pytest.approx(10 * math.exp(0.3))


def test_the_table_has_a_rate_for_every_kind_of_work() -> None:
    plain = throughput._table()
    assert set(plain["kinds"]) == set(KINDS)
    assert all(rate > 0 and doubt > 0 for rate, doubt in (*plain["kinds"].values(), *plain["methods"].values()))
    assert set(plain["methods"]) <= set(methods.names())
    again = Throughput.from_plain(reference_throughput().to_plain())
    load = Load(plans=1, ngrams=3, training=50)
    assert again.cost(load, "full").seconds == pytest.approx(
        reference_throughput().cost(load, "full").seconds, rel=1e-3
    )


def test_batches_of_any_length_pay_for_their_padding() -> None:
    mixed = replace(SIZE, lengths=tuple(range(10, 50)))
    even = replace(SIZE, lengths=(30,) * 40)
    assert mixed.padded(1).tokens == pytest.approx(29.5)
    assert 40 < mixed.padded(16).tokens < mixed.padded(64).tokens < 49
    for name, wanted in (("full", 1.05), ("setfit", 1.5)):
        work = methods.build(name).work
        assert work(mixed).fit.training / work(even).fit.training == pytest.approx(wanted, rel=0.1)


def test_lengths_are_counted_in_each_bases_own_pieces(tiny_base: str, home: Path) -> None:
    found = measure_lengths(["The battery died on day two."] * 5 + ["电池坏了。"] * 3, {"t": resolve(tiny_base, home)})
    assert found.of("t") == (7, 7, 7, 9, 9, 9, 9, 9)
    assert not found.unspaced
    assert found.words == pytest.approx((5 * 7 + 3 * 5) / 8)
    assert measure_lengths([], {}).of(None) == (2,)


@pytest.mark.parametrize("folds", [0, 5])
def test_what_recipes_ask_of_models_is_paid_for_once(folds: int) -> None:
    room = context(500, 200, folds=folds)
    plain, doubting = Plan("tfidf"), Plan("tfidf").with_recipe("drop_suspects")
    fresh = CostModel.of(room, [], timed=False)
    extra = fresh.load(doubting) + fresh.load(plain).times(-1)
    times = max(1, folds)
    assert (
        extra.fits == times * len(label_check_plans(room, 500)) * FOLDS * ROUNDS
    )  # n-grams and embeddings, each in folds
    read = (700 if folds else 500) * plan_size(plan_of("probe"), room).forward(256, 6)
    assert extra.forward == pytest.approx(read, rel=0.01)
    later = CostModel.of(room, [ran(room, doubting)], timed=False)
    other = Plan("logistic").with_recipe("soften_suspects")
    assert later.load(other).forward == 0
    assert later.load(other).fits == times
    assert later.load(replace(other, share=1 / 3)).fits > times  # another sample is another question
    assert later.load(plan_of("probe")).forward < 0.5 * fresh.load(plan_of("probe")).forward


def test_a_second_opinion_is_priced_once_however_plans_are_judged_and_less_without_a_base() -> None:
    once, crossed = (CostModel.of(room, [], timed=False) for room in (context(500, 0), context(500, 0, folds=5)))
    price = once.opinion_seconds(once.context)
    assert crossed.opinion_seconds(crossed.context) == pytest.approx(price, rel=0.3)
    assert once.opinion_seconds(replace(once.context, bases={})) < 0.5 * price


def test_texts_that_are_asked_about_are_read_once_whoever_answers() -> None:
    room = context(500, 200)
    room = replace(room, splits=replace(room.splits, unlabelled=Examples.of([f"more {row}" for row in range(1000)])))
    fresh, once = CostModel.of(room, [], timed=False), plan_size(plan_of("probe"), room).forward(256, 6)
    recipe = next(name for name in recipes.names() if "answers" in recipes.build(name).needs)
    read = fresh.load(Plan("tfidf").with_recipe(recipe)).forward
    assert read == pytest.approx(1500 * once, rel=0.05)


def test_a_release_of_few_examples_compares_few_answers() -> None:
    few, many = (CostModel.of(context(rows, 0, folds=3), [], timed=False) for rows in (16, 400))
    scored = plan_of("probe")
    assert few.trimming_seconds(scored) < 0.7 * many.trimming_seconds(scored)


def test_a_base_that_would_read_for_long_is_not_asked_for_its_opinion() -> None:
    assert {plan.method for plan in label_check_plans(context(500), 500)} == {"tfidf", "probe", "knn"}
    assert [plan.method for plan in label_check_plans(context(50_000), 50_000)] == ["tfidf"]


def test_a_plan_that_asked_others_teaches_nothing_of_its_own_speed() -> None:
    room = context(500)
    asking = ran(room, Plan("tfidf").with_recipe("drop_suspects"), 50.0)
    again = ran(room, Plan("tfidf", seed=1).with_recipe("drop_suspects"), 50.0)
    fresh, once, twice = (CostModel.of(room, seen, timed=True) for seen in ([], [asking], [asking, again]))
    assert once.rates.logs.tolist() == fresh.rates.logs.tolist()
    assert twice.cost(Plan("tfidf")).seconds > once.cost(Plan("tfidf")).seconds


def test_fewer_examples_are_offered_only_where_they_save_time() -> None:
    def shares(folds: int, method: str) -> list[float]:
        room = context(1800, 200, folds=folds)
        return [plan.share for plan in candidate_plans(room) if plan == replace(plan_of(method), share=plan.share)]

    assert shares(0, "full") == shares(5, "full") == [1 / 9, 1 / 3, 1.0]
    assert shares(5, "knn") == [1.0]  # every text is embedded anyway
    assert shares(0, "logistic") == [1.0]


def test_folds_follow_the_number_of_examples_and_the_time() -> None:
    def folds(rows: int, judged: int, minutes: float | None) -> int:
        room = context(rows, judged)
        return replace(room, settings=ExploreSettings(minutes=minutes, steps=5)).folds

    assert folds(12, 3, 1.0) == 3
    assert folds(12, 3, 5.0) == folds(12, 3, None) == 5
    assert folds(200, 50, 1.0) == 5  # more than a few of each label
    assert folds(2000, 300, 1.0) == folds(3000, 50, 1.0) == 0


def test_with_few_examples_the_first_is_what_did_best_elsewhere_and_is_done_soon() -> None:
    def first(rows: int, left: float | None, folds: int = 5) -> str:
        step = Scheduler(context(rows, rows // 5, folds=folds), History(Ledger("sqlite://"), "run"), left).first()
        assert step is not None
        return step.plan.method

    assert first(12, None) == "probe"  # SetFit takes a minute and a half
    assert first(12, None, folds=3) == "setfit"
    assert first(100, None) == "probe"
    assert first(12, 2.0) in ("majority", "tfidf", "logistic")
    assert first(40, None, folds=0) == first(2000, None) == "majority"


def test_a_fit_that_is_cut_short_saves_nothing_of_what_is_scored() -> None:
    costs, plan = CostModel.of(context(9000, 3000), [], timed=False), plan_of("blend")
    whole, short = costs.load(plan), costs.load(plan, 0.3)
    scored = plan_size(plan, context(9000, 3000)).forward(256, 6) * 3000
    assert short.forward - scored == pytest.approx(0.3 * (whole.forward - scored), rel=0.01)
    assert costs.cut_short(plan, 0.3).seconds > 0.3 * costs.cost(plan).seconds
