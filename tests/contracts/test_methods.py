"""What every method owes, built in or brought by another package."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haoqi import methods, tasks
from haoqi.core.config import Choices, Setting, settings_of
from haoqi.core.errors import UserError
from haoqi.data.answers import setting_applies
from haoqi.data.examples import Examples, Span
from haoqi.methods.method import Job, Method, Progress
from haoqi.methods.work import KINDS, Size
from haoqi.models import model as models
from haoqi.models.bases import Base, resolve
from haoqi.models.feature_store.store import FeatureStore
from haoqi.models.model import Model
from haoqi.models.predictor import Predictor
from haoqi.tasks.task import Scores, Task
from haoqi.tasks.words import context_words, words_of

NAMES = methods.names()
TASKS = {"label": "topic", "labels": "multilabel", "spans": "entities", "number": "regression"}
TASKS |= {"pair": "entailment", "like": "paraphrase", "alike": "similarity", "ranked": "ranking", "marks": "relations"}
TASKS |= {"context": "answers"}
CLASSES = {"label", "labels", "spans", "pair", "like", "marks"}


def takes(name: str, output: str) -> bool:
    """Return whether a method can learn what a task answers."""
    task = tasks.build(TASKS[output], ())
    return bool(methods.build(name).accepts.takes(task.output.kind, pairs=task.pairs))


CASES = [(name, output) for name in NAMES for output in TASKS if takes(name, output)]
OF_CLASSES = [(name, output) for name, output in CASES if output in CLASSES]

# Scores after a round trip may differ as much as products of float32 do in another order.
CLOSE = 1e-4


def task_of(output: str) -> Task:
    labels = ("PER",) if output == "spans" else ("sport", "tech") if output in CLASSES else ()
    return tasks.build(TASKS[output], labels)


def examples_of(output: str, rows: int = 24) -> Examples:
    """Return rows that a word decides, so that anything that learns can learn it."""
    if output == "context":
        return questions_of(rows)
    texts: list[str] = []
    labels: list[Any] = []
    for row in range(rows):
        sport = row % 2 == 0
        if output == "spans":
            name = ("Ann", "Bob")[row % 2]
            texts.append(f"{name} said so on day {row} .")
            labels.append((Span(0, len(name), "PER"),))
        else:
            who, minute = ("<e1>{}</e1>", "<e2>minute</e2>") if output == "marks" else ("{}", "minute")
            words = f"{who.format('striker')} scored" if sport else f"{who.format('telescope')} found"
            texts.append(f"The {words} in {minute} {row}")
            one = "sport" if sport else "tech"
            several = (one,) if row % 3 else ("sport", "tech")
            labels.append(several if output == "labels" else one if output in CLASSES else 2.0 + sport + row % 2 / 4)
    examples = Examples.of(texts, labels)
    # Of two texts the first decides, and so does how alike they are.
    second = [text if row % 2 == 0 else texts[-1 - row] for row, text in enumerate(texts)]
    return replace(examples, pairs=second) if tasks.build(TASKS[output], ()).pairs else examples


def questions_of(rows: int) -> Examples:
    """Return questions of which every fourth has no answer in its context."""
    names = ("Ann", "Bob", "Eve")
    asked = ["Who scored?" if row % 4 else "When did it rain?" for row in range(rows)]
    contexts = [f"In minute {row} {names[row % 3]} scored twice ." for row in range(rows)]
    starts = [context.index(names[row % 3]) for row, context in enumerate(contexts)]
    labels = [(Span(start, start + 3, names[row % 3]),) if row % 4 else () for row, start in enumerate(starts)]
    return replace(Examples.of(asked, labels), contexts=contexts)


@pytest.fixture(scope="module")
def base(tiny_base: str, tmp_path_factory: pytest.TempPathFactory) -> Base:
    return resolve(tiny_base, tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    return FeatureStore(tmp_path_factory.mktemp("features"))


def job_of(method: Method, output: str, base: Base, store: FeatureStore, **changes: Any) -> Job:
    given: dict[str, Any] = {
        "task": task_of(output),
        "train": examples_of(output),
        "valid": examples_of(output, 8),
        "seed": 1,
        "store": store,
        "base": base if method.uses_base else None,
    }
    return Job(**(given | changes))


_fitted: dict[tuple[str, str], Predictor] = {}


def fitted(name: str, output: str, base: Base, store: FeatureStore) -> Predictor:
    """Return the predictor of a method's defaults, fitted once for all tests."""
    if (name, output) not in _fitted:
        method = methods.build(name)
        _fitted[name, output] = method.fit(job_of(method, output, base, store))
    return _fitted[name, output]


def assert_close(found: Any, wanted: Any) -> None:
    np.testing.assert_allclose(found, wanted, rtol=CLOSE, atol=CLOSE)


def flat(scores: Scores) -> Any:
    return np.concatenate([np.asarray(one, np.float64).ravel() for one in scores])


@pytest.mark.parametrize("name", NAMES)
def test_method_says_what_it_can_do_where_it_comes_from_and_when_to_prefer_it(name: str) -> None:
    method = methods.build(name)
    assert isinstance(method, Method)
    assert any(takes(name, output) for output in TASKS)
    words = methods.methods.source(name).split('"""')[1]
    assert re.search(r"\b(19|20)\d\d\b", words)
    assert "prefer" in words.lower()
    assert not getattr(method, "on_request", False) or "only where it is named" in " ".join(words.split())
    assert methods.methods.describe(name)


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_has_help_and_a_default_within_its_limits(name: str) -> None:
    for setting in settings_of(methods.methods.get(name)):
        assert setting.help, setting.name
        assert not setting.required, setting.name
        if setting.limits is not None and setting.default is not None:
            assert setting.limits.check(setting.default) == "", setting.name


@pytest.mark.parametrize("name", NAMES)
def test_unknown_setting_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="no setting"):
        methods.build(name, no_such_setting=1)


@pytest.mark.parametrize("name", NAMES)
def test_value_outside_the_limits_is_refused(name: str) -> None:
    for setting in settings_of(methods.methods.get(name)):
        if setting.limits is not None:
            with pytest.raises(UserError, match=setting.name):
                methods.build(name, **{setting.name: -12345.6})


@pytest.mark.parametrize("name", NAMES)
def test_more_rows_are_more_work(name: str) -> None:
    method = methods.build(name)
    sizes = [Size(rows, 100, 40.0, 5, layers=6, width=384, vocabulary=30000) for rows in (100, 200, 2000)]
    works = [method.work(size) for size in sizes]
    fits = [np.array([*work.fit.counts, work.embeds]) for work in works]
    assert (fits[0] <= fits[1]).all()
    assert (fits[1] <= fits[2]).all()


@pytest.mark.parametrize("name", NAMES)
def test_method_states_what_it_does_as_counts(name: str) -> None:
    method = methods.build(name)
    per_word = "text" not in method.accepts.units
    size = Size(500, 100, 40.0, 5, layers=6, width=384, vocabulary=30000, per_word=per_word)
    work = method.work(size)
    counts = np.array([*work.fit.counts, *work.score.counts, work.embeds])
    assert np.isfinite(counts).all()
    assert (counts >= 0).all()
    assert work.fit.fits >= 1
    assert set(work.libraries) <= set(KINDS)
    assert (work.tunes or work.asks) == method.uses_base
    if not method.uses_base:
        assert work.fit.forward == work.fit.training == work.score.forward == work.embeds == 0
    assert method.work(size) == work


@pytest.mark.parametrize(("name", "output"), CASES)
def test_scores_have_the_shape_of_the_output_and_are_finite(
    name: str, output: str, base: Base, store: FeatureStore
) -> None:
    task, asked = task_of(output), examples_of(output, 5)
    scores = fitted(name, output, base, store).scores(asked)
    width = task.output.width
    assert len(scores) == 5
    if output == "spans":
        assert [one.shape for one in scores] == [(len(words), width) for words in words_of(asked)]
    elif output == "context":
        assert [one.shape for one in scores] == [(1 + len(words), width) for words in context_words(asked)]
    else:
        assert np.shape(scores) == (5, width)
    assert np.isfinite(flat(scores)).all()
    assert len(task.output.decode(scores, asked)) == 5


@pytest.mark.parametrize(("name", "output"), CASES)
def test_method_repeats_itself_under_a_seed(name: str, output: str, base: Base, store: FeatureStore) -> None:
    method, asked = methods.build(name), examples_of(output, 5)
    again = method.fit(job_of(method, output, base, store))
    assert_close(flat(again.scores(asked)), flat(fitted(name, output, base, store).scores(asked)))


def idle(name: str, output: str) -> list[Setting]:
    """Return the settings that a method says mean nothing for what a task answers."""
    task = tasks.build(TASKS[output], ())
    found = settings_of(methods.methods.get(name))
    return [one for one in found if not setting_applies(one, task.output.kind, pairs=task.pairs)]


@pytest.mark.parametrize(("name", "output"), [case for case in CASES if idle(*case)])
def test_settings_that_are_said_to_mean_nothing_for_an_answer_change_nothing(
    name: str, output: str, base: Base, store: FeatureStore
) -> None:
    def other(setting: Setting) -> Any:
        if isinstance(setting.limits, Choices):
            return next(value for value in setting.limits.values if value != setting.default)
        assert setting.limits is not None
        return setting.limits.high

    method, asked = methods.build(name, **{one.name: other(one) for one in idle(name, output)}), examples_of(output, 5)
    found = method.fit(job_of(method, output, base, store)).scores(asked)
    assert_close(flat(found), flat(fitted(name, output, base, store).scores(asked)))


@pytest.mark.parametrize("standalone", [True, False])
@pytest.mark.parametrize(("name", "output"), CASES)
def test_scores_survive_a_round_trip_to_disk(
    name: str, output: str, standalone: bool, base: Base, store: FeatureStore, tmp_path: Path
) -> None:
    asked, predictor = examples_of(output, 5), fitted(name, output, base, store)
    Model(task_of(output), predictor).save(tmp_path / "model", standalone=standalone)
    again = models.load(tmp_path / "model", tmp_path / "cache")
    assert_close(flat(again.scores(asked)), flat(predictor.scores(asked)))
    task, scores = task_of(output), predictor.scores(asked)
    sure = task.output.margins(scores, half_width=1.0) > CLOSE  # of the others either answer is right
    pairs = zip(again.predict(asked).labels, Model(task, predictor).predict(asked).labels, sure, strict=True)
    assert all(task.output.same(one, other, half_width=1.0) for one, other, told in pairs if told)


@pytest.mark.parametrize(("name", "output"), CASES)
def test_texts_that_are_empty_strange_or_long_are_answered_too(
    name: str, output: str, base: Base, store: FeatureStore
) -> None:
    strange = Examples.of(["", " ", "?!", "\u200b", "好" * 700, "word " * 700, "😀 \x00"])
    if output == "marks":
        marked = [f"{text} <e1>{text.strip() or '!'}</e1>{text}<e2>?</e2>" for text in strange.texts]
        strange = replace(strange, texts=marked)
    strange = replace(strange, pairs=strange.texts[::-1], contexts=strange.texts[::-1])
    scores = fitted(name, output, base, store).scores(strange)
    assert len(scores) == len(strange)
    assert np.isfinite(flat(scores)).all()


@pytest.mark.parametrize(("name", "output"), CASES)
def test_answers_do_not_depend_on_the_company(name: str, output: str, base: Base, store: FeatureStore) -> None:
    asked, predictor = examples_of(output, 6), fitted(name, output, base, store)
    backwards = predictor.scores(asked.take([5, 4, 3, 2, 1, 0]))
    assert_close(flat(backwards[::-1]), flat(predictor.scores(asked)))


@pytest.mark.parametrize(("name", "output"), CASES)
def test_no_texts_give_no_scores(name: str, output: str, base: Base, store: FeatureStore) -> None:
    assert len(fitted(name, output, base, store).scores(replace(Examples.of([]), pairs=[], contexts=[]))) == 0


@pytest.mark.parametrize(("name", "output"), OF_CLASSES)
def test_label_that_the_task_lacks_is_refused_or_never_looked_at(
    name: str, output: str, base: Base, store: FeatureStore
) -> None:
    method, train = methods.build(name), examples_of(output)
    strange = {"labels": ("weather",), "spans": (Span(0, 3, "LOC"),)}.get(output, "weather")
    wrong = replace(train, labels=[*train.labels[:-1], strange])
    try:
        predictor = method.fit(job_of(method, output, base, store, train=wrong))
    except (ValueError, UserError):
        return
    # Not refused: then it never looked at the labels.
    asked = examples_of(output, 5)
    assert np.array_equal(flat(predictor.scores(asked)), flat(fitted(name, output, base, store).scores(asked)))


@pytest.mark.parametrize(("name", "output"), OF_CLASSES)
def test_label_without_examples_is_no_obstacle(name: str, output: str, base: Base, store: FeatureStore) -> None:
    method, known = methods.build(name), task_of(output)
    wider = tasks.build(known.name, (*known.labels, "unseen"))
    predictor = method.fit(job_of(method, output, base, store, task=wider))
    scores = predictor.scores(examples_of(output, 4))
    assert np.isfinite(flat(scores)).all()
    assert len(wider.output.decode(scores, examples_of(output, 4))) == 4


@pytest.mark.parametrize(("name", "output"), CASES)
def test_progress_only_grows_and_ends_within_one(name: str, output: str, base: Base, store: FeatureStore) -> None:
    method, heard = methods.build(name), []

    def listen(progress: Progress) -> None:
        heard.append(progress.share)

    method.fit(job_of(method, output, base, store, report=listen))
    assert heard == sorted(heard)
    assert all(0 <= share <= 1 for share in heard)


@pytest.mark.parametrize("output", ["like", "alike"])
@pytest.mark.parametrize("name", NAMES)
def test_where_the_order_of_two_texts_is_nothing_both_orders_get_the_same_answer(
    name: str, output: str, base: Base, store: FeatureStore
) -> None:
    if not takes(name, output):
        pytest.skip("it reads single texts")
    asked, predictor = examples_of(output, 7), fitted(name, output, base, store)
    assert_close(flat(predictor.scores(asked.exchanged())), flat(predictor.scores(asked)))


@pytest.mark.parametrize("name", NAMES)
def test_the_second_text_is_read(name: str, base: Base, store: FeatureStore) -> None:
    if not takes(name, "pair") or name == "majority":
        pytest.skip("it reads single texts, or none")
    asked, predictor = examples_of("pair", 6), fitted(name, "pair", base, store)
    other = replace(asked, pairs=["something else entirely scored"] * 6)
    assert np.abs(flat(predictor.scores(asked)) - flat(predictor.scores(other))).max() > 1e-6


@pytest.mark.parametrize("name", NAMES)
def test_the_context_of_a_question_is_read(name: str, base: Base, store: FeatureStore) -> None:
    if not takes(name, "context") or name == "majority":
        pytest.skip("it answers without contexts, or whatever they say")
    asked, predictor = examples_of("context", 6), fitted(name, "context", base, store)
    other = replace(asked, contexts=["In second 2 Eve slept thrice ."] * 6)
    assert np.abs(flat(predictor.scores(asked)) - flat(predictor.scores(other))).max() > 1e-6


@pytest.mark.parametrize(("name", "output"), CASES)
def test_a_method_learns_without_validation_examples(name: str, output: str, base: Base, store: FeatureStore) -> None:
    method = methods.build(name)
    predictor = method.fit(job_of(method, output, base, store, valid=Examples.of([])))
    assert np.isfinite(flat(predictor.scores(examples_of(output, 3)))).all()
