"""What every test shares: a home of its own, one thread, no network, and a tiny base with a real tokenizer."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# The same examples in every run, and no clock: a busy machine must not turn a test red.
settings.register_profile("haoqi", deadline=None, derandomize=True, database=None, max_examples=50)
settings.load_profile("haoqi")

# Set before torch and tokenizers are first imported: models of width 8 lose more by waking threads than they gain.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["HF_HUB_OFFLINE"] = "1"

SENTENCES = (
    "The battery died on day two and nobody answered my letters.",
    "A quiet, bright screen that I would buy again tomorrow.",
    "It arrived late, broken, and in the wrong colour.",
    "The striker scored twice before half time.",
    "The keeper saved a penalty in the final minute of the match.",
    "Shares of the bank fell after the report on inflation.",
    "The minister told parliament that taxes would rise next year.",
    "A new telescope found water on a distant planet.",
    "Researchers trained a small model to read old letters.",
    "The film won three prizes and deserved none of them.",
    "Peter Blackburn flew from London to Brussels on Thursday.",
    "The European Commission disagreed with German advice.",
    "Good value, friendly staff, terrible coffee.",
    "Where is my order, and how do I change the address?",
    "Please cancel the card that I lost in Paris.",
    "The children sang until the lights went out.",
    "这个酒店的房间很大，服务也很好。",
    "电池第二天就坏了，客服没有回复。",
    "这本书写得很好，值得再读一遍。",
    "屏幕太暗，颜色不对，我很失望。",
    "昨天的比赛非常精彩，主队赢了两个球。",
    "央行宣布下调利率，股市随即上涨。",
    "科学家在遥远的行星上发现了水。",
    "他从北京飞往上海参加会议。",
    "请问我的订单什么时候发货？",
    "早餐不错，但是价格有点贵。",
    "电影很长，不过最后一幕让人感动。",
    "政府今年将增加对教育的投入。",
)


@pytest.fixture(autouse=True, scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the folder that stands for ~/.haoqi in this run of the tests."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HAOQI_HOME", str(folder))
        patch.setenv("HAOQI_LANG", "en")  # whatever is spoken where the tests run
        yield folder


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the folder of a BERT of two layers, 8 wide, whose tokenizer reads English and Chinese."""
    import torch
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("bases") / "tiny"
    special = {"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=_word_pieces(), mask_token="[MASK]", **special)
    tokenizer.model_max_length = 128
    tokenizer.save_pretrained(folder)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=8,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=16,
            max_position_embeddings=128,
        )
        BertModel(config).save_pretrained(folder)
    return str(folder)


def _word_pieces() -> "Tokenizer":
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    # No trainer: those of the library break ties by chance, so that every run of the tests had another base.
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    normalizer, splitter = normalizers.BertNormalizer(lowercase=True), pre_tokenizers.BertPreTokenizer()
    found = [word for text in SENTENCES for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text))]
    letters = sorted(set("".join(found)))
    pieces = [*special, *letters, *(f"##{letter}" for letter in letters), *sorted(set(found) - set(letters))]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = splitter
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(word, tokenizer.token_to_id(word)) for word in ("[CLS]", "[SEP]")],
    )
    return tokenizer
