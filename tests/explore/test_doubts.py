"""Suspects are ranked by a training that was held to its early answers, wherever a run has one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haoqi.data.examples import Examples
from haoqi.explore import trial
from haoqi.explore.doubts import HELD, doubted
from haoqi.explore.plan import ENSEMBLE, Experiment, Plan
from haoqi.explore.seen import Seen
from tests.explore.test_reflections import TFIDF, Case, drawn, flipped, noisy

TRAINED = Plan("lora", "tiny").with_recipe(HELD)
BETTER = Plan.of("lora", "tiny", {"epochs": 2}).with_recipe(HELD)


@dataclass(frozen=True)
class Knowing:
    """A model that knows every right label, or swears by the wrong one."""

    right: list[str]
    sure: float

    def predict(self, examples: Examples) -> Any:
        known = np.array(
            [[self.sure, 1 - self.sure] if one == "a" else [1 - self.sure, self.sure] for one in self.right]
        )
        return trial.Predictions(self.right, known.max(axis=1), known)


def case_of(tmp_path: Path, tiny_base: str) -> tuple[Case, list[int], list[str]]:
    rng = np.random.default_rng(3)
    clean = drawn(rng, 800, cues=2, filler=10)
    wrong = sorted(rng.permutation(800)[:160].tolist())
    case = Case(tmp_path, flipped(clean, wrong), drawn(rng, 200, cues=2, filler=10), base=tiny_base)
    return case, wrong, [str(one) for one in clean.labels]


def found(case: Case, wrong: list[int]) -> float:
    """Return which share of the wrong labels is named."""
    suspects = doubted(Seen(case.lab, case.history))
    assert suspects is not None
    return len(set(suspects.rows.tolist()) & set(wrong)) / len(wrong)


@pytest.mark.parametrize(
    "champion", [TRAINED, Plan.of(ENSEMBLE, None, {"weights": (0.6, 0.4)}, made_of=(TRAINED, TFIDF)), TFIDF]
)
def test_a_held_training_ranks_as_champion_as_a_member_of_one_and_beside_one(
    champion: Plan, tmp_path: Path, tiny_base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, wrong, right = case_of(tmp_path, tiny_base)
    rng = np.random.default_rng(0)
    case.fake(TFIDF, noisy(case, rng, 0.3))
    alone = found(case, wrong)
    for plan in (TRAINED, BETTER):
        case.fake(plan, noisy(case, rng, 0.2))
    if champion.method == ENSEMBLE:
        case.fake(champion, noisy(case, rng, 0.2))
    else:
        reigning = next(one for one in case.history.experiments if one.plan == champion)
        case._crown(reigning)
    asked: list[Plan] = []

    def model_of(seen: Seen, one: Experiment) -> Knowing:
        asked.append(one.plan)
        return Knowing(right, 0.95)

    monkeypatch.setattr(Seen, "model_of", model_of)
    first = found(case, wrong)
    assert first == alone if champion == TFIDF else first > 0.95  # nothing of a training lies on the disk
    assert asked == ([] if champion == TFIDF else [TRAINED])
    monkeypatch.setattr(trial, "has_model", lambda one, lab: True)
    assert found(case, wrong) > 0.95 > alone
    best = max(case.history.alone[1:3], key=lambda one: one.score or 0.0).plan
    assert asked[-1] == (best if champion == TFIDF else TRAINED)
