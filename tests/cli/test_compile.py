import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haoqi import tasks
from haoqi.core.hardware import Hardware
from haoqi.models.bases import resolve
from haoqi.models.compile import compile_release as compiling
from haoqi.models.compile import timing
from haoqi.models.compile.form import forms
from haoqi.models.encoders.embedder import Embedder
from haoqi.models.model import Model
from haoqi.models.predictors.constant import Constant
from haoqi.models.predictors.embedding_linear import EmbeddingLinear
from haoqi.models.releases import releases

Run = Callable[..., Any]
COLUMNS = ("--text", "body", "--label", "stars")


@pytest.fixture
def probe(tiny_base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the name of a release that reads with a base, on a machine where ONNX Runtime is twice as fast."""
    monkeypatch.setenv("HAOQI_HOME", str(tmp_path))
    monkeypatch.setattr("haoqi.core.hardware.probe", lambda cache, again=True: Hardware(1, 1 << 30, None, 10.0, 1.0))
    monkeypatch.setattr("haoqi.core.hardware.gpu_name", lambda: None)
    monkeypatch.setattr(forms, "names", lambda: ["onnx"])
    monkeypatch.setattr(timing, "measure_seconds", lambda predictor, asked: 0.5 if predictor.embedder.compute else 1.0)
    directions = np.random.default_rng(0).normal(size=(8, 2)).astype(np.float32)
    embedder = Embedder(resolve(tiny_base, tmp_path / "cache"))
    predictor = EmbeddingLinear(embedder, directions, np.zeros(2, np.float32))
    releases.publish(Model(tasks.build("sentiment", ("negative", "positive")), predictor), {}, "probe")
    return "probe"


def test_whole_texts_are_read_where_that_is_asked_for(
    run: Run, probe: str, reviews: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    real = compiling.compile_release

    def compile_release(*given: Any, truncated_pass: bool, **rest: Any) -> Any:
        asked.append(truncated_pass)
        return real(*given, truncated_pass=truncated_pass, **rest)

    monkeypatch.setattr(compiling, "compile_release", compile_release)
    assert run("compile", probe, str(reviews), *COLUMNS, "--no-truncated-pass").code == 0
    assert run("compile", probe, str(reviews), *COLUMNS, "--no-glance").code == 0  # its earlier name
    assert run("compile", probe, str(reviews), *COLUMNS).code == 0
    assert asked == [False, False, True]
    assert "glance" not in run("compile", "--help").out


def test_a_release_is_compiled_and_every_list_says_so(run: Run, probe: str, reviews: Path) -> None:
    ended = run("compile", probe, str(reviews), *COLUMNS)
    assert ended.code == 0
    assert ended.out.splitlines()[-1] == "computed by onnx: 2.0 times as fast, 100.0% of answers unchanged"
    rows = {row["computed by"]: row for row in json.loads(run("compile", probe, str(reviews), *COLUMNS, "--json").out)}
    assert (rows["onnx"]["verdict"], rows["onnx"]["unchanged"]) == ("chosen", "100.00%")
    (row,) = json.loads(run("releases", probe, "--json").out)
    assert row["computed by"] == "onnx"
    told = {row["what"]: row for row in json.loads(run("doctor", "--json").out)}
    assert told["release probe"]["found"].startswith("computed by onnx")


def test_a_damaged_form_is_told_with_what_mends_it(run: Run, probe: str, reviews: Path) -> None:
    run("compile", probe, str(reviews), *COLUMNS)
    before = run("predict", probe, "the soup was great").out
    (releases.get(probe).folder / "compiled" / "onnx" / "model.onnx").write_bytes(b"")
    assert run("predict", probe, "the soup was great").out == before
    (row,) = json.loads(run("releases", probe, "--json").out)
    assert row["computed by"] == "torch"
    told = {row["what"]: row for row in json.loads(run("doctor", "--json").out)}
    assert "is damaged" in told["release probe"]["found"]
    assert told["release probe"]["to mend it"] == "haoqi compile probe@1"


def test_without_a_file_the_examples_of_the_run_are_asked_for(run: Run, probe: str) -> None:
    what, hint = run("compile", probe).two_lines
    assert "are not here" in what
    assert hint.endswith("haoqi compile probe@1 FILE")


def test_a_setting_of_a_file_that_was_not_given_is_refused(run: Run, probe: str) -> None:
    assert run("compile", probe, "--label", "stars").two_lines[0] == "--label needs a file"


def test_a_release_without_a_base_has_nothing_to_compile(run: Run, probe: str, reviews: Path) -> None:
    model = Model(releases.get(probe).task, Constant(np.zeros(2, np.float32)))
    releases.publish(model, {}, "plain")
    assert "nothing to compile" in run("compile", "plain", str(reviews), *COLUMNS).two_lines[0]
