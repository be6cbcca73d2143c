"""A reflection and a recipe of another package, a file each: a run uses them and says their words in two languages."""

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from haoqi import pipeline
from haoqi.core.events import Event, Note, Tried
from haoqi.core.say import spoken, texts
from haoqi.data.recipes import recipes
from haoqi.explore.reflection.reflections import reflections
from haoqi.run import run_of

REFLECTION = '''"""Texts are numbered (Nobody, 2020), which says nothing of their labels."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from haoqi.explore.record.claims import claim
from haoqi.explore.record.lessons import Lesson
from haoqi.explore.reflection.reflections import reflections


@reflections.register
@dataclass(frozen=True)
class NumberedTexts:
    """It has no thresholds."""

    asks: ClassVar[bool] = False
    texts: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "en": {"lesson.numbered_texts": "Of its texts {number_share} hold a number."},
        "zh": {"lesson.numbered_texts": "{number_share} 的文本含有数字。"},
    }

    def reflect(self, diagnostics):
        """Return the lesson that numbers should be left out."""
        held = sum(any(map(str.isdigit, text)) for text in diagnostics.judged.texts)
        evidence = {"number_share": held / len(diagnostics.judged)}
        plan = replace(diagnostics.plan, seed=0).with_recipe("without_numbers", least=2)
        said = claim("numbered_texts", evidence)
        return [Lesson("numbered_texts", said, replace(diagnostics.plan, seed=0), (plan,), 0.1, 0.1, evidence)]
'''

RECIPE = '''"""Texts without their numbers (Nobody, 2020)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from haoqi.core.say import say
from haoqi.data.answers import CLASSES_OF_TEXTS, Accepts
from haoqi.data.recipes import recipes


@recipes.register
@dataclass(frozen=True)
class WithoutNumbers:
    """Which numbers go."""

    accepts: ClassVar[Accepts] = CLASSES_OF_TEXTS
    needs: ClassVar[frozenset[str]] = frozenset()
    texts: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "en": {"recipe.without_numbers": "without numbers of {least} digits"},
        "zh": {"recipe.without_numbers": "去掉 {least} 位以上的数字"},
    }

    least: int = 1
    """Digits that a number must have."""

    @property
    def growth(self):
        return 1.0

    def words(self):
        return say("recipe.without_numbers", least=self.least)

    def apply(self, examples, tools):
        pattern = "[0-9]{%d,}" % self.least
        return replace(examples, texts=[re.sub(pattern, "", text) for text in examples.texts])
'''

POINTS = """[haoqi.reflections]
numbered_texts = notes_of_others.numbered_texts

[haoqi.recipes]
without_numbers = notes_of_others.without_numbers
"""


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install a package that brings a reflection and a recipe, a file each."""
    place = tmp_path / "site"
    package, facts = place / "notes_of_others", place / "notes_of_others-1.0.dist-info"
    package.mkdir(parents=True)
    facts.mkdir()
    (package / "__init__.py").write_text("")
    (package / "numbered_texts.py").write_text(REFLECTION, encoding="utf-8")
    (package / "without_numbers.py").write_text(RECIPE, encoding="utf-8")
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: notes_of_others\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(str(place))
    importlib.invalidate_caches()

    def forget() -> None:
        for registry in (reflections, recipes):
            vars(registry).pop("_points", None)  # it is looked up once

    forget()
    yield
    forget()
    texts.cache_clear()


def test_what_it_says_is_read_in_the_terminal_and_the_report(
    stranger: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAOQI_HOME", str(tmp_path / "home"))
    source = tmp_path / "notes.csv"
    rows = [f"the {'good' if n % 3 else 'bad'} one no. {n} of {n % 7},{'yes' if n % 3 else 'no'}" for n in range(160)]
    rows += [f"the {'bad' if n % 2 else 'good'} odd {n},{'yes' if n % 4 else 'no'}" for n in range(40)]
    source.write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    heard = list[Event]()
    settings = {"steps": 8, "methods": ("majority", "tfidf"), "variants": 0, "ensemble": False, "compile": False}
    release = pipeline.improve(run_of(str(source), **settings), heard.append)  # type: ignore[arg-type]

    told = [spoken(event.text, "zh") for event in heard if isinstance(event, Note)]
    assert "一条待检验的教训：100 % 的文本含有数字。" in told
    tried = [event.plan for event in heard if isinstance(event, Tried)]
    remedy = next(plan for plan in tried if plan.endswith("without numbers of 2 digits"))
    assert "去掉 2 位以上的数字" in spoken(remedy, "zh")

    page = (release.folder / "report.html").read_text(encoding="utf-8")
    for words in ("hold a number", "的文本含有数字", "without numbers of 2 digits", "去掉 2 位以上的数字"):
        assert words in page
    assert "numbered_texts" in reflections.names()
