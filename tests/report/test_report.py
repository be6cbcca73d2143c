"""The report is one whole page in two languages that says what the story says, and runs nothing that a text holds."""

import json
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haoqi import report, tasks
from haoqi.core.errors import UserError
from haoqi.data.answers import ONE_CLASS, SPANS
from haoqi.data.examples import Examples, Span
from haoqi.evaluate.comparison import Comparison
from haoqi.evaluate.evidence import Evidence, evidence
from haoqi.evaluate.metric import Labels
from haoqi.evaluate.metrics import metrics
from haoqi.evaluate.predictions import Predictions
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.plans.reason import Reason
from haoqi.explore.record.history import Verdict
from haoqi.explore.record.knowledge_curve import CurvePoint
from haoqi.report import PairedTest, Story
from haoqi.report.markup import VOID, Said, tag

SECTIONS = [
    *("answer", "curve", "leaderboard", "confusion", "calibration", "mistakes", "data", "notebook", "reproduce"),
]
EVIL = "<script>alert('1')</script>"
LABELS = ("news & views", EVIL, "体育")


class Page(HTMLParser):
    """A page that was read: its tags must nest, and it remembers what a test asks for."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.scripts: list[str] = []
        self.ids: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, name: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(name, key, value or "") for key, value in attrs]
        self.ids += [value or "" for key, value in attrs if key == "id"]
        if name == "script":
            self.scripts.append("")
        if name not in VOID:
            self.open.append(name)

    def handle_endtag(self, name: str) -> None:
        assert self.open and self.open.pop() == name

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += data
        else:
            self.text.append(data)


def of_labels(labels: tuple[str, ...] = LABELS, count: int = 60) -> Evidence:
    rng = np.random.default_rng(0)
    true = [labels[place % len(labels)] for place in range(count)]
    given = [labels[0] if rng.random() < 0.2 else label for label in true]
    examples = Examples([f"{EVIL} number {place}" for place in range(count)], true, list(range(count)))
    answers = Predictions(given, rng.uniform(0.4, 1.0, count))
    found = [metrics.build("macro_f1"), metrics.build("accuracy")]
    return evidence(ONE_CLASS, found, examples, answers, task=Labels(labels), rng=rng)


def of_spans() -> Evidence:
    text = "Ada <b>Lovelace</b> met Babbage in London."
    true = [(Span(0, 15, "PER"), Span(24, 31, "PER"), Span(35, 41, "LOC"))] * 8
    given = [(Span(0, 3, "PER"), Span(35, 41, "PER"))] * 4 + list(true[:4])
    sure = [tuple(0.5 + 0.1 * place for place in range(len(spans))) for spans in given]
    words = [tuple((m.start(), m.end()) for m in re.finditer(r"\w+", text))] * 8
    examples = Examples([text] * 8, list(true), list(range(8)), words=words)
    answers = Predictions(list(given), np.full(8, 0.7), None, sure)
    return evidence(
        SPANS,
        [metrics.build("entity_f1")],
        examples,
        answers,
        task=Labels(("LOC", "PER")),
        rng=np.random.default_rng(0),
    )


PROBE = Plan("probe", "minilm")
TRIED = (
    Experiment(Plan("majority"), 0.31, number=1, low=0.25, high=0.37, seconds=0.4),
    Experiment(
        Plan("tfidf"),
        0.912,
        number=2,
        low=0.871,
        high=0.948,
        expected=0.31,
        doubt=0.15,
        seconds=2.0,
        scores={"macro_f1": 0.912, "accuracy": 0.915},
    ),
    Experiment(
        Plan("lora", EVIL), None, number=3, seconds=9.0, error=Reason("failed", {"reason": f"no memory {EVIL}"})
    ),
    Experiment(PROBE, 0.931, number=4, low=0.902, high=0.957, seconds=4.0, why=Reason("cheap")),
    Experiment(replace(PROBE, seed=1), 0.937, number=5, low=0.909, high=0.961, seconds=4.0, role="verify"),
    Experiment(Plan("knn", "minilm"), 0.899, number=6, low=0.86, high=0.93, seconds=1.0),
)
VERDICTS = (
    Verdict(1, "crowned", 1, 0.31),
    Verdict(2, "crowned", 2, 0.912, 0.602, 0.55, 0.65, 0.0001, 1),
    Verdict(3, "failed", 2, 0.912),
    Verdict(4, "close", 2, 0.912, 0.019, -0.004, 0.041, 0.12, 2),
    Verdict(5, "crowned", 4, 0.934, 0.022, 0.003, 0.044, 0.021, 2),
    Verdict(6, "kept", 4, 0.934, -0.035, -0.06, -0.01, 0.98, 4),
)


def point(step: int, spent: float, score: float, gain: float, **facts: Any) -> CurvePoint:
    rest = {"role": "explore", "plan": TRIED[step - 1].plan.words(), "alpha": 0.0, "beta": 1.0, **facts}
    return CurvePoint(step, spent, score, gain, **rest)


STEPS = (
    point(1, 0.4, 0.31, 0.0, champion=1),
    point(2, 2.4, 0.912, 0.602, champion=2),
    point(3, 11.4, 0.912, 0.0, champion=2),
    point(4, 15.4, 0.912, 0.0, champion=2),
    point(5, 19.4, 0.934, 0.022, champion=4, role="verify"),
    point(6, 20.4, 0.934, 0.0, champion=4),
)


@pytest.fixture(scope="module")
def story() -> Story:
    """Return a run with a champion over two seeds, a failure, and hostile words wherever a user has a say."""
    return Story(
        name="reviews",
        version=2,
        task=tasks.tasks.build("topic", labels=LABELS),
        champion=TRIED[3],
        test=of_labels(),
        valid=of_labels(count=90),
        experiments=TRIED,
        verdicts=VERDICTS,
        curve=STEPS,
        comparisons=(
            PairedTest(2, Comparison(0.0222, 0.0031, 0.0444, 0.021)),
            PairedTest(1, Comparison(0.624, 0.57, 0.68, 0.00001)),
        ),
        card={
            "source": EVIL,
            "schema": {"format": "csv", "columns": {"text": EVIL}, "left_out": [EVIL], "warnings": [EVIL], "notes": []},
            "rows": {"train": 400, "valid": 90, "test": 60},
            "labels": {"train": dict(zip(LABELS, (200, 120, 80), strict=True))},
            "characters": {"median": 40, "p90": 80, "max": 1200},
            "languages": {"en": 0.7, "zh": 0.3},
            "imbalance": 2.5,
            "contradictions": 1,
            "contradicting": [{"text": EVIL, "labels": {EVIL: 2}}],
            "personal": {"email": 3},
        },
        created="2026-11-23T00:11:00+00:00",
        ended="budget",
        notes=(EVIL,),
        command=f"haoqi improve '{EVIL}'",
        settings=f"source: {EVIL}\n",
        digest="ab12",
        packages={"haoqi": "0.1.0"},
        hardware=EVIL,
    )


@pytest.fixture(scope="module")
def page(story: Story) -> str:
    return report.render(story)


def test_the_data_card_says_what_was_read_as_what(story: Story) -> None:
    schema = {
        "format": "csv",
        "encoding": "utf-8",
        "columns": {"text": "subject", "label": "queue"},
        "left_out": ["id", "body"],
        "warnings": ["labels that differ in case only are kept apart"],
    }
    words = seen(report.render(replace(story, card={**story.card, "schema": schema})))
    assert "Read as" in words
    assert re.search(r"subject.{0,40}queue.{0,3}\(csv, utf-8\)", words)
    assert re.search(r"Columns left out.{0,20}id, body", words)
    assert "labels that differ in case only are kept apart" in words


def seen(html: str) -> str:
    """Return the words of a page, each run of white space as one space."""
    return " ".join(" ".join(Page(html).text).split())


def test_all_sections_are_there_in_order_and_everything_nests(page: str) -> None:
    assert [name for name in Page(page).ids if name in SECTIONS] == SECTIONS


def test_nothing_outside_the_page_is_asked_for(page: str) -> None:
    found = Page(page)
    links = [value for _, key, value in found.attributes if key in ("src", "href", "action", "data", "srcset")]
    assert links and all(value.startswith("#") for value in links)
    assert {value[1:] for value in links} <= set(found.ids)
    assert not re.search(r"https?:|//[a-z]|url\(|@import|fetch\(|XMLHttpRequest", page)


def test_what_a_user_wrote_is_shown_and_never_run(page: str) -> None:
    found = Page(page)
    assert len(found.scripts) == 1
    assert "alert" not in found.scripts[0]
    assert "<script>alert" not in page
    assert EVIL in seen(page)
    assert not [key for _, key, _ in found.attributes if key.startswith("on")]


def test_the_numbers_of_the_page_are_those_of_the_story(story: Story, page: str) -> None:
    assert story.shown is not None
    value, low, high = story.shown.scores["macro_f1"]
    words = seen(page)
    assert f'<span class="figure">{value:.3f}</span>' in page
    assert f"{low:.3f}–{high:.3f}" in words
    for row in TRIED:
        if row.score is not None and row.plan.method != "probe":
            assert f"{row.score:.3f}" in words
    assert "+0.022 on the same validation examples" in words
    assert "p\u00a0=\u00a00.021" in page


def test_the_champion_stands_for_all_of_its_seeds(page: str) -> None:
    row = re.search(r'<div class="board-row champion".*?</div>', page)
    assert row is not None
    assert ">0.934<" in row.group()
    assert "0.931, 0.937" in row.group()


def test_failures_and_dropped_plans_are_told_with_their_reasons(page: str) -> None:
    part = page[page.index('id="notebook"') : page.index('id="reproduce"')]
    notebook = unescape(" ".join(re.sub(r"<[^>]+>", " ", part).split()))
    assert f"no memory {EVIL}" in notebook
    assert "not better" in notebook
    assert "overtaken" in notebook
    assert "knn of minilm" in notebook


@pytest.mark.parametrize(
    ("language", "tag_", "chosen"),
    [(None, "en", False), ("en", "en", True), ("zh", "zh-Hans", True), ("fr", "en", False)],
)
def test_the_story_chooses_the_language_and_otherwise_the_browser_may(
    story: Story, language: str | None, tag_: str, chosen: bool
) -> None:
    opening = re.search(r"<html[^>]*>", report.render(replace(story, language=language)))
    assert opening is not None
    assert f'lang="{tag_}"' in opening.group()
    assert ("data-chosen" in opening.group()) == chosen


def test_parts_that_are_not_known_are_left_out_or_said_to_be_missing() -> None:
    bare = Story("bare", tasks.tasks.build("topic", labels=("a", "b")), TRIED[1])
    words = seen(report.render(bare))
    assert "Nothing was measured on labelled examples." in words
    assert "No data card was written" in words
    assert "What to do next" not in words


@pytest.mark.parametrize(("learnt_from", "rows"), [(0, 400), (490, 490)])
def test_what_it_learnt_from_is_told(story: Story, learnt_from: int, rows: int) -> None:
    words = seen(report.render(replace(story, learnt_from=learnt_from)))
    assert ("those that judged it included" in words) == bool(learnt_from)
    assert words.split("Learnt from")[1].split()[1] == str(rows)  # after the same in Chinese


def test_without_a_test_split_the_page_warns(story: Story) -> None:
    empty = replace(of_labels(), examples=0)
    for test in (None, empty):
        words = seen(report.render(replace(story, test=test)))
        assert "expect a little less on new text" in words
        assert "for want of a test split" in words


def test_one_experiment_makes_a_page(story: Story) -> None:
    one = replace(story, experiments=TRIED[1:2], curve=STEPS[1:2], comparisons=(), champion=TRIED[1])
    words = seen(report.render(one))
    assert "Nothing else was tried" in words
    assert "Only one experiment was made" in words


def test_many_labels_are_told_by_the_pairs_most_confused(story: Story) -> None:
    labels = tuple(f"label {place}" for place in range(40))
    shown = of_labels(labels, 200)
    html = report.render(replace(story, task=tasks.tasks.build("topic", labels=labels), test=shown))
    assert 'class="heat' not in html
    assert shown.confused[0].true in seen(html)


def test_spans_are_marked_within_their_text(story: Story) -> None:
    entities = tasks.tasks.build("entities", labels=("LOC", "PER"))
    html = report.render(replace(story, task=entities, test=of_spans(), valid=None))
    assert '<mark class="true given">Ada</mark><mark class="true"> &lt;b&gt;Lovelace</mark>' in html
    assert "Every tag of a word, O included" in seen(html)
    assert "wrong boundary" in seen(html)


def test_a_usual_page_is_small_and_repeats_itself(story: Story, page: str) -> None:
    assert len(page.encode()) < 300_000
    assert report.render(story) == page


def test_a_report_is_written_whole_or_not_at_all(story: Story, page: str, tmp_path: Path) -> None:
    path = report.write(story, tmp_path / "run" / "report.html")
    assert path.read_text("utf-8") == page
    (tmp_path / "file").write_text("")
    with pytest.raises((UserError, FileExistsError)):
        report.write(story, tmp_path / "file" / "report.html")
    assert [one.name for one in path.parent.iterdir()] == ["report.html"]


def test_evidence_read_back_from_a_release_gives_the_same_page(story: Story, page: str) -> None:
    assert story.test is not None and story.valid is not None
    back = [Evidence.from_plain(json.loads(json.dumps(one.to_plain()))) for one in (story.test, story.valid)]
    assert report.render(replace(story, test=back[0], valid=back[1])) == page


def test_values_in_sentences_and_attributes_are_escaped() -> None:
    assert EVIL not in Said("answer.versus", score=EVIL, other=EVIL, baseline=EVIL).within("en")
    assert tag("i", title='"><script>') == '<i title="&quot;&gt;&lt;script&gt;"></i>'
