"""What weights of rows mean to every method that says it honours them."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from haoqi import methods, tasks
from haoqi.core.config import settings_of
from haoqi.data.examples import Examples, Span
from haoqi.methods.method import Job
from haoqi.models.bases import Base, resolve
from haoqi.models.encoders.placement import Placement
from haoqi.models.feature_store.store import FeatureStore
from haoqi.tasks.task import Task

NAMES = methods.names()
TASKS = {"label": "topic", "labels": "multilabel", "spans": "entities", "number": "regression"}
CASES = [
    (name, output)
    for name in NAMES
    for output, task in TASKS.items()
    if methods.build(name).accepts.takes(tasks.build(task, ()).output.kind)
]
# What compares two texts takes no single ones.
CASES += [(name, output) for name in NAMES for output in ("like", "alike") if not methods.build(name).accepts.singles]
EXACT = [(name, output) for name, output in CASES if methods.build(name).weighs == "exactly"]
ROUGH = [(name, output) for name, output in CASES if methods.build(name).weighs == "roughly"]

# Settings that leave nothing to a trial or to the order of rows: with them, twice a row is twice its weight.
SETTLED: dict[str, Any] = {"strength": 0.05, "batch_size": 128, "dropout": 0.0}

ROWS = 18


@pytest.fixture(scope="module")
def base(tiny_base: str, tmp_path_factory: pytest.TempPathFactory) -> Base:
    return resolve(tiny_base, tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    return FeatureStore(tmp_path_factory.mktemp("features"))


@pytest.fixture(autouse=True)
def whole_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute in float32, whatever this machine likes better: sums in another order should agree."""
    for module in ("haoqi.methods._tuning", "haoqi.models.encoders.placement"):
        monkeypatch.setattr(f"{module}.probed", Placement)


def task_of(output: str) -> Task:
    if output in ("number", "alike"):
        return tasks.build("regression" if output == "number" else "similarity", ())
    if output == "like":
        return tasks.build("paraphrase", ("sport", "tech"))
    return tasks.build(TASKS[output], ("PER", "LOC") if output == "spans" else ("sport", "tech"))


def examples_of(output: str) -> Examples:
    texts: list[str] = []
    labels: list[Any] = []
    for row in range(ROWS):
        one = row % 3 != 0
        if output == "spans":
            name = ("Ann", "Rome")[row % 2]
            texts.append(f"{name} is {'near' if one else 'far'} on day {row} .")
            labels.append((Span(0, len(name), ("PER", "LOC")[row % 2] if one else "LOC"),))
        else:
            texts.append(f"The {('striker scored', 'telescope found')[row % 2]} water in minute {row}")
            label = ("sport", "tech")[row % 2] if one else "tech"
            several = (label,) if row % 5 else ("sport", "tech")
            numbers = 3.0 * (label == "sport") + row % 5
            labels.append({"labels": several, "number": numbers, "alike": numbers}.get(output, label))
    examples = Examples.of(texts, labels)
    return (
        replace(examples, pairs=[texts[row // 2] for row in range(ROWS)]) if output in ("like", "alike") else examples
    )


def weighed(examples: Examples, weights: list[float]) -> Examples:
    return replace(examples, weights=weights)


def scores(name: str, train: Examples, output: str, place: tuple[Base, FeatureStore]) -> Any:
    known = {setting.name for setting in settings_of(methods.methods.get(name))}
    method = methods.build(name, **{key: value for key, value in SETTLED.items() if key in known})
    base, store = place
    job = Job(task_of(output), train, Examples.of([]), 1, store, base if method.uses_base else None)
    found = method.fit(job).scores(examples_of(output))
    return np.concatenate([np.asarray(one, np.float64).reshape(-1, np.shape(one)[-1]) for one in found])


@pytest.mark.parametrize("name", NAMES)
def test_method_says_how_it_honours_weights(name: str) -> None:
    assert methods.build(name).weighs in ("exactly", "roughly", "no")


@pytest.mark.parametrize(("name", "output"), CASES)
def test_row_of_no_weight_is_as_good_as_absent(name: str, output: str, base: Base, store: FeatureStore) -> None:
    examples = examples_of(output)
    weights = [0.0 if row % 4 == 0 else 1.0 for row in range(ROWS)]
    without = examples.take([row for row, weight in enumerate(weights) if weight])
    found = scores(name, weighed(examples, weights), output, (base, store))
    np.testing.assert_allclose(found, scores(name, without, output, (base, store)), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("name", "output"), EXACT)
def test_row_of_weight_two_is_the_row_twice(name: str, output: str, base: Base, store: FeatureStore) -> None:
    examples = examples_of(output)
    times = [1 + (row % 3 == 0) for row in range(ROWS)]
    twice = examples.take(np.repeat(np.arange(ROWS), times))
    found = scores(name, weighed(examples, list(map(float, times))), output, (base, store))
    wanted = scores(name, twice, output, (base, store))
    unweighed = scores(name, examples, output, (base, store))
    np.testing.assert_allclose(found, wanted, rtol=1e-2, atol=1e-2)
    # A method that looks at rows at all is moved by the weights, and by no more than a trace otherwise.
    assert np.abs(found - wanted).max() <= 0.2 * np.abs(unweighed - wanted).max() + 1e-6


@pytest.mark.parametrize(("name", "output"), ROUGH)
def test_rows_of_more_weight_have_more_say(name: str, output: str, base: Base, store: FeatureStore) -> None:
    examples = examples_of(output)
    numbers = output in ("number", "alike")
    most = max(examples.labels) if numbers else "sport"
    heavy = [6.0 if label in ("sport", ("sport",), most) else 1.0 for label in examples.labels]
    light = [1 / weight for weight in heavy]
    place = (base, store)
    one, other = (scores(name, weighed(examples, weights), output, place) for weights in (heavy, light))
    lean = one - other
    assert (lean[:, 0] - (0.0 if numbers else lean[:, 1])).mean() > 0
