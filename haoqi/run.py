"""A run: what a person asked for, and the folder where it happens."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from haoqi.core import folder
from haoqi.core.config import Range, as_plain, load_yaml
from haoqi.core.errors import UserError, unknown
from haoqi.core.flat import as_flat, build_flat, flat_settings
from haoqi.core.say import say
from haoqi.data.reading.source_names import name_of
from haoqi.data.settings import DataSettings
from haoqi.explore.settings import ExploreSettings

# What may change when a run is taken up again: how long to look is no part of what is looked at.
_FREE = frozenset(
    (
        "minutes",
        "steps",
        "worth",
        "name",
        "fresh",
        "ledger",
        "compile",
        "promote",
        "devices",
        "sharding",
        "advice_seconds",
    )
)


@dataclass(frozen=True)
class Run:
    """All settings of one run; `haoqi improve` has a flag for each, a YAML file a key."""

    data: DataSettings
    task: str | None = None
    """What is to be learnt (classification, sentiment, entities, ...); guessed from the data when left out."""
    name: str | None = None
    """Under which the model is released; when left out the source's own name, behind its folder's if it says little."""
    explore: ExploreSettings = field(default_factory=ExploreSettings)
    seed: Annotated[int, Range(0, 2**31 - 1, search=False)] = 0
    """Everything that chance decides follows from it."""
    fresh: bool = False
    """Begin again even though the same run was begun before; what it released stays."""
    compile: bool = True
    """Measure, after the release, in which form it computes fastest on this machine, and compute it so, if the minutes
    have the time."""
    promote: bool | None = None
    """Let the new version answer to the name, or not; when left out, unless it has other labels or scores lower."""
    ledger: str | None = None
    """URL of a PostgreSQL database that keeps the ledger; a file in the run's folder when left out."""

    @property
    def release_name(self) -> str:
        """The name of what this run releases."""
        return folder.check_name(self.name) if self.name is not None else name_of(self.data.source)

    def identity(self, fingerprint: str) -> str:
        """Return a short name that is the same for the same question to the same data."""
        settings = {name: value for name, value in as_flat(self).items() if name not in (*_FREE, "source")}
        text = json.dumps([fingerprint, settings], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def folder(self, fingerprint: str, home: Path | None = None) -> Path:
        """Return where this run keeps its data, experiments and ledger, in a home or in that of HAOQI_HOME."""
        return folder.runs(home) / self.release_name / self.identity(fingerprint)

    def as_yaml(self) -> str:
        """Return the resolved settings as a file that `haoqi improve --config` reads."""
        import yaml

        return str(yaml.safe_dump(as_flat(self), sort_keys=False, allow_unicode=True))


def run_of(source: str | None = None, config: Path | None = None, **settings: Any) -> Run:
    """Return a run from a YAML file and settings given by name, which go before the file's.

    Raises:
        UserError: for an unknown setting, a value that cannot be, settings that contradict each other, or no source.
    """
    given = load_yaml(config) if config is not None else {}
    given |= {name: as_plain(value) for name, value in settings.items() if value is not None}
    if source is not None:
        given["source"] = str(source)
    known = {setting.name for setting in flat_settings(Run)}
    if strange := [name for name in given if name not in known]:
        raise UserError(say("run.no_setting", name=strange[0]), unknown("setting", strange[0], known).hint)
    if "source" not in given:
        raise UserError(say("run.no_source"), say("run.no_source.hint"))
    run = build_flat(Run, given, "a run")
    _check(run)
    return run


def _check(run: Run) -> None:
    """Say no to settings that contradict each other, and to names that nothing answers to, before any work."""
    from haoqi.explore.scheduling.strategies import strategies
    from haoqi.methods import methods
    from haoqi.tasks import tasks

    data = run.data
    for one, other in (("group", "time"), ("test_file", "time"), ("test_file", "group")):
        if getattr(data, one) and getattr(data, other):
            flags = [f"--{name.replace('_', '-')}" for name in (one, other)]
            raise UserError(say("run.contradict", one=flags[0], other=flags[1]), say("run.contradict.hint"))
    for column, flag in ((data.group, "group"), (data.time, "time")):
        if data.split == flag and column is None:
            raise UserError(say("run.needs_column", flag=flag), say("run.needs_column.hint", flag=flag))
    if data.valid + data.test >= 1:
        raise UserError(say("run.no_train", valid=data.valid, test=data.test), say("run.no_train.hint"))
    run.release_name  # noqa: B018 - raises if it cannot be a name
    strategies.get(run.explore.strategy)
    if run.task is not None:
        tasks.get(run.task)
    for name in run.explore.methods:
        methods.get(name)
