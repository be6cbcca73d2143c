"""Expanding the packed files that packages ship: block laws, tables of replacements, E5S1 and GGUF."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from haoqi.core.errors import UserError
from haoqi.models.bases import Base, BaseCard, load_encoder, load_generator, load_tokenizer
from haoqi.models.bases import _e5 as e5
from haoqi.models.bases import _smollm as smollm
from haoqi.models.bases._charsmap import charsmap
from haoqi.models.bases._folders import read_folder
from haoqi.models.bases._quantised import Bytes, Floats, expand

# A vocabulary that covers every mark of the tokenizer; scores as a unigram model has them.
TOKENS = ("<s>", "<pad>", "</s>", "<unk>", "▁", "b", "▁b", "▁A", "好", "é", "▁é", "<mask>")
SCORES = (0, 0, 0, 0, -2, -2, -2.5, -3, -4, -4, -4.5, 0)
REPLACEMENTS = {"Ａ": "A", "\u3000": " ", "ﬁ": "fi"}
WIDTH, INNER, LAYERS, WORDS, POSITIONS = 32, 64, 2, 16, 16
SCALES = st.floats(-100, 100, width=16, allow_subnormal=False)


@given(st.lists(st.tuples(SCALES, arrays.arrays(np.uint8, 32, elements=st.integers(0, 15))), min_size=1, max_size=4))
def test_four_bit_blocks_give_nibble_less_eight_times_scale(blocks: list[tuple[float, Bytes]]) -> None:
    data = b"".join(np.float16(scale).tobytes() + halves(nibbles) for scale, nibbles in blocks)
    expected = [(nibbles.astype(np.float32) - 8) * np.float32(scale) for scale, nibbles in blocks]
    np.testing.assert_array_equal(expand(data, "q4_0", (len(blocks), 32)), np.stack(expected))


@given(SCALES, SCALES, arrays.arrays(np.uint8, 32, elements=st.integers(0, 15)))
def test_blocks_with_a_minimum_add_it(scale: float, minimum: float, nibbles: Bytes) -> None:
    data = np.float16(scale).tobytes() + np.float16(minimum).tobytes() + halves(nibbles)
    expected = nibbles.astype(np.float32) * np.float32(scale) + np.float32(minimum)
    np.testing.assert_array_equal(expand(data, "q4_1", (32,)), expected)


@given(SCALES, arrays.arrays(np.int8, 32))
def test_eight_bit_blocks_are_bytes_times_scale(scale: float, numbers: Floats) -> None:
    data = np.float16(scale).tobytes() + numbers.tobytes()
    np.testing.assert_array_equal(expand(data, "q8_0", (32,)), numbers.astype(np.float32) * np.float32(scale))


@given(arrays.arrays(np.float32, (3, 64), elements=st.floats(-4, 4, width=32)))
def test_packing_what_was_unpacked_changes_nothing(weights: Floats) -> None:
    once = expand(pack_q4_0(weights), "q4_0", weights.shape)
    np.testing.assert_array_equal(expand(pack_q4_0(once), "q4_0", weights.shape), once)
    step = np.abs(weights.reshape(-1, 32)).max(axis=1) / 8
    assert (np.abs(once - weights).reshape(-1, 32) <= step[:, None] * 1.01 + 1e-6).all()


def test_a_number_of_blocks_that_does_not_fit_the_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="1 blocks for 64 weights"):
        expand(bytes(18), "q4_0", (2, 32))


LETTERS = st.characters(codec="utf-8", exclude_characters="\0")


@given(st.dictionaries(LETTERS, st.text(LETTERS, max_size=4), min_size=1, max_size=40), LETTERS)
def test_the_table_replaces_what_it_names_and_nothing_else(table: dict[str, str], other: str) -> None:
    from tokenizers.normalizers import Precompiled

    normalizer = Precompiled(charsmap(table))
    for letter in [*table, other]:
        assert normalizer.normalize_str(letter) == table.get(letter, letter)


def test_a_four_bit_file_becomes_a_bert_that_transformers_loads(tmp_path: Path) -> None:
    weights = e5_file(tmp_path / "small.bin")
    base = _expanded(e5, tmp_path)
    model = load_encoder(base)
    loaded = {name: weight.numpy() for name, weight in model.state_dict().items()}
    assert loaded.keys() == weights.keys()
    for name, weight in weights.items():
        np.testing.assert_array_equal(loaded[name], weight, err_msg=name)
    assert (base.card.layers, base.card.width, base.card.max_tokens) == (2, 32, 16)
    assert model.config.layer_norm_eps == 1e-12


def test_its_tokenizer_cuts_into_tokens_and_points_into_the_text_as_given(tmp_path: Path) -> None:
    e5_file(tmp_path / "small.bin")
    tokenizer = load_tokenizer(_expanded(e5, tmp_path))
    text = "  Ａb  好b?"
    found = tokenizer.encode(text)
    assert found.tokens == ["<s>", "▁A", "b", "▁", "好", "b", "?", "</s>"]
    assert [text[start:end] for start, end in found.offsets if end > start][:2] == ["Ａ", "b"]
    assert found.ids[-2] == TOKENS.index("<unk>")
    assert tokenizer.encode("b", "b").ids == [0, 6, 2, 2, 6, 2]
    assert tokenizer.decode(tokenizer.encode("Ab b").ids) == "Ab b"


def test_letters_that_are_written_in_two_parts_are_joined(tmp_path: Path) -> None:
    e5_file(tmp_path / "small.bin")
    tokenizer = load_tokenizer(_expanded(e5, tmp_path))
    assert tokenizer.encode("e\u0301").ids == tokenizer.encode("é").ids


@pytest.mark.parametrize("harm", ["mark", "cut in the tokens", "cut in the tensors", "sizes", "nothing"])
def test_a_damaged_four_bit_file_is_one_plain_error(tmp_path: Path, harm: str) -> None:
    file = tmp_path / "small.bin"
    e5_file(file)
    data = file.read_bytes()
    harmed = {
        "mark": b"GGUF" + data[4:],
        "cut in the tokens": data[:100],
        "cut in the tensors": data[:-40],
        "sizes": data[:8] + struct.pack("<i", -3) + data[12:],
        "nothing": b"",
    }
    file.write_bytes(harmed[harm])
    with pytest.raises(UserError, match=r"small\.bin is damaged"):
        _expanded(e5, tmp_path)


def test_a_gguf_file_becomes_a_llama_that_answers_the_same_twice(tmp_path: Path) -> None:
    gguf_file(tmp_path / "small.bin")
    base = _expanded(smollm, tmp_path)
    assert (base.card.kind, base.card.layers, base.card.width) == ("decoder", 1, 64)
    generator = load_generator(base)
    first = generator.generate("a1", max_new_tokens=4)
    assert isinstance(first, str)
    assert generator.generate("a1", max_new_tokens=4) == first
    assert len(generator.tokenizer(first).input_ids) <= 4


def test_the_gguf_tokenizer_splits_digits_and_knows_the_turns(tmp_path: Path) -> None:
    gguf_file(tmp_path / "small.bin")
    base = _expanded(smollm, tmp_path)
    assert load_tokenizer(base).encode("<|end|>ab11").tokens == ["<|end|>", "ab", "1", "1"]
    said = json.loads((base.folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    assert (said["eos_token"], said["pad_token"], said["unk_token"]) == ("<|end|>", "<|end|>", "<|none|>")


def test_query_and_key_rows_come_back_in_the_order_of_transformers() -> None:
    rows = np.arange(16, dtype=np.float32).reshape(8, 2)
    paired = rows.reshape(2, 2, 2, 2).swapaxes(1, 2).reshape(8, 2)  # what llama.cpp does when it writes
    np.testing.assert_array_equal(smollm.split_rotary_halves(np.ascontiguousarray(paired), heads=2), rows)


@pytest.mark.parametrize("keep", [0, 3, 40, -200])
def test_a_damaged_gguf_file_is_one_plain_error(tmp_path: Path, keep: int) -> None:
    file = tmp_path / "small.bin"
    gguf_file(file)
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(UserError, match=r"small\.bin is damaged"):
        _expanded(smollm, tmp_path)


def test_an_encoder_is_not_asked_to_write(tmp_path: Path) -> None:
    card = BaseCard(name="reader", kind="encoder", layers=1, width=8, max_tokens=8, parameters=1)
    with pytest.raises(UserError, match="does not write"):
        load_generator(Base("reader", tmp_path, card, "0" * 32))


def pack_q4_0(weights: Floats) -> bytes:
    """Return the blocks that come nearest to some weights: the largest number of a block becomes nibble 0."""
    rows = weights.reshape(-1, 32)
    largest = rows[np.arange(len(rows)), np.abs(rows).argmax(axis=1)]
    scales = (largest / -8).astype(np.float16)
    steps = np.where(scales == 0, 1, scales.astype(np.float32))
    nibbles = np.clip(np.rint(rows / steps[:, None]) + 8, 0, 15).astype(np.uint8)
    return b"".join(scale.tobytes() + halves(row) for scale, row in zip(scales, nibbles, strict=True))


def halves(nibbles: Bytes) -> bytes:
    """Return 32 nibbles in 16 bytes, number j low and number j + 16 high in byte j."""
    return (nibbles[:16] | nibbles[16:] << 4).astype(np.uint8).tobytes()


def e5_file(file: Path) -> dict[str, Floats]:
    """Write a small file of the layout E5S1 and return what its tensors hold, by their names in a BertModel."""
    blob = "".join(TOKENS).encode()
    ends = np.cumsum([0, *(len(token.encode()) for token in TOKENS)])
    rows = b"".join(
        struct.pack(f"<IB{len(text)}I", ord(key), len(text), *map(ord, text)) for key, text in REPLACEMENTS.items()
    )
    head = b"E5S1" + struct.pack("<I7ifi", 1, WIDTH, LAYERS, 2, INNER, WORDS, POSITIONS, 2, 1e-12, 32)
    head += struct.pack("<5iQ", len(TOKENS), 0, 2, 1, 3, len(blob))
    head += ends.astype("<u4").tobytes() + np.array(SCORES, "<f4").tobytes() + blob
    head += struct.pack("<iI", len(REPLACEMENTS), len(rows)) + rows
    shapes = {
        "emb.word": (WORDS, WIDTH),
        "emb.pos": (POSITIONS, WIDTH),
        "emb.type": (2, WIDTH),
        "fi.w": (INNER, WIDTH),
        "fo.w": (WIDTH, INNER),
        "fi.b": (INNER,),
    }
    square = dict.fromkeys(("q.w", "k.w", "v.w", "ao.w"), (WIDTH, WIDTH))
    rng = np.random.default_rng(0)
    found, parts = {}, []
    for short, name in e5.names(LAYERS).items():
        part = short if short.startswith("emb") else short.partition(".")[2]
        weight = rng.normal(size=(shapes | square).get(part, (WIDTH,))).astype(np.float32)
        packed = part == "emb.word" or (weight.ndim == 2 and not part.startswith("emb"))
        data = pack_q4_0(weight) if packed else weight.tobytes()
        found[name] = expand(data, "q4_0" if packed else "f32", weight.shape)
        parts.append((short.encode(), packed, weight.size, data))
    length = len(head) + 4 + sum(2 + len(name) + 21 for name, *_ in parts)
    directory, tensors = struct.pack("<i", len(parts)), b""
    for label, packed, count, data in parts:
        where = length + len(tensors)
        directory += struct.pack("<H", len(label)) + label + struct.pack("<BIQQ", packed, count, where, len(data))
        tensors += data
    file.write_bytes(head + directory + tensors)
    return found


def gguf_file(file: Path) -> None:
    """Write a small Llama as GGUF: one layer, 64 wide, two heads, eight tokens."""
    tokens = ["<|none|>", "<|start|>", "<|end|>", "a", "b", "ab", "1", "Ċ"]
    settings: dict[str, tuple[int, bytes]] = {
        "tokenizer.ggml.tokens": (9, struct.pack("<IQ", 8, len(tokens)) + b"".join(map(_text, tokens))),
        "tokenizer.ggml.merges": (9, struct.pack("<IQ", 8, 1) + _text("a b")),
        "tokenizer.ggml.token_type": (9, struct.pack("<IQ8i", 5, 8, 3, 3, 3, 1, 1, 1, 1, 1)),
        "tokenizer.chat_template": (8, _text("{% for turn in messages %}{{ turn['content'] }}{% endfor %}<|end|>")),
        "llama.attention.layer_norm_rms_epsilon": (6, struct.pack("<f", 1e-5)),
        "llama.rope.freq_base": (6, struct.pack("<f", 10000.0)),
    }
    numbers = {"embedding_length": 64, "block_count": 1, "context_length": 32, "vocab_size": 8}
    numbers |= {"feed_forward_length": 96, "attention.head_count": 2, "attention.head_count_kv": 1}
    marks = {"bos": 1, "eos": 2, "unknown": 0, "padding": 2}
    settings |= {f"llama.{name}": (4, struct.pack("<I", number)) for name, number in numbers.items()}
    settings |= {f"tokenizer.ggml.{name}_token_id": (4, struct.pack("<I", one)) for name, one in marks.items()}
    narrow = {"attn_k": (32, 64), "attn_v": (32, 64), "ffn_gate": (96, 64), "ffn_up": (96, 64), "ffn_down": (64, 96)}
    layer = {"attn_q": (64, 64), "attn_output": (64, 64), "attn_norm": (64,), "ffn_norm": (64,), **narrow}
    shapes = {f"blk.0.{name}.weight": shape for name, shape in layer.items()}
    shapes |= {"token_embd.weight": (8, 64), "output_norm.weight": (64,)}
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(shapes), len(settings))
    head += b"".join(_text(name) + struct.pack("<I", kind) + value for name, (kind, value) in settings.items())
    rng, tensors = np.random.default_rng(1), b""
    for name, shape in shapes.items():
        weight = rng.normal(size=shape).astype(np.float32)
        data = weight.tobytes() if len(shape) == 1 else pack_q4_0(weight)
        kind = 0 if len(shape) == 1 else 2
        axes = struct.pack(f"<I{len(shape)}Q", len(shape), *reversed(shape))
        head += _text(name) + axes + struct.pack("<IQ", kind, len(tensors))
        tensors += data + bytes(-len(data) % 32)
    file.write_bytes(head + bytes(-len(head) % 32) + tensors)


def _text(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _expanded(way: object, folder: Path) -> Base:
    made = folder / "made"
    made.mkdir()
    way.expand(folder / "small.bin", made)  # type: ignore[attr-defined]
    return read_folder("small", made)
