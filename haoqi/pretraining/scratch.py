"""A base from scratch: a tokenizer learnt from the texts, and a small encoder with random weights.

The tokenizer is lossless but for case and width: byte-pair pieces of words with their leading space (Sennrich et al.,
2016, arXiv:1508.07909), a Chinese character a token of its own. So the likelihood of a text's tokens is that of its
characters, and can be compared with that of a model of characters.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from haoqi.core import seeds
from haoqi.core.errors import UserError
from haoqi.core.folder import building
from haoqi.core.say import say
from haoqi.models.bases import Base
from haoqi.models.bases._loading import quiet
from haoqi.models.encoders.placement import own_randomness
from haoqi.pretraining.settings import PretrainSettings
from haoqi.tasks.words import UNSPACED

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
UNKNOWN = "[UNK]"
_SPACE = "▁"
# Heads of attention are so wide where the width allows it.
_HEAD_WIDTHS = (32, 16, 8)


def train_tokenizer(texts: Sequence[str], pieces: int) -> Any:
    """Return a `tokenizers.Tokenizer` of at most so many tokens learnt from texts; the same texts give the same one."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Lowercase(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(_SPACE, prepend_scheme="never"),
            pre_tokenizers.Split(Regex(f"[{UNSPACED}]"), "isolated"),
            pre_tokenizers.Split(Regex(r"\d"), "isolated"),
            pre_tokenizers.Punctuation("isolated"),
        ]
    )
    tokenizer.decoder = decoders.Metaspace(_SPACE, prepend_scheme="never")
    trainer = trainers.BpeTrainer(vocab_size=pieces, special_tokens=list(SPECIAL), show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    ends = [(word, tokenizer.token_to_id(word)) for word in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ends
    )
    return tokenizer


def letters_of(tokenizer: Any, text: str) -> list[str]:
    """Return a text as its tokenizer spells it, a character each; all unknown characters are the same one."""
    return [one if _known(tokenizer, one) else UNKNOWN for one in tokenizer.normalizer.normalize_str(text)]


def alphabet_size(tokenizer: Any) -> int:
    """Return the characters that a tokenizer tells apart, the end of a text and an unknown one included."""
    return sum(len(token) == 1 for token in tokenizer.get_vocab()) + 2


def _known(tokenizer: Any, letter: str) -> bool:
    return tokenizer.token_to_id(_SPACE if letter == " " else letter) is not None


def start_base(texts: Sequence[str], settings: PretrainSettings, folder: Path) -> Base:
    """Return a base that knows nothing yet, written into a folder unless it lies there.

    Args:
        texts: what the tokenizer is learnt from.
        settings: how large.
        folder: made here.

    Raises:
        UserError: if the width cannot be divided into heads.
    """
    from haoqi.models.bases import resolve

    if not (folder / "config.json").is_file():
        with building(folder) as place:
            _write(train_tokenizer(texts, settings.pieces), settings, place)
    return resolve(str(folder), folder)


def _write(tokenizer: Any, settings: PretrainSettings, place: Path) -> None:
    import torch
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    wide = next((one for one in _HEAD_WIDTHS if not settings.width % one), None)
    if wide is None:
        raise UserError(say("pretrain.width", width=settings.width), say("pretrain.width.hint"))
    named = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), SPECIAL, strict=True))
    kind: Any = PreTrainedTokenizerFast
    fast = kind(tokenizer_object=tokenizer, model_max_length=settings.max_tokens, **named)
    fast.save_pretrained(place)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=settings.width,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.width // wide,
        intermediate_size=4 * settings.width,
        max_position_embeddings=max(512, settings.max_tokens),
        attention_probs_dropout_prob=0.0,
    )
    with own_randomness("cpu"), quiet():
        torch.manual_seed(seeds.number(settings.seed, "scratch") % 2**31)
        BertModel(config, add_pooling_layer=False).save_pretrained(place)
