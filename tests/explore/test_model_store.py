"""The models of experiments: kept while they may be needed, and the same when they are fitted again."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from haoqi.explore.experiments.model_store import build_ensemble, delete_models, has_model, load_model
from haoqi.explore.plans.plan import ENSEMBLE, Plan
from haoqi.explore.record import artifacts
from haoqi.explore.setup.artifact_paths import MODEL, experiment_folder, origin_of
from tests.explore.test_reflections import TFIDF, Case, drawn


@pytest.fixture
def case(tmp_path: Path) -> Case:
    rng = np.random.default_rng(0)
    return Case(tmp_path, drawn(rng, 60), drawn(rng, 60))


def test_a_model_that_was_deleted_is_fitted_again_and_answers_alike(case: Case) -> None:
    made = case.run(TFIDF)
    assert has_model(made, case.context)
    kept = load_model(made, case.context)
    shutil.rmtree(experiment_folder(TFIDF, case.context) / MODEL)
    assert not has_model(made, case.context)
    again = load_model(made, case.context)
    valid = case.context.splits.valid
    np.testing.assert_allclose(again.predict(valid).confidence, kept.predict(valid).confidence, rtol=1e-6)
    assert again.calibration == kept.calibration
    assert again.facts["origin"] == origin_of(TFIDF, case.context)


def test_in_cross_validation_no_model_is_kept(case: Case) -> None:
    made = case.run(TFIDF)
    assert not has_model(made, replace(case.context, settings=replace(case.context.settings, folds=3)))


def test_models_that_nothing_needs_any_more_go_and_their_answers_stay(case: Case) -> None:
    other = Plan.of("tfidf", settings={"strength": 5.0})
    for plan in (TFIDF, Plan("logistic"), other):
        case.run(plan)

    def kept() -> set[str]:
        return {plan.key for plan in (TFIDF, Plan("logistic"), other) if has_model_of(plan)}

    def has_model_of(plan: Plan) -> bool:
        return (experiment_folder(plan, case.context) / MODEL).exists()

    delete_models(case.context, case.history)  # the champion, and the best of each other method, for an ensemble
    assert kept() == {other.key, Plan("logistic").key}
    alone = replace(case.context, settings=replace(case.context.settings, ensemble=False))
    delete_models(alone, case.history)
    assert kept() == {other.key}
    assert len(artifacts.read_predictions(experiment_folder(TFIDF, case.context))) == 60


def test_an_ensemble_adds_the_scores_of_its_members_by_their_weights_and_temperatures(case: Case) -> None:
    members = (TFIDF, Plan("logistic"))
    models = {one.plan: load_model(one, case.context) for one in map(case.run, members)}
    plan = Plan.of(ENSEMBLE, None, {"weights": (0.75, 0.25)}, made_of=members)
    folder = experiment_folder(plan, case.context)
    folder.mkdir()
    artifacts.write_predictions(folder, models[TFIDF].predict(case.context.judged), {"temperature": 1.0})
    valid = case.context.splits.valid
    found = np.asarray(build_ensemble(plan, case.context, models.__getitem__).predictor.scores(valid))
    wanted = sum(
        weight / models[one].calibration["temperature"] * np.asarray(models[one].predictor.scores(valid))
        for one, weight in plan.members
    )
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
