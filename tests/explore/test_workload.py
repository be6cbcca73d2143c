"""What a plan does in all: its fits and its scoring, less what the store of features holds."""

from dataclasses import replace

import pytest

from haoqi.explore.costs.cost_model import CostModel
from haoqi.explore.costs.plan_costs import plan_size
from haoqi.explore.costs.throughput import reference_throughput
from haoqi.explore.costs.workload import StoredFeatures, Trial, features_after, import_load, plan_load, trimming_load
from haoqi.methods.method import methods
from haoqi.methods.work import Load
from tests.explore.test_cost_model import SIZE, context, plan_of, ran


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


def test_only_libraries_that_are_not_there_yet_are_imported() -> None:
    work = methods.build("tfidf").work(SIZE)
    assert import_load(work, ()) == Load()
    assert import_load(work, {"sklearn", "scipy", "transformers"}) == Load(sklearn=1, scipy=1)
    assert import_load(methods.build("full").work(SIZE), {"transformers"}) == Load(transformers=1)


def test_a_base_in_several_models_of_a_release_has_its_vocabulary_cut_once() -> None:
    first, second = trimming_load(SIZE, again=False), trimming_load(SIZE, again=True)
    assert first.pieces > second.pieces == 0.0
    assert first.saved == second.saved == pytest.approx(SIZE.weights / 1e6)


def test_the_store_forgets_nothing_and_holds_a_base_once_a_text_was_read() -> None:
    work, trial = methods.build("probe").work(SIZE), Trial(SIZE, 1000)
    part = replace(SIZE, train_rows=300)
    whole = features_after(StoredFeatures(), work, trial)
    assert whole.held and not StoredFeatures().held
    assert features_after(whole, methods.build("probe").work(part), Trial(part, 1000)) == whole
