"""What every predictor owes, built in or brought by another package."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haoqi import methods, tasks
from haoqi.core.errors import UserError
from haoqi.data.examples import Examples, Span
from haoqi.methods.method import Job, Method, Size
from haoqi.models.bases import Base, resolve
from haoqi.models.feature_store.store import FeatureStore
from haoqi.models.predictor import Predictor, predictors
from haoqi.tasks.task import Task

NAMES = predictors.names()
PLAIN = {".json", ".safetensors", ".txt"}
ASKED = Examples.of(["Ann scored twice", "", "a telescope 好"])


@pytest.fixture(scope="module")
def base(tiny_base: str, tmp_path_factory: pytest.TempPathFactory) -> Base:
    return resolve(tiny_base, tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def made(base: Base, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Predictor]:
    """Return a predictor of each name, made by the cheapest method that makes one."""
    store = FeatureStore(tmp_path_factory.mktemp("features"))
    size = Size(100, 10, 10.0, 2, layers=2, width=8, vocabulary=600)
    found: dict[str, Predictor] = {}
    for method in sorted(map(methods.build, methods.names()), key=lambda one: sum(one.work(size).fit.counts)):
        if found.keys() >= set(NAMES):
            break
        predictor = method.fit(_job(method, base, store))
        found.setdefault(type(predictor).__module__.rpartition(".")[2], predictor)
    return found


def _job(method: Method, base: Base, store: FeatureStore) -> Job:
    spans = method.accepts.units == {"word"}
    task: Task = tasks.build("entities", ("PER",)) if spans else tasks.build("topic", ("sport", "tech"))
    texts = [f"{'Ann scored' if row % 2 else 'telescope found'} {row}" for row in range(12)]
    labels: list[Any] = ["sport" if row % 2 else "tech" for row in range(12)]
    if spans:
        labels = [(Span(0, 3, "PER"),) if row % 2 else () for row in range(12)]
    examples = Examples.of(texts, labels)
    return Job(task, examples, examples.take(range(4)), 0, store, base if method.uses_base else None)


def scores(predictor: Predictor) -> Any:
    return np.concatenate([np.asarray(one).ravel() for one in predictor.scores(ASKED)])


@pytest.mark.parametrize("name", NAMES)
def test_some_method_makes_it_and_it_says_what_it_is(name: str, made: dict[str, Predictor]) -> None:
    assert isinstance(made[name], Predictor)
    assert type(made[name]) is predictors.get(name)
    assert predictors.describe(name)


@pytest.mark.parametrize("standalone", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_files_hold_plain_data_and_nothing_that_could_run(
    name: str, standalone: bool, made: dict[str, Predictor], tmp_path: Path
) -> None:
    made[name].save(tmp_path, standalone=standalone)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert {path.suffix for path in files} <= PLAIN


@pytest.mark.parametrize("name", NAMES)
def test_standalone_folder_needs_no_base(name: str, made: dict[str, Predictor], tmp_path: Path) -> None:
    made[name].save(tmp_path, standalone=True)
    moved = tmp_path.rename(tmp_path.with_name(f"{tmp_path.name}-moved"))
    maker: Any = predictors.get(name)
    again = maker.load(moved, tmp_path / "there-is-no-cache")
    np.testing.assert_allclose(scores(again), scores(made[name]), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_progress_ends_with_all_examples(name: str, made: dict[str, Predictor], tmp_path: Path) -> None:
    made[name].save(tmp_path, standalone=True)
    maker: Any = predictors.get(name)
    heard: list[int] = []
    maker.load(tmp_path, tmp_path).scores(ASKED, heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == len(ASKED)


@pytest.mark.parametrize("harm", ["missing", "garbage", "empty"])
@pytest.mark.parametrize("name", NAMES)
def test_harmed_file_is_a_plain_error(name: str, harm: str, made: dict[str, Predictor], tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    made[name].save(whole, standalone=True)
    maker: Any = predictors.get(name)
    for number, file in enumerate(sorted(path.relative_to(whole) for path in whole.rglob("*") if path.is_file())):
        if file.name.endswith("_config.json") or file.name == "special_tokens_map.json":
            continue  # for other programs: nothing here reads them
        folder = tmp_path / str(number)
        folder.mkdir()
        made[name].save(folder, standalone=True)
        (folder / file).unlink()
        if harm != "missing":
            (folder / file).write_bytes(b"garbage" if harm == "garbage" else b"")
        with pytest.raises(UserError):
            maker.load(folder, tmp_path / "cache").scores(ASKED)
