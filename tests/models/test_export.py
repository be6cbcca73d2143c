import os
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import haoqi
from haoqi import methods, tasks
from haoqi.core.errors import UserError
from haoqi.data.examples import Examples
from haoqi.methods import _tuning
from haoqi.methods.method import Job
from haoqi.models import model as models
from haoqi.models.bases import Base, load_encoder, resolve
from haoqi.models.encoders.placement import Placement
from haoqi.models.feature_store.store import FeatureStore
from haoqi.models.model import Model
from haoqi.models.releases import releases
from haoqi.models.releases.export import export

TASK = tasks.build("topic", ("sport", "tech"))
TEXTS = [f"The {'striker scored' if row % 2 else 'telescope found water'} in minute {row}" for row in range(12)]
EXAMPLES = Examples.of(TEXTS, ["sport" if row % 2 else "tech" for row in range(12)])
NAMES = ("lora", "bitfit", "prompt", "full")


@pytest.fixture(autouse=True, scope="module")
def plain_arithmetic() -> Iterator[None]:
    """Compute in fp32 on the CPU, whatever the machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_tuning, "probed", Placement)
        patch.setattr("haoqi.models.encoders.placement.probed", Placement)
        yield


@pytest.fixture(scope="module")
def base(tiny_base: str, home: Path) -> Base:
    return resolve(tiny_base, home / "cache")


@pytest.fixture(scope="module")
def published(base: Base, home: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """Return the scores of a release by each method, whose name is its own."""
    found = {}
    for name in NAMES:
        store = FeatureStore(tmp_path_factory.mktemp("features"))
        predictor = methods.build(name, epochs=2, batch_size=4).fit(Job(TASK, EXAMPLES, EXAMPLES, 0, store, base))
        releases.publish(Model(TASK, predictor, facts={"method": name, "base": base.name}), {}, f"by-{name}")
        found[name] = np.asarray(predictor.scores(EXAMPLES))
    return found


@pytest.mark.parametrize("name", NAMES[:3])
def test_an_adapter_is_small_and_answers_where_its_base_is(
    name: str, published: dict[str, np.ndarray], tmp_path: Path
) -> None:
    place = export(f"by-{name}", tmp_path / "out")
    np.testing.assert_allclose(haoqi.load(place).scores(EXAMPLES), published[name], atol=1e-5)
    assert not list(place.rglob("tokenizer.json"))
    models.verify(place)


@pytest.mark.parametrize("name", ["lora", "bitfit", "full"])
def test_what_is_merged_stands_alone(name: str, published: dict[str, np.ndarray], base: Base, tmp_path: Path) -> None:
    from transformers import AutoModel

    place = export(f"by-{name}", tmp_path / "out", "merged")
    np.testing.assert_allclose(models.load(place, tmp_path / "nowhere").scores(EXAMPLES), published[name], atol=1e-5)
    encoder = AutoModel.from_pretrained(place / "predictor", local_files_only=True, add_pooling_layer=False)
    assert encoder.num_parameters() == load_encoder(base).num_parameters()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["lora", "prompt"])
def test_the_program_beside_pefts_files_gives_the_logits(
    name: str, published: dict[str, np.ndarray], tmp_path: Path
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("peft")
    place = export(f"by-{name}", tmp_path / "out", "peft")
    assert {path.name for path in place.iterdir()} >= {"adapter_config.json", "adapter_model.safetensors"}
    code = re.search(r"```python\n(.*)```", (place / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert code is not None
    before, known = Path.cwd(), dict[str, Any]()
    os.chdir(place)
    try:
        exec(code[1].replace('["a text"]', repr(TEXTS)), known)
    finally:
        os.chdir(before)
    np.testing.assert_allclose(known["logits"].numpy(), published[name], atol=1e-5)


def test_what_cannot_be_is_refused_and_nothing_is_overwritten(published: dict[str, np.ndarray], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing beside a base"):
        export("by-full", tmp_path / "out")
    with pytest.raises(UserError, match="cannot be merged"):
        export("by-prompt", tmp_path / "out", "merged")
    with pytest.raises(UserError, match="PEFT has no"):
        export("by-bitfit", tmp_path / "out", "peft")
    assert not (tmp_path / "out").exists()
    (tmp_path / "out").mkdir()
    with pytest.raises(UserError, match="there already"):
        export("by-lora", tmp_path / "out")


def test_releases_of_one_base_hold_it_once(published: dict[str, np.ndarray], base: Base) -> None:
    """By the identity of tensors: all that no adapter replaced is the very same object."""
    loaded = {name: haoqi.load(f"by-{name}", shared=True) for name in NAMES[:3]}
    weights: list[dict[str, Any]] = []
    for name, model in loaded.items():
        np.testing.assert_allclose(model.scores(EXAMPLES), published[name], atol=1e-5)
        predictor: Any = model.predictor
        own = set(predictor.model.adapter.weights)
        weights.append({key: one for key, one in predictor.model.encoder.named_parameters() if key not in own})
    first, *others = weights
    for other in others:
        common = first.keys() & other.keys()
        assert all(first[key] is other[key] for key in common)
        assert {key for key in first if key.endswith("weight")} <= common
    with pytest.raises(UserError, match="weights of its own"):
        haoqi.load("by-full", shared=True)
