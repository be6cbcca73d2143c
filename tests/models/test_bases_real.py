"""The embedded bases themselves, where their packages are installed: what they hold, read and write."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from haoqi.models.bases import Base, bases, load_encoder, load_generator, load_tokenizer, resolve
from haoqi.models.bases._packages import package_file

pytestmark = pytest.mark.slow

SENTENCES = (
    "The battery died on day two.",
    "这本书非常好看，推荐给大家。",
    "酒店服务很差，再也不会来了！",
    "Der schnelle braune Fuchs springt über den faulen Hund.",
    "Le chat dort sur le canapé.",
    "El tiempo hoy es maravilloso en Barcelona.",
    "Это очень интересная книга.",
    "これはとても面白い映画です。",
    "한국 음식은 정말 맛있어요.",
    "هذا كتاب ممتاز.",
    "यह फिल्म बहुत अच्छी है।",
    "Ngày mai trời sẽ mưa.",
    "Bu telefonun pili çok çabuk bitiyor.",
    "สวัสดีครับ ยินดีต้อนรับ",
    "Kuşlar sabah erkenden öter; ya sen?",
    "O preço está 20% mais caro que em 2023.",
    "Η Αθήνα είναι πρωτεύουσα.",
    "שלום עולם",
    "北京大学位于北京市海淀区，创建于1898年。",
    "I can't believe it's not butter: ＦＵＬＬ width ① test",
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize("name", bases.names())
def test_a_base_is_what_its_card_says(name: str, cache: Path) -> None:
    base = _installed(name, cache)
    model = load_encoder(base) if base.card.kind == "encoder" else load_generator(base).model
    assert sum(weight.numel() for weight in model.parameters()) == base.card.parameters
    assert (model.config.num_hidden_layers, model.config.hidden_size) == (base.card.layers, base.card.width)
    assert model.config.max_position_embeddings == base.card.max_tokens
    assert load_tokenizer(base).get_vocab_size() <= model.config.vocab_size


@pytest.mark.parametrize("name", ["minilm", "multilingual"])
def test_like_sentences_lie_nearer_than_unlike_ones(name: str, cache: Path) -> None:
    base = _installed(name, cache)
    texts = ["A cat sleeps on the sofa.", "The kitten is napping on the couch.", "Interest rates rose by a quarter."]
    cat, kitten, rates = _embed(base, texts)
    assert cat @ kitten > cat @ rates + 0.05


def test_chinese_and_english_that_mean_the_same_lie_near(cache: Path) -> None:
    chinese, same, other = _embed(
        _installed("multilingual", cache), ["今天天气很好。", "The weather is nice today.", "I lost my keys."]
    )
    assert chinese @ same > chinese @ other + 0.03


def test_the_expanded_weights_agree_with_the_engine_of_the_package(cache: Path, tmp_path: Path) -> None:
    base = _installed("multilingual", cache)
    file = package_file(base.card)
    assert file is not None
    engine = _engine(file.parent / "e5.c", tmp_path)
    model = engine.e5_load(str(file).encode())
    theirs = np.zeros((len(SENTENCES), base.card.width), np.float32)
    for text, row in zip(SENTENCES, theirs, strict=True):
        engine.e5_embed(model, text.encode(), 1, row.ctypes.data_as(ctypes.c_void_p))
    lengths = [engine.e5_token_count(model, text.encode(), 1) for text in SENTENCES]
    tokenizer = load_tokenizer(base)
    assert [len(tokenizer.encode(base.card.prefix + text).ids) for text in SENTENCES] == lengths
    assert (_embed(base, list(SENTENCES)) * theirs).sum(axis=1).min() > 0.999


def test_the_generator_answers_and_repeats_itself(cache: Path) -> None:
    generator = load_generator(_installed("smollm2", cache))
    answer = generator.generate("What is the capital of France?", max_new_tokens=12)
    assert "Paris" in answer
    assert generator.generate("What is the capital of France?", max_new_tokens=12) == answer


def test_the_generator_is_the_one_that_transformers_reads_from_the_package(cache: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    pytest.importorskip("gguf")
    base = _installed("smollm2", cache)
    file = package_file(base.card)
    assert file is not None
    theirs = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32).state_dict()
    ours = load_generator(base).model.state_dict()
    assert theirs.keys() == ours.keys()
    assert all(torch.equal(theirs[name], ours[name]) for name in theirs)


def _installed(name: str, cache: Path) -> Base:
    card = bases.build(name)
    if package_file(card) is None:
        pytest.skip(f"the package {card.package} is not installed (haoqi bases get {name})")
    return resolve(name, cache)


def _embed(base: Base, texts: list[str]) -> np.ndarray:
    """Return the mean of the token vectors of each text, of length 1."""
    import torch

    model, tokenizer = load_encoder(base), load_tokenizer(base)
    rows = []
    for text in texts:
        ids = torch.tensor([tokenizer.encode(base.card.prefix + text).ids])
        with torch.inference_mode():
            row = model(input_ids=ids).last_hidden_state[0].mean(0)
        rows.append((row / row.norm()).numpy())
    return np.stack(rows)


def _engine(source: Path, folder: Path) -> ctypes.CDLL:
    """Return the package's own engine, built here: the one it ships is for another Python."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    built = folder / "engine.so"
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", str(source), "-o", str(built), "-lm"], check=True)
    engine = ctypes.CDLL(str(built))
    engine.e5_load.restype, engine.e5_load.argtypes = ctypes.c_void_p, [ctypes.c_char_p]
    engine.e5_embed.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p]
    engine.e5_token_count.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    return engine
