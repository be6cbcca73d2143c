"""multilingual-e5-small out of its four-bit file: a BertModel as safetensors and a fast tokenizer.

The file (mark E5S1; the reader that its package ships as source, e5.c, is the reference) holds, little-endian:
the model's sizes; the tokens of an XLM-R unigram tokenizer with their scores; the replacements of its
normaliser; a directory of tensors, whose matrices are Q4_0 blocks and whose vectors are 32-bit floats.
"""

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from haoqi.core.errors import UserError
from haoqi.models.bases._charsmap import charsmap
from haoqi.models.bases._quantised import BLOCK, Floats
from haoqi.models.bases._quantised import expand as dequantise

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MARK = b"E5S1"
MASK = "<mask>"
WAYS = ("f32", "q4_0")
# Names in the file and in a BertModel; the second halves of a layer's, each with weight and bias.
EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


@dataclass(frozen=True)
class Sizes:
    """What the head of the file says of the model."""

    width: int
    layers: int
    heads: int
    inner: int
    words: int
    positions: int
    types: int
    epsilon: float


@dataclass(frozen=True)
class Vocabulary:
    """What the file says of the tokenizer."""

    texts: list[str]
    scores: list[float]
    start: int
    end: int
    padding: int
    unknown: int
    replacements: dict[str, str]


@dataclass(frozen=True)
class Packed:
    """What a file holds: sizes, tokenizer, and every tensor's way of packing and bytes."""

    sizes: Sizes
    vocabulary: Vocabulary
    tensors: dict[str, tuple[str, Any]]


class _Cursor:
    """Reads one value after the other; running off the end raises struct.error or ValueError."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{layout}", self.data, self.at)
        self.at += struct.calcsize(f"<{layout}")
        return values

    def array(self, kind: str, count: int) -> Any:
        return np.frombuffer(self.take_bytes(count * np.dtype(kind).itemsize), kind)

    def take_bytes(self, count: int) -> bytes:
        if not 0 <= count <= len(self.data) - self.at:
            raise ValueError("the file ends too early")
        self.at += count
        return self.data[self.at - count : self.at]


def expand(file: Path, folder: Path) -> None:
    """Write config.json, model.safetensors and the tokenizer of a four-bit file into a folder.

    The weights are written as 32-bit floats: a nibble times a 16-bit scale does not fit 16 bits exactly.

    Raises:
        UserError: if the file is not of this kind, or damaged.
    """
    from safetensors.numpy import save_file

    try:
        packed = read(file.read_bytes())
        save_file(weights(packed), folder / "model.safetensors", metadata={"format": "pt"})
        tokenizer(packed.vocabulary).save(str(folder / "tokenizer.json"), pretty=False)
    except (struct.error, ValueError, KeyError, IndexError, OverflowError) as error:
        raise UserError(f"{file} is damaged: {error}", "haoqi bases get multilingual") from None
    (folder / "config.json").write_text(json.dumps(config(packed.sizes, packed.vocabulary), indent=2), encoding="utf-8")
    settings = json.dumps(tokenizer_config(packed.sizes, packed.vocabulary), indent=2)
    (folder / "tokenizer_config.json").write_text(settings, encoding="utf-8")


def read(data: bytes) -> Packed:
    """Return what a four-bit file holds; anything wrong raises ValueError, KeyError or struct.error."""
    cursor = _Cursor(data)
    if cursor.take_bytes(4) != MARK:
        raise ValueError("it does not begin with E5S1")
    cursor.take("I")  # version of the layout; there is one
    *numbers, epsilon, block = cursor.take("7ifi")
    width, layers, heads, inner, words, positions, types = numbers
    if block != BLOCK or min(numbers) < 1:
        raise ValueError(f"sizes {numbers}, blocks of {block}")
    # written as 32-bit float: 1e-12 comes back as 9.99999996e-13
    sizes = Sizes(width, layers, heads, inner, words, positions, types, float(f"{epsilon:.6g}"))
    return Packed(sizes, _read_vocabulary(cursor), _read_tensors(cursor))


def _read_vocabulary(cursor: _Cursor) -> Vocabulary:
    count, start, end, padding, unknown = cursor.take("5i")
    (length,) = cursor.take("Q")
    ends = cursor.array("<u4", count + 1)
    scores = cursor.array("<f4", count).tolist()
    blob = cursor.take_bytes(length)
    texts = [blob[ends[i] : ends[i + 1]].decode("utf-8") for i in range(count)]
    rows, _length = cursor.take("iI")
    replacements = {}
    for _ in range(rows):
        code, width = cursor.take("IB")
        replacements[chr(code)] = "".join(map(chr, cursor.take(f"{width}I")))
    return Vocabulary(texts, scores, start, end, padding, unknown, replacements)


def _read_tensors(cursor: _Cursor) -> dict[str, tuple[str, Any]]:
    found = {}
    view = memoryview(cursor.data)
    (count,) = cursor.take("i")
    for _ in range(count):
        (length,) = cursor.take("H")
        name = cursor.take_bytes(length).decode("utf-8")
        way, _weights, offset, size = cursor.take("BIQQ")
        if offset + size > len(view):
            raise ValueError(f"the tensor {name} is cut off")
        found[name] = (WAYS[way], view[offset : offset + size])
    return found


def weights(packed: Packed) -> dict[str, Floats]:
    """Return the tensors of a BertModel without pooling head, by their names there."""
    sizes = packed.sizes
    shapes = {
        "emb.word": (sizes.words, sizes.width),
        "emb.pos": (sizes.positions, sizes.width),
        "emb.type": (sizes.types, sizes.width),
        "fi.w": (sizes.inner, sizes.width),
        "fi.b": (sizes.inner,),
        "fo.w": (sizes.width, sizes.inner),
    }
    found = {}
    for short, name in names(sizes.layers).items():
        part = short.partition(".")[2] if short.startswith("l") else short
        square = part[:-2] in {"q", "k", "v", "ao"} and part.endswith("w")
        shape = shapes.get(part, (sizes.width, sizes.width) if square else (sizes.width,))
        way, data = packed.tensors[short]
        found[name] = dequantise(data, way, shape)
    return found


def names(layers: int) -> dict[str, str]:
    """Return the name in a BertModel of every tensor of the file."""
    found = dict(EMBEDDINGS)
    for layer in range(layers):
        for short, name in LAYER.items():
            found[f"l{layer}.{short}.w"] = f"encoder.layer.{layer}.{name}.weight"
            found[f"l{layer}.{short}.b"] = f"encoder.layer.{layer}.{name}.bias"
    return found


def tokenizer(vocabulary: Vocabulary) -> "Tokenizer":
    """Return the fast tokenizer: XLM-R's unigram model, `<s> text </s>`, offsets into the text as given.

    Characters are composed (NFC) after the file's replacements: it replaces single characters only, where the
    original table also knows letters followed by their accents.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    found = Tokenizer(
        models.Unigram(list(zip(vocabulary.texts, vocabulary.scores, strict=True)), vocabulary.unknown, False)
    )
    table = [normalizers.Precompiled(charsmap(vocabulary.replacements))] if vocabulary.replacements else []
    found.normalizer = normalizers.Sequence([*table, normalizers.NFC()])
    words = pre_tokenizers.Metaspace(prepend_scheme="always")
    found.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), words])
    found.decoder = decoders.Metaspace(prepend_scheme="always")
    first, last = (vocabulary.texts[one] for one in (vocabulary.start, vocabulary.end))
    found.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}",
        pair=f"{first} $A {last} {last} $B {last}",
        special_tokens=[(first, vocabulary.start), (last, vocabulary.end)],
    )
    found.add_special_tokens(
        [vocabulary.texts[one] for one in (vocabulary.start, vocabulary.padding, vocabulary.end, vocabulary.unknown)]
    )
    if MASK in vocabulary.texts:
        found.add_special_tokens([AddedToken(MASK, lstrip=True, special=True)])
    return found


def config(sizes: Sizes, vocabulary: Vocabulary) -> dict[str, Any]:
    """Return config.json of the BertModel."""
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": sizes.width,
        "num_hidden_layers": sizes.layers,
        "num_attention_heads": sizes.heads,
        "intermediate_size": sizes.inner,
        "vocab_size": sizes.words,
        "max_position_embeddings": sizes.positions,
        "type_vocab_size": sizes.types,
        "layer_norm_eps": sizes.epsilon,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "initializer_range": 0.02,
        "pad_token_id": vocabulary.padding,
        "bos_token_id": vocabulary.start,
        "eos_token_id": vocabulary.end,
        "dtype": "float32",
    }


def tokenizer_config(sizes: Sizes, vocabulary: Vocabulary) -> dict[str, Any]:
    """Return tokenizer_config.json, for those who load the folder through transformers."""
    first, last = vocabulary.texts[vocabulary.start], vocabulary.texts[vocabulary.end]
    named = {"bos_token": first, "cls_token": first, "eos_token": last, "sep_token": last}
    named |= {"pad_token": vocabulary.texts[vocabulary.padding], "unk_token": vocabulary.texts[vocabulary.unknown]}
    if MASK in vocabulary.texts:
        named["mask_token"] = MASK
    return {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": sizes.positions, **named}
