"""A release that was compiled, read from disk again: by its form where that is whole, by torch where it is not."""

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haoqi import tasks
from haoqi.core import hardware
from haoqi.core.errors import UserError
from haoqi.core.hardware import Hardware
from haoqi.data.examples import Examples
from haoqi.models import model as models
from haoqi.models.bases import resolve
from haoqi.models.compile import cascade_search, compile_release, compiled, timing
from haoqi.models.compile.cascade import Cascade, LazyStage
from haoqi.models.compile.faithfulness import FaithfulnessTest
from haoqi.models.compile.form import Compute, TruncatedPass, forms
from haoqi.models.encoders.embedder import Embedder
from haoqi.models.model import Model
from haoqi.models.predictors.blend import Blend
from haoqi.models.predictors.constant import Constant
from haoqi.models.predictors.embedding_linear import EmbeddingLinear
from haoqi.models.releases import releases

TEXTS = [f"the {one} of the {other}" for one in ("bank", "film", "match", "coffee") for other in ("planet", "order")]
EVIDENCE = {"test": {"scores": {"macro_f1": [0.8, 0.7, 0.9]}}}


@pytest.fixture(scope="module", autouse=True)
def slow_cpu() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("haoqi.core.hardware.probe", lambda cache, again=True: Hardware(1, 1 << 30, None, 10.0, 1.0))
        patch.setattr("haoqi.core.hardware.gpu_name", lambda: None)
        yield


@pytest.fixture(scope="module")
def release(tiny_base: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[releases.Release]:
    """Return a release of a blend that is computed by ONNX Runtime."""
    home = tmp_path_factory.mktemp("home")
    embedder = Embedder(resolve(tiny_base, home / "cache"))
    directions = np.random.default_rng(0).normal(size=(8, 2)).astype(np.float32)
    probe = EmbeddingLinear(embedder, directions, np.zeros(2, np.float32))
    blend = Blend((Constant(np.zeros(2, np.float32)), probe), np.ones(2, np.float32), np.zeros(2, np.float32))
    model = Model(tasks.build("topic", ("sport", "tech")), blend, facts={"base": tiny_base})
    examples = Examples.of(TEXTS, list(model.predict(TEXTS).labels))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HAOQI_HOME", str(home))
        patch.setattr(forms, "names", lambda: ["onnx"])
        patch.setattr(timing, "measure_seconds", lambda predictor, asked: 0.1 if computes(predictor) else 1.0)
        releases.publish(model, EVIDENCE, "news")
        assert releases.compile("news", examples).chosen == "onnx"
        yield releases.get("news")


@pytest.fixture(scope="module")
def cascaded(release: releases.Release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[releases.Release]:
    """Return the same release, answered by eight bits and, where margins are small, by fp32."""
    folder = Path(shutil.copytree(release.folder, tmp_path_factory.mktemp("cascaded") / "news"))
    model = models.load(folder, compiled=False)
    examples = Examples.of(TEXTS, list(model.predict(TEXTS).labels))
    compare = FaithfulnessTest.compare

    def refused(own: FaithfulnessTest, one: Any) -> Any:
        verdict, compared = compare(own, one)
        return ("changes too much" if one.name == "onnx_int8" else verdict), compared

    def seconds(predictor: Any, asked: Examples) -> float:
        if isinstance(predictor, Cascade):
            return 0.2
        compute: Any = computes(predictor)
        compute = getattr(compute, "compute", compute)  # of a truncated pass, which gains nothing here
        return 1.0 if compute is None else 0.02 if compute.path.parent.name == "onnx_int8" else 0.3

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forms, "names", lambda: ["onnx", "onnx_int8"])
        patch.setattr(timing, "measure_seconds", seconds)
        patch.setattr(compile_release, "MIN_EXAMPLES", 8)
        patch.setattr(cascade_search, "MIN_EXAMPLES", 8)
        patch.setattr(
            cascade_search, "fit_margin", lambda margins, quick, right: float(np.quantile(margins(quick, None), 0.3))
        )
        patch.setattr(FaithfulnessTest, "compare", refused)
        found = compile_release.compile_release(folder, model, examples)
        assert found.chosen == "onnx_int8+onnx", found.forms
    yield replace(release, folder=folder)


@pytest.fixture
def folder(release: releases.Release, tmp_path: Path) -> Path:
    """Return a copy of the release that may be harmed."""
    return Path(shutil.copytree(release.folder, tmp_path / "news"))


def computes(predictor: Any) -> Compute | None:
    """Return what computes the embeddings of a blend in place of torch."""
    predictor = predictor.loaded if isinstance(predictor, LazyStage) else predictor
    compute: Compute | None = next(one.embedder.compute for one in predictor.members if hasattr(one, "embedder"))
    return compute


def same(model: Model, release: releases.Release) -> None:
    uncompiled = models.load(release.folder, compiled=False)
    assert computes(uncompiled.predictor) is None
    assert model.predict(TEXTS).labels == uncompiled.predict(TEXTS).labels
    np.testing.assert_allclose(np.asarray(model.scores(TEXTS)), np.asarray(uncompiled.scores(TEXTS)), atol=1e-3)


def test_a_release_is_computed_by_its_form_and_answers_as_the_uncompiled_model(release: releases.Release) -> None:
    model = release.load()
    assert computes(model.predictor) is not None
    same(model, release)
    assert compiled.check(release.folder) == release.compiled


def test_the_model_card_says_what_was_measured(release: releases.Release) -> None:
    text = (release.folder / "README.md").read_text(encoding="utf-8")
    assert text.startswith("# news@1\n")
    assert "| onnx | 80 | 100.0 | 100.00% | 1.0000 | chosen |" in text
    assert "| test | macro_f1 | 0.8000 |" in text


def test_the_uncompiled_model_is_whole_beside_it(release: releases.Release) -> None:
    models.verify(release.folder)


def test_a_model_that_is_saved_again_leaves_the_form_behind(release: releases.Release, tmp_path: Path) -> None:
    release.load().save(tmp_path / "copy")
    assert not (tmp_path / "copy" / "compiled").exists()
    assert computes(models.load(tmp_path / "copy").predictor) is None


@pytest.mark.parametrize("harm", ["missing", "short", "changed", "card", "newer", "other answers"])
def test_whatever_is_the_matter_torch_answers_and_the_reason_is_told(
    harm: str, folder: Path, release: releases.Release
) -> None:
    card, file = folder / "compiled" / "compiled.json", folder / "compiled" / "onnx" / "model.onnx"
    content, plain = file.read_bytes(), json.loads(card.read_text("utf-8"))
    if harm == "missing":
        file.unlink()
    elif harm == "short":
        file.write_bytes(content[:-1])
    elif harm == "changed":
        file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif harm == "card":
        card.write_text('{"format": 1', encoding="utf-8")
    elif harm == "newer":
        card.write_text(json.dumps({**plain, "format": compiled.FORMAT + 1}), encoding="utf-8")
    else:
        plain["probe"]["gives"] = {"onnx": [1.5 * value for value in plain["probe"]["gives"]["onnx"]]}
        card.write_text(json.dumps(plain), encoding="utf-8")
    model = releases.load(str(folder))
    assert computes(model.predictor) is None
    same(model, release)
    if harm != "other answers":  # only opening it shows that
        with pytest.raises(UserError):
            compiled.check(folder)


def test_a_missing_library_is_told_with_its_install_line(
    folder: Path, release: releases.Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    same(releases.load(str(folder)), release)
    with pytest.raises(UserError, match="needs the library onnxruntime") as caught:
        compiled.check(folder)
    assert caught.value.hint == 'pip install "haoqi[fast]"'


@pytest.mark.parametrize("exact", [True, False])
def test_on_another_machine_only_an_exact_form_is_trusted(
    exact: bool, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware, "machine", lambda: "another")
    monkeypatch.setattr(forms.get("onnx"), "exact", exact)
    assert (computes(releases.load(str(folder)).predictor) is not None) is exact
    if not exact:
        with pytest.raises(UserError, match="on another machine") as caught:
            compiled.check(folder)
        assert caught.value.hint == "haoqi compile news@1"


def test_a_cascade_answers_from_disk_as_its_forms_do(cascaded: releases.Release) -> None:
    both: Any = releases.load(str(cascaded.folder)).predictor
    assert isinstance(both, Cascade)
    paths = [Path(computes(one).path).parent.name for one in (both.first, both.second)]  # type: ignore[union-attr]
    assert paths == ["onnx_int8", "onnx"]
    examples = Examples.of(TEXTS)
    first, second, found = (np.asarray(one.scores(examples)) for one in (both.first, both.second, both))
    deferred = np.abs(first[:, 0] - first[:, 1]) < both.rule.margin
    assert 0 < deferred.sum() < len(TEXTS)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(found[~deferred], first[~deferred])
    np.testing.assert_allclose(found[deferred], second[deferred], atol=1e-5)
    card = compiled.check(cascaded.folder)
    assert card is not None
    assert card.deferral_rules == (both.rule,)
    assert {name.partition("/")[0] for name in card.files} == {"onnx", "onnx_int8"}
    assert "of texts recomputed" in card.words


@pytest.mark.parametrize("form", ["onnx", "onnx_int8"])
def test_a_cascade_with_a_damaged_part_is_left_aside(form: str, cascaded: releases.Release, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(cascaded.folder, tmp_path / "news"))
    (folder / "compiled" / form / "model.onnx").write_bytes(b"")
    same(releases.load(str(folder)), cascaded)
    assert computes(releases.load(str(folder)).predictor) is None
    with pytest.raises(UserError, match="is damaged"):
        compiled.check(folder)


def test_in_place_of_a_stage_that_answers_otherwise_than_it_did_the_uncompiled_model_does(
    cascaded: releases.Release, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(cascaded.folder, tmp_path / "news"))
    card = folder / "compiled" / "compiled.json"
    plain = json.loads(card.read_text("utf-8"))
    plain["probe"]["gives"]["onnx"] = [-value for value in plain["probe"]["gives"]["onnx"]]
    card.write_text(json.dumps(plain), encoding="utf-8")
    both: Any = releases.load(str(folder)).predictor
    assert (computes(both.first) is not None, computes(both.second)) == (True, None)
    examples = Examples.of(TEXTS)
    first, found = (np.asarray(one.scores(examples)) for one in (both.first, both))
    deferred = np.abs(first[:, 0] - first[:, 1]) < both.rule.margin
    uncompiled = np.asarray(models.load(cascaded.folder, compiled=False).scores(TEXTS))
    assert 0 < deferred.sum() < len(TEXTS)
    np.testing.assert_allclose(found[deferred], uncompiled[deferred], atol=1e-5)


def test_a_look_of_a_cascade_is_opened_when_it_is_first_asked(
    cascaded: releases.Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    before = compiled._open_form

    def watched(predictor: Any, name: str, *rest: Any) -> Compute:
        opened.append(name)
        return before(predictor, name, *rest)

    monkeypatch.setattr(compiled, "_open_form", watched)
    model = releases.load(str(cascaded.folder))
    assert opened == []
    both: Any = model.predictor
    scores = np.asarray(both.first.scores(Examples.of(TEXTS)))
    sure = int(np.abs(scores[:, 0] - scores[:, 1]).argmax())
    model.scores([TEXTS[sure]])
    assert opened == ["onnx_int8"]
    model.scores(TEXTS)
    assert opened == ["onnx_int8", "onnx"]


def test_on_another_machine_a_cascade_is_its_faithful_form_alone(
    cascaded: releases.Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware, "machine", lambda: "another")
    compute: Any = computes(releases.load(str(cascaded.folder)).predictor)
    assert compute.path.parent.name == "onnx"
    found = compiled.check(cascaded.folder)
    assert found is not None
    assert (found.chosen, found.deferral_rules) == ("onnx", ())
    assert found.words.startswith("computed by onnx: 3.3 times")


@pytest.fixture
def retold(cascaded: releases.Release, tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that gives a release whose card names other stages by eight bits before the last."""

    def retold(chosen: str) -> Path:
        folder = Path(shutil.copytree(cascaded.folder, tmp_path / "retold"))
        card = folder / "compiled" / "compiled.json"
        plain = json.loads(card.read_text("utf-8"))
        plain["forms"][chosen] = plain["forms"].pop(plain["chosen"])
        stages = chosen.split("+")
        plain |= {"chosen": chosen, "doubts": plain["doubts"] * (len(stages) - 1)}
        if stages[-1] == "torch":
            shutil.rmtree(folder / "compiled" / "onnx")
            del plain["files"]["onnx/model.onnx"], plain["probe"]["gives"]["onnx"]
        card.write_text(json.dumps(plain), encoding="utf-8")
        return folder

    return retold


def test_the_uncompiled_model_is_the_last_stage_without_a_form_of_its_own(
    retold: Callable[[str], Path], cascaded: releases.Release
) -> None:
    both: Any = releases.load(str(retold("onnx_int8+torch"))).predictor
    assert isinstance(both, Cascade)
    assert (computes(both.first) is not None, computes(both.second)) == (True, None)
    examples = Examples.of(TEXTS)
    first, found = (np.asarray(one.scores(examples)) for one in (both.first, both))
    deferred = np.abs(first[:, 0] - first[:, 1]) < both.rule.margin
    assert 0 < deferred.sum() < len(TEXTS)
    uncompiled = np.asarray(models.load(cascaded.folder, compiled=False).scores(TEXTS))
    np.testing.assert_allclose(found[deferred], uncompiled[deferred], atol=1e-5)
    np.testing.assert_array_equal(found[~deferred], first[~deferred])


def test_a_truncated_pass_reads_the_beginning_and_the_stages_after_it_share_its_form(
    retold: Callable[[str], Path], cascaded: releases.Release
) -> None:
    three: Any = releases.load(str(retold("onnx_int8:4+onnx_int8+torch"))).predictor
    truncated, whole = computes(three.first), computes(three.second.first)
    assert isinstance(truncated, TruncatedPass)
    assert (truncated.max_tokens, truncated.compute) == (4, whole)
    assert computes(three.second.second) is None
    texts = Examples.of(["the bank", "the bank of the planet", "the bank of the order"])
    alike = np.asarray(three.first.scores(texts))
    np.testing.assert_allclose(alike, np.repeat(alike[:1], 3, axis=0), atol=0.05)  # eight bits round by the block
    assert not np.allclose(*np.asarray(three.second.first.scores(texts))[:2], atol=0.05)


@pytest.mark.parametrize("harm", ["another machine", "no library", "damaged"])
def test_whatever_ails_the_fast_stage_the_uncompiled_model_answers_alone(
    harm: str, retold: Callable[[str], Path], cascaded: releases.Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = retold("onnx_int8+torch")
    if harm == "another machine":
        monkeypatch.setattr(hardware, "machine", lambda: "another")
    elif harm == "no library":
        monkeypatch.setitem(sys.modules, "onnxruntime", None)
    else:
        (folder / "compiled" / "onnx_int8" / "model.onnx").write_bytes(b"")
    same(releases.load(str(folder)), cascaded)
    said = {"another machine": "chosen on another machine", "no library": "needs the library", "damaged": "is damaged"}
    with pytest.raises(UserError, match=said[harm]) as caught:
        compiled.check(folder)
    assert caught.value.hint == ('pip install "haoqi[fast]"' if harm == "no library" else "haoqi compile news@1")


def test_a_card_of_the_first_format_is_still_read(folder: Path, release: releases.Release) -> None:
    card = folder / "compiled" / "compiled.json"
    plain = json.loads(card.read_text("utf-8"))
    del plain["doubts"]
    plain |= {"format": 1, "probe": {"told": False, "gives": plain["probe"]["gives"]["onnx"]}}
    card.write_text(json.dumps(plain), encoding="utf-8")
    assert compiled.read(folder) == release.compiled
    assert computes(releases.load(str(folder)).predictor) is not None


def test_a_cascade_of_the_second_format_is_still_read(cascaded: releases.Release, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(cascaded.folder, tmp_path / "news"))
    card = folder / "compiled" / "compiled.json"
    plain = json.loads(card.read_text("utf-8"))
    (doubt,) = plain.pop("doubts")
    card.write_text(json.dumps({**plain, "format": 2, "doubt": doubt}), encoding="utf-8")
    assert compiled.read(folder) == cascaded.compiled
    assert isinstance(releases.load(str(folder)).predictor, Cascade)


def test_the_keys_of_a_card_are_those_of_earlier_versions(cascaded: releases.Release) -> None:
    plain = json.loads((cascaded.folder / "compiled" / "compiled.json").read_text("utf-8"))
    assert plain["judges"] == len(TEXTS)
    (rule,) = plain["doubts"]
    assert rule.keys() == {"margin", "share", "alone"}
    assert not {"example_count", "deferral_rules"} & plain.keys()


def test_a_release_that_was_never_compiled_has_nothing_to_tell(tmp_path: Path) -> None:
    assert compiled.read(tmp_path) is None
    assert compiled.check(tmp_path) is None
