"""The Python interface: the same functions as the command line, on files, data frames and lists."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from haoqi.core.errors import UserError
from haoqi.core.events import Event, Listen, Released, silent
from haoqi.core.say import named, say

if TYPE_CHECKING:
    from haoqi.core.stop import Stop
    from haoqi.data.raw import Raw
    from haoqi.data.settings import DataSettings
    from haoqi.evaluate.advice import Advice
    from haoqi.evaluate.evidence import Evidence
    from haoqi.evaluate.headline import Headline
    from haoqi.evaluate.predictions import Predictions
    from haoqi.inspection import Inspection
    from haoqi.models.compile.compiled import Compiled
    from haoqi.models.model import Answer, Asked, Model
    from haoqi.models.releases.releases import Release, Tell
    from haoqi.run import Run

Text = TypeVar("Text", bound="Asked")

IN_MEMORY = "data"
"""What rows in memory, and the release that learnt them, are called where nobody names it."""


@dataclass(frozen=True)
class Improved:
    """What came of a run: a release, how good it is, and where the report is."""

    release: "Release"
    """As it was published."""
    metric: str
    """The one that decided."""
    score: float
    """Of the estimate that leads: on the test split, or on more examples where that is small."""
    low: float
    """Lower end of the 95 % interval of the score."""
    high: float
    """Upper end of it."""
    report: Path
    """A web page to read."""
    headline: "Headline"
    """On what the score rests, the score beside it, and the labels that nothing tested."""
    promoted: bool = True
    """Whether it answers to the bare name; not where it has other labels than the one that does, or scores lower."""

    @property
    def name(self) -> str:
        """The release with its version, as `load` takes it."""
        return f"{self.release.name}@{self.release.version}"

    @cached_property
    def model(self) -> "Model":
        """The released model, loaded when it is first asked for."""
        return self.release.load()


def improve(
    source: Any,
    *,
    listen: Listen = silent,
    home: str | Path | None = None,
    stop: "Stop | None" = None,
    **settings: Any,
) -> Improved:
    """Look for the best model for labelled text and release it; what `haoqi improve` does.

    Where nobody listens, a release that does not answer to its name is a UserWarning.

    Args:
        source: a file, a folder, a database, a hub data set or a sample's name; or rows in memory: a data frame, an
            Arrow table, a loaded data set, a list of dicts, a dict of lists, pairs of a text and its label, or
            (texts, labels). A dict of such tables under train, valid and test keeps the splits.
        listen: is told of everything that happens; see `haoqi.core.events`.
        home: the folder that holds runs/, releases/ and cache/; None: HAOQI_HOME.
        stop: a `haoqi.Stop`, by which another thread ends the search as Ctrl-C does: what was found is released.
        settings: any setting of `haoqi.run.Run` by its name, such as minutes, task, base, name, seed; `config`
            names a YAML file of settings.

    Raises:
        UserError: if the data, the settings or the disk do not allow it, or it is stopped before it has a model.
    """
    from haoqi import pipeline
    from haoqi.evaluate.headline import Headline
    from haoqi.run import run_of

    config = settings.pop("config", None)
    path = None if config is None else Path(config)
    named = isinstance(source, str | Path)
    run = run_of(str(source) if named else settings.get("name") or IN_MEMORY, path, **settings)
    run = run if named or run.name is not None else replace(run, name=IN_MEMORY)
    released: list[Released] = []

    def hear(event: Event) -> None:
        released.extend([event] if isinstance(event, Released) else [])
        listen(event)

    raw = None if named else _raw(source, run.data)
    release = pipeline.improve(run, hear, raw, home=_folder(home), stop=stop)
    last = released[-1]
    if listen is silent:
        warn_unless_promoted(last)
    summary = Headline.from_plain(last.headline)
    scores = (last.metric, last.score, last.low, last.high)
    return Improved(release, *scores, Path(last.report), summary, last.promoted)


def warn_unless_promoted(released: Released, stacklevel: int = 3) -> None:
    """Warn that a release does not answer to its name, with the reason and what promotes it."""
    import warnings

    from haoqi.report import promotion
    from haoqi.report.steps import in_words

    if released.promoted:
        return
    name, version, standing = released.name, released.version, released.standing
    lines = [in_words(one) for one in promotion.told(name, version, standing)]
    warnings.warn(" ".join([*lines, promotion.command(name, version, standing)]), UserWarning, stacklevel)


def load(ref: str | Path, *, shared: bool = False, home: str | Path | None = None) -> "Model":
    """Return a released model.

    Args:
        ref: a release's name for the version that answers now, "name@2" for another, or the folder of a saved model.
        shared: hold the weights of its base in memory once for all models that are loaded so.
        home: the folder that holds releases/ and cache/; None: HAOQI_HOME.

    Raises:
        UserError: if there is no such release, it is damaged, or its base cannot be shared.
    """
    from haoqi.models.releases import releases

    return releases.load(str(ref), shared=shared, home=_folder(home))


def predict(ref: "str | Path | Model", texts: Any, *, home: str | Path | None = None, **settings: Any) -> "Predictions":
    """Return a release's answers to texts, in order.

    Args:
        ref: a release, the folder of a model, or a model.
        texts: a list, an array or a series of them, or of pairs where a model answers two; or a table as for
            `improve`, whose columns of text are found.
        home: the folder that holds releases/ and cache/; None: HAOQI_HOME.
        settings: any setting of `haoqi.data.settings.DataSettings`, such as text, where a table is given.

    Raises:
        UserError: if there is no such release, or the texts are not a list of text.
    """
    from haoqi.data.reading.tables.frames import has_names, values_of

    model = load(ref, home=home) if isinstance(ref, str | Path) else ref
    if isinstance(texts, str):
        return model.predict(texts)
    given = texts if has_names(texts) else values_of(texts)
    if isinstance(given, list) and not (given and has_names(given[0])):
        return model.predict(given)
    said = _data_settings(IN_MEMORY, settings)
    named = isinstance(ref, str | Path)
    raw = (
        _raw_as_learnt(given, said, str(ref), home=_folder(home), labelled=False)
        if named
        else _raw(given, said, labelled=False)
    )
    rows = raw.examples
    return model.predict([rows.query(row) for row in range(len(rows))] if model.task.of_two else rows.texts)


def evaluate(
    ref: str, source: Any, *, listen: Listen = silent, home: str | Path | None = None, **settings: Any
) -> "Evidence":
    """Score a release on labelled text that it has not seen.

    Args:
        ref: a release, such as "reviews" or "reviews@2".
        source: as for `improve`.
        listen: is told of what happens.
        home: the folder that holds releases/ and cache/; None: HAOQI_HOME.
        settings: any setting of `haoqi.data.settings.DataSettings`, such as text and label.

    Raises:
        UserError: if there is no such release, or the data do not fit its task.
    """
    from haoqi import pipeline

    given = _data_settings(source, settings)
    place = _folder(home)
    raw = None if isinstance(source, str | Path) else _raw_as_learnt(source, given, ref, home=place)
    return pipeline.evaluate(ref, given, listen, raw, home=place)


def compile(
    ref: str,
    source: str | Path | None = None,
    *,
    truncated_pass: bool = True,
    tell: "Tell" = lambda line: None,
    home: str | Path | None = None,
    **settings: Any,
) -> "Compiled":
    """Measure in which form a release computes fastest on this machine, and compute it so from now on.

    Args:
        ref: a release, such as "reviews" or "reviews@2".
        source: labelled text on which answers are compared, as for `improve`; None: the validation examples of its run.
        truncated_pass: whether the beginning of a long text may answer, where its confidence margin is large.
        tell: is told what is being done.
        home: the folder that holds runs/, releases/ and cache/; None: HAOQI_HOME.
        settings: any setting of `haoqi.data.settings.DataSettings`, such as text and label.

    Raises:
        UserError: if there is no such release, nothing of it can be compiled, or the examples are not there.
    """
    from haoqi import pipeline

    given = None if source is None else _data_settings(source, settings)
    return pipeline.compile(ref, given, tell, truncated_pass=truncated_pass, home=_folder(home))


def answers(model: "Model", texts: Iterable[Text], *, batch: int = 256) -> "Iterator[tuple[Text, Answer]]":
    """Yield each text with its answer, in order, holding no more than a batch of them."""
    from collections import deque

    waiting: deque[Any] = deque()

    def collected() -> Iterator[Any]:
        for text in texts:
            waiting.append(text)
            yield text

    for answer in model.stream(collected(), batch=batch):
        yield waiting.popleft(), answer


def report_of(ref: str, *, home: str | Path | None = None) -> Path:
    """Return the page that tells of a release, of a home or that of HAOQI_HOME.

    Raises:
        UserError: if there is no such release, or its report is gone.
    """
    from haoqi.models.releases import releases

    path = releases.get(ref, home=_folder(home)).folder / "report.html"
    if path.is_file():
        return path
    raise UserError(say("report.gone", ref=ref), say("report.gone.hint"))


def next_steps(ref: str | Path, *, home: str | Path | None = None) -> "Advice":
    """Return what could be done next about a release: each step with its expected gain, an interval and its costs.

    Args:
        ref: a release, or its folder.
        home: the folder that holds releases/; None: HAOQI_HOME.

    Raises:
        UserError: if there is no such release, or it came with no next steps.
    """
    from haoqi.evaluate.advice import Advice
    from haoqi.models.releases import releases

    release = releases.get(str(ref), home=_folder(home))
    return Advice.read(release.folder, release.reference)


def inspect(source: Any, **settings: Any) -> "Inspection":
    """Return how a source is read: what is read as what, why, what else it could be, and rows as they will be learnt.

    Args:
        source: as for `improve`.
        settings: any setting of `haoqi.data.settings.DataSettings`, such as text and label; and task.

    Raises:
        UserError: if it cannot be read, or the columns of text or label cannot be recognised.
    """
    from haoqi import data
    from haoqi.inspection import inspection_of

    task = settings.pop("task", None)
    given = _data_settings(source, settings)
    raw = data.read(given) if isinstance(source, str | Path) else _raw(source, given)
    return inspection_of(raw, given, task)


def preview(run: "Run") -> dict[str, Any]:
    """Return what a run would learn from and try, by what it is called; the data are read, nothing is written.

    Raises:
        UserError: if the data or the settings would not do.
    """
    from haoqi import data, tasks
    from haoqi.core.flat import as_flat
    from haoqi.data.preparing.languages import HARDLY_ANY, language_shares
    from haoqi.methods.method import methods, usual_methods
    from haoqi.models.bases import choose

    raw = data.read(run.data)
    if run.data.pair is None and tasks.needs_one_text(run.task, raw):
        raw = raw.as_one_text()
    task, why = tasks.resolve(run.task, raw, run.data)
    names = run.explore.methods or tuple(usual_methods())
    able: dict[str, Any] = {name: methods.get(name) for name in names}
    languages = language_shares(raw.examples.texts)
    seconds = run.explore.budget_seconds
    return {
        "name": run.release_name,
        "data": raw.schema.lines(),
        "task": why,
        "labels": list(task.labels),
        "metrics": [metric.name for metric in task.metrics],
        "languages": [
            say("language.share", name=named("language", name), share=share)
            for name, share in languages.items()
            if share > HARDLY_ANY
        ],
        "bases": list(run.explore.base) or [choose(languages)],
        "methods": [name for name, maker in able.items() if maker.accepts.takes(task.output.kind, pairs=task.pairs)],
        "budget": say("budget.minutes", minutes=seconds / 60, n=seconds / 60)
        if seconds
        else say("budget.experiments", steps=run.explore.steps),
        "strategy": run.explore.strategy,
        "settings": {name: value for name, value in as_flat(run).items() if value not in (None, [])},
    }


def _folder(home: str | Path | None) -> Path | None:
    """Return a home as it was meant where it was named: relative to where the process is now."""
    return None if home is None else Path(home).expanduser().absolute()


def _data_settings(source: Any, settings: Mapping[str, Any]) -> "DataSettings":
    """Return the settings for a source by its name, or for rows in memory."""
    from haoqi.core.config import build
    from haoqi.data.settings import DataSettings

    name = str(source) if isinstance(source, str | Path) else IN_MEMORY
    return build(DataSettings, {"source": name, **settings}, "reading data")


def _raw(source: Any, settings: "DataSettings", labelled: bool = True) -> "Raw":
    """Return rows that a caller has in memory, its columns chosen as those of a file are."""
    from haoqi.data.reading.sources.hub import is_loaded, read_loaded
    from haoqi.data.reading.tables.frames import table_of
    from haoqi.data.reading.tables.table import to_raw

    alone = replace(settings, train_file=None, valid_file=None, test_file=None)
    if is_loaded(source):
        raw = read_loaded(source, settings.source, alone, labelled)
        raw = replace(raw, schema=replace(raw.schema, format="memory"))
    else:
        raw = to_raw(table_of(source, settings.source), alone, labelled)
    return raw if settings == alone else _with_files(raw, settings, alone)


def _raw_as_learnt(
    source: Any, settings: "DataSettings", ref: str, *, home: Path | None, labelled: bool = True
) -> "Raw":
    """Return rows in memory by the columns that a release learnt from."""
    from haoqi.data.reading.conform import read_as_learnt
    from haoqi.models.releases import releases

    learnt = releases.get(ref, home=home).schema
    if learnt is None:
        return _raw(source, settings, labelled)
    given = list(source) if hasattr(source, "__next__") else source  # it may be read twice
    return read_as_learnt(lambda wanted: _raw(given, wanted, labelled), settings, learnt)


def _with_files(raw: "Raw", settings: "DataSettings", alone: "DataSettings") -> "Raw":
    """Return rows in memory with those of the files of other splits."""
    from haoqi import data
    from haoqi.data.raw import Part, join

    if settings.train_file is not None:
        raise UserError(say("memory.and_file"), say("memory.and_file.hint"))
    raws: list[tuple[Part | None, Raw]] = [(None if raw.parts else "train", raw)]
    given: list[tuple[Part, str | None]] = [("valid", settings.valid_file), ("test", settings.test_file)]
    raws += [(part, data.read(replace(alone, source=name))) for part, name in given if name is not None]
    if len({one.shape for _, one in raws}) > 1:
        raise UserError(say("memory.other_kind"), say("memory.other_kind.hint"))
    return join(raws, raw.schema)
