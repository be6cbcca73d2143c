"""A pretraining whole: the loss falls, the base is one like any other, and a killed one goes on."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

import haoqi
from haoqi.core.errors import UserError
from haoqi.core.events import Advanced, Event
from haoqi.core.ledger import Ledger
from haoqi.models.bases import load_encoder, own_names, resolve
from haoqi.pretraining.measure import Surprise
from haoqi.pretraining.pretrain import Pretrained
from haoqi.train.loop import loop

NAMES = ("battery", "screen", "film", "bank", "keeper", "planet", "coffee", "telescope")
ENDS = ("died on day two", "would buy again", "won three prizes", "fell after the report", "saved a penalty")
TEXTS = [f"The {name} {end}, and the {other} {end}." for name in NAMES for end in ENDS for other in NAMES]
FEW: dict[str, Any] = {"minutes": 5, "max_tokens": 32, "epochs": 6, "learning_rate": 0.01}


def _made(home: Path, base: str, **settings: Any) -> Pretrained:
    return haoqi.pretrain(TEXTS, home=home, **{"base": base, "name": "mine", **FEW, **settings})


def test_loss_falls_and_the_base_is_one_like_any_other(tiny_base: str, tmp_path: Path) -> None:
    found = _made(tmp_path, tiny_base)
    before, after = found.facts["loss_before"][0], found.facts["loss"][0]
    assert after < 0.9 * before
    fall, low, high = found.facts["fall"]
    assert low <= fall <= high and np.isclose(fall, 1 - after / before, atol=1e-6)
    cache = tmp_path / "cache"
    assert own_names(cache) == ["mine"]
    base = resolve("mine", cache)
    assert base.card.layers == 2 and "pretrained on" in base.card.description
    assert base.fingerprint != resolve(tiny_base, cache).fingerprint
    load_encoder(base)
    assert "95 % sure" in (found.folder / "README.md").read_text("utf-8")
    [ledger] = (tmp_path / "runs").rglob("ledger.sqlite")
    [run] = Ledger(ledger).runs()
    assert [one.kind for one in Ledger(ledger).entries(run)] == ["begin", "base"]

    again = _made(tmp_path, tiny_base)
    assert not again.new and again.facts == found.facts
    with pytest.raises(UserError, match="another base"):
        _made(tmp_path, tiny_base, seed=1)

    further = haoqi.pretrain(TEXTS, home=tmp_path, **{**FEW, "base": "mine", "name": "further", "epochs": 1})
    assert further.facts["loss_before"][0] < before - 0.5  # it brought its output layer


def test_improve_takes_it(tiny_base: str, tmp_path: Path) -> None:
    _made(tmp_path, tiny_base, epochs=1)
    rows = [(text, "won" if "won" in text or "saved" in text else "lost") for text in TEXTS[:120]]
    run = haoqi.improve(rows, home=tmp_path, base=["mine"], methods=["probe"], steps=1, compile=False, name="uses")
    assert run.model("The film won three prizes").label in ("won", "lost")
    assert "mine" in (run.release.folder / "model.json").read_text("utf-8")


class KilledError(Exception):
    """Stands for a process that ends."""


def test_a_killed_pretraining_goes_on_to_the_same_weights(
    tiny_base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(loop, "_REPORTS_PER_SECOND", 1e9)
    settings = {"minutes": 1000, "epochs": 2, "head_share": 0.5}

    def kill_at(times: int) -> Any:
        seen: list[Event] = []

        def listen(event: Event) -> None:
            seen.append(event)
            if sum(isinstance(one, Advanced) for one in seen) == times:
                raise KilledError

        return listen

    whole = _made(tmp_path / "whole", tiny_base, **settings)
    for times in (5, 12):  # in the first training, and in the second
        with pytest.raises(KilledError):
            _made(tmp_path / "parts", tiny_base, listen=kill_at(times), **settings)
    parts = _made(tmp_path / "parts", tiny_base, **settings)
    # Not to the bit: the share of the time that is behind has a part in the very first step size.
    assert np.allclose(parts.facts["loss"], whole.facts["loss"], rtol=1e-3)
    assert parts.facts["steps"] == whole.facts["steps"]
    mine, yours = (load_file(one.folder / "model.safetensors") for one in (whole, parts))
    assert all(np.allclose(mine[name], yours[name], atol=1e-3) for name in mine)


def test_from_scratch_says_bits_a_character_beside_a_trigram_model(tmp_path: Path) -> None:
    sizes = {"layers": 1, "width": 16, "pieces": 150, "epochs": 2}
    found = _made(tmp_path, "none", **sizes)
    bits, low, high = found.facts["bits"]
    assert low <= bits <= high and 0 < bits < 8
    assert 0 < found.facts["trigram_bits"][0] < 3
    saved = found.facts["saved"][0]
    assert np.isclose(saved, 1 - bits / found.facts["trigram_bits"][0], atol=1e-6)
    card = json.loads((found.folder / "card.json").read_text("utf-8"))["card"]
    assert card["languages"] == ["en"] and card["kind"] == "encoder"
    again = haoqi.pretrain(TEXTS, home=tmp_path, **{**FEW, "base": "mine", "name": "on", "epochs": 1})
    assert again.facts["causal"] > 0


@pytest.mark.parametrize("name", ["minilm", "none", "a/b"])
def test_names_that_are_taken_or_none_are_refused(tiny_base: str, tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError):
        _made(tmp_path, tiny_base, name=name)


def test_the_interval_of_a_fall_is_paired() -> None:
    rng = np.random.default_rng(0)
    nats = rng.random(200) * 10
    one = Surprise(nats, np.full(200, 5.0))
    fall, low, high = one.less(Surprise(nats * 0.8, one.counts), np.random.default_rng(1))
    assert np.allclose([fall, low, high], 0.2)
    assert one.interval(np.random.default_rng(1))[0] < one.mean < one.interval(np.random.default_rng(1))[1]
