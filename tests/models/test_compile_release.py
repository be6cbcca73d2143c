"""Which form is chosen, and what is written of it; timings are given here, not taken."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haoqi import tasks
from haoqi.core.errors import UserError
from haoqi.core.hardware import Hardware
from haoqi.data.examples import Examples
from haoqi.models.bases import resolve
from haoqi.models.compile import compile_release as compiling
from haoqi.models.compile import compiled, faithfulness, timing
from haoqi.models.compile.cascade import Cascade, fit_margin
from haoqi.models.compile.form import Block, Compute, Floats, TruncatedPass, forms
from haoqi.models.encoders.embedder import Embedder
from haoqi.models.model import Model
from haoqi.models.predictors.constant import Constant
from haoqi.models.predictors.embedding_linear import EmbeddingLinear

LABELS = ("a", "b", "c")


class Fake:
    """A form that gives the uncompiled model's vectors, some of them turned around."""

    exact = True
    library = "torch"
    turned = 0.0
    """Share of the texts that it gets wrong."""
    note = ""

    def compile(self, graph: Any, folder: Path) -> str:
        (folder / "weights.bin").write_bytes(b"fake")
        return self.note

    def open(self, folder: Path, threads: int, uncompiled: Callable[[], Any]) -> Compute:
        assert (folder / "weights.bin").read_bytes() == b"fake"
        return Opened(self, uncompiled())


@dataclass(frozen=True)
class Opened:
    """A fake that is ready to compute."""

    form: Fake
    graph: Any

    def __call__(self, blocks: Iterable[Block]) -> Iterator[Floats]:
        import torch

        for block in blocks:
            with torch.inference_mode():
                found = self.graph(*map(torch.from_numpy, block.inputs.values())).numpy()
            found[: round(self.form.turned * len(found))] *= -1
            yield found


class Broken(Fake):
    """A form whose library has something against this network."""

    def compile(self, graph: Any, folder: Path) -> str:
        raise RuntimeError("no kernel for this\nand more")


class Absent(Fake):
    """A form that is not installed."""

    def compile(self, graph: Any, folder: Path) -> str:
        raise UserError("this needs the library fake, which is not installed", "pip install fake")


class Shaky(Fake):
    """A form whose vectors are a little off, each text's by the same whenever it is asked."""

    exact = False
    shaken = 0.0

    def open(self, folder: Path, threads: int, uncompiled: Callable[[], Any]) -> Compute:
        return Shaken(self, uncompiled())


@dataclass(frozen=True)
class Shaken(Opened):
    """A shaky form that is ready to compute."""

    form: Shaky

    def __call__(self, blocks: Iterable[Block]) -> Iterator[Floats]:
        given = list(blocks)
        places = 1 + np.arange(100)
        for block, found in zip(given, Opened.__call__(self, given), strict=True):
            seeds = (block.ids * block.mask * places[: block.ids.shape[1]]).sum(axis=1)
            noise = [np.random.default_rng(seed).normal(size=found.shape[1]) for seed in seeds]
            yield (found + self.form.shaken * np.array(noise)).astype(np.float32)


def shaky(shaken: float) -> type[Shaky]:
    return type("Trembling", (Shaky,), {"shaken": shaken})


def fake(share: float) -> type[Fake]:
    return type("Turned", (Fake,), {"turned": share})


Given = Callable[..., None]


@pytest.fixture(autouse=True)
def slow_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haoqi.core.hardware.probe", lambda cache, again=True: Hardware(1, 1 << 30, None, 10.0, 1.0))
    monkeypatch.setattr("haoqi.core.hardware.gpu_name", lambda: None)


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Given:
    """Return a function that makes these the only forms, each so many times as fast as torch.

    Texts are taken to be `longest` tokens long.
    """

    def given(known: Mapping[str, tuple[type[Fake], float]], longest: int = 8) -> None:
        monkeypatch.setattr(forms, "names", lambda: sorted(known))
        for name, (kind, _) in known.items():
            monkeypatch.setitem(forms._found, name, kind)

        def seconds(predictor: Any, examples: Examples) -> float:
            if isinstance(predictor, Cascade):
                share = (
                    predictor.rule.share if len(examples) > 1 else 1.0
                )  # one alone: those with the smallest margins are timed
                return seconds(predictor.first, examples) + share * seconds(predictor.second, examples)
            compute, speedup = predictor.embedder.compute, 1.0
            if isinstance(compute, TruncatedPass):  # which is faster by as much as it truncates texts
                compute, speedup = compute.compute, max(1.0, longest / compute.max_tokens)
            if compute is None:
                return 1.0
            return 1.0 / speedup / next(speed for kind, speed in known.values() if type(compute.form) is kind)

        monkeypatch.setattr(timing, "measure_seconds", seconds)

    return given


@pytest.fixture(scope="module")
def model(tiny_base: str, tmp_path_factory: pytest.TempPathFactory) -> Model:
    base = resolve(tiny_base, tmp_path_factory.mktemp("cache"))
    directions = np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32)
    return Model(tasks.build("topic", LABELS), EmbeddingLinear(Embedder(base), directions, np.zeros(3, np.float32)))


@pytest.fixture(scope="module")
def examples(model: Model) -> Examples:
    """Return texts whose labels are mostly the model's answers."""
    words = ("battery", "screen", "match", "bank", "film", "letter", "water", "coffee")
    texts = [f"the {one} and the {other} {end}" for one in words for other in words for end in ("won", "fell", "rose")]
    answers = list(model.predict(texts).labels)
    return Examples.of(texts, [LABELS[0] if row % 9 == 0 else label for row, label in enumerate(answers)])


@pytest.fixture(scope="module")
def many() -> Examples:
    """Return enough texts to fit a margin on, without labels."""
    words = ("battery", "screen", "match", "bank", "film", "letter", "water", "coffee", "order")
    return Examples.of([f"{one} {two} {three}" for one in words for two in words for three in words[:5]][:400])


@pytest.fixture(scope="module")
def balanced(model: Model, many: Examples) -> Model:
    """Return a model that gives every answer about as often."""
    centre = np.asarray(model.scores(many)).mean(axis=0)
    return replace(model, predictor=replace(model.predictor, intercept=-centre))  # type: ignore[type-var]


@pytest.fixture(scope="module")
def balanced_examples(balanced: Model, many: Examples) -> Examples:
    """Return the texts as the balanced model answers them."""
    return replace(many, labels=list(balanced.predict(many).labels))


def test_the_fastest_form_that_answers_alike_is_chosen_and_alone_kept(
    model: Model, examples: Examples, given: Given, tmp_path: Path
) -> None:
    given({"fast": (fake(0.0), 3.0), "slower": (type("Slower", (Fake,), {}), 2.0)})
    found = compiling.compile_release(tmp_path, model, examples)
    assert found.chosen == "fast"
    assert found.times_faster == pytest.approx(3.0)
    assert (found.forms["fast"].verdict, found.forms["fast"].unchanged) == ("chosen", 1.0)
    assert found.forms["fast"].score == found.forms["torch"].score
    assert found.forms["slower"].verdict == "slower than fast"
    assert sorted(path.name for path in (tmp_path / "compiled").iterdir()) == ["compiled.json", "fast"]
    assert compiled.read(tmp_path) == found
    assert found.example_count == len(examples)


def test_what_rounds_is_not_compared_on_what_was_learnt(
    balanced: Model, balanced_examples: Examples, given: Given, tmp_path: Path
) -> None:
    given({"quick": (shaky(0.0), 4.0), "slower": (fake(0.0), 2.0)})
    found = compiling.compile_release(tmp_path, balanced, balanced_examples, learnt=True)
    assert (found.chosen, found.forms["quick"].unchanged) == ("slower", None)


def test_a_stand_in_is_compared_and_what_is_chosen_is_written_of_the_model(
    balanced: Model, balanced_examples: Examples, given: Given, tmp_path: Path
) -> None:
    given({"quick": (shaky(0.0), 4.0), "slower": (fake(0.0), 2.0)})
    other = replace(balanced, predictor=replace(balanced.predictor, intercept=balanced.predictor.intercept + 9.0))  # type: ignore[attr-defined,type-var]
    found = compiling.compile_release(tmp_path, balanced, balanced_examples, learnt=True, stand_in=other)
    assert found.chosen == "quick"
    assert found.forms["torch"].score == other.task.metric(
        balanced_examples, other.predict(balanced_examples), other.task
    )
    assert sorted(path.name for path in (tmp_path / "compiled").iterdir()) == ["compiled.json", "quick"]


def test_what_is_chosen_by_a_stand_in_and_answers_otherwise_of_the_model_is_left(
    balanced: Model, balanced_examples: Examples, given: Given, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given({"quick": (fake(0.0), 4.0)})
    compare = compiling.FaithfulnessTest.compare
    verdicts = iter([None, "changes all of the answers"])
    monkeypatch.setattr(
        compiling.FaithfulnessTest,
        "compare",
        lambda test, one: (next(verdicts) or compare(test, one)[0], compare(test, one)[1]),
    )
    found = compiling.compile_release(tmp_path, balanced, balanced_examples, learnt=True, stand_in=balanced)
    assert found.chosen is None
    assert "of the released model it changes all" in found.forms["quick"].verdict
    assert [path.name for path in (tmp_path / "compiled").iterdir()] == ["compiled.json"]


def test_what_cannot_be_written_of_the_model_is_left(
    balanced: Model, balanced_examples: Examples, given: Given, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, written = fake(0.0), list[Path]()

    def once(form: Any, graph: Any, folder: Path) -> str:
        written.append(folder)
        if len(written) > 1:
            raise RuntimeError("no room")
        (folder / "weights.bin").write_bytes(b"fake")
        return ""

    monkeypatch.setattr(kind, "compile", once)
    given({"quick": (kind, 4.0)})
    found = compiling.compile_release(tmp_path, balanced, balanced_examples, learnt=True, stand_in=balanced)
    assert found.chosen is None
    assert "no room" in found.forms["quick"].verdict
    assert [path.name for path in (tmp_path / "compiled").iterdir()] == ["compiled.json"]


def test_what_rounds_is_not_compared_on_few_examples(
    balanced: Model, balanced_examples: Examples, given: Given, tmp_path: Path
) -> None:
    given({"quick": (shaky(0.0), 4.0), "slower": (fake(0.0), 2.0)})
    few = compiling.compile_release(tmp_path, balanced, balanced_examples.take(range(199)))
    assert (few.chosen, few.forms["quick"].unchanged) == ("slower", None)
    assert few.forms["quick"].verdict == "rounds, and 199 examples that were not learnt are too few to compare it"
    assert compiling.compile_release(tmp_path, balanced, balanced_examples.take(range(200))).chosen == "quick"


def test_a_form_that_changes_answers_is_refused_however_fast(
    model: Model, examples: Examples, given: Given, tmp_path: Path
) -> None:
    given({"wrong": (fake(0.2), 9.0), "right": (Fake, 2.0)})
    found = compiling.compile_release(tmp_path, model, examples)
    assert found.chosen == "right"
    assert "of the answers" in found.forms["wrong"].verdict
    assert "wrong+right" not in found.forms  # too few examples to fit a margin on
    assert (found.forms["wrong"].unchanged or 1.0) < 0.9


def test_a_form_that_loses_score_is_refused(
    model: Model, examples: Examples, given: Given, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faithfulness, "MIN_UNCHANGED", 0.0)
    given({"wrong": (fake(0.2), 9.0)})
    found = compiling.compile_release(tmp_path, model, examples)
    assert found.chosen is None
    assert found.forms["wrong"].verdict.startswith("loses 0.")
    assert "macro_f1" in found.forms["wrong"].verdict
    assert sorted(path.name for path in (tmp_path / "compiled").iterdir()) == ["compiled.json"]


def test_a_form_no_faster_than_torch_is_not_worth_its_space(
    model: Model, examples: Examples, given: Given, tmp_path: Path
) -> None:
    given({"same": (Fake, 1.02)})
    found = compiling.compile_release(tmp_path, model, examples)
    assert (found.chosen, found.forms["same"].verdict) == (None, "not faster than torch")
    assert "no form was faster" in found.words


def test_a_quick_form_that_is_refused_computes_in_a_cascade_with_the_faithful_one(
    balanced: Model, balanced_examples: Examples, given: Given, tmp_path: Path
) -> None:
    given({"quick": (shaky(0.006), 4.0), "right": (Fake, 2.0)})
    found = compiling.compile_release(tmp_path, balanced, balanced_examples)
    assert (found.chosen, found.stages) == ("quick+right", ("quick", "right"))
    assert "of the answers" in found.forms["quick"].verdict
    assert found.forms["right"].verdict == "slower than quick+right"
    told = found.forms["quick+right"]
    assert told.unchanged is not None
    assert found.forms["quick"].unchanged is not None
    assert found.forms["quick"].unchanged < faithfulness.MIN_UNCHANGED <= told.unchanged
    assert told.verdict == f"chosen; recomputes {found.deferral_rules[0].share:.0%} of the texts, takes 0 MB"
    rate = found.forms["right"].texts_per_second or 0.0
    assert told.texts_per_second == pytest.approx(
        rate * (1 / 2) / (1 / 4 + found.deferral_rules[0].share / 2), rel=0.01
    )
    assert found.deferral_rules[0].alone
    assert told.latency_ms == pytest.approx(250 + 500 * found.deferral_rules[0].share, abs=0.1)
    assert found.words.endswith(f"{found.deferral_rules[0].share:.0%} of texts recomputed")
    assert sorted(path.name for path in (tmp_path / "compiled").iterdir()) == ["compiled.json", "quick", "right"]
    assert set(found.probe["gives"]) == {"quick", "right"}
    assert compiled.read(tmp_path) == found


def test_the_larger_margin_of_two_halves_is_kept_and_each_is_answered_by_the_other(
    balanced: Model, balanced_examples: Examples, given: Given, tmp_path: Path
) -> None:
    given({"quick": (shaky(0.006), 4.0), "right": (Fake, 2.0)})
    found = compiling.compile_release(tmp_path, balanced, balanced_examples)
    form: Any = forms.build("quick")
    quick = balanced.predictor.with_compute(Shaken(form, balanced.predictor.graph())).scores(balanced_examples)  # type: ignore[attr-defined]
    right = np.asarray(balanced.scores(balanced_examples))
    halves = slice(0, None, 2), slice(1, None, 2)
    fits = [fit_margin(balanced.margins, quick[half], right[half]) for half in halves]
    assert found.deferral_rules[0].margin == pytest.approx(max(fits))
    near = balanced.margins(quick)
    changed = quick.argmax(axis=1) != right.argmax(axis=1)
    kept = sum(int((changed & (near >= margin))[half].sum()) for half, margin in zip(halves[::-1], fits, strict=True))
    assert found.forms["quick+right"].unchanged == pytest.approx(1 - kept / len(balanced_examples))


def test_where_no_form_is_faster_and_faithful_the_uncompiled_model_answers_small_margins(
    balanced: Model, balanced_examples: Examples, given: Given, tmp_path: Path
) -> None:
    given({"quick": (shaky(0.006), 4.0), "same": (type("Same", (Fake,), {}), 1.02)})
    found = compiling.compile_release(tmp_path, balanced, balanced_examples)
    assert (found.chosen, found.stages, found.form_names) == ("quick+torch", ("quick", "torch"), ("quick",))
    assert found.forms["same"].verdict == "not faster than torch"
    assert found.forms["torch"].verdict == "uncompiled"
    told, share = found.forms["quick+torch"], found.deferral_rules[0].share
    assert (told.unchanged or 0.0) >= faithfulness.MIN_UNCHANGED
    assert found.times_faster == pytest.approx(1 / (1 / 4 + share), rel=0.1)  # of speeds with one digit
    assert sorted(path.name for path in (tmp_path / "compiled").iterdir()) == ["compiled.json", "quick"]
    assert set(found.probe["gives"]) == {"quick"}
    assert compiled.read(tmp_path) == found


def test_a_quick_form_is_refused_if_the_uncompiled_model_had_to_answer_too_much(
    balanced: Model, balanced_examples: Examples, given: Given, tmp_path: Path
) -> None:
    given({"quick": (shaky(0.5), 4.0)})
    found = compiling.compile_release(tmp_path, balanced, balanced_examples)
    assert (found.chosen, found.deferral_rules) == (None, ())
    assert "of the texts twice" in found.forms["quick+torch"].verdict
    assert sorted(path.name for path in (tmp_path / "compiled").iterdir()) == ["compiled.json"]


def test_where_texts_are_long_a_truncated_pass_comes_first(
    balanced: Model, balanced_examples: Examples, given: Given, tmp_path: Path
) -> None:
    given({"quick": (shaky(0.006), 4.0)}, longest=192)
    found = compiling.compile_release(tmp_path, balanced, balanced_examples)
    assert found.chosen == "quick:64+quick+torch"
    assert (found.form_names, len(found.deferral_rules)) == (("quick",), 2)
    assert found.forms["quick+torch"].verdict.startswith("slower than quick:64+quick+torch")
    assert "quick:96+quick+torch" not in found.forms  # it promised less
    assert sorted(path.name for path in (tmp_path / "compiled").iterdir()) == ["compiled.json", "quick"]
    assert compiled.read(tmp_path) == found
    whole = compiling.compile_release(tmp_path, balanced, balanced_examples, truncated_pass=False)
    assert (whole.chosen, whole.first_stage_tokens) == ("quick+torch", None)


def test_a_truncated_pass_pays_by_a_form_that_is_no_faster_with_whole_texts(
    balanced: Model, balanced_examples: Examples, given: Given, tmp_path: Path
) -> None:
    given({"same": (Fake, 1.0)}, longest=192)
    found = compiling.compile_release(tmp_path, balanced, balanced_examples)
    assert (found.chosen, found.deferral_rules[0].share) == ("same:64+torch", 0.0)  # the examples are short in truth
    assert found.times_faster == pytest.approx(3.0)


def faithful(predictor: Any) -> Any:
    """Return what answers deferred texts."""
    return getattr(predictor, "second", predictor)


@pytest.mark.parametrize(
    ("shaken", "speed", "verdict"),
    [(0.5, 4.0, "of the texts twice"), (0.006, 2.02, "of the texts twice"), (0.006, 4.0, "not faster than right")],
)
def test_a_cascade_that_wins_too_little_is_not_chosen(
    shaken: float,
    speed: float,
    verdict: str,
    balanced: Model,
    balanced_examples: Examples,
    given: Given,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given({"quick": (shaky(shaken), speed), "right": (Fake, 2.0)})
    if verdict.startswith("not"):  # whatever was to be expected
        seconds = timing.measure_seconds
        monkeypatch.setattr(timing, "measure_seconds", lambda one, asked: seconds(faithful(one), asked))
    found = compiling.compile_release(tmp_path, balanced, balanced_examples)
    assert (found.chosen, found.deferral_rules) == ("right", ())
    assert verdict in found.forms["quick+right"].verdict
    assert sorted(path.name for path in (tmp_path / "compiled").iterdir()) == ["compiled.json", "right"]


def test_a_form_that_fails_is_told_and_the_others_remain(
    model: Model, examples: Examples, given: Given, tmp_path: Path
) -> None:
    given({"absent": (Absent, 1.0), "broken": (Broken, 1.0), "good": (Fake, 2.0)})
    found = compiling.compile_release(tmp_path, model, examples)
    assert found.chosen == "good"
    assert found.forms["broken"].verdict == "cannot be compiled: RuntimeError: no kernel for this"
    assert found.forms["absent"].verdict.endswith("not installed; pip install fake")


def test_what_a_form_tells_of_itself_stands_beside_its_verdict(
    model: Model, examples: Examples, given: Given, tmp_path: Path
) -> None:
    noted, slow = (type(name, (Fake,), {"note": f"not {name}"}) for name in ("fused", "quick"))
    given({"noted": (noted, 3.0), "slow": (slow, 1.0)})
    found = compiling.compile_release(tmp_path, model, examples)
    assert found.chosen == "noted"
    assert found.forms["noted"].verdict == "chosen; not fused"
    assert found.forms["slow"].verdict == "slower than noted; not quick"


def test_without_any_form_torch_stays_and_nothing_is_timed(
    model: Model, examples: Examples, given: Given, tmp_path: Path
) -> None:
    given({"absent": (Absent, 1.0)})
    found = compiling.compile_release(tmp_path, model, examples)
    assert (found.chosen, found.example_count, found.files) == (None, 0, {})


def test_compiling_again_replaces_what_was_there(
    model: Model, examples: Examples, given: Given, tmp_path: Path
) -> None:
    given({"first": (Fake, 2.0)})
    compiling.compile_release(tmp_path, model, examples)
    given({"second": (Fake, 2.0)})
    compiling.compile_release(tmp_path, model, examples)
    assert sorted(path.name for path in (tmp_path / "compiled").iterdir()) == ["compiled.json", "second"]


def test_what_cannot_be_compiled_is_said(
    model: Model, examples: Examples, given: Given, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given({"good": (Fake, 2.0)})
    plain = Model(model.task, Constant(np.zeros(3, np.float32)))
    with pytest.raises(UserError, match="without an encoder"):
        compiling.compile_release(tmp_path, plain, examples)
    with pytest.raises(UserError, match="no example is labelled"):
        compiling.compile_release(tmp_path, model, Examples.of(["text"]))
    monkeypatch.setattr("haoqi.core.hardware.gpu_name", lambda: "GPU")
    with pytest.raises(UserError, match="its GPU"):
        compiling.compile_release(tmp_path, model, examples)
    assert list(tmp_path.iterdir()) == []
