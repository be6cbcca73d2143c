"""Suspects are ranked by what a training remembers that was held to its early answers, wherever a run has one."""

from pathlib import Path

import numpy as np
import pytest

from haoqi.explore.experiments.results import read_early_answers
from haoqi.explore.plans.plan import ENSEMBLE, Plan
from haoqi.explore.record import artifacts
from haoqi.explore.reflection.champion_diagnostics import ChampionDiagnostics
from haoqi.explore.reflection.label_errors import find_label_errors
from haoqi.explore.setup.artifact_paths import experiment_folder
from tests.explore.test_reflections import TFIDF, Case, drawn, flipped, noisy

TRAINED = Plan("lora", "tiny").with_recipe("early_learning")
BETTER = Plan.of("lora", "tiny", {"epochs": 2}).with_recipe("early_learning")


def case_of(tmp_path: Path, tiny_base: str) -> tuple[Case, list[int], list[str]]:
    rng = np.random.default_rng(3)
    clean = drawn(rng, 800, cues=2, filler=10)
    wrong = sorted(rng.permutation(800)[:160].tolist())
    case = Case(tmp_path, flipped(clean, wrong), drawn(rng, 200, cues=2, filler=10), base=tiny_base)
    return case, wrong, [str(one) for one in clean.labels]


def found(case: Case, wrong: list[int]) -> float:
    """Return which share of the wrong labels is named."""
    suspects = find_label_errors(ChampionDiagnostics(case.context, case.history))
    assert suspects is not None
    return len(set(suspects.rows.tolist()) & set(wrong)) / len(wrong)


def remember(case: Case, plan: Plan, answers: list[str], rows: int = 800) -> None:
    """Have a training remember these answers, of so many rows."""
    known = np.array([[0.95, 0.05] if one == "a" else [0.05, 0.95] for one in answers], np.float32)
    ids = case.context.splits.train.ids[:rows]
    artifacts.write_early_answers(experiment_folder(plan, case.context), artifacts.EarlyAnswers.of(ids, known[:rows]))


@pytest.mark.parametrize(
    "champion", [TRAINED, Plan.of(ENSEMBLE, None, {"weights": (0.6, 0.4)}, made_of=(TRAINED, TFIDF)), TFIDF]
)
def test_a_held_training_ranks_as_champion_as_a_member_of_one_and_beside_one(
    champion: Plan, tmp_path: Path, tiny_base: str
) -> None:
    case, wrong, right = case_of(tmp_path, tiny_base)
    rng = np.random.default_rng(0)
    case.fake(TFIDF, noisy(case, rng, 0.3))
    alone = found(case, wrong)
    tried = [case.fake(TRAINED, noisy(case, rng, 0.2)), case.fake(BETTER, noisy(case, rng, 0.1))]
    assert (tried[1].score or 0.0) > (tried[0].score or 0.0)
    if champion.method == ENSEMBLE:
        case.fake(champion, noisy(case, rng, 0.2))
    else:
        case._crown(next(one for one in case.history.experiments if one.plan == champion))
    assert found(case, wrong) == alone  # neither remembers anything
    asked, other = (BETTER, TRAINED) if champion == TFIDF else (TRAINED, BETTER)
    remember(case, other, [str(label) for label in case.context.splits.train.labels])
    if champion == TFIDF:  # the better one has nothing to say: then the other has
        assert found(case, wrong) != alone
    remember(case, asked, right)
    assert found(case, wrong) > 0.95 > alone


def test_a_memory_of_some_rows_only_is_not_asked(tmp_path: Path, tiny_base: str) -> None:
    case, wrong, right = case_of(tmp_path, tiny_base)
    case.fake(TRAINED, noisy(case, np.random.default_rng(0), 0.2))
    alone = found(case, wrong)
    remember(case, TRAINED, right, 799)
    assert found(case, wrong) == alone
    (experiment_folder(TRAINED, case.context) / "memory.safetensors").write_bytes(b"damaged")
    assert found(case, wrong) == alone


def test_a_training_leaves_what_it_remembers_of_each_row(tmp_path: Path, tiny_base: str) -> None:
    case, wrong, _ = case_of(tmp_path, tiny_base)
    case.run(TFIDF)
    tried = case.run(Plan.of("lora", "tiny", {"epochs": 1}).with_recipe("early_learning"))
    told = read_early_answers(tried, case.context)
    assert told is not None and told.shape == (800, 2)
    assert np.allclose(told.sum(axis=1), 1.0, atol=0.01)
    # This base understands nothing: after one epoch most of it is still what others believed of the row.
    answers = np.array(case.context.task.labels)[told.argmax(axis=1)]
    contradicts = answers != np.array(case.context.splits.train.labels)
    assert contradicts[wrong].mean() > 3 * np.delete(contradicts, wrong).mean()
    plain = case.run(Plan("lora", "tiny"))
    assert read_early_answers(plain, case.context) is None
