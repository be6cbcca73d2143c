"""Fits by two processes, whose models must be those of one."""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haoqi.core import folder, hardware
from haoqi.core.errors import UserError
from haoqi.methods import _devices
from haoqi.methods.method import Progress, methods
from haoqi.models.bases import Base
from haoqi.models.encoders.placement import probed
from tests.methods.test_tuning import EXAMPLES, QUICK, flat, job


@pytest.fixture(scope="module", autouse=True)
def exact_arithmetic(home: Path) -> Iterator[None]:
    """Let all processes find that this machine is quickest in fp32."""
    named, hardware._named[:] = list(hardware._named), []  # what other tests named is nothing to the processes
    hardware.probe(folder.cache())
    path = folder.cache() / "hardware.json"
    before = path.read_text()
    path.write_text(json.dumps({**json.loads(before), "fp32_gflops": 1e6}))
    probed.cache_clear()
    assert probed().precision == "fp32"
    yield
    path.write_text(before)
    hardware._named[:] = named
    probed.cache_clear()


@pytest.mark.parametrize(
    ("name", "kind", "sharding"),
    [
        ("full", "label", "none"),
        pytest.param("full", "label", "full", marks=pytest.mark.slow),
        pytest.param("full", "spans", "none", marks=pytest.mark.slow),
        pytest.param("full", "spans", "full", marks=pytest.mark.slow),
        pytest.param("top_layers", "labels", "none", marks=pytest.mark.slow),
        pytest.param("top_layers", "label", "full", marks=pytest.mark.slow),
        pytest.param("lora", "label", "none", marks=pytest.mark.slow),
        pytest.param("lora", "spans", "full", marks=pytest.mark.slow),
        pytest.param("bitfit", "label", "none", marks=pytest.mark.slow),
        pytest.param("prompt", "spans", "none", marks=pytest.mark.slow),
        pytest.param("prefix", "label", "full", marks=pytest.mark.slow),
    ],
)
def test_two_processes_give_the_model_of_one(name: str, kind: str, sharding: Any, base: Base, tmp_path: Path) -> None:
    # What dropout hides is drawn on each rank anew.
    settings = QUICK.get(name, {"epochs": 2, "batch_size": 4})
    method, said, noted = methods.build(name, **settings, dropout=0.0), list[Progress](), list[str]()
    given = job(base, tmp_path, kind)
    one: Any = method.fit(given)
    two: Any = method.fit(
        dataclasses.replace(given, devices=2, sharding=sharding, report=said.append, note=noted.append, seconds=1e9)
    )
    assert np.allclose(flat(one, EXAMPLES[kind]), flat(two, EXAMPLES[kind]), atol=1e-5)
    assert (one.tuned, one.reader.max_tokens, one.base) == (two.tuned, two.reader.max_tokens, two.base)
    assert said[-1].share == 1.0
    assert "epoch 2 of 2" in said[-1].note
    assert noted == []


def test_what_a_process_says_no_to_is_said_here(base: Base, tmp_path: Path) -> None:
    contradictory = methods.build("full", **QUICK["full"], r_drop=1.0, dropout=0.0)
    with pytest.raises(UserError, match="r_drop compares passes") as caught:
        contradictory.fit(dataclasses.replace(job(base, tmp_path), devices=2))
    assert caught.value.hint == "say dropout 0.1"


def test_setfit_trains_on_one_device_whatever_is_asked(
    base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_devices, "launch", lambda *given: pytest.fail("a process was started"))
    method = methods.build("setfit", **QUICK["setfit"])
    one, two = (method.fit(dataclasses.replace(job(base, tmp_path), devices=count)) for count in (1, 2))
    assert np.array_equal(flat(one, EXAMPLES["label"]), flat(two, EXAMPLES["label"]))


@pytest.mark.slow
def test_a_run_on_two_devices_releases_a_model(
    tiny_base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from haoqi.__main__ import main
    from haoqi.core.ledger import Ledger
    from tests.test_pipeline import reviews

    monkeypatch.setenv("HAOQI_HOME", str(tmp_path / "home"))
    source = reviews(tmp_path / "reviews.csv", rows=60)
    settings = "--steps 2 --methods full --variants 1 --folds 0 --devices 2 --no-compile"
    with pytest.raises(SystemExit) as ended:
        main(["improve", str(source), "--base", tiny_base, *settings.split()])
    assert not ended.value.code, capfd.readouterr()
    [path] = (tmp_path / "home" / "runs" / "reviews").glob("*/ledger.sqlite")
    ledger = Ledger(path)
    experiments = [entry.body for entry in ledger.entries(ledger.runs()[0], "experiment")]
    ledger.close()
    assert {one["plan"]["method"] for one in experiments} >= {"full"}
    assert all(one["score"] is not None for one in experiments), experiments
