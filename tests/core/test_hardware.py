"""The probe measures once and remembers."""

import json
from pathlib import Path

import pytest

from haoqi.core import hardware
from haoqi.core.hardware import Hardware, probe


def test_the_probe_is_measured_once_per_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = probe(tmp_path)
    assert first.cores >= 1
    assert first.memory_bytes > 0
    assert first.fp32_gflops > 0
    monkeypatch.setattr(hardware, "_gflops", lambda precision, device: pytest.fail("measured again"))
    assert probe(tmp_path) == first


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"key": 3}'])
def test_a_damaged_memory_is_measured_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    monkeypatch.setattr(hardware, "_gflops", lambda precision, device: 7.0)
    (tmp_path / "hardware.json").write_text(content)
    assert probe(tmp_path).fp32_gflops == 7.0
    assert json.loads((tmp_path / "hardware.json").read_text())["fp32_gflops"] == 7.0


@pytest.mark.parametrize(
    ("fp32", "bf16", "wanted"), [(100.0, 1.0, "fp32"), (100.0, 120.0, "fp32"), (350.0, 2190.0, "bf16")]
)
def test_bf16_is_chosen_only_where_it_is_clearly_faster(fp32: float, bf16: float, wanted: str) -> None:
    assert Hardware(2, 1, None, fp32, bf16).precision == wanted
