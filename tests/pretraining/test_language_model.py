"""The model that guesses: the same as BERT's own, over the tokens that are needed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from transformers import BertForMaskedLM

from haoqi.models.bases import load_encoder, load_tokenizer, resolve
from haoqi.models.bases._loading import quiet
from haoqi.pretraining.language_model import LanguageModel, guess_losses, save_head, set_head, whole_encoder
from haoqi.pretraining.masking import MaskedBatches, Vocabulary, guesses, hide
from haoqi.pretraining.segment import Segmenter
from haoqi.pretraining.windows import Windows, windows_of


def _ready(tiny_base: str, home: Path) -> tuple[LanguageModel, Vocabulary, Windows]:
    base = resolve(tiny_base, home)
    windows = windows_of(
        load_tokenizer(base), ["the film won three prizes", "电池第二天就坏了"], 32, segmenter=Segmenter()
    )
    encoder = load_encoder(base)
    size = len(encoder.get_input_embeddings().weight)  # type: ignore[operator]
    vocabulary = Vocabulary.of([windows], [0, 1, 2, 3], 4, size)
    return LanguageModel(encoder, vocabulary), vocabulary, windows.renumbered(vocabulary.numbers(size))


def test_it_guesses_as_bert_does_with_the_same_weights(tiny_base: str, home: Path) -> None:
    model, vocabulary, windows = _ready(tiny_base, home)
    with quiet():
        whole = BertForMaskedLM.from_pretrained(tiny_base).eval()
    head, own = whole.cls.predictions, model.head
    with torch.no_grad():
        torch.nn.init.normal_(own.dense.weight)
        torch.nn.init.normal_(own.bias)
        head.transform.dense.load_state_dict(own.dense.state_dict())
        head.transform.LayerNorm.load_state_dict(own.norm.state_dict())
        head.transform.LayerNorm.eps = own.norm.eps
        head.bias.fill_(-1e9)  # tokens that the texts lack are ruled out
        head.bias[torch.from_numpy(vocabulary.kept)] = own.bias
    rng = np.random.default_rng(0)
    found = [
        hide(ids, words, vocabulary, share=0.3, rng=rng) for ids, words in zip(windows.ids, windows.words, strict=True)
    ]
    mine = guess_losses(model.eval(), guesses(found, "cpu")).detach().numpy()
    theirs = []
    for one in found:
        ids = torch.from_numpy(vocabulary.kept[one.ids])[None]
        chances = whole(input_ids=ids).logits[0].log_softmax(dim=1).detach()
        theirs += [-float(chances[at, vocabulary.kept[was]]) for at, was in zip(one.places, one.targets, strict=True)]
    assert np.allclose(mine, theirs, atol=1e-4)


def test_a_causal_guess_does_not_see_what_comes(tiny_base: str, home: Path) -> None:
    model, vocabulary, windows = _ready(tiny_base, home)
    model.eval()
    asked = MaskedBatches(windows, vocabulary, 0.15, 2, 4096, causal=1.0)
    both = guesses([asked.following(0), asked.following(1)], "cpu", causal=True)
    first = guess_losses(model, both).detach().numpy()
    changed = both._replace(batch=both.batch)
    changed.batch.ids[0, 4:] = int(vocabulary.ordinary[0])
    other = guess_losses(model, changed).detach().numpy()
    assert np.allclose(first[:3], other[:3], atol=1e-6)
    assert not np.allclose(first[3:6], other[3:6], atol=1e-6)


def test_the_whole_table_comes_back_with_what_was_learnt(tiny_base: str, home: Path, tmp_path: Path) -> None:
    base = resolve(tiny_base, home)
    model, vocabulary, _ = _ready(tiny_base, home)
    before = load_encoder(base).get_input_embeddings().weight.detach()  # type: ignore[operator]
    with torch.no_grad():
        model.encoder.get_input_embeddings().weight += 1.0
        model.head.bias += torch.arange(len(vocabulary.kept))
    save_head(model, vocabulary, len(before), tmp_path)
    kept = torch.from_numpy(vocabulary.kept)
    biases = model.head.bias.detach().clone()
    after = whole_encoder(model, base, vocabulary).get_input_embeddings().weight.detach()
    assert torch.equal(after[kept], before[kept] + 1.0)
    rest = torch.ones(len(before), dtype=torch.bool)
    rest[kept] = False
    assert torch.equal(after[rest], before[rest])

    again, vocabulary, _ = _ready(tiny_base, home)
    assert not set_head(again, base, vocabulary)
    assert set_head(again, replace(base, folder=tmp_path), vocabulary)
    assert torch.equal(again.head.bias.detach(), biases)
