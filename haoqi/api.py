"""The Python door: the same functions as the command line, on files, data frames and lists."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haoqi.core.errors import UserError
from haoqi.core.events import Event, Listen, Released, silent
from haoqi.run import Run, run_of

if TYPE_CHECKING:
    import pandas

    from haoqi.data.raw import Raw
    from haoqi.evaluate.advice import Advice
    from haoqi.evaluate.evidence import Evidence
    from haoqi.evaluate.predictions import Predictions
    from haoqi.models.compiled import Compiled
    from haoqi.models.model import Answer, Model
    from haoqi.models.releases import Release, Tell


@dataclass(frozen=True)
class Improved:
    """What came of a run: a release, how good it is, and where that is told."""

    release: "Release"
    """As it was published."""
    metric: str
    """The one that decided."""
    score: float
    """On the test split."""
    low: float
    """Lower end of the 95 % interval of the score."""
    high: float
    """Upper end of it."""
    report: Path
    """A web page to read."""

    @property
    def name(self) -> str:
        """The release with its version, as `load` takes it."""
        return f"{self.release.name}@{self.release.version}"

    @cached_property
    def model(self) -> "Model":
        """The released model, loaded when it is first asked for."""
        return load(self.name)


def improve(
    source: "str | Path | pandas.DataFrame | Iterable[Sequence[str]]", *, listen: Listen = silent, **settings: Any
) -> Improved:
    """Look for the best model for labelled text and release it; what `haoqi improve` does.

    Args:
        source: a file, a folder, a database, a hub data set, a sample's name, a data frame, or pairs of a
            text and its label.
        listen: is told of everything that happens; see `haoqi.core.events`.
        settings: any setting of `haoqi.run.Run` by its name, such as minutes, task, base, name, seed; `config`
            names a YAML file of settings.

    Raises:
        UserError: if the data, the settings or the disk do not allow it.
    """
    from haoqi import pipeline

    config = settings.pop("config", None)
    path = None if config is None else Path(config)
    named = isinstance(source, str | Path)
    run = run_of(str(source) if named else settings.pop("name", None) or "data", path, **settings)
    heard: list[Released] = []

    def hear(event: Event) -> None:
        heard.extend([event] if isinstance(event, Released) else [])
        listen(event)

    release = pipeline.improve(run, hear, None if named else _raw(source, run))
    last = heard[-1]
    return Improved(release, last.metric, last.score, last.low, last.high, Path(last.report))


def load(ref: str | Path) -> "Model":
    """Return a released model.

    Args:
        ref: a release's name for the version that answers now, "name@2" for another, or the folder of a saved model.

    Raises:
        UserError: if there is no such release, or it is damaged.
    """
    from haoqi.models import releases

    return releases.load(str(ref))


def predict(ref: "str | Path | Model", texts: Sequence[str]) -> "Predictions":
    """Return a release's answers to texts, in order.

    Raises:
        UserError: if there is no such release, or the texts are not a list of text.
    """
    model = load(ref) if isinstance(ref, str | Path) else ref
    return model.predict(texts)


def evaluate(ref: str, source: str | Path, *, listen: Listen = silent, **settings: Any) -> "Evidence":
    """Score a release on labelled text that it has not seen.

    Args:
        ref: a release, such as "reviews" or "reviews@2".
        source: as for `improve`.
        listen: is told of what happens.
        settings: any setting of `haoqi.data.settings.DataSettings`, such as text and label.

    Raises:
        UserError: if there is no such release, or the data do not fit its task.
    """
    from haoqi import pipeline
    from haoqi.core.config import build
    from haoqi.data.settings import DataSettings

    return pipeline.evaluate(ref, build(DataSettings, {"source": str(source), **settings}, "an evaluation"), listen)


def compile(
    ref: str,
    source: str | Path | None = None,
    *,
    glance: bool = True,
    tell: "Tell" = lambda line: None,
    **settings: Any,
) -> "Compiled":
    """Measure in which form a release computes fastest on this machine, and compute it so from now on.

    Args:
        ref: a release, such as "reviews" or "reviews@2".
        source: labelled text that judges the forms, as for `improve`; None: the validation examples of its run.
        glance: whether an answer may come from the beginning of a long text, where that leaves no doubt.
        tell: is told what is being done.
        settings: any setting of `haoqi.data.settings.DataSettings`, such as text and label.

    Raises:
        UserError: if there is no such release, nothing of it can be compiled, or the examples are not there.
    """
    from haoqi import pipeline
    from haoqi.core.config import build
    from haoqi.data.settings import DataSettings

    if source is None:
        return pipeline.compile(ref, None, tell, glance=glance)
    given = build(DataSettings, {"source": str(source), **settings}, "compiling")
    return pipeline.compile(ref, given, tell, glance=glance)


def answers(model: "Model", texts: Iterable[str], *, batch: int = 256) -> Iterator[tuple[str, "Answer"]]:
    """Yield each text with its answer, in order, holding no more than a batch of them."""
    from collections import deque

    waiting: deque[str] = deque()

    def told() -> Iterator[str]:
        for text in texts:
            waiting.append(text)
            yield text

    for answer in model.stream(told(), batch=batch):
        yield waiting.popleft(), answer


def report_of(ref: str) -> Path:
    """Return the page that tells of a release.

    Raises:
        UserError: if there is no such release, or its report is gone.
    """
    from haoqi.models import releases

    path = releases.get(ref).folder / "report.html"
    if path.is_file():
        return path
    raise UserError(f"the report of {ref} is not there", "run the same `haoqi improve` again: it is written anew")


def next_steps(ref: str | Path) -> "Advice":
    """Return what could be done next about a release: each step with its expected gain, an interval and its costs.

    Raises:
        UserError: if there is no such release, or it came with no next steps.
    """
    from haoqi.evaluate.advice import Advice
    from haoqi.models import releases

    release = releases.get(str(ref))
    return Advice.read(release.folder, release.reference)


def preview(run: Run) -> dict[str, Any]:
    """Return what a run would learn from and try, by what it is called; the data are read, nothing is written.

    Raises:
        UserError: if the data or the settings would not do.
    """
    from haoqi import data, tasks
    from haoqi.core.flat import as_flat
    from haoqi.data.languages import language_shares
    from haoqi.methods import methods
    from haoqi.models.bases import choose

    raw = data.read(run.data)
    task, why = tasks.resolve(run.task, raw)
    names = run.explore.methods or tuple(methods.names())
    able: dict[str, frozenset[str]] = {name: getattr(methods.get(name), "outputs", frozenset()) for name in names}
    languages = language_shares(raw.examples.texts)
    seconds = run.explore.budget_seconds
    return {
        "name": run.release_name,
        "data": raw.facts.lines(),
        "task": why,
        "labels": list(task.labels),
        "metrics": [metric.name for metric in task.metrics],
        "languages": [f"{name} {share:.0%}" for name, share in languages.items()],
        "bases": list(run.explore.base) or [choose(languages)],
        "methods": [name for name, outputs in able.items() if task.output.name in outputs],
        "budget": f"{seconds / 60:g} minutes" if seconds else f"{run.explore.steps} experiments",
        "strategy": run.explore.strategy,
        "settings": {name: value for name, value in as_flat(run).items() if value not in (None, [])},
    }


def _raw(source: Any, run: Run) -> "Raw":
    """Return rows that a caller has in memory, its columns chosen as those of a file are."""
    from haoqi.data.characters import well_formed_values
    from haoqi.data.raw import digest
    from haoqi.data.table import Table, to_raw

    if hasattr(source, "columns") and hasattr(source, "to_dict"):
        known = source.notna()  # what is missing has many spellings in a data frame, and one here
        columns = {str(name): source[name].astype(object).where(known[name], None).tolist() for name in source.columns}
    else:
        pairs = [tuple(pair) for pair in source]
        if any(len(pair) != 2 for pair in pairs):
            raise UserError("each row must be a text and its label", 'give [("It broke.", "negative"), ...]')
        columns = {"text": [text for text, _ in pairs], "label": [label for _, label in pairs]}
    columns = well_formed_values(columns)
    mark = digest([part for name, cells in columns.items() for part in (name, *map(repr, cells))])
    return to_raw(Table(run.data.source, columns, "memory", mark), run.data)
