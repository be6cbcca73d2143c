"""A scikit-learn classifier of texts that looks for its own best model."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from weakref import finalize

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from haoqi.api import warn_unless_promoted
from haoqi.core import folder
from haoqi.core.events import Event, Released
from haoqi.data.examples import Examples
from haoqi.data.raw import Raw, digest
from haoqi.data.reading.decoding.characters import well_formed
from haoqi.data.reading.tables.frames import is_missing, values_of
from haoqi.data.reading.tables.label_cells import missing_among
from haoqi.data.schema import Schema
from haoqi.run import run_of

if TYPE_CHECKING:
    from haoqi.models.model import Model


class TextClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Fits the best model for labelled texts that it finds within its budget.

    It follows scikit-learn's conventions, with a list of str where others take a matrix. Nothing is kept
    on disk unless it has a name; then it is released under it, and `haoqi.load(name)` has it too.

    Args:
        minutes: time to look; 5 where neither minutes nor steps are given.
        steps: how many experiments to make; with it, the same seed gives the same model.
        task: one of the tasks with one label per text; "classification" where None.
        base: names of the pretrained models to start from; chosen by the languages found where None.
        methods: names of the methods to try; all that suit where None.
        seed: everything that chance decides follows from it.
        name: under which the model is released; None: it is not.
        home: the folder of its runs, releases and caches; None: HAOQI_HOME. Fits with homes of their own may go on
            side by side in the threads of one process.

    Attributes:
        classes_: the labels, sorted, shape (labels,).
        model_: the model, with its method and its facts.

    >>> TextClassifier(minutes=2).fit(texts, labels).predict(texts)  # doctest: +SKIP
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

    def fit(self, X: Sequence[str], y: Sequence[Any]) -> "TextClassifier":  # noqa: N803 - scikit-learn's name
        """Look for the best model for these texts and labels.

        Args:
            X: texts, n of them.
            y: a label for each: str, int, or anything that sorts.

        Raises:
            ValueError: if X is no list of text, y is missing or of another length, or there is one class only.
            UserError: if a setting cannot be, or the machine does not allow it.
        """
        texts, classes, places = _checked(X, y)
        names = _names(classes)
        own = self._home()
        # Without a name runs and releases go to a folder that is deleted afterwards; caches are shared all the same.
        with nullcontext(own) if self.name is not None else TemporaryDirectory(prefix="haoqi-") as home:
            self.model_ = self._search(texts, [names[place] for place in places], Path(home), folder.cache(own))
        self.classes_ = classes
        return self

    def predict(self, X: Sequence[str]) -> npt.NDArray[Any]:  # noqa: N803
        """Return the label of each text, shape (n,).

        Where macro-F1 decides it may be one that is a little less likely than another.

        Raises:
            NotFittedError: before `fit`.
        """
        check_is_fitted(self, "model_")
        texts = _texts(X)
        if not texts:
            return self.classes_[:0]
        place = {name: place for place, name in enumerate(_names(self.classes_))}
        return self.classes_[[place[label] for label in self.model_.predict(texts).labels]]

    def predict_proba(self, X: Sequence[str]) -> npt.NDArray[np.float64]:  # noqa: N803
        """Return the probability of each class for each text, shape (n, classes), in the order of `classes_`.

        Raises:
            NotFittedError: before `fit`.
        """
        check_is_fitted(self, "model_")
        texts = _texts(X)
        found = np.zeros((len(texts), len(self.classes_)))
        if texts:
            probabilities = self.model_.predict(texts).probabilities
            assert probabilities is not None, "tasks with one label per text have probabilities"
            # A class that had too few examples to learn from is none of the model's: its column stays 0.
            place = {name: place for place, name in enumerate(_names(self.classes_))}
            found[:, [place[label] for label in self.model_.task.labels]] = probabilities
            found /= found.sum(axis=1, keepdims=True)
        return found

    def _home(self) -> Path:
        return folder.home() if self.home is None else Path(self.home).expanduser().absolute()

    def _search(self, texts: list[str], labels: list[str], home: Path, cache: Path) -> "Model":
        from haoqi import pipeline

        given: dict[str, Any] = {"minutes": self.minutes, "steps": self.steps, "seed": self.seed}
        given |= {name: _listed(getattr(self, name)) for name in ("base", "methods")}
        # Cross-validation fits many times, and each would wait for what nobody reads.
        given |= {"compile": False, "advice_seconds": 0.0}
        # What a data frame's owner sorted out is not for us to refuse: odd rows are left out.
        given |= {"task": self.task or "classification", "bad_rows": 1.0, "drop_rare": True}
        run = run_of("texts", name=self.name or "texts", **given)
        schema = Schema("texts", "memory", rows=len(texts))
        raw = Raw(Examples.of(texts, labels), None, schema, "labels", digest([*texts, "\0", *labels]))
        heard: list[Released] = []

        def hear(event: Event) -> None:
            heard.extend([event] if isinstance(event, Released) else [])

        release = pipeline.improve(run, hear, raw, home=home, cache=cache)
        warn_unless_promoted(heard[-1], stacklevel=4)
        return release.load() if self.name is not None else _lasting(release.folder, cache)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
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
        state = {"home": None, **state}  # those that were pickled before it had one, too
        files = state.pop("model_", None)
        super().__setstate__(state)
        if files is not None:
            self.model_ = _unpacked(files, folder.cache(self._home()))


def _checked(X: Any, y: Any) -> tuple[list[str], npt.NDArray[Any], npt.NDArray[np.int64]]:  # noqa: N803
    """Return the texts, the classes, and the place of each text's class among them."""
    texts = _texts(X)
    if y is None:
        raise ValueError("TextClassifier requires y to be passed, but the target y is None")
    labels = np.asarray(y if hasattr(y, "shape") else values_of(y))
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels.ravel()
    if labels.ndim != 1:
        raise ValueError(f"y must have one label per text, shape (n,), but has shape {labels.shape}")
    if len(labels) != len(texts):
        raise ValueError(f"X and y differ in length: {len(texts)} texts, {len(labels)} labels")
    if any(is_missing(label) for label in labels.tolist()):
        raise ValueError("y contains NaN or None; every text needs a label")
    if not texts:
        raise ValueError("found no texts: at least 2 samples of different classes are required")
    classes, places = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"y has one class only, {classes[0]!r}; a classifier needs at least 2 classes")
    return texts, classes, places


def _texts(X: Any) -> list[str]:  # noqa: N803
    """Return texts as a list of plain str."""
    if isinstance(X, str):
        raise ValueError("X must be a list of texts, but is one text; write [text]")
    shape = getattr(X, "shape", None)
    if shape is not None and len(shape) != 1:
        raise ValueError(f"X must be a list of texts, shape (n,), but has shape {shape}")
    texts = values_of(X)
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise ValueError(f"X must be a list of texts, but X[{place}] is {text!r}")
    return [well_formed(text) for text in texts]


def _names(classes: npt.NDArray[Any]) -> list[str]:
    """Return a name for each class: its own words, which some methods read, where they can be one."""
    names = [well_formed(" ".join(str(one).split())) for one in classes.tolist()]
    odd = len(set(names)) < len(names) or bool(missing_among(names))
    return [f"class {place}" for place in range(len(names))] if odd else names


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
