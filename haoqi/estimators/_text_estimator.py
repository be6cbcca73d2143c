"""What the estimators share: reading texts and answers, looking for a model, and surviving pickle."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeAlias
from weakref import finalize

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from haoqi import tasks
from haoqi.api import warn_unless_promoted
from haoqi.core import folder
from haoqi.core.errors import UserError
from haoqi.core.events import Event, Released
from haoqi.data.answers import AnswerKind
from haoqi.data.examples import Examples, Query
from haoqi.data.raw import Raw
from haoqi.data.reading.decoding.characters import well_formed
from haoqi.data.reading.tables.frames import is_missing, values_of
from haoqi.run import run_of

if TYPE_CHECKING:
    from haoqi.models.model import Model

Texts: TypeAlias = list[str] | list[tuple[str, str]]
"""What is answered: texts, or pairs of texts, all of one kind."""


class TextEstimator(BaseEstimator):  # type: ignore[misc]
    """The parameters, the search and the pickled form of an estimator that keeps a model as `model_`.

    scikit-learn's own way of sharing these is a class; each estimator still writes its own `fit` and `predict`.
    """

    def __init__(
        self,
        *,
        minutes: float | None = None,
        steps: int | None = None,
        task: str | None = None,
        base: Sequence[str] | str | None = None,
        methods: Sequence[str] | str | None = None,
        seed: int = 0,
        name: str | None = None,
        home: str | Path | None = None,
    ) -> None:
        self.minutes = minutes
        self.steps = steps
        self.task = task
        self.base = base
        self.methods = methods
        self.seed = seed
        self.name = name
        self.home = home

    def _search(self, task: str, texts: Texts, answers: Sequence[str] | Sequence[float]) -> "Model":
        """Return the best model found; it is called by `fit` alone, whose caller a warning is to name."""
        from haoqi import pipeline

        run = run_of("texts", name=self.name or "texts", **self._settings(task))
        raw = Raw.of(_examples(texts, answers), "texts")
        released: list[Released] = []

        def hear(event: Event) -> None:
            released.extend([event] if isinstance(event, Released) else [])

        own = self._home()
        # Without a name runs and releases go to a folder that is deleted afterwards; caches are shared all the same.
        with nullcontext(own) if self.name is not None else TemporaryDirectory(prefix="haoqi-") as home:
            release = pipeline.improve(run, hear, raw, home=Path(home), cache=folder.cache(own))
            warn_unless_promoted(released[-1], stacklevel=4)
            return release.load() if self.name is not None else _lasting(release.folder, folder.cache(own))

    def _settings(self, task: str) -> dict[str, Any]:
        given: dict[str, Any] = {"minutes": self.minutes, "steps": self.steps, "seed": self.seed, "task": task}
        given |= {name: _listed(getattr(self, name)) for name in ("base", "methods")}
        # Cross-validation fits many times, and each would wait for what nobody reads.
        given |= {"compile": False, "advice_seconds": 0.0}
        # What a data frame's owner sorted out is not for us to refuse: odd rows are left out.
        return given | {"bad_rows": 1.0, "drop_rare": True}

    def _asked(self, X: Any) -> Texts:  # noqa: N803 - scikit-learn's name
        """Return what a fitted model is asked, of the kind that it learnt.

        Raises:
            NotFittedError: before `fit`.
            ValueError: if X is no list of it.
        """
        check_is_fitted(self, "model_")
        texts = read_texts(X)
        learnt = self.model_.task.pairs
        if texts and are_pairs(texts) != learnt:
            kinds = ("pairs of texts", "texts") if learnt else ("texts", "pairs of texts")
            raise ValueError(f"{type(self).__name__} was fitted on {kinds[0]}, but X holds {kinds[1]}")
        return texts

    def _home(self) -> Path:
        return folder.home() if self.home is None else Path(self.home).expanduser().absolute()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = True  # pairs
        return tags

    def __getstate__(self) -> dict[str, Any]:
        """Return what pickle may hold: parameters, and the model as the bytes of its files, never as objects."""
        state = dict(super().__getstate__())
        if "model_" in state:
            with TemporaryDirectory(prefix="haoqi-") as place:
                self.model_.save(Path(place) / "model", standalone=True)
                state["model_"] = _packed(Path(place) / "model")
        return state

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        state = dict(state)
        files = state.pop("model_", None)
        super().__setstate__(state)
        if files is not None:
            self.model_ = _unpacked(files, folder.cache(self._home()))


def read_texts(X: Any) -> Texts:  # noqa: N803
    """Return texts as a list of plain str, or pairs of them as a list of tuples.

    Args:
        X: a list, an array or a series of str, shape (n,); or of pairs, or an array or a data frame, shape (n, 2).

    Raises:
        ValueError: if it is none of these.
    """
    if isinstance(X, str):
        raise ValueError("X must be a list of texts, but is one text; write [text]")
    shape = getattr(X, "shape", None)
    if shape is not None and len(shape) != 1 and tuple(shape[1:]) != (2,):
        raise ValueError(f"X must be texts, shape (n,), or pairs of texts, shape (n, 2), but has shape {shape}")
    rows = values_of(X.to_numpy() if shape is not None and len(shape) == 2 and hasattr(X, "to_numpy") else X)
    rows = [list(row.values()) if isinstance(row, Mapping) and shape is not None else row for row in rows]  # Arrow's
    if rows and isinstance(rows[0], list):
        return [_pair(row, place) for place, row in enumerate(rows)]
    for place, text in enumerate(rows):
        if not isinstance(text, str):
            raise ValueError(f"X must be a list of texts, but X[{place}] is {text!r}")
    return [well_formed(text) for text in rows]


def _pair(row: Any, place: int) -> tuple[str, str]:
    if not (isinstance(row, list) and len(row) == 2 and all(isinstance(text, str) for text in row)):
        raise ValueError(f"X must be a list of pairs of texts, but X[{place}] is {row!r}")
    return well_formed(row[0]), well_formed(row[1])


def are_pairs(texts: Texts) -> bool:
    """Return whether texts are pairs."""
    return bool(texts) and isinstance(texts[0], tuple)


def read_answers(y: Any, texts: Texts, owner: str) -> npt.NDArray[Any]:
    """Return the answer to each text, shape (n,), in its own type.

    Args:
        y: a list, an array or a series of them.
        texts: what they are answers to.
        owner: which estimator asks for them.

    Raises:
        ValueError: if they are none, of another number than the texts, or one is missing.
    """
    if y is None:
        raise ValueError(f"{owner} requires y to be passed, but the target y is None")
    found = np.asarray(y if hasattr(y, "shape") else values_of(y))
    if found.ndim == 2 and found.shape[1] == 1:
        found = found.ravel()
    if found.ndim != 1:
        raise ValueError(f"y must have one answer per text, shape (n,), but has shape {found.shape}")
    if len(found) != len(texts):
        raise ValueError(f"X and y differ in length: {len(texts)} texts, {len(found)} answers")
    if any(is_missing(one) for one in found.tolist()):
        raise ValueError("y contains NaN or None; every text needs an answer")
    if not texts:
        raise ValueError("found no texts: at least 2 samples with different answers are required")
    return found


def check_task(name: str, texts: Texts, kinds: Sequence[AnswerKind], owner: str) -> None:
    """Raise an error if a task has other answers than an estimator gives, or reads another number of texts.

    Raises:
        UserError: for another kind of answer, or a task that is not there.
        ValueError: for texts where the task is of pairs, and the other way round.
    """
    task = tasks.build(name, ())
    if replace(task.output.kind, in_tree=False) not in kinds:  # a path is a label, too
        able = [one for one in tasks.names() if replace(tasks.build(one, ()).output.kind, in_tree=False) in kinds]
        raise UserError(f"{owner} cannot learn the task {name}: its answers are others", f"task: {', '.join(able)}")
    if task.pairs != are_pairs(texts):
        wanted, given = ("pairs of texts", "texts") if task.pairs else ("texts", "pairs of texts")
        raise ValueError(f"the task {name} is of {wanted}, but X holds {given}")


def _examples(texts: Texts, answers: Sequence[Any]) -> Examples:
    queries = [Query(one) if isinstance(one, str) else Query(*one) for one in texts]
    return replace(Examples.of_queries(queries), labels=list(answers))


def _listed(value: Sequence[str] | str | None) -> list[str] | None:
    return None if value is None else [value] if isinstance(value, str) else list(value)


def _packed(place: Path) -> dict[str, bytes]:
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in place.rglob("*") if path.is_file()}


def _unpacked(files: Mapping[str, bytes], cache: Path) -> "Model":
    with TemporaryDirectory(prefix="haoqi-") as scratch:
        place = Path(scratch) / "model"
        for name, content in files.items():
            path = place / name
            if ".." in Path(name).parts or Path(name).is_absolute():
                raise ValueError(f"{name!r} is no file of a model")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return _lasting(place, cache)


def _lasting(place: Path, cache: Path) -> "Model":
    """Move a model's folder to where it stays as long as the model, which may read its base at the first text only."""
    from haoqi.models.model import load

    own = TemporaryDirectory(prefix="haoqi-")
    model = load(place.replace(Path(own.name) / "model"), cache)
    finalize(model.predictor, own.cleanup)
    return model
