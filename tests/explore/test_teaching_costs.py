"""A student pays for the fits of its teacher: all members, on the other parts of the examples."""

import pytest

from haoqi.explore.costs.teaching_costs import FOLDS, teaching_seconds
from haoqi.explore.plans.plan import DISTIL, ENSEMBLE, Plan

MEMBERS = (Plan("tfidf"), Plan("logistic"), Plan("majority"))
TEACHER = Plan.of(ENSEMBLE, None, {"weights": (0.7, 0.3, 0.0)}, made_of=MEMBERS)
SECONDS = {"tfidf": 2.0, "logistic": 5.0, "majority": 100.0}


def test_every_member_with_a_weight_is_fitted_on_the_other_parts_of_each_part() -> None:
    student = Plan("tfidf", made_of=(TEACHER,)).with_recipe(DISTIL)
    # FOLDS fits, each on all parts but one, are as much as FOLDS - 1 fits on all.
    assert teaching_seconds(student, lambda plan: SECONDS[plan.method]) == pytest.approx((FOLDS - 1) * (2.0 + 5.0))


def test_who_has_no_teacher_pays_for_none() -> None:
    assert teaching_seconds(Plan("tfidf"), lambda plan: 1.0) == 0.0
