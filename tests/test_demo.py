"""What `make demo` would do, read from make itself without doing it."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from haoqi.data.samples import samples
from haoqi.models.bases import choose

ROOT = Path(__file__).parent.parent
SPOKEN = ("HAOQI_LANG", "LC_ALL", "LC_MESSAGES", "LANG")

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make here")


def commands(target: str, *, anew: bool = False, **spoken: str) -> list[str]:
    """Return what make would run for a target, each as words after `haoqi`."""
    environment = {name: value for name, value in os.environ.items() if name not in (*SPOKEN, "MAKEFLAGS")} | spoken
    words = ["make", "--dry-run", *(["--always-make"] if anew else []), target]
    told = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    return re.findall(r"^\S+/haoqi (.+)$", told, re.MULTILINE)


@pytest.mark.parametrize(
    ("spoken", "sample"),
    [
        ({}, "sentiment-en"),
        ({"LANG": "de_DE.UTF-8"}, "sentiment-en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh-reviews"),
        ({"HAOQI_LANG": "zh", "LANG": "en_GB.UTF-8"}, "zh-reviews"),
        ({"HAOQI_LANG": "en", "LANG": "zh_CN.UTF-8"}, "sentiment-en"),
        ({"LC_ALL": "C.UTF-8", "LANG": "zh_CN.UTF-8"}, "sentiment-en"),
    ],
)
def test_the_demo_improves_short_texts_in_the_language_of_the_terminal(spoken: dict[str, str], sample: str) -> None:
    found = commands("demo", **spoken)
    improved = [one.split()[1] for one in found if one.startswith("improve ")]
    assert improved == ["bbc-news", sample]
    for name in improved:
        assert any(one.startswith(f"predict {name} ") for one in found)
        assert f"report {name}" in found
    assert f"next {sample}" in found
    assert samples.build(sample).language == ("zh" if sample.startswith("zh") else "en")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_environment_holds_the_samples_and_bases_of_the_demo(language: str) -> None:
    (got,) = (one.split()[2:] for one in commands("env", anew=True) if one.startswith("samples get "))
    (bases,) = (one.split()[2:] for one in commands("env", anew=True) if one.startswith("bases get "))
    for one in commands("demo", HAOQI_LANG=language):
        if one.startswith("improve "):
            name = one.split()[1]
            assert name in got
            assert choose({samples.build(name).language: 1.0}) in bases
