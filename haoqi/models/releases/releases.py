"""Releases: published models with their evidence, numbered, never changed, never half there.

<home>/releases/<name>/<version>/   model.json predictor/ evidence.json schema.json release.json README.md compiled/
<home>/releases/<name>/current.json which version answers to the bare name
"""

import errno
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haoqi import tasks
from haoqi.core import folder as folders
from haoqi.core.errors import UserError, unknown
from haoqi.core.say import say
from haoqi.data.examples import Examples
from haoqi.models import model as models
from haoqi.models.compile import compiled
from haoqi.models.compile.compiled import Compiled
from haoqi.models.model import Model
from haoqi.tasks.task import Task

if TYPE_CHECKING:  # whoever loads a model reads neither how its file was read nor its card
    from haoqi.data.schema import Schema

FORMAT = 1
# Publishing takes seconds; what is older was left by a process that was killed.
ABANDONED_SECONDS = 86_400
Tell = Callable[[str], Any]
_REFERENCE = re.compile(r"(?P<name>[^@]+)(@(?P<version>\d+))?")


@dataclass(frozen=True)
class Release:
    """A published model: where it lies and what is known of it."""

    name: str
    version: int
    """From 1; 0 for a model's folder that was never published."""
    folder: Path
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Where the model comes from: method, base, plan, settings, origin."""
    created: str = ""
    """When it was published, ISO 8601 in UTC."""
    home: Path | None = field(default=None, compare=False)
    """The folder that it was found in, with the caches beside it; None: HAOQI_HOME."""

    @property
    def reference(self) -> str:
        """What a user types for exactly this release."""
        return f"{self.name}@{self.version}" if self.version else str(self.folder)

    @cached_property
    def evidence(self) -> dict[str, Any]:
        """What it was published with; empty for a folder that was never published."""
        path = self.folder / "evidence.json"
        found: dict[str, Any] = folders.read_json(path) if path.exists() else {}
        return found

    @cached_property
    def schema(self) -> "Schema | None":
        """How the file that it learnt from was read: its columns and more; None where that was not kept."""
        from haoqi.data.schema import Schema

        path = self.folder / "schema.json"
        return Schema.from_plain(folders.read_json(path)) if path.exists() else None

    @property
    def task(self) -> Task:
        """What it answers, without loading the model."""
        return tasks.from_plain(models.read_card(self.folder)["task"])

    @property
    def compiled(self) -> Compiled | None:
        """What was measured when it was compiled; None if it never was, or the card of that is damaged."""
        try:
            return compiled.read(self.folder)
        except UserError:
            return None

    def load(self, *, shared: bool = False) -> Model:
        """Return the model; `shared` as `models.load` has it."""
        return models.load(self.folder, folders.cache(self.home), shared=shared)


def publish(
    model: Model,
    evidence: Mapping[str, Any],
    name: str,
    *,
    schema: "Schema | None" = None,
    home: Path | None = None,
    promote: bool = True,
) -> Release:
    """Return the model as the next version of a name, written whole or not at all.

    Any number of processes may publish at once: each gets a version of its own.

    Args:
        model: what to publish; a copy of its base is published with it.
        evidence: why it deserves trust, as JSON can hold it: splits to their plain evidence.
        name: letters of any script, digits, `-`, `_` and `.`.
        schema: how the file that it learnt from was read.
        home: the folder that holds releases/; None: HAOQI_HOME.
        promote: let it answer to the bare name; otherwise the version that does so now stays.

    Raises:
        UserError: if the name cannot be one, no space is left, or the folder cannot be written to.
    """
    shelf = _shelf(name, home)
    with folders.explained(shelf):
        shelf.mkdir(parents=True, exist_ok=True)
        _sweep(shelf)
        stays = None if promote or not _versions(shelf) else current(name, home=home).version
        building = Path(tempfile.mkdtemp(dir=shelf, prefix=".new."))
        try:
            model.write(building, standalone=True)
            folders.write_json(building / "evidence.json", dict(evidence))
            if schema is not None:
                folders.write_json(building / "schema.json", schema.to_saved())
            release = replace(_number(building, shelf, model), home=home)
        except BaseException:
            shutil.rmtree(building, ignore_errors=True)
            raise
    if stays is None:
        _point(shelf, release.version)
    elif not (shelf / "current.json").exists():
        _point(shelf, stays)
    return release


def compile(
    reference: str,
    examples: Examples,
    tell: Tell = lambda line: None,
    *,
    truncated_pass: bool = True,
    learnt: bool = False,
    stand_in: Model | None = None,
    home: Path | None = None,
) -> Compiled:
    """Compile a release for this machine, say so in its README, and return what was measured.

    Args:
        reference: as for `get`.
        examples: labelled texts, by which forms are judged.
        tell: receives what is being done.
        truncated_pass: whether the beginning of a long text may answer, where its confidence margin is large.
        learnt: whether the release has learnt the examples.
        stand_in: the same plan's model that has not, on which forms are then judged.
        home: the folder that holds releases/; None: HAOQI_HOME.

    Raises:
        UserError: if there is no such release, it has nothing to compile, or no example is labelled.
    """
    from haoqi.models.compile.compile_release import compile_release
    from haoqi.models.releases.model_card import model_card

    release = get(reference, home=home)
    model = models.load(release.folder, folders.cache(home), compiled=False)
    found = compile_release(
        release.folder, model, examples, tell, truncated_pass=truncated_pass, learnt=learnt, stand_in=stand_in
    )
    if release.version:
        text = model_card(model, release.evidence, release.reference, release.created, compiled=found)
        folders.write_atomic(release.folder / "README.md", text)
    return found


def load(reference: str, *, shared: bool = False, home: Path | None = None) -> Model:
    """Return the model of a release: "reviews", "reviews@2", or a folder; `shared` as `models.load` has it.

    Raises:
        UserError: if there is none, with the nearest right name, it is damaged, or its base cannot be shared.
    """
    return get(reference, home=home).load(shared=shared)


def get(reference: str, *, home: Path | None = None) -> Release:
    """Return a release: the current one of "reviews", exactly "reviews@2", or that of a folder.

    Raises:
        UserError: if there is none; the nearest right name is offered.
    """
    path = Path(reference).expanduser()
    if "/" in reference or os.sep in reference or reference.startswith((".", "~")) or (path / "model.json").is_file():
        return _read(path, home)
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise UserError(say("release.no_reference", reference=reference), say("release.no_reference.hint"))
    name = folders.check_name(match["name"])
    if match["version"] is None:
        return current(name, home=home)
    return _version(name, int(match["version"]), home)


def current(name: str, *, home: Path | None = None) -> Release:
    """Return the version that answers to the bare name: the one promoted last, else the newest.

    Raises:
        UserError: if nothing of that name was released.
    """
    shelf = _shelf(name, home)
    versions = _versions(shelf)
    if not versions:
        raise _nothing_called(name, home)
    pointed = _pointer(shelf)["version"]
    return _read(shelf / str(pointed if pointed in versions else versions[-1]), home)


def latest(name: str, *, home: Path | None = None) -> Release:
    """Return the newest version of a name, promoted or not.

    Raises:
        UserError: if nothing of that name was released.
    """
    found = list_releases(name, home=home)
    if not found:
        raise _nothing_called(name, home)
    return found[-1]


def list_releases(name: str, *, home: Path | None = None) -> list[Release]:
    """Return every version of a name, oldest first; none if nothing of that name was released."""
    shelf = _shelf(name, home)
    return [_read(shelf / str(version), home) for version in _versions(shelf)]


def names(*, home: Path | None = None) -> list[str]:
    """Return every name that something was released under, sorted."""
    shelves = _shelves(home)
    if not shelves.is_dir():
        return []
    return sorted(path.name for path in shelves.iterdir() if not path.name.startswith(".") and _versions(path))


def promote(name: str, version: int, *, home: Path | None = None) -> Release:
    """Let a version answer to the bare name from now on, and return it.

    Raises:
        UserError: if there is no such version.
    """
    release = _version(name, version, home)
    _point(_shelf(name, home), version)
    return release


def rollback(name: str, *, home: Path | None = None) -> Release:
    """Let the version that was current before the present one answer to the bare name again, and return it.

    Raises:
        UserError: if nothing of that name was released, or there is no version to go back to.
    """
    now, shelf = current(name, home=home), _shelf(name, home)
    versions = _versions(shelf)
    before = [version for version in _pointer(shelf)["before"] if version in versions and version != now.version]
    if not before:
        raise UserError(
            say("release.no_earlier", name=name, version=now.version),
            say("release.versions.hint", versions=_listed(versions)),
        )
    folders.write_json(shelf / "current.json", {"version": before[-1], "before": before[:-1]})
    return _read(shelf / str(before[-1]), home)


def _number(building: Path, shelf: Path, model: Model) -> Release:
    """Move a finished folder to the first free version: a rename fails where another process was quicker."""
    from haoqi.models.releases.model_card import model_card

    created = datetime.now(UTC).isoformat(timespec="seconds")
    evidence = folders.read_json(building / "evidence.json")
    building.chmod(0o755)
    version = (_versions(shelf) or [0])[-1]
    while True:
        version += 1
        plain = {"format": FORMAT, "name": shelf.name, "version": version, "created": created}
        folders.write_json(building / "release.json", {**plain, "facts": dict(model.facts)})
        text = model_card(model, evidence, f"{shelf.name}@{version}", created)
        folders.write_atomic(building / "README.md", text)
        _sync(building)
        try:
            building.rename(shelf / str(version))
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                raise
            continue
        _sync(shelf)
        return _read(shelf / str(version), None)


def _read(folder: Path, home: Path | None) -> Release:
    """Return what lies in a folder: a release, or a model that was never published; bases are found in a home."""
    path = folder / "release.json"
    if not path.is_file():
        return Release(folder.name, 0, folder, models.read_card(folder)["facts"], home=home)
    plain = folders.read_json(path)
    try:
        return Release(plain["name"], plain["version"], folder, plain["facts"], plain["created"], home)
    except (KeyError, TypeError):
        raise UserError(f"{path} is damaged", models.DAMAGED) from None


def _version(name: str, version: int, home: Path | None) -> Release:
    versions = _versions(_shelf(name, home))
    if not versions:
        raise _nothing_called(name, home)
    if version not in versions:
        raise UserError(
            say("release.no_version", name=name, version=version),
            say("release.versions.hint", versions=_listed(versions)),
        )
    return _read(_shelf(name, home) / str(version), home)


def _shelves(home: Path | None) -> Path:
    return folders.releases(home)


def _shelf(name: str, home: Path | None) -> Path:
    return _shelves(home) / folders.check_name(name)


def _versions(shelf: Path) -> list[int]:
    """Return the versions in a folder, ascending; what does not begin with a number is not looked at."""
    if not shelf.is_dir():
        return []
    return sorted(int(path.name) for path in shelf.iterdir() if re.fullmatch(r"[1-9]\d{0,8}", path.name))


def _pointer(shelf: Path) -> dict[str, Any]:
    path = shelf / "current.json"
    found = folders.read_json(path) if path.exists() else {}
    return {"version": found.get("version"), "before": list(found.get("before", []))}


def _point(shelf: Path, version: int) -> None:
    pointer = _pointer(shelf)
    before = pointer["before"] + [pointer["version"]] * (pointer["version"] not in (None, version))
    folders.write_json(shelf / "current.json", {"version": version, "before": before[-100:]})


def _nothing_called(name: str, home: Path | None) -> UserError:
    found = unknown("release", name, names(home=home))
    return UserError(found.what, found.hint if names(home=home) else say("release.make.hint", name=name))


def _listed(versions: list[int]) -> str:
    return ", ".join(map(str, versions[-30:]))


def _sweep(shelf: Path) -> None:
    """Remove what killed processes left."""
    for left in shelf.glob(".new.*"):
        with suppress(FileNotFoundError):  # its own process may have finished with it meanwhile
            if time.time() - left.stat().st_mtime > ABANDONED_SECONDS:
                shutil.rmtree(left, ignore_errors=True)


def _sync(folder: Path) -> None:
    """Make sure that what a folder lists has reached the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
