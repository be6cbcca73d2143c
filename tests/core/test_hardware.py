"""The probe measures once and remembers."""

import json
from pathlib import Path

import pytest

from haoqi.core import hardware
from haoqi.core.hardware import Hardware, probe


def test_a_kept_measurement_only_gets_better(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    speeds = {"float32": 10.0, "bfloat16": 3.0, "text": 4.0}
    monkeypatch.setattr(hardware, "_gflops", lambda precision, device, seconds: speeds[precision])
    monkeypatch.setattr(hardware, "_text_speed", lambda seconds: speeds["text"])
    first = probe(tmp_path)
    assert (first.fp32_gflops, first.bf16_gflops, first.text_speed) == (10.0, 3.0, 4.0)
    assert first.cores >= 1
    assert first.memory_bytes > 0
    speeds |= {"float32": 5.0, "bfloat16": 99.0, "text": 2.0}
    assert probe(tmp_path) == first
    speeds["float32"] = 20.0
    assert probe(tmp_path, again=False) == first
    assert probe(tmp_path).fp32_gflops == 20.0


def test_a_speed_is_timed() -> None:
    assert hardware._gflops("float32", "cpu", 0.01) > 0
    assert hardware._text_speed(0.01) > 0


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"key": 3}'])
def test_a_damaged_memory_is_measured_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    monkeypatch.setattr(hardware, "_gflops", lambda precision, device, seconds: 7.0)
    (tmp_path / "hardware.json").write_text(content)
    assert probe(tmp_path).fp32_gflops == 7.0
    assert json.loads((tmp_path / "hardware.json").read_text())["fp32_gflops"] == 7.0


@pytest.mark.parametrize(
    ("fp32", "bf16", "wanted"), [(100.0, 1.0, "fp32"), (100.0, 120.0, "fp32"), (350.0, 2190.0, "bf16")]
)
def test_bf16_is_chosen_only_where_it_is_clearly_faster(fp32: float, bf16: float, wanted: str) -> None:
    assert Hardware(2, 1, None, fp32, bf16).precision == wanted
