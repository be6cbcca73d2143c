"""The control and the baseline are facts that methods say of themselves."""

from haoqi.explore.plans.method_roles import is_baseline, is_control, is_simple
from haoqi.explore.plans.plan import ENSEMBLE
from haoqi.methods import methods
from haoqi.methods.method import usual_methods


def test_one_method_is_the_control_and_another_the_baseline() -> None:
    assert [name for name in methods.names() if is_control(name)] == ["majority"]
    assert [name for name in methods.names() if is_baseline(name)] == ["logistic"]


def test_what_is_no_method_here_is_neither() -> None:
    for name in (ENSEMBLE, "of_another_package", "probe*", "+balance"):
        assert not is_control(name)
        assert not is_baseline(name)


def test_simple_methods_say_so_themselves() -> None:
    assert is_simple("tfidf")
    assert not is_simple("full")
    assert not is_simple(ENSEMBLE)


def test_a_method_that_does_not_say_otherwise_is_usual() -> None:
    assert "probe" in usual_methods()
    assert "decision_tree" not in usual_methods()
