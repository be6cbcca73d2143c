"""A release that was compiled, read from disk again: by its form where that is whole, by torch where it is not."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haoqi import tasks
from haoqi.core import hardware
from haoqi.core.errors import UserError
from haoqi.core.hardware import Hardware
from haoqi.data.examples import Examples
from haoqi.models import compiled, compiling, releases
from haoqi.models import model as models
from haoqi.models.bases import resolve
from haoqi.models.embedder import Embedder
from haoqi.models.form import Compute, forms
from haoqi.models.model import Model
from haoqi.models.predictors.blend import Blend
from haoqi.models.predictors.constant import Constant
from haoqi.models.predictors.embedding_linear import EmbeddingLinear

TEXTS = [f"the {one} of the {other}" for one in ("bank", "film", "match", "coffee") for other in ("planet", "order")]
EVIDENCE = {"test": {"scores": {"macro_f1": [0.8, 0.7, 0.9]}}}


@pytest.fixture(scope="module", autouse=True)
def slow_cpu() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("haoqi.core.hardware.probe", lambda cache: Hardware(1, 1 << 30, None, 10.0, 1.0))
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
        patch.setattr(compiling, "_seconds", lambda predictor, asked: 0.1 if computes(predictor) else 1.0)
        releases.publish(model, EVIDENCE, "news")
        assert releases.compile("news", examples).chosen == "onnx"
        yield releases.get("news")


@pytest.fixture
def folder(release: releases.Release, tmp_path: Path) -> Path:
    """Return a copy of the release that may be harmed."""
    return Path(shutil.copytree(release.folder, tmp_path / "news"))


def computes(predictor: Any) -> Compute | None:
    """Return what computes the embeddings of a blend in place of torch."""
    compute: Compute | None = next(one.embedder.compute for one in predictor.members if hasattr(one, "embedder"))
    return compute


def same(model: Model, release: releases.Release) -> None:
    master = models.load(release.folder, master=True)
    assert computes(master.predictor) is None
    assert model.predict(TEXTS).labels == master.predict(TEXTS).labels
    np.testing.assert_allclose(np.asarray(model.scores(TEXTS)), np.asarray(master.scores(TEXTS)), atol=1e-3)


def test_a_release_is_computed_by_its_form_and_answers_as_the_master(release: releases.Release) -> None:
    model = release.load()
    assert computes(model.predictor) is not None
    same(model, release)
    assert compiled.check(release.folder) == release.compiled


def test_the_model_card_says_what_was_measured(release: releases.Release) -> None:
    text = (release.folder / "README.md").read_text(encoding="utf-8")
    assert text.startswith("# news@1\n")
    assert "| onnx | 80 | 100.0 | 100.00% | 1.0000 | chosen |" in text
    assert "| test | macro_f1 | 0.8000 |" in text


def test_the_master_is_whole_beside_it(release: releases.Release) -> None:
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
        card.write_text(json.dumps({**plain, "format": 2}), encoding="utf-8")
    else:
        plain["probe"]["gives"] = [1.5 * value for value in plain["probe"]["gives"]]
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


def test_a_release_that_was_never_compiled_has_nothing_to_tell(tmp_path: Path) -> None:
    assert compiled.read(tmp_path) is None
    assert compiled.check(tmp_path) is None
