"""What a learning curve is fitted to: fits on parts within their time, and what the ledger has already."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from haoqi.explore.advice.learning_curve_fits import MOST_DRAWS, SHARES, measure_curve, rows_of
from haoqi.explore.costs.cost_model import CostModel
from haoqi.explore.plans.plan import Plan
from tests.explore.test_reflections import TFIDF, Case, drawn, noisy


@pytest.fixture
def case(tmp_path: Path) -> Case:
    rng = np.random.default_rng(0)
    return Case(tmp_path, drawn(rng, 120), drawn(rng, 80))


def costs(case: Case) -> CostModel:
    return CostModel.of(case.context, case.history.experiments, timed=False)


def test_with_ample_time_every_part_is_fitted_in_every_draw(case: Case) -> None:
    case.run(TFIDF)
    found = measure_curve(case.context, case.history, costs(case), 1000.0)
    assert (found.plan, found.passes) == (TFIDF, MOST_DRAWS * len(SHARES))
    assert found.curve.rows == 120


def test_without_time_what_is_usual_is_told_and_nothing_fitted(case: Case) -> None:
    case.fake(TFIDF, noisy(case, np.random.default_rng(0), 0.2))  # nothing could be: there is no model of it
    found = measure_curve(case.context, case.history, costs(case), 0.0)
    assert (found.plan, found.passes) == (None, 0)


def test_what_the_ledger_has_of_smaller_shares_needs_no_time(case: Case) -> None:
    rng = np.random.default_rng(0)
    case.fake(replace(TFIDF, share=1 / 3), noisy(case, rng, 0.4))
    case.fake(TFIDF, noisy(case, rng, 0.2))
    found = measure_curve(case.context, case.history, costs(case), 0.0)
    assert (found.plan, found.passes) == (TFIDF, 1)


def test_where_the_champion_is_too_dear_another_plan_is_fitted_in_its_place(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    sure = np.array([[label == "a", label == "b"] for label in case.context.judged.labels], dtype=float)
    case.fake(Plan.of("logistic", settings={"strength": 3.0}, share=0.5), sure)  # a part stands for no whole
    case.run(Plan("logistic"))
    case.fake(TFIDF, noisy(case, np.random.default_rng(0), 0.1))
    usual = CostModel.cost

    def cost(model: CostModel, plan: Plan) -> object:
        found = usual(model, plan)
        return replace(found, seconds=1e6) if plan.method == "tfidf" else found

    monkeypatch.setattr(CostModel, "cost", cost)
    found = measure_curve(case.context, case.history, costs(case), 1000.0)
    assert found.plan == Plan("logistic")
    assert found.passes > 0


def test_the_same_run_has_the_same_curve(case: Case) -> None:
    case.run(TFIDF)
    one, again = (measure_curve(case.context, case.history, costs(case), 1000.0).curve for _ in range(2))
    np.testing.assert_array_equal(one.weights, again.weights)


def test_in_cross_validation_a_model_learns_from_all_folds_but_one(case: Case) -> None:
    folded = replace(case.context, settings=replace(case.context.settings, folds=4))
    assert rows_of(TFIDF, case.context) == 120
    assert rows_of(replace(TFIDF, share=0.5), folded) == pytest.approx(200 * 3 / 4 / 2)
