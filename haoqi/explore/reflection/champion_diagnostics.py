"""Diagnostics of the champion: its answers, its model, the data; each is computed when first asked for."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.core import seeds
from haoqi.data.examples import Examples, Indices, Splits
from haoqi.evaluate.answer_texts import is_exact
from haoqi.evaluate.counts import items
from haoqi.evaluate.path_counts import true_as_far_as
from haoqi.evaluate.predictions import Predictions
from haoqi.explore.costs.cost_model import CostModel
from haoqi.explore.experiments.model_store import has_model, load_model
from haoqi.explore.experiments.out_of_fold import Floats, is_computed, predict_out_of_fold, predict_texts
from haoqi.explore.experiments.results import read_answers
from haoqi.explore.experiments.training_data import sample_examples
from haoqi.explore.plans.plan import ENSEMBLE, Experiment, Plan
from haoqi.explore.record.history import History
from haoqi.explore.record.lesson_outcomes import success_rate
from haoqi.explore.reflection.behavioural_tests import probed
from haoqi.explore.scheduling.next_proposal import estimate_seconds
from haoqi.explore.setup.context import SearchContext
from haoqi.models.model import Model
from haoqi.tasks.task import Task

DIAGNOSTICS_SHARE = 0.15
"""All looks of one moment may take this share of the time left."""

DIAGNOSTICS_SECONDS = 20.0
"""And never more than this, which is the limit of each look where there is no clock."""

LOOKED_AT = 1000
"""So many rows are enough to see a pattern that is worth an experiment."""

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Fitted:
    """Answers of the champion to examples that it learnt from."""

    examples: Examples
    predictions: Predictions
    score: float
    """In the task's first metric."""
    right: Bools


@dataclass(frozen=True)
class ChampionDiagnostics:
    """One moment of a run, with a champion. What would take too long is None; nothing in it is changed."""

    context: SearchContext
    history: History
    left_seconds: float | None = None
    """Time left to explore; None: only steps count, and costs are those of a nominal machine."""
    begun: float = field(default_factory=time.perf_counter, compare=False)
    """When it was looked at first, by the clock of `left_seconds`."""
    shared: bool = True
    """Whether all looks share the time of their moment; else each may take as much."""

    @property
    def task(self) -> Task:
        """What is learnt."""
        return self.context.task

    @property
    def splits(self) -> Splits:
        """The data; reflections never look at the test split."""
        return self.context.splits

    @property
    def has_one_label(self) -> bool:
        """Whether an answer is one label."""
        return self.task.output.kind.one_class

    @property
    def champion(self) -> Experiment:
        """The best verified experiment."""
        return self.history.found()

    @property
    def plan(self) -> Plan:
        """Its plan, with the first seed."""
        return self.champion.plan

    @property
    def settings(self) -> Any:
        """The champion's method with its settings."""
        return self.context.method(self.plan)

    @property
    def score(self) -> float:
        """The champion's score on the judged examples."""
        score = self.champion.score
        assert score is not None
        return score

    @property
    def judged(self) -> Examples:
        """The examples that every experiment was judged on."""
        return self.context.judged

    @cached_property
    def predictions(self) -> Predictions:
        """The champion's answers to the judged examples, from models that did not learn them."""
        return read_answers(self.champion, self.context)

    @cached_property
    def right(self) -> Bools:
        """Whether each judged example was answered right, as a whole."""
        return correct(self.judged, self.predictions)

    @cached_property
    def model(self) -> Model | None:
        """The champion's model, which never saw the validation split."""
        return self.model_of(self.champion)

    def model_of(self, experiment: Experiment) -> Model | None:
        """Return an experiment's model, off the disk or fitted again on the training split; None: too costly."""
        if not has_model(experiment, self.context) and not self.affords(self.seconds_to_fit(experiment)):
            return None
        return load_model(experiment, self.context)

    @cached_property
    def validation_sample(self) -> Examples:
        """Validation examples for behavioural tests of the champion's model, a sample where there are many."""
        return self.splits.valid.take(self._validation_rows)

    @cached_property
    def validation_right(self) -> Bools | None:
        """Whether the champion's model answers each of them right; None: too costly."""
        if not self.context.folds:
            return self.right[self._validation_rows]
        answers = self.ask(self.validation_sample)
        return None if answers is None else correct(self.validation_sample, answers)

    @cached_property
    def _validation_rows(self) -> Indices:
        return self._rows(len(self.splits.valid), "held")

    def ask(self, examples: Examples) -> Predictions | None:
        """Return what the champion's model says to some examples, None where that takes too long."""
        if not len(examples) or not self.affords(self.seconds_to_answer(len(examples))) or self.model is None:
            return None
        return self.model.predict(examples)

    @cached_property
    def fitted(self) -> Fitted | None:
        """The champion's answers to examples that it learnt from."""
        learnt = sample_examples(self.splits.train, self.plan, self.context)
        sample = learnt.take(self._rows(len(learnt), "fitted"))
        answers = self.ask(sample)
        if answers is None:
            return None
        score = self.task.metric.merit_of(sample, answers, self.task)
        return Fitted(sample, answers, float(score), correct(sample, answers))

    @cached_property
    def out_of_fold(self) -> Floats | None:
        """Probability of each label for each training example, by cheap models that did not learn it.

        A base is among them where it has read the texts already, or can in time; None where words are labelled, or
        even counting words takes too long.
        """
        context = self._label_check_context
        return None if context is None else predict_out_of_fold(context, self.splits.train)

    @cached_property
    def out_of_fold_valid(self) -> Floats | None:
        """The same models' probabilities for the validation examples, so that the two splits can be compared.

        None where they are pairs, too.
        """
        context = self._label_check_context
        return (
            None
            if context is None or self.task.pairs
            else predict_texts(context, self.splits.train, self.splits.valid.texts)
        )

    @cached_property
    def _label_check_context(self) -> SearchContext | None:
        """The context with as many bases as checking labels has time for, or had before; None where it has none."""
        kind = self.task.output.kind
        if kind.of_words or not kind.has_classes:
            return None
        rooms = (self.context, replace(self.context, bases={}))
        costs = CostModel.of(self.context, self.history.experiments, timed=self.left_seconds is not None)

        def able(room: SearchContext) -> bool:
            return is_computed(room, self.splits.train) or self.affords(costs.label_check_seconds(room))

        return next(filter(able, rooms), None)

    def probe(self, name: str, words: Sequence[str] = ()) -> tuple[Examples, Indices]:
        """Return validation examples as a behavioural test changes them, and which of them it changes."""
        return probed(name, self.validation_sample, self.rng("probe", name), words)

    def strong_experiments(self, within: float) -> list[Experiment]:
        """Return the best experiment of each method, the champion first, that came so near to its score."""
        best: dict[str, Experiment] = {self.plan.method: self.champion}
        for one in sorted(self.history.alone, key=lambda e: -(e.score or 0.0)):
            if one.score is not None and one.score >= self.score - within:
                best.setdefault(one.plan.method, one)
        return list(best.values())

    def answers(self, experiment: Experiment) -> Predictions:
        """Return what any experiment answered to the judged examples."""
        return read_answers(experiment, self.context)

    def embeddings(self, texts: Sequence[str]) -> npt.NDArray[np.float32] | None:
        """Return embeddings of texts by the champion's base, or the first one, shape (n, width); None: too costly."""
        name = self.plan.base or next(iter(self.context.bases), None)
        if name is None or not self.affords(self.estimate_seconds(Plan("knn", name)) * len(texts) / max(1, self.rows)):
            return None
        return self.context.store.embeddings(self.context.bases[name], texts)

    def count_tokens(self, base: str, texts: Sequence[str]) -> "TokenCounts":
        """Return into how many tokens a base's tokenizer cuts texts, none left out, and how many it does not know."""
        return count_tokens(self.context.bases[base], texts)

    def show_label(self, label: Any) -> str:
        """Return an answer as a person reads it."""
        return self.task.output.show(label, "")

    @property
    def rows(self) -> int:
        """Examples that a fit reads: to learn from and to be judged on."""
        return len(self.splits.train) + len(self.splits.valid)

    def affords(self, seconds: float) -> bool:
        """Return whether there is time for a look that takes so long, after those that it shares its time with."""
        if self.left_seconds is None:
            return seconds <= DIAGNOSTICS_SECONDS
        spent = time.perf_counter() - self.begun if self.shared else 0.0
        return spent + seconds <= min(DIAGNOSTICS_SECONDS, DIAGNOSTICS_SHARE * self.left_seconds)

    def estimate_seconds(self, plan: Plan) -> float:
        """Return how long an experiment with a plan is expected to take."""
        return estimate_seconds(plan, self.context, self.history, self.left_seconds)

    def seconds_to_fit(self, experiment: Experiment) -> float:
        """Return how long a fit on the training split takes, at most."""
        fits = max(1, self.context.folds)
        if self.left_seconds is None:
            return self.estimate_seconds(experiment.plan) / fits
        if experiment.plan.method != ENSEMBLE:
            return experiment.seconds / fits
        ran = {one.plan: one for one in self.history.experiments}
        members = [ran[one] for one, _ in experiment.plan.members if one in ran]
        return sum(one.seconds / fits for one in members if not has_model(one, self.context))

    def seconds_to_answer(self, count: int) -> float:
        """Return how long the champion's model takes for so many texts, at most: answering costs no more than a fit."""
        return self.seconds_to_fit(self.champion) * count / max(1, self.rows)

    def success_rate(self, kind: str) -> float:
        """Return how often the remedies of a kind of lesson have helped so far, in (0, 1]."""
        return success_rate(kind, self.history.lessons, self.history.lesson_verdicts)

    def rng(self, *names: object) -> np.random.Generator:
        """Return a generator of its own for these names, the same in every sitting."""
        return seeds.generator(self.context.seed, "reflect", *names)

    def _rows(self, count: int, name: str) -> Indices:
        """Return all of so many rows, or a sample of them."""
        found: Indices = np.sort(self.rng("sample", name).permutation(count)[:LOOKED_AT])
        return found


@dataclass(frozen=True)
class TokenCounts:
    """How a tokenizer reads some texts."""

    counts: npt.NDArray[np.int64]
    """Tokens of each text, its marks included, none cut off."""
    unknown: npt.NDArray[np.int64]
    """How many of them stand for something it does not know."""


def count_tokens(base: Any, texts: Sequence[str]) -> TokenCounts:
    """Return how a base's tokenizer reads texts."""
    from haoqi.models.bases import load_tokenizer

    tokenizer = load_tokenizer(base)
    names = ("[UNK]", "<unk>", "<UNK>")
    strange = {found for name in names if (found := tokenizer.token_to_id(name)) is not None}
    encoded = tokenizer.encode_batch_fast([base.card.prefix + text for text in texts])
    counts = [len(one.ids) for one in encoded]
    unknown = [sum(token in strange for token in one.ids) for one in encoded]
    return TokenCounts(np.array(counts, dtype=np.int64), np.array(unknown, dtype=np.int64))


def correct(examples: Examples, predictions: Predictions) -> Bools:
    """Return whether each answer is right as a whole, shape (n,); a number is if its interval holds the right one."""
    if predictions.intervals is not None:
        low, high = predictions.intervals.T
        true = np.asarray(examples.labels, dtype=np.float64)
        return np.asarray((low <= true) & (true <= high))
    if predictions.level_confidence is not None:  # a path is right as far as it goes
        return np.array(true_as_far_as(examples.labels, predictions.labels), dtype=bool)
    pairs = list(zip(examples.labels, predictions.labels, strict=True))
    if examples.contexts is not None:
        return np.array([is_exact(*pair) for pair in pairs], dtype=bool)
    return np.array([frozenset(items(true)) == frozenset(items(given)) for true, given in pairs], dtype=bool)
