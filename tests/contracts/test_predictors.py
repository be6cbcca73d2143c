"""What every predictor owes, built in or brought by another package."""

import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haoqi import methods, tasks
from haoqi.core.errors import UserError
from haoqi.data.examples import Examples, Span
from haoqi.methods.method import Job, Method
from haoqi.methods.work import Size
from haoqi.models.bases import Base, resolve
from haoqi.models.feature_store.store import FeatureStore
from haoqi.models.model import Model
from haoqi.models.predictor import Predictor, predictors
from haoqi.models.trim.trim import trim
from haoqi.tasks.task import Task

NAMES = predictors.names()
PLAIN = {".json", ".safetensors", ".txt"}
ASKED = replace(
    Examples.of(["Ann scored twice", "", "a telescope 好"]),
    pairs=["好", "a telescope", "found"],
    contexts=["It was Ann who scored .", "好的", ""],
)
TOPIC = tasks.build("topic", ("sport", "tech"))
ANSWERS = tasks.build("answers", ())
# Texts of several lengths, short and long ones, which an encoder reads in different ways.
OF_THREADS = [
    replace(
        Examples.of([f"{word} scored " + "and found a telescope " * row * length for row in range(1, 5)]),
        pairs=[f"{word} found nothing"] * 4,
        contexts=[f"{word} scored " + "and found a telescope " * row * length for row in range(1, 5)],
    )
    for word, length in (("Ann", 1), ("Bob", 1), ("Eve", 8), ("好", 8))
]


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
    spans, contexts = method.accepts.units == {"word"}, method.accepts.units == {"context"}
    named = (
        ("entities", ("PER",)) if spans else ("topic" if method.accepts.singles else "paraphrase", ("sport", "tech"))
    )
    task: Task = tasks.build(*named)
    texts = [f"{'Ann scored' if row % 2 else 'telescope found'} {row}" for row in range(12)]
    labels: list[Any] = ["sport" if row % 2 else "tech" for row in range(12)]
    if spans:
        labels = [(Span(0, 3, "PER"),) if row % 2 else () for row in range(12)]
    if contexts:
        task, labels = ANSWERS, [(Span(0, 3, "Ann"),) if row % 2 else () for row in range(12)]
    examples = replace(Examples.of(texts, labels), contexts=texts if contexts else None)
    examples = replace(examples, pairs=texts[::-1]) if task.pairs else examples
    return Job(task, examples, examples.take(range(4)), 0, store, base if method.uses_base else None)


def scores(predictor: Predictor) -> Any:
    return flat(predictor.scores(ASKED))


def ask_at_once(ask: Callable[[Examples], Any], asked: Sequence[Examples], times: int) -> list[list[Any]]:
    """Return what each of some threads is answered to its own texts, so many times; all begin at once."""
    begin, patience = threading.Barrier(len(asked)), sys.getswitchinterval()

    def answers(own: Examples) -> list[Any]:
        begin.wait()
        return [ask(own) for _ in range(times)]

    sys.setswitchinterval(1e-5)  # so that they come between each other often
    try:
        with ThreadPoolExecutor(len(asked)) as pool:
            return list(pool.map(answers, asked))
    finally:
        sys.setswitchinterval(patience)


def flat(found: Any) -> Any:
    return np.concatenate([np.asarray(one).ravel() for one in found])


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


@pytest.mark.parametrize("name", NAMES)
def test_it_says_whether_several_threads_may_ask_it_and_its_model_says_the_same(
    name: str, made: dict[str, Predictor]
) -> None:
    assert isinstance(made[name].thread_safe, bool)
    assert Model(TOPIC, made[name]).thread_safe is made[name].thread_safe


@pytest.mark.parametrize("name", NAMES)
def test_four_threads_at_once_get_the_scores_that_one_gets(
    name: str, made: dict[str, Predictor], tmp_path: Path
) -> None:
    """They begin with a predictor fresh from disk, so that what is made at the first text is made at once, too."""
    made[name].save(tmp_path, standalone=True)
    maker: Any = predictors.get(name)
    expected = [flat(maker.load(tmp_path, tmp_path).scores(own)) for own in OF_THREADS]
    for _ in range(3):
        fresh = maker.load(tmp_path, tmp_path)
        ask = fresh.scores if fresh.thread_safe else Model(TOPIC, fresh).scores  # the model lets one in at a time
        for found, wanted in zip(ask_at_once(ask, OF_THREADS, times=10), expected, strict=True):
            for one in found:
                np.testing.assert_array_equal(flat(one), wanted)


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


@pytest.mark.parametrize("name", NAMES)
def test_a_release_may_be_made_smaller_whatever_it_holds(name: str, made: dict[str, Predictor], tmp_path: Path) -> None:
    smaller, _ = trim(made[name], [*ASKED.texts], tmp_path / "smaller", half=True)
    np.testing.assert_allclose(scores(smaller), scores(made[name]), rtol=1e-4, atol=1e-4)
