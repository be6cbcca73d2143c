"""A model: a task, a predictor that was fitted to it, and what makes its confidence honest."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from haoqi import tasks
from haoqi.core import folder as folders
from haoqi.core import hardware
from haoqi.core.errors import UserError
from haoqi.core.mutex import Mutex
from haoqi.core.say import say
from haoqi.data.entity_marks import EXAMPLE, find_marks, parse_marks
from haoqi.data.examples import Examples, Indices, Label, Query, Span
from haoqi.data.preparing.clean import clean
from haoqi.data.reading.decoding.characters import well_formed
from haoqi.data.relation_names import directed, mirrored
from haoqi.evaluate.metric import Array
from haoqi.evaluate.predictions import Predictions
from haoqi.models import checksums
from haoqi.models.checksums import READ_AT_LOAD
from haoqi.models.compile.cascade import unwrap
from haoqi.models.compile.compiled import load_compiled
from haoqi.models.predict_distinct import predict_distinct
from haoqi.models.predictor import Predictor, Progress, predictors
from haoqi.tasks.task import Scores, Task

FORMAT = 1
Asked: TypeAlias = str | Query | tuple[str, str]
"""What a model may be given: a text; two of them, or a query, where a task needs more."""

DAMAGED = "train it again, or copy it again from where it came"


@dataclass(frozen=True)
class Answer:
    """What a model says about one text."""

    label: Label
    confidence: float | None = None
    """Probability of the label, in [0, 1], where the output has such."""
    scores: Mapping[str, float] = field(default_factory=dict)
    """Probability of each label, highest first, where the task has such."""
    spans: tuple[tuple[Span, float], ...] = ()
    """For spans: each with its own probability."""
    interval: tuple[float, float] | None = None
    """For numbers: where the right one lies, nine times of ten."""
    levels: tuple[float, ...] = ()
    """For paths in a tree: the probability of each level, from the top down."""


@dataclass(frozen=True)
class Model:
    """Answers texts, from any number of threads, and survives a round trip to disk."""

    task: Task
    predictor: Predictor
    calibration: Mapping[str, Any] = field(default_factory=dict)
    """What `task.output.calibrate` gave."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Where it comes from, as JSON can hold it: method, settings, plan, data, base, version, created."""
    mutex: Mutex = field(default_factory=Mutex, repr=False, compare=False)
    """Lets one thread in at a time where the predictor needs that; a model that is made of this one has the same."""

    @property
    def predictor_name(self) -> str:
        """The name under which the predictor's class is registered."""
        return type(unwrap(self.predictor)).__module__.rpartition(".")[2]

    @property
    def thread_safe(self) -> bool:
        """Whether threads that ask at once are answered at once; where not, one waits for the other."""
        return bool(getattr(self.predictor, "thread_safe", False))  # one of another package may not say

    def __call__(self, text: Asked) -> Answer:
        """Return the answer to one text, or to one query of several."""
        return next(self.stream([text]))

    def scores(self, texts: Sequence[Asked] | Examples, progress: Progress | None = None) -> Scores:
        """Return logits before calibration, or numbers, one row or array per text."""
        return self._scores(self._examples(texts), progress)

    def predict(self, texts: Sequence[Asked] | Examples, progress: Progress | None = None) -> Predictions:
        """Return the answers to some texts, in order.

        Raises:
            UserError: if the texts are not a list of text, or of queries where the task is of two texts.
        """
        examples = self._examples(texts)
        scores = self._scores(examples, progress)
        return self.task.output.decode(scores, examples, **self.calibration)

    def margins(self, scores: Scores, answered: Scores | None = None) -> Array:
        """Return how far scores are from another answer than their own, or than that of others: `Output.margins`."""
        return self.task.output.margins(scores, answered=answered, **self.calibration)

    def stream(self, texts: Iterable[Asked], batch: int = 256) -> Iterator[Answer]:
        """Yield the answer to each text as it comes, holding no more than a batch of them at a time.

        A text that occurs several times within a batch is computed once.
        """
        if isinstance(texts, str):
            raise _not_texts(texts)
        waiting = iter(texts)
        while chunk := list(islice(waiting, batch)):
            yield from answers(predict_distinct(self, chunk), self.task.labels)

    def _scores(self, examples: Examples, progress: Progress | None) -> Scores:
        if self.task.symmetric and examples.pairs is not None:  # arithmetic in eight bits would tell the orders apart
            turned = [
                row for row, both in enumerate(zip(examples.texts, examples.pairs, strict=True)) if both > both[::-1]
            ]
            examples = examples.exchanged(turned)
        asked, reversed_rows = self._in_order(examples)
        with nullcontext() if self.thread_safe else self.mutex:
            found = self.predictor.scores(asked, progress)
        return turn_round(np.asarray(found), reversed_rows, self.task.labels) if len(reversed_rows) else found

    def _in_order(self, examples: Examples) -> tuple[Examples, Indices]:
        """Return examples as they were learnt, and the rows whose marks were exchanged for that.

        Where labels say the direction, the first of two marked stretches stands first in the text; asked the other way
        round the same is answered, in the other direction.
        """
        none = np.zeros(0, np.int64)
        if not self.task.output.kind.of_marks or not directed(self.task.labels):
            return examples, none
        marked = [find_marks(text) for text in examples.texts]
        rows = np.array([row for row, one in enumerate(marked) if one is not None and not one.in_order], np.int64)
        if not len(rows):
            return examples, none
        texts = list(examples.texts)
        for row in rows.tolist():
            texts[row] = str(marked[row].exchanged)
        return replace(examples, texts=texts), rows

    def _examples(self, texts: Sequence[Asked] | Examples) -> Examples:
        """Return texts as the predictor learnt them: plain ones are cleaned where the training texts were."""
        if isinstance(texts, Examples):
            if self.task.pairs and texts.pairs is None:
                raise _needs_pairs()
            if self.task.output.kind.of_context and texts.contexts is None:
                raise _needs_contexts()
            return texts
        if isinstance(texts, str):
            raise _not_texts(texts)
        if not self.task.of_two and all(isinstance(text, str) for text in texts):
            examples = Examples.of([well_formed(text) for text in texts if isinstance(text, str)])
        else:
            examples = Examples.of_queries([self._query(one, at) for at, one in enumerate(texts)])
        if self.facts.get("cleaned"):
            pairs = None if examples.pairs is None else [clean(text) for text in examples.pairs]
            examples = replace(examples, texts=[clean(text) for text in examples.texts], pairs=pairs)
        if self.task.output.kind.of_marks:
            check_marks(examples.texts)
        return examples

    def _query(self, given: object, place: int) -> Query:
        if self.task.output.kind.of_context:
            return as_question(given, place)
        return as_query(given, place, pairs=self.task.pairs)

    def save(self, folder: Path, *, standalone: bool = True) -> None:
        """Write the model whole or not at all; a folder that is already there is replaced.

        Args:
            folder: where to; its parents are made.
            standalone: hold a copy of the base's weights too, so that the folder works on any machine.
        """
        with folders.building(folder) as building:
            self.write(building, standalone=standalone)

    def write(self, folder: Path, *, standalone: bool = True) -> None:
        """Write into an existing, empty folder that nobody reads yet."""
        inside = folder / "predictor"
        inside.mkdir()
        self.predictor.save(inside, standalone=standalone)
        plain = {
            "format": FORMAT,
            "task": tasks.as_plain(self.task),
            "predictor": self.predictor_name,
            "standalone": standalone,
            "calibration": dict(self.calibration),
            "facts": dict(self.facts),
            "files": checksums.checksums_of(folder, inside),
        }
        folders.write_json(folder / "model.json", plain)


def load(folder: Path, cache: Path | None = None, *, compiled: bool = True, shared: bool = False) -> Model:
    """Return the model that `Model.save` wrote, computed by the form that was chosen for it where there is one.

    Args:
        folder: where it lies.
        cache: where bases are resolved if the folder only refers to one; None: the cache of HAOQI_HOME.
        compiled: use the compiled form of the release, where it has one; else torch computes.
        shared: hold the weights of its base once for all models that are loaded so; torch computes.

    Raises:
        UserError: if there is none, it is damaged, a newer Haoqi wrote it, or its base cannot be shared.
    """
    plain = read_card(folder)
    checksums.check(folder, plain["files"], READ_AT_LOAD, DAMAGED)
    maker: Any = predictors.get(plain["predictor"])
    cache = cache or folders.cache()
    hardware.keep_in(cache)
    if shared and not getattr(maker, "shares_base", False):
        raise UserError(f"a {plain['predictor']} leaves no base to share", "load it without sharing")
    sharing = {"shared": True} if shared else {}
    predictor = maker.load(folder / "predictor", cache, **sharing)
    model = Model(tasks.from_plain(plain["task"]), predictor, plain["calibration"], plain["facts"])
    return (
        replace(model, predictor=load_compiled(predictor, folder, model.margins)) if compiled and not shared else model
    )


def read_card(folder: Path) -> dict[str, Any]:
    """Return what model.json says, without loading the model.

    Raises:
        UserError: if there is no model, its card is damaged, or a newer Haoqi wrote it.
    """
    path = folder / "model.json"
    if not path.is_file():
        raise UserError(f"there is no model in {folder}", "a model's folder holds model.json and predictor/")
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        version = plain["format"]
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{path} is damaged", DAMAGED) from None
    if version != FORMAT:
        raise UserError(f"{folder} is of format {version}; this Haoqi reads format {FORMAT}", "pip install -U haoqi")
    if missing := {"task", "predictor", "calibration", "facts", "files"} - plain.keys():
        raise UserError(f"{path} is damaged: it lacks {', '.join(sorted(missing))}", DAMAGED)
    return dict(plain)


def verify(folder: Path) -> None:
    """Read every byte of a saved model, and raise UserError if one differs from what was written."""
    checksums.check(folder, read_card(folder)["files"], None, DAMAGED)


def answers(predictions: Predictions, labels: tuple[str, ...], most: int = 10) -> Iterator[Answer]:
    """Yield predictions one by one, with the likeliest labels of each."""
    scores: Iterable[dict[str, float]] = ({} for _ in predictions.labels)
    if (chances := predictions.probabilities) is not None:
        likeliest = (-chances).argsort(axis=1, kind="stable")[:, :most]
        tops = chances[np.arange(len(chances))[:, None], likeliest].tolist()
        names = ([labels[place] for place in places] for places in likeliest.tolist())
        scores = (dict(zip(*row, strict=True)) for row in zip(names, tops, strict=True))
    sure, within, levels = predictions.span_confidence, predictions.intervals, predictions.level_confidence
    confidences = [None] * len(predictions) if predictions.confidence is None else predictions.confidence.tolist()
    for row, (label, confidence, top) in enumerate(zip(predictions.labels, confidences, scores, strict=True)):
        spans: tuple[tuple[Span, float], ...] = () if sure is None else tuple(zip(label, sure[row], strict=True))
        interval = None if within is None else (float(within[row, 0]), float(within[row, 1]))
        yield Answer(label, confidence, top, spans, interval, () if levels is None else levels[row])


def turn_round(scores: Array, rows: Indices, labels: tuple[str, ...]) -> npt.NDArray[np.float32]:
    """Return scores in which each label of some rows has the score of its mirror image, shape (n, labels).

    A label without one scores as little as the least of the row.
    """
    place = {label: number for number, label in enumerate(labels)}
    mirrors = np.array([place.get(mirrored(label), -1) for label in labels])
    found: npt.NDArray[np.float32] = np.array(scores, np.float32)
    own = found[rows]
    found[rows] = np.where(mirrors < 0, own.min(axis=1, keepdims=True), own[:, mirrors])
    return found


def check_marks(texts: Sequence[str]) -> None:
    """Raise UserError that names the first text without two marked stretches, and what is wrong with its marks."""
    for place, text in enumerate(texts):
        try:
            parse_marks(text)
        except ValueError as error:
            shown = text if len(text) <= 60 else f"{text[:59]}…"
            raise UserError(
                say("model.no_marks", place=place, text=shown, reason=error.args[0]),
                say("model.no_marks.hint", example=EXAMPLE),
            ) from None


def as_query(given: object, place: int, *, pairs: bool) -> Query:
    """Return what is given as a query: a text, a query, or two texts in a tuple or a list.

    Args:
        given: what a caller gave.
        place: its number, for the error.
        pairs: whether the task is of two texts.

    Raises:
        UserError: if it is none of these, or the second text is missing or one too many.
    """
    if isinstance(given, tuple | list) and len(given) == 2 and all(isinstance(one, str) for one in given):
        given = Query(*given)
    if isinstance(given, str):
        given = Query(given)
    if not isinstance(given, Query):
        wanted = ("two texts", "give pairs: [(first, second), ...]") if pairs else ("text", "give a list of str")
        raise UserError(f"text {place} is {given!r}, which is not {wanted[0]}", wanted[1])
    if pairs and given.pair is None:
        raise _needs_pairs()
    if not pairs and given.pair is not None:
        raise UserError(f"text {place} is two texts, and this model answers one", "give a list of str")
    return replace(given, text=well_formed(given.text), pair=None if given.pair is None else well_formed(given.pair))


def as_question(given: object, place: int) -> Query:
    """Return what is given as a question with its context: a query, or both in a tuple or a list.

    Args:
        given: what a caller gave.
        place: its number, for the error.

    Raises:
        UserError: if it is none of these, or has no context.
    """
    if isinstance(given, tuple | list) and len(given) == 2 and all(isinstance(one, str) for one in given):
        given = Query(given[0], context=given[1])
    if isinstance(given, str) or (isinstance(given, Query) and given.context is None):
        raise _needs_contexts()
    if not isinstance(given, Query):
        raise UserError(f"text {place} is {given!r}, which is no question with its context", _QUESTIONS)
    return replace(given, text=well_formed(given.text), context=well_formed(given.context or ""))


_QUESTIONS = "give questions with their contexts: [(question, context), ...]"


def _needs_contexts() -> UserError:
    return UserError("this model answers a question from a context, and there is none", _QUESTIONS)


def _needs_pairs() -> UserError:
    return UserError("this model answers two texts at a time", "give pairs: [(first, second), ...]")


def _not_texts(text: str) -> UserError:
    return UserError(
        f"a list of texts is needed, but {text[:40]!r} is one text", "write predict([text]), or model(text)"
    )
