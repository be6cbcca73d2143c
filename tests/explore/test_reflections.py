"""Every reflection finds the fault that was planted for it, says nothing where there is none, and its plan helps."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haoqi import tasks
from haoqi.core.hardware import Hardware
from haoqi.core.ledger import Ledger
from haoqi.data.examples import Examples, Splits
from haoqi.evaluate.predictions import Predictions
from haoqi.explore.experiments import run_experiment
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.plans.proposal import Belief, Proposal
from haoqi.explore.plans.reason import Reason
from haoqi.explore.record import artifacts
from haoqi.explore.record.history import History, Verdict
from haoqi.explore.record.lessons import Lesson
from haoqi.explore.reflection import reflect
from haoqi.explore.reflection.champion_diagnostics import ChampionDiagnostics
from haoqi.explore.reflection.reflections import reflections
from haoqi.explore.settings import ExploreSettings
from haoqi.explore.setup.context import SearchContext
from haoqi.models.bases import resolve

MACHINE = Hardware(cores=2, memory_bytes=8 << 30, gpu=None, fp32_gflops=100.0, bf16_gflops=100.0)
SYLLABLES = ("ba", "do", "ke", "li", "mu", "na", "po", "ri", "se", "tu", "va", "wo")
TFIDF = Plan("tfidf")


def vocabulary(count: int, seed: int, syllables: int = 4) -> list[str]:
    """Return different made-up words."""
    rng = np.random.default_rng(seed)
    words = ["".join(rng.choice(SYLLABLES, syllables)) for _ in range(4 * count)]
    return list(dict.fromkeys(words))[:count]


FILLER = vocabulary(300, 0)
CUES = {label: vocabulary(40, seed, 3) for seed, label in enumerate("abcde", 1)}


def texts(labels: Sequence[str], rng: np.random.Generator, *, cues: int = 4, filler: int = 6, **own: Any) -> list[str]:
    """Return a text for each label: some words that belong to it among some that belong to none."""
    words: Mapping[str, Sequence[str]] = own.get("words", CUES)
    made = []
    for label in labels:
        chosen = [*rng.choice(words[label], cues), *rng.choice(FILLER, filler)]
        made.append(" ".join(rng.permutation(chosen)))
    return made


def drawn(rng: np.random.Generator, rows: int, labels: str = "ab", **own: Any) -> Examples:
    """Return labelled examples, the labels in equal shares."""
    given = [labels[row % len(labels)] for row in range(rows)]
    return Examples.of(texts(given, rng, **own), given)


def numbered(*parts: Examples) -> tuple[Examples, ...]:
    """Return examples whose rows have numbers of their own across all parts."""
    first, found = 0, []
    for part in parts:
        found.append(replace(part, ids=list(range(first, first + len(part)))))
        first += len(part)
    return tuple(found)


def flipped(examples: Examples, rows: Sequence[int]) -> Examples:
    """Return examples of which some have the other label."""
    turn = {"a": "b", "b": "a"}
    return replace(examples, labels=[turn[one] if row in rows else one for row, one in enumerate(examples.labels)])


class Case:
    """A run in which some experiments were made, the last of them champion."""

    def __init__(self, folder: Path, train: Examples, valid: Examples, **rest: Any) -> None:
        train, valid, *others = numbered(train, valid, *([rest["unlabelled"]] if "unlabelled" in rest else []))
        labels = tuple(sorted({label for label in train.labels if label is not None}))
        bases = {"tiny": resolve(rest["base"], folder / "cache")} if "base" in rest else {}
        self.context = SearchContext(
            task=tasks.build(rest.get("task", "classification"), labels),
            splits=Splits(train, valid, Examples.of([]), others[0] if others else None),
            bases=bases,
            settings=ExploreSettings(steps=100, folds=0),
            hardware=MACHINE,
            folder=folder,
            run="case",
        )
        self.history = History(Ledger(folder / "ledger.sqlite"), "case")

    def run(self, plan: Plan) -> Experiment:
        """Run a plan and make it champion."""
        step = Proposal(plan, Reason("planted"), "explore", Belief(None, 0.15, 1.0), 1.0, None)
        return self._crown(self.history.add(run_experiment.run(step, self.context), spent=0.0))

    def fake(self, plan: Plan, probabilities: np.ndarray[Any, Any]) -> Experiment:
        """Record an experiment with these answers and make it champion."""
        judged, task = self.context.judged, self.context.task
        answers = Predictions(
            [task.labels[place] for place in probabilities.argmax(axis=1)], probabilities.max(axis=1), probabilities
        )
        counts = task.metric.count(judged, answers, task)
        folder = self.context.folder / "experiments" / f"{plan.key}-{plan.seed}"
        folder.mkdir(parents=True)
        artifacts.write_statistics(folder, counts)
        artifacts.write_predictions(folder, answers, {"temperature": 1.0})
        score = task.metric(judged, answers, task)
        return self._crown(self.history.add(Experiment(plan, score=float(score)), spent=0.0))

    def _crown(self, experiment: Experiment) -> Experiment:
        assert experiment.score is not None, experiment.failure()
        number = experiment.number
        self.history.judge(Verdict(number, "crowned", number, experiment.score), spent=0.0)
        return experiment

    def says(self, kind: str) -> list[Lesson]:
        """Return what a reflection says now."""
        return reflections.build(kind).reflect(ChampionDiagnostics(self.context, self.history))

    def tested(self, lesson: Lesson) -> str:
        """Return what running a lesson's plans says of it."""
        champion = self.history.verdicts[-1]
        for plan in lesson.plans:
            step = Proposal(plan, Reason("lesson", {"claim": ""}), "reflect", Belief(None, 0.15, 1.0), 1.0, None)
            found = self.history.add(run_experiment.run(step, self.context), spent=0.0)
            self.history.judge(replace(champion, experiment=found.number, decision="kept"), spent=0.0)
        return reflect.judge_lesson(lesson, ChampionDiagnostics(self.context, self.history)).decision


def lone(found: list[Lesson]) -> Lesson:
    """Return the only lesson, checked for what every lesson owes."""
    assert len(found) == 1, [lesson.claim for lesson in found]
    [lesson] = found
    assert any(letter.isdigit() for letter in lesson.claim), lesson.claim
    assert "{" not in lesson.claim
    assert 1 <= len(lesson.plans) <= 3
    assert lesson.gain > 0
    return lesson


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.fixture
def healthy(tmp_path: Path, rng: np.random.Generator) -> Case:
    """Return a run on data that nothing is wrong with."""
    case = Case(tmp_path, drawn(rng, 400, "abc"), drawn(rng, 300, "abc"))
    case.run(TFIDF)
    return case


@pytest.mark.parametrize("kind", reflections.names())
def test_where_nothing_is_wrong_no_reflection_says_anything(kind: str, healthy: Case) -> None:
    assert healthy.says(kind) == []


def test_examples_followed_too_closely(tmp_path: Path, rng: np.random.Generator) -> None:
    train, valid = drawn(rng, 500, cues=3, filler=10), drawn(rng, 500, cues=3, filler=10)
    case = Case(tmp_path, flipped(train, rng.permutation(500)[:100].tolist()), valid)
    case.run(Plan.of("tfidf", settings={"strength": 10.0}))
    lesson = lone(case.says("overfitting"))
    assert lesson.evidence["known"] > 0.95
    assert case.tested(lesson) == "confirmed"


def test_examples_followed_too_loosely(tmp_path: Path, rng: np.random.Generator) -> None:
    train, valid = (drawn(rng, 400, "aaaaaaaabc", cues=3, filler=20) for _ in range(2))
    case = Case(tmp_path, train, valid)
    case.run(Plan.of("tfidf", settings={"strength": 0.01}))
    lesson = lone(case.says("underfitting"))
    assert case.tested(lesson) == "confirmed"


def test_two_labels_that_only_parts_of_words_tell_apart(tmp_path: Path, rng: np.random.Generator) -> None:
    def twins(rows: int) -> Examples:
        labels = ["abcde"[row % 5] for row in range(rows)]
        made = texts(labels, rng)
        for row, label in enumerate(labels):
            if label in "de":  # no word of theirs ever comes twice, only its ending
                stems = ["".join(rng.choice(SYLLABLES, 6)) for _ in range(6)]
                made[row] = " ".join(stem + ("xim" if label == "d" else "yot") for stem in stems)
        return Examples.of(made, labels)

    case = Case(tmp_path, twins(400), twins(400))
    case.run(TFIDF)
    lesson = lone(case.says("confused_pairs"))
    assert {lesson.evidence["one"], lesson.evidence["other"]} == {"d", "e"}
    assert case.tested(lesson) == "confirmed"


def test_labels_that_were_flipped(tmp_path: Path, rng: np.random.Generator) -> None:
    train, valid = drawn(rng, 600, cues=2), drawn(rng, 600, cues=2)
    wrong = rng.permutation(600)[:120].tolist()
    case = Case(tmp_path, flipped(train, wrong), valid)
    case.run(TFIDF)
    lesson = lone(case.says("suspect_labels"))
    assert 60 <= lesson.evidence["count"] <= 180
    assert sum(row in wrong for row, _ in lesson.examples) >= 8
    assert case.tested(lesson) == "confirmed"


def test_a_label_that_was_starved(tmp_path: Path, rng: np.random.Generator) -> None:
    near = {**CUES, "c": [*CUES["c"][:25], *CUES["a"][:15]]}  # rare, and like a common one
    train = drawn(rng, 520, "ab" * 12 + "c", words=near, cues=3)
    case = Case(tmp_path, train, drawn(rng, 600, "abc", words=near, cues=3))
    # One that may follow its examples closely knows the label, and only has to answer it sooner, as calibration does.
    case.run(Plan.of("tfidf", settings={"strength": 0.03}))
    lesson = lone(case.says("rare_classes"))
    assert lesson.evidence["labels"] == ["c"]
    assert case.tested(lesson) == "confirmed"


def test_texts_that_are_cut_before_what_decides(tmp_path: Path, rng: np.random.Generator, tiny_base: str) -> None:
    cues = {"a": ["match", "keeper"], "b": ["bank", "inflation"]}

    def long(rows: int) -> Examples:
        labels = ["ab"[row % 2] for row in range(rows)]
        made = [" ".join(rng.choice(cues[label], 6)) for label in labels]
        made = [("the " * 150 if row % 3 == 0 else "") + text for row, text in enumerate(made)]
        return Examples.of([f"{text} {row}" for row, text in enumerate(made)], labels)

    case = Case(tmp_path, long(240), long(240), base=tiny_base)
    case.run(Plan("probe", "tiny"))
    lesson = lone(case.says("truncated_texts"))
    assert lesson.evidence["limit"] == 128
    assert lesson.evidence["cut_share"] == pytest.approx(1 / 3, abs=0.01)
    assert case.tested(replace(lesson, plans=tuple(p for p in lesson.plans if p.method == "tfidf"))) == "confirmed"


def test_a_base_that_does_not_know_the_script(tmp_path: Path, rng: np.random.Generator, tiny_base: str) -> None:
    table = str.maketrans("abdeiklmnoprstuvw", "ажденклмзорстувшг"[:17])

    def foreign(rows: int) -> Examples:
        found = drawn(rng, rows)
        return replace(found, texts=[text.translate(table) for text in found.texts])

    case = Case(tmp_path, foreign(300), foreign(300), base=tiny_base)
    case.run(Plan("probe", "tiny"))
    lesson = lone(case.says("wrong_base"))
    assert lesson.evidence["unknown_share"] > 0.5
    assert case.tested(replace(lesson, plans=lesson.plans[:1])) == "confirmed"


def test_words_whose_meaning_turned_with_time(tmp_path: Path, rng: np.random.Generator) -> None:
    old, new = CUES, {"a": [*CUES["c"], *CUES["b"][:20]], "b": [*CUES["d"], *CUES["a"][:20]]}
    era = [drawn(rng, 450, words=old), drawn(rng, 90, words=new), drawn(rng, 300, words=new)]
    train = replace(Examples.join(era[:2]), times=[float(row) for row in range(540)])
    case = Case(tmp_path, train, replace(era[2], times=[540.0 + row for row in range(300)]))
    case.run(TFIDF)
    lesson = lone(case.says("shift"))
    assert lesson.kind == "shift"
    assert lesson.evidence["newer_share"] < lesson.evidence["older_share"]
    assert case.tested(lesson) == "confirmed"


def test_validation_texts_of_another_kind(tmp_path: Path, rng: np.random.Generator) -> None:
    other = {"a": [*CUES["a"][:4], *CUES["d"]], "b": [*CUES["b"][:4], *CUES["e"]]}
    case = Case(tmp_path, drawn(rng, 400), drawn(rng, 400, words=other))
    case.run(TFIDF)
    lesson = lone(case.says("shift"))
    assert lesson.kind == "shift_of_splits"
    assert lesson.evidence["low"] > 0.8


def test_confidence_that_is_not_earned(tmp_path: Path, rng: np.random.Generator) -> None:
    case = Case(tmp_path, drawn(rng, 200), drawn(rng, 500))
    sure = rng.uniform(0.9, 1.0, 500)  # and right in four of five answers
    given = np.array([label == "a" for label in case.context.judged.labels]) ^ (rng.random(500) < 0.2)
    case.fake(TFIDF, np.where(given, [sure, 1 - sure], [1 - sure, sure]).T)
    lesson = lone(case.says("miscalibration"))
    assert lesson.measure == "brier"
    assert lesson.evidence["error"] > 0.1
    assert case.tested(lesson) == "confirmed"


def test_typing_errors_that_turn_answers(tmp_path: Path, rng: np.random.Generator) -> None:
    long = {label: vocabulary(8, seed, 6) for seed, label in enumerate("ab", 50)}

    def spare(rows: int) -> Examples:
        return drawn(rng, rows, cues=1, filler=2, words=long)

    case = Case(tmp_path, spare(400), spare(400))
    case.run(TFIDF)
    lesson = lone([one for one in case.says("brittleness") if one.subject == "typos"])
    assert lesson.evidence["after_share"] < lesson.evidence["before_share"] - 0.05
    assert case.tested(lesson) == "confirmed"


def test_negation_that_is_not_heard(tmp_path: Path, rng: np.random.Generator) -> None:
    words = {"positive": ["great", "lovely", "bright", "kind"], "negative": ["broken", "dull", "rude", "stale"]}

    def opposite_sentiments(rows: int) -> Examples:
        labels = [("positive", "negative")[row % 2] for row in range(rows)]
        made = [f"the {rng.choice(FILLER)} is {rng.choice(words[one])} and {rng.choice(words[one])}" for one in labels]
        return Examples.of(made, labels)

    case = Case(tmp_path, opposite_sentiments(300), opposite_sentiments(200), task="sentiment")
    case.run(TFIDF)
    heard = [one for one in case.says("brittleness") if one.subject == "negation"]
    assert lone(heard).evidence["after_share"] < 0.2


def test_one_word_that_decides_alone(tmp_path: Path, rng: np.random.Generator) -> None:
    def signed(rows: int) -> Examples:
        found = drawn(rng, rows, cues=1, filler=8)
        made = [f"{text} zqx" if one == "a" and rng.random() < 0.9 else text for text, one in found]
        return replace(found, texts=made)

    case = Case(tmp_path, signed(500), signed(500))
    case.run(TFIDF)
    lesson = lone(case.says("shortcuts"))
    assert lesson.words == ("zqx",)
    assert lesson.evidence["label"] == "a"
    assert case.tested(lesson) == "confirmed"


def noisy(case: Case, rng: np.random.Generator, wrong: float) -> "np.ndarray[Any, Any]":
    """Return calibrated answers of which a share is wrong, and then unsure of itself."""
    labels = case.context.task.labels
    truth = np.array([labels.index(label) for label in case.context.judged.labels])
    logits = rng.standard_normal((len(truth), len(labels)))
    logits[np.arange(len(truth)), truth] += 2.0 if wrong < 0.3 else 1.0
    shares: np.ndarray[Any, Any] = np.exp(logits)
    return shares / shares.sum(axis=1, keepdims=True)


def test_strong_models_that_disagree(tmp_path: Path, rng: np.random.Generator, tiny_base: str) -> None:
    case = Case(tmp_path, drawn(rng, 60, "abc"), drawn(rng, 600, "abc"), base=tiny_base)
    case.fake(Plan("probe", "tiny"), noisy(case, rng, 0.2))
    case.fake(TFIDF, noisy(case, rng, 0.2))
    lesson = lone(case.says("strong_disagree"))
    assert lesson.evidence["either_share"] > 0.9
    assert lesson.plans[0].method == "blend"


def test_strong_models_that_agree_are_left_alone(tmp_path: Path, rng: np.random.Generator, tiny_base: str) -> None:
    case = Case(tmp_path, drawn(rng, 60, "abc"), drawn(rng, 600, "abc"), base=tiny_base)
    answers = noisy(case, rng, 0.2)
    case.fake(Plan("probe", "tiny"), answers)
    case.fake(TFIDF, answers**1.2 / (answers**1.2).sum(axis=1, keepdims=True))
    assert case.says("strong_disagree") == []


def test_unlabelled_texts_that_lie_unused(tmp_path: Path, rng: np.random.Generator) -> None:
    rest = replace(drawn(rng, 900, cues=5), labels=[None] * 900)
    case = Case(tmp_path, drawn(rng, 40, cues=3), drawn(rng, 800, cues=3), unlabelled=rest)
    case.run(TFIDF)
    lesson = lone(case.says("unlabelled_unused"))
    assert lesson.evidence["rows"] == 900
    assert case.tested(lesson) == "confirmed"


def test_seeds_that_differ(tmp_path: Path, rng: np.random.Generator, tiny_base: str) -> None:
    case = Case(tmp_path, drawn(rng, 60), drawn(rng, 400), base=tiny_base)
    plan = Plan("top_layers", "tiny")
    case.fake(plan, noisy(case, rng, 0.2))
    assert case.says("restless_seeds") == []  # one seed says nothing
    case.fake(replace(plan, seed=1), noisy(case, rng, 0.2))
    lesson = lone(case.says("restless_seeds"))
    assert lesson.evidence["differ_share"] > 0.1
    assert lesson.plans[0].varied == {"epochs": 8, "learning_rate": 0.00015}


def test_seeds_that_agree_are_left_alone(tmp_path: Path, rng: np.random.Generator, tiny_base: str) -> None:
    case = Case(tmp_path, drawn(rng, 60), drawn(rng, 400), base=tiny_base)
    answers = noisy(case, rng, 0.2)
    for seed in range(2):
        case.fake(Plan("top_layers", "tiny", seed=seed), answers)
    assert case.says("restless_seeds") == []


def test_how_well_examples_are_known_is_not_told_in_errors(tmp_path: Path, rng: np.random.Generator) -> None:
    train, valid = (drawn(rng, 400, "aaaaaaaabc", cues=3, filler=20) for _ in range(2))
    case = Case(tmp_path, train, valid)
    case.run(Plan.of("tfidf", settings={"strength": 0.01}))
    fewer = replace(case.context.task.metric, greater_is_better=False, most=float("inf"))
    object.__setattr__(case.context, "task", replace(case.context.task, metrics=(fewer,)))
    assert case.says("underfitting") == []
