"""What every compiled form owes, built in or brought by another package."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from haoqi import tasks
from haoqi.core.errors import UserError
from haoqi.data.examples import Examples
from haoqi.models.bases import Base, load_encoder, load_tokenizer, resolve
from haoqi.models.compile.cascade import Cascade, DeferralRule
from haoqi.models.compile.form import Compilable, Form, TruncatedPass, forms
from haoqi.models.encoders.adapters.adapter import kinds, settle
from haoqi.models.encoders.embedder import Embedder
from haoqi.models.encoders.encoder import EncoderModel
from haoqi.models.encoders.entity_markers import PLACES
from haoqi.models.encoders.model_input import Reader
from haoqi.models.encoders.placement import Placement
from haoqi.models.encoders.word_shapes import SHAPES
from haoqi.models.model import Model
from haoqi.models.predictors.blend import Blend
from haoqi.models.predictors.embedding_linear import EmbeddingLinear
from haoqi.models.predictors.encoder import Encoder
from haoqi.tasks.words import context_words, words_of
from tests.contracts.test_predictors import ask_at_once

NAMES = forms.names()
RISKY = {".pkl", ".pickle", ".pt", ".pth", ".py"}
TEXTS = ["The keeper saved a penalty.", "", "Shares of the bank fell after the report.", "这本书写得很好", "a " * 200]
# Padding, one text alone, and several blocks at once.
ASKED = replace(Examples.of(TEXTS * 40), contexts=TEXTS[::-1] * 40)
MARKED = Examples.of([f"<e1>{text or '!'}</e1> {text} <e2>in</e2> {text}" for text in TEXTS] * 40)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haoqi.models.compile.form.BLOCK_TOKENS", 128)


def compile_into(folder: Path, form: Form, graph: Any) -> None:
    """Compile on a machine on which every form has something to gain."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("haoqi.models.encoders.placement.probed", lambda: Placement("cpu", "bf16"))
        form.compile(graph, folder)


@pytest.fixture(scope="module")
def base(tiny_base: str, tmp_path_factory: pytest.TempPathFactory) -> Base:
    return resolve(tiny_base, tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def compilable(base: Base) -> dict[str, Compilable]:
    """Return predictors of every kind whose cost is an encoder, and of every way to read one."""
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(8, 3)).astype(np.float32)
    return {
        "encoder": encoder(base, pooling="mean"),
        "encoder of the last token": encoder(base, pooling="last"),
        "encoder of words": encoder(base, pooling=None, words=True, shapes=True),
        "encoder behind a prompt": encoder(base, pooling="mean", beside="prompt"),
        "encoder of words behind a prompt": encoder(base, pooling=None, words=True, shapes=True, beside="prompt"),
        "encoder with a prefix": encoder(base, pooling="first", beside="prefix"),
        "encoder with bottlenecks": encoder(base, pooling="mean", beside="bottleneck"),
        "encoder of marked stretches": encoder(base, pooling=None, marked=True),
        "encoder of contexts": encoder(base, pooling=None, contexts=True, shapes=True),
        "probe": EmbeddingLinear(Embedder(base), directions, np.zeros(3, np.float32)),
    }


def encoder(
    base: Base,
    *,
    pooling: Any,
    words: bool = False,
    contexts: bool = False,
    shapes: bool = False,
    beside: str = "",
    marked: bool = False,
) -> Encoder:
    model = EncoderModel(
        load_encoder(base),
        3,
        pooling=pooling,
        normalise=pooling == "mean",
        shapes=len(SHAPES) * shapes,
        shapes_enter=1,
        places=PLACES if marked else 0,
    )
    generator = torch.Generator().manual_seed(0)
    for weight in (model.head.weight, *(model.shapes.parameters() if model.shapes else ())):
        torch.nn.init.normal_(weight, generator=generator)
    if beside:
        kind = kinds.build(beside)
        with torch.random.fork_rng(), torch.no_grad():
            torch.manual_seed(0)
            kind.attach(model.encoder)
            for weight in model.encoder.parameters():
                if weight.requires_grad:
                    weight.add_(0.1 * torch.randn_like(weight))
        model.adapter = settle(kind, model.encoder)
    reader = Reader(
        load_tokenizer(base), 64, words=words, contexts=contexts, shapes=shapes, pairing="marked" if marked else ""
    )
    return Encoder.of(model.eval(), reader, base)


KINDS = ("encoder", "encoder of the last token", "encoder of words", "encoder behind a prompt", "probe")
KINDS += (
    "encoder of words behind a prompt",
    "encoder with a prefix",
    "encoder with bottlenecks",
    "encoder of marked stretches",
    "encoder of contexts",
)


def asked_of(kind: str) -> Examples:
    return MARKED if kind == "encoder of marked stretches" else ASKED


def uncompiled_scores(predictor: Any, asked: Examples) -> Any:
    """Return the scores of the uncompiled model in fp32, as it was trained."""
    model = getattr(predictor, "model", None)
    if model is None:
        return predictor.scores(asked)
    from haoqi.models.encoders.model_input import scores_of

    return scores_of(model, predictor.reader.read(asked), Placement("cpu", "fp32"))


def flat(scores: Any) -> Any:
    return np.concatenate([np.asarray(one) for one in scores]) if isinstance(scores, list) else np.asarray(scores)


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is_and_keeps_the_contract(name: str) -> None:
    assert forms.describe(name)
    assert isinstance(forms.build(name), Form)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_scores_are_those_of_the_uncompiled_model(
    name: str, kind: str, compilable: dict[str, Compilable], tmp_path: Path
) -> None:
    predictor, form = compilable[kind], forms.build(name)
    graph = predictor.graph()
    assert graph is not None
    compile_into(tmp_path, form, graph)
    asked = asked_of(kind)
    expected = flat(uncompiled_scores(predictor, asked))
    near = 0.05 * np.abs(expected).max()  # bf16 keeps 8 bits of a number
    for threads in (1, 2):
        quick: Any = predictor.with_compute(form.open(tmp_path, threads, lambda: graph))
        found = flat(quick.scores(asked))
        assert (found.shape, found.dtype) == (expected.shape, np.float32)
        assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > (0.999 if form.exact else 0.9)
        assert not form.exact or np.abs(found - expected).max() < near
        alone = flat(quick.scores(asked.take([2])))
        before = asked.take([0, 1])
        first = sum(map(len, words_of(before))) if kind.startswith("encoder of words") else 2
        first = 2 + sum(map(len, context_words(before))) if kind == "encoder of contexts" else first
        np.testing.assert_allclose(alone, found[first : first + len(alone)], atol=near)


@pytest.mark.parametrize("kind", ["encoder of words", "probe"])
@pytest.mark.parametrize("name", NAMES)
def test_four_threads_at_once_get_the_scores_that_one_gets(
    name: str, kind: str, compilable: dict[str, Compilable], tmp_path: Path
) -> None:
    """Two ask for one text, which all cores answer, and two for many, which a core each answers."""
    predictor, form = compilable[kind], forms.build(name)
    graph = predictor.graph()
    assert graph is not None
    compile_into(tmp_path, form, graph)
    asked = [ASKED.take([0]), ASKED.take(range(60)), ASKED.take([2]), ASKED.take(range(60, 120))]
    for threads in (1, 2):
        quick: Any = predictor.with_compute(form.open(tmp_path, threads, lambda: graph))
        expected = [flat(quick.scores(own)) for own in asked]
        fresh: Any = predictor.with_compute(form.open(tmp_path, threads, lambda: graph))
        assert fresh.thread_safe == form.open(tmp_path, threads, lambda: graph).thread_safe
        # Those that must be asked in turn are, by their model.
        ask = fresh.scores if fresh.thread_safe else Model(tasks.build("topic", ("a", "b", "c")), fresh).scores
        for found, wanted in zip(ask_at_once(ask, asked, times=10), expected, strict=True):
            for one in found:
                np.testing.assert_allclose(flat(one), wanted, rtol=1e-5, atol=1e-6)


def test_truncated_passes_and_cascades_are_as_safe_as_what_they_call(compilable: dict[str, Compilable]) -> None:
    class Safe:
        thread_safe = True

    class Alone:
        thread_safe = False

    safe, alone = (compilable["probe"].with_compute(TruncatedPass(one(), 8)) for one in (Safe, Alone))  # type: ignore[arg-type]
    assert (safe.thread_safe, alone.thread_safe, compilable["probe"].thread_safe) == (True, False, False)
    for first, second in ((safe, alone), (alone, safe), (safe, safe)):
        cascade = Cascade(first, second, margins=lambda scores, other: scores, rule=DeferralRule(0.0, 0.0))
        blend = Blend.of([first, second], [1.0, 1.0], 3)
        assert cascade.thread_safe == blend.thread_safe == (first is second)


@pytest.mark.parametrize("name", NAMES)
def test_files_are_nothing_that_could_run(name: str, compilable: dict[str, Compilable], tmp_path: Path) -> None:
    graph = compilable["probe"].graph()
    assert graph is not None
    compile_into(tmp_path, forms.build(name), graph)
    assert not RISKY & {path.suffix for path in tmp_path.rglob("*")}


@pytest.mark.parametrize("name", NAMES)
def test_progress_ends_with_all_examples(name: str, compilable: dict[str, Compilable], tmp_path: Path) -> None:
    predictor, form = compilable["probe"], forms.build(name)
    graph = predictor.graph()
    assert graph is not None
    compile_into(tmp_path, form, graph)
    reported: list[int] = []
    predictor.with_compute(form.open(tmp_path, 2, lambda: graph)).scores(ASKED, reported.append)
    assert reported == sorted(reported)
    assert reported[-1] == len(ASKED)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "torch_bf16"])
def test_without_its_library_it_says_how_to_get_it(
    name: str, compilable: dict[str, Compilable], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    graph = compilable["probe"].graph()
    assert graph is not None
    form = forms.build(name)
    compile_into(tmp_path, form, graph)
    monkeypatch.setitem(sys.modules, form.library, None)
    steps: list[Callable[[], Any]] = [
        lambda: form.open(tmp_path, 1, lambda: graph),
        lambda: forms.build("onnx_int8" if form.library == "onnxruntime" else name).compile(graph, tmp_path),
    ]
    for step in steps:
        with pytest.raises(UserError, match=form.library) as caught:
            step()
        assert 'pip install "haoqi[fast]"' in caught.value.hint
