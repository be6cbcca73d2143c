"""Finding a base by name: folders, the hub's cache, packages; loading it; choosing one by language."""

import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.core.errors import UserError
from haoqi.models import bases as room
from haoqi.models.bases import BaseCard, available, bases, choose, fetch, load_encoder, load_tokenizer, resolve
from haoqi.models.bases._loading import quiet
from haoqi.models.bases._resolve import embedded

CARD = BaseCard(
    name="packed",
    kind="encoder",
    layers=2,
    width=8,
    max_tokens=128,
    parameters=0,
    package="packed-weights",
    version="1.0",
    file="packed_weights/data/weights.bin",
    sha256=sha256(b"weights").hexdigest(),
)


@pytest.fixture
def folder(tiny_base: str, tmp_path: Path) -> Path:
    """Return a copy of the tiny base that a test may harm."""
    return Path(shutil.copytree(tiny_base, tmp_path / "mine"))


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the data file of an installed package, whose import would fail."""
    file = tmp_path / "site" / CARD.file
    file.parent.mkdir(parents=True)
    file.write_bytes(b"weights")
    (tmp_path / "site" / "packed_weights" / "__init__.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return file


@pytest.mark.parametrize("name", bases.names())
def test_every_embedded_base_says_all_that_installing_it_needs(name: str) -> None:
    card = bases.build(name)
    assert card.name == name
    assert card.package and card.version and card.file and card.licence and card.description and card.languages
    assert all(len(one) == 64 for one in (*card.wheels, card.sha256)) and card.wheels
    assert "arXiv" in bases.describe(name)


def test_a_local_folder_comes_with_the_facts_its_files_tell(folder: Path, tmp_path: Path) -> None:
    (folder / "README.md").write_text("---\nlanguage: en\nlicense: mit\n---\n", encoding="utf-8")
    base = resolve(str(folder), tmp_path)
    assert base.folder == folder
    assert (base.card.kind, base.card.layers, base.card.width, base.card.max_tokens) == ("encoder", 2, 8, 128)
    assert (base.card.pooling, base.card.prefix, base.card.licence) == ("mean", "", "mit")
    assert base.card.parameters == sum(weight.numel() for weight in _whole_bert(folder).parameters())


def test_a_relative_folder_is_a_local_folder_too(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    assert resolve("mine", tmp_path).folder == folder


def test_pooling_and_prefix_follow_the_sentence_transformers_files(folder: Path, tmp_path: Path) -> None:
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    said = {"prompts": {"search": "search: "}, "default_prompt_name": "search"}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(said))
    card = resolve(str(folder), tmp_path).card
    assert (card.pooling, card.prefix) == ("first", "search: ")


@pytest.mark.parametrize(("name", "prefix"), [("e5-large-v2", "query: "), ("e5-large-instruct", ""), ("bge5-x", "")])
def test_the_e5_family_is_known_by_its_name(folder: Path, tmp_path: Path, name: str, prefix: str) -> None:
    renamed = folder.rename(tmp_path / name)
    assert resolve(str(renamed), tmp_path).card.prefix == prefix


def test_the_fingerprint_follows_weights_and_tokenizer_but_not_the_place(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    first = resolve(str(folder), tmp_path).fingerprint
    assert resolve(str(copy), tmp_path).fingerprint == first
    (copy / "tokenizer.json").write_bytes((copy / "tokenizer.json").read_bytes() + b" ")
    second = resolve(str(copy), tmp_path).fingerprint
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "model.safetensors").write_bytes(data)
    assert len({first, second, resolve(str(folder), tmp_path).fingerprint}) == 3


def test_pickled_weights_are_refused_unread(folder: Path, tmp_path: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(UserError, match=r"pickle \(pytorch_model\.bin\), which can run code"):
        resolve(str(folder), tmp_path)


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("model.safetensors", None, "no weights"),
        ("model.safetensors", b"\x10\0\0\0\0\0\0\0{", "is damaged"),
        ("tokenizer.json", None, "no tokenizer.json"),
        ("config.json", None, "holds no config.json"),
        ("config.json", b"{", "cannot be read"),
        ("config.json", b"[]", "holds no settings"),
        ("config.json", b'{"is_encoder_decoder": true}', "an encoder and a decoder"),
        ("config.json", b'{"model_type": "clip"}', "does not say num_hidden_layers"),
    ],
)
def test_a_folder_that_is_not_whole_is_refused(
    folder: Path, tmp_path: Path, file: str, content: bytes | None, message: str
) -> None:
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(content)
    with pytest.raises(UserError, match=message) as caught:
        resolve(str(folder), tmp_path)
    assert caught.value.hint


@pytest.mark.parametrize(
    "name", ["", "..", "a/../b", "a/..", "../a", "/none", "~none/x", "a//b", "a/b/c", "a b", "a\\b", "a\0b", "a" * 300]
)
def test_names_that_could_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError):
        resolve(name, tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_an_unknown_name_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="did you mean multilingual"):
        resolve("multilingal", tmp_path)


def test_what_the_hub_keeps_here_is_found_without_a_network(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = _in_hub_cache(folder, tmp_path, monkeypatch)
    assert resolve("owner/tiny", tmp_path / "cache").folder == snapshot


@pytest.mark.parametrize("download", [False, True])
def test_a_hub_model_that_cannot_be_had_names_the_embedded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, download: bool
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    with pytest.raises(UserError) as caught:
        resolve("intfloat/multilingual-e5-small", tmp_path, download=download)
    assert "multilingual is the same model from a package" in caught.value.hint


def test_a_base_whose_package_is_missing_says_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not installed") as caught:
        embedded(CARD, tmp_path)
    assert caught.value.hint == "haoqi bases get packed"


def test_a_package_is_used_in_place_and_never_imported(folder: Path, package: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, package.parent, dirs_exist_ok=True)
    weights = package.parent / "model.safetensors"
    card = replace(CARD, file="packed_weights/data/model.safetensors", sha256=_hash(weights))
    base = embedded(card, tmp_path / "cache")
    assert (base.folder, base.card) == (package.parent, card)
    assert not (tmp_path / "cache").exists()
    weights.write_bytes(weights.read_bytes()[:-4])
    with pytest.raises(UserError, match="is damaged"):
        embedded(card, tmp_path / "cache")


@pytest.mark.usefixtures("package")
def test_a_packed_base_is_converted_once_and_again_when_cut_off(folder: Path, tmp_path: Path) -> None:
    calls: list[Path] = []

    def expand(file: Path, made: Path) -> None:
        calls.append(file)
        shutil.copytree(folder, made, dirs_exist_ok=True)

    card, cache = replace(CARD, expand=expand), tmp_path / "cache"
    first = embedded(card, cache)
    assert first.folder.parent == cache / "bases"
    assert embedded(card, cache) == first
    assert len(calls) == 1
    (first.folder / "model.safetensors").write_bytes(b"cut")
    assert embedded(card, cache) == first
    assert len(calls) == 2
    assert [path.name for path in (cache / "bases").iterdir()] == [first.folder.name]


@pytest.mark.usefixtures("package")
def test_a_conversion_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    def expand(file: Path, made: Path) -> None:
        (made / "config.json").write_bytes(file.read_bytes())
        raise OSError(28, "No space left on device")

    with pytest.raises(UserError, match="No space left"):
        embedded(replace(CARD, expand=expand), tmp_path / "cache")
    assert list((tmp_path / "cache" / "bases").iterdir()) == []


def test_two_that_convert_at_once_end_with_one_whole_folder(folder: Path, package: Path, tmp_path: Path) -> None:
    together = Barrier(2, timeout=30)

    def expand(file: Path, made: Path) -> None:
        shutil.copytree(folder, made, dirs_exist_ok=True)
        together.wait()

    card, cache = replace(CARD, expand=expand), tmp_path / "cache"
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: embedded(card, cache), range(2))
    assert first == second
    assert [path.name for path in (cache / "bases").iterdir()] == [first.folder.name]


@pytest.mark.usefixtures("package")
def test_what_a_stopped_conversion_left_is_swept_away(folder: Path, tmp_path: Path) -> None:
    left = tmp_path / "cache" / "bases" / ".packed-1.0-1-abcd"
    left.mkdir(parents=True)
    os.utime(left, (0, 0))

    def expand(file: Path, made: Path) -> None:
        shutil.copytree(folder, made, dirs_exist_ok=True)

    embedded(replace(CARD, expand=expand), tmp_path / "cache")
    assert not left.exists()


def test_fetch_installs_what_is_missing_or_damaged_and_nothing_else(
    folder: Path, package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(folder, package.parent, dirs_exist_ok=True)
    weights = package.parent / "model.safetensors"
    whole = weights.read_bytes()
    card = replace(CARD, name="minilm", file="packed_weights/data/model.safetensors", sha256=_hash(weights))
    installed: list[str] = []

    def install(name: str, target: Path | None, progress: object) -> None:
        installed.append(name)
        weights.write_bytes(whole)

    monkeypatch.setitem(bases._found, "minilm", lambda: card)
    monkeypatch.setattr("haoqi.models.bases._resolve.install", install)
    assert fetch("minilm", tmp_path).folder == package.parent
    assert installed == []
    weights.write_bytes(b"damaged")
    assert fetch("minilm", tmp_path).folder == package.parent
    weights.unlink()
    assert fetch("minilm", tmp_path).folder == package.parent
    assert installed == ["minilm", "minilm"]


def test_a_damaged_package_is_not_converted(package: Path, tmp_path: Path) -> None:
    package.write_bytes(b"other")
    with pytest.raises(UserError, match="is damaged") as caught:
        embedded(replace(CARD, expand=lambda file, made: pytest.fail("converted")), tmp_path)
    assert caught.value.hint == "haoqi bases get packed"


def test_the_encoder_is_bare_exact_and_ready_to_predict(folder: Path, tmp_path: Path) -> None:
    import torch

    base = resolve(str(folder), tmp_path)
    model = load_encoder(base)
    assert not model.training and model.dtype == torch.float32 and model.config._attn_implementation == "sdpa"
    assert not any("pooler" in name for name, _ in model.named_parameters())
    whole = _whole_bert(folder)
    ids = torch.arange(6, 14)[None]
    torch.testing.assert_close(model(input_ids=ids).last_hidden_state, whole(input_ids=ids).last_hidden_state)


def test_code_that_comes_with_a_model_is_never_run(folder: Path, tmp_path: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "strange", "auto_map": {"AutoConfig": "strange.Config", "AutoModel": "strange.Model"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "strange.py").write_text("raise SystemExit('it ran')")
    with pytest.raises(UserError, match="cannot be loaded"):
        load_encoder(resolve(str(folder), tmp_path))


def test_missing_weights_are_an_error_and_not_random_numbers(folder: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    del weights["encoder.layer.1.output.dense.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UserError, match=r"lacks weights: encoder\.layer\.1\.output\.dense\.weight"):
        load_encoder(resolve(str(folder), tmp_path))


def test_the_tokenizer_neither_pads_nor_cuts(folder: Path, tmp_path: Path) -> None:
    from tokenizers import Tokenizer

    file = folder / "tokenizer.json"
    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.enable_truncation(3)
    tokenizer.enable_padding(length=16)
    tokenizer.save(str(file))
    found = load_tokenizer(resolve(str(folder), tmp_path))
    assert len(found.encode("a long walk in the rain").ids) > 3
    assert len(found.encode("a").ids) == 3


def test_a_damaged_tokenizer_is_one_plain_error(folder: Path, tmp_path: Path) -> None:
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(UserError, match=r"tokenizer\.json is damaged"):
        load_tokenizer(resolve(str(folder), tmp_path))


def test_transformers_speaks_as_before_after_it_was_kept_quiet() -> None:
    from transformers.utils import logging

    before = logging.get_verbosity(), logging.is_progress_bar_enabled()
    with quiet():
        assert not logging.is_progress_bar_enabled()
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before


BOTH = ("minilm", "multilingual")


@pytest.mark.parametrize(
    ("languages", "installed", "name"),
    [
        ({"en": 1.0}, BOTH, "minilm"),
        ({"en": 0.95, "zh": 0.05}, BOTH, "minilm"),
        ({"en": 0.8, "zh": 0.2}, BOTH, "multilingual"),
        ({"zh-Hans": 1.0}, BOTH, "multilingual"),
        ({"en": 0.6, "und": 0.4}, BOTH, "minilm"),
        ({}, BOTH, "multilingual"),
        ({"en": 1.0}, ("multilingual",), "multilingual"),
        ({"en": 1.0}, (), "minilm"),
        ({"zh": 1.0}, ("minilm",), "multilingual"),
    ],
)
def test_the_base_follows_the_languages_and_what_is_installed(
    languages: dict[str, float], installed: tuple[str, ...], name: str
) -> None:
    assert choose(languages, installed) == name


@given(st.dictionaries(st.sampled_from(["en", "zh", "fr", "xx"]), st.floats(0, 1)), st.sets(st.sampled_from(BOTH)))
def test_whatever_the_languages_an_embedded_encoder_is_chosen(shares: dict[str, float], installed: set[str]) -> None:
    assert bases.build(choose(shares, installed)).kind == "encoder"


def test_every_embedded_base_is_listed_installed_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haoqi.models.bases._packages.find_spec", lambda name: None)
    assert [(one.card.name, one.installed) for one in available()] == [(name, False) for name in bases.names()]
    assert set(room.__all__) >= {"resolve", "fetch", "install", "choose", "available"}


def _whole_bert(folder: Path) -> Any:
    """Return the model with the pooling head that we leave out."""
    from transformers import BertModel

    with quiet():
        return BertModel.from_pretrained(folder).eval()  # type: ignore[no-untyped-call]


def _in_hub_cache(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    revision = "a" * 40
    kept = tmp_path / "hub" / "models--owner--tiny"
    snapshot = Path(shutil.copytree(folder, kept / "snapshots" / revision))
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text(revision)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return snapshot


def _hash(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()
