"""A new output and a new metric, each in one file of another package, go all the way: a run, a release, its answers."""

import importlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import haoqi
from haoqi import pipeline, tasks
from haoqi.core.events import Event, Note, Tried
from haoqi.evaluate.metrics import metrics
from haoqi.models.releases import releases
from haoqi.run import run_of

COUNT = '''"""How often something happens: whole numbers from 0 on."""

from dataclasses import dataclass
from functools import partial

from haoqi.evaluate.metrics import metrics
from haoqi.tasks import tasks
from haoqi.tasks.outputs.number import Number
from haoqi.tasks.task import Task


@dataclass(frozen=True)
class Counted(Number):
    """Numbers that are whole and at least 0."""

    name = "count"

    def decode(self, scores, examples, **calibration):
        """Return the nearest whole number."""
        from dataclasses import replace

        found = super().decode(scores, examples, **calibration)
        return replace(found, labels=[float(max(0, round(one))) for one in found.labels])


@tasks.register
def counting() -> Task:
    """Say how often."""
    return Task(Counted(), (metrics.build("log_error"),), ("Two or three times.", 2.0))
'''

LOG_ERROR = '''"""How far the logarithms of numbers are apart: lower is better, and no score is an upper bound."""

import numpy as np

from haoqi.evaluate.metric import Metric, by_answers
from haoqi.evaluate.metrics import metrics
from haoqi.evaluate.numbers import both, mean, table


@metrics.register
def log_error() -> Metric:
    """Return the mean distance of log(1 + n)."""
    unbounded = {"greater_is_better": False, "most": float("inf"), "right_or_wrong": False}
    return Metric("log_error", by_answers(_count), mean, **unbounded)


def _count(true, predicted, labels):
    right, given = both(true, predicted)
    return table(np.abs(np.log1p(given) - np.log1p(right)), np.ones(len(right)))
'''


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install a package with a task of a new output and with its metric, as pip would."""
    package, facts = tmp_path / "site" / "counters", tmp_path / "site" / "counters-1.0.dist-info"
    package.mkdir(parents=True)
    facts.mkdir()
    (package / "__init__.py").touch()
    (package / "counting.py").write_text(COUNT, encoding="utf-8")
    (package / "log_error.py").write_text(LOG_ERROR, encoding="utf-8")
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: counters\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(
        "[haoqi.tasks]\ncounting = counters.counting\n\n[haoqi.metrics]\nlog_error = counters.log_error\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    importlib.invalidate_caches()
    for registry in (tasks.tasks, metrics):
        vars(registry).pop("_points", None)
    yield
    for registry, name in ((tasks.tasks, "counting"), (metrics, "log_error")):
        vars(registry).pop("_points", None)
        registry._found.pop(name, None)
    for name in [one for one in sys.modules if one.startswith("counters")]:
        del sys.modules[name]


def score_of(tried: list[Tried]) -> float:
    """Return the champion's score."""
    return next(one.score for one in reversed(tried) if one.champion and one.score is not None)


def test_a_new_output_and_a_metric_of_which_less_is_better_go_all_the_way(
    installed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAOQI_HOME", str(tmp_path / "home"))
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 9, 400)
    words = [
        " ".join([f"filler{rng.integers(60)}", *["again"] * int(one)]) + f" n{row}" for row, one in enumerate(counts)
    ]
    lines = ["text,label", *(f"{text},{one}" for text, one in zip(words, counts, strict=True))]
    (tmp_path / "times.csv").write_text("\n".join(lines), encoding="utf-8")
    run = run_of(str(tmp_path / "times.csv"), task="counting", steps=4, methods=["majority", "tfidf"], folds=0)
    events = list[Event]()
    release = pipeline.improve(run, events.append)
    score, low, high = release.evidence["test"]["scores"]["log_error"]
    assert 0 <= low <= score <= high
    assert release.facts["method"] == "tfidf"  # the mean as every answer has the greater error
    page = (release.folder / "report.html").read_text(encoding="utf-8")
    assert "log error" in page and "Less is better." in page
    tried = [one for one in events if isinstance(one, Tried) and one.score is not None]
    assert len(tried) > 1
    for one in tried:
        assert one.low is not None and one.high is not None and one.score is not None
        assert 0 <= one.low <= one.score <= one.high  # the metric's own values, not what the search compares
        assert f"{one.score:.3f}" in page and f"−{one.score:.3f}" not in page
    told = next(str(one.verdict) for one in tried[1:] if one.champion)
    assert told.startswith("new champion (-")  # its error is less
    events.clear()
    pipeline.improve(replace(run, explore=replace(run.explore, steps=5)), events.append)
    resumed = next(str(one.text) for one in events if isinstance(one, Note) and "goes on after" in one.text)
    assert f"{score_of(tried):.3f}" in resumed and f"-{score_of(tried):.3f}" not in resumed
    assert haoqi.next_steps("times").score == pytest.approx(score_of(tried), abs=1e-5)
    found = haoqi.predict("times", ["again again again n", "filler1 n"])
    assert all(one == int(one) >= 0 for one in found.labels)
    assert found.labels[0] > found.labels[1]
    assert releases.get("times").task.output.name == "count"
