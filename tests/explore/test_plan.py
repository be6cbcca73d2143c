"""Plans have one name each, and a distance."""

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.explore.plans.plan import Experiment, Plan, plan_distance

plans = st.builds(
    Plan.of,
    st.sampled_from(["tfidf", "probe", "full"]),
    st.sampled_from([None, "minilm", "multilingual"]),
    st.dictionaries(
        st.sampled_from(["C", "epochs", "pool"]), st.floats(0.01, 10) | st.sampled_from(["mean", True]), max_size=3
    ),
    share=st.sampled_from([1 / 9, 1 / 3, 1.0]),
    seed=st.integers(0, 3),
)


@given(plan=plans)
def test_a_plan_survives_json(plan: Plan) -> None:
    assert Plan.from_plain(json.loads(json.dumps(asdict(plan)))) == plan


@given(plan=plans, seed=st.integers(0, 9))
def test_the_key_names_the_plan_whatever_its_seed(plan: Plan, seed: int) -> None:
    assert replace(plan, seed=seed).key == plan.key
    assert replace(plan, share=0.5).key != plan.key


@given(one=plans, other=plans)
def test_distance_is_symmetric_bounded_and_zero_to_itself(one: Plan, other: Plan) -> None:
    assert plan_distance(one, one) == 0
    assert plan_distance(one, other) == pytest.approx(plan_distance(other, one))
    assert 0 <= plan_distance(one, other) <= 1


def test_settings_in_any_order_make_one_plan() -> None:
    assert Plan.of("tfidf", None, {"a": 1, "b": 2}) == Plan.of("tfidf", None, {"b": 2, "a": 1})


def test_words_are_for_a_person() -> None:
    plan = Plan.of("top_layers", "minilm", {"learning_rate": 0.00012345}, share=1 / 3, seed=2)
    assert plan.words() == "top-layers of minilm, learning rate 0.000123, 33% of the examples, seed 2"


def test_surprise_is_the_distance_from_the_belief() -> None:
    plan = Plan("tfidf")
    assert Experiment(plan, score=0.5, expected=0.4).surprise == pytest.approx(0.1)
    assert Experiment(plan, score=0.5).surprise == 0
    assert Experiment(plan, score=None, expected=0.4).surprise == 0
