"""Texts with two marked stretches as an encoder reads them, and how the head puts what it reads together."""

from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from haoqi.data.examples import Examples
from haoqi.models.bases import load_encoder, load_tokenizer, resolve
from haoqi.models.compile.form import joined_logits
from haoqi.models.compile.graph import build_graph
from haoqi.models.encoders.encoder import EncoderModel
from haoqi.models.encoders.entity_markers import PLACES, choose_tokens, read_marked
from haoqi.models.encoders.model_input import Reader
from haoqi.models.encoders.tokens import find_special_tokens

TEXTS = [
    "The <e1>battery</e1> died on <e2>day two</e2>.",
    "A <e2>screen</e2> that <e1>I</e1> would buy.",
    "这个<e1>酒店</e1>的<e2>房间</e2>很大",
    "<e1>The European <e2>Commission</e2></e1> disagreed",
]


@pytest.fixture(scope="module")
def tokenizer(tiny_base: str, home: Any) -> Any:
    return load_tokenizer(resolve(tiny_base, home / "cache"))


@pytest.fixture(scope="module")
def signed(tokenizer: Any) -> Any:
    """Return the tokenizer with the signs, which the tiny base has never seen."""
    copy = Tokenizer.from_str(tokenizer.to_str())
    copy.add_tokens(["@", "#"])
    return copy


def tokens(tokenizer: Any, ids: Any) -> list[str]:
    return [tokenizer.id_to_token(int(one)) for one in ids]


def test_signs_stand_around_the_stretches_and_their_places_are_told(signed: Any) -> None:
    ids, places = read_marked(signed, TEXTS, 64, find_special_tokens(signed))
    for row, (own, at) in enumerate(zip(ids, places, strict=True)):
        found = tokens(signed, own)
        assert [found[place] for place in at] == ["[CLS]", "@", "#"]
        assert (found[0], found[-1]) == ("[CLS]", "[SEP]")
        assert (found.count("@"), found.count("#")) == (2, 2)
        assert (at[1] < at[2]) == (row != 1)
    assert tokens(signed, ids[2])[places[2][1] :][:4] == ["@", "酒", "店", "@"]


def test_of_a_long_text_both_stretches_are_kept(signed: Any) -> None:
    near = " ".join(["good"] * 80) + " <e1>the film</e1> won <e2>prizes</e2> " + " ".join(["value"] * 80)
    far = "good " * 30 + "<e2>the film</e2> " + "value " * 90 + "<e1>prizes</e1> " + "good " * 30
    wide = "<e1>" + "good " * 90 + "</e1> and <e2>" + "value " * 90 + "</e2>"
    for text in (near, far, wide):
        ids, places = read_marked(signed, [text], 24, find_special_tokens(signed))
        found = tokens(signed, ids[0])
        assert len(found) <= 24
        assert [found[place] for place in places[0]] == ["[CLS]", "@", "#"]
    ids, places = read_marked(signed, [near], 24, find_special_tokens(signed))
    assert "film" in tokens(signed, ids[0])
    assert "prizes" in tokens(signed, ids[0])


def test_no_token_is_chosen_twice_and_signs_always_are() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        count, room = int(rng.integers(4, 60)), int(rng.integers(4, 40))
        edges = np.sort(rng.choice(count, 4, replace=False))
        signs = edges if rng.random() < 0.5 else edges[[2, 3, 0, 1]]
        kept = choose_tokens(count, signs, room)
        assert len(kept) == len(set(kept.tolist())) <= max(room, 0)
        assert (np.diff(kept) > 0).all()
        assert kept.min() >= 0
        assert kept.max() < count
        assert {int(signs[0]), int(signs[2])} <= set(kept.tolist())


def test_the_head_reads_three_tokens_side_by_side_and_a_graph_gives_their_parts(
    tokenizer: Any, tiny_base: str, home: Any
) -> None:
    encoder = load_encoder(resolve(tiny_base, home / "cache"))
    model = EncoderModel(encoder, 5, pooling=None, places=PLACES).eval()
    torch.nn.init.normal_(model.head.weight)
    torch.nn.init.normal_(model.head.bias)
    reading = Reader(tokenizer, 64, pairing="marked").read(Examples.of(TEXTS))
    batch = reading.collate(np.arange(len(TEXTS)), "cpu")
    with torch.inference_mode():
        logits = model(batch).numpy()
        states = model.states(batch)
        mask = (torch.arange(batch.ids.shape[1]) < batch.lengths[:, None]).long()
        parts = build_graph(model)(batch.ids, mask).numpy()
    assert logits.shape == (4, 5)
    for row, at in enumerate(reading.places or []):
        own = torch.cat([states[row, int(place)] for place in at])
        expected = (model.head.weight @ own + model.head.bias).detach().numpy()
        assert np.allclose(logits[row], expected, atol=1e-5)
        assert np.allclose(joined_logits(parts[row], at), expected, atol=1e-5)
