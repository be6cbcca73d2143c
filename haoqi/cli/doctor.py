"""`haoqi doctor`: what this machine can do, what is here, and what is missing."""

import re
import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from haoqi.cli import words
from haoqi.cli.tables import show

SHOWN = ("haoqi", "torch", "transformers", "tokenizers", "scikit-learn", "optuna")
_EXTRA = re.compile(r"""([A-Za-z0-9][\w.-]*).*;.*extra\s*==\s*["']([\w.-]+)["']""")
Fact = tuple[str, str, str]


def doctor(json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Look over this machine: hardware, versions, bases, samples, room on the disk, missing extras."""
    facts = [*_machine(), *_versions(), *_home(), *_bases(), *_samples(), *_releases(), *_extras()]
    show([{"what": what, "found": found, "to mend it": hint} for what, found, hint in facts], plain=json)
    if any(what == "home" and hint for what, _, hint in facts):
        raise typer.Exit(1)


def _machine() -> Iterator[Fact]:
    from haoqi.core import folder
    from haoqi.core.errors import UserError
    from haoqi.core.hardware import probe

    try:
        found = probe(folder.cache())
    except UserError as error:
        yield "machine", error.what, error.hint
        return
    yield (
        "machine",
        f"{words.many(found.cores, 'core')}, {words.size(found.memory_bytes)} memory, {found.gpu or 'no GPU'}",
        "",
    )
    speed = f"fp32 {found.fp32_gflops:,.0f}, bf16 {found.bf16_gflops:,.0f} GFLOP/s: computes in {found.precision}"
    yield "arithmetic", speed, ""


def _versions() -> Iterator[Fact]:
    yield "Python", sys.version.split()[0], ""
    for name in SHOWN:
        found = _version(name)
        yield name, found or "missing", "" if found else f"pip install {name}"


def _home() -> Iterator[Fact]:
    """Yield whether runs and releases can be kept."""
    import shutil

    from haoqi.core import folder
    from haoqi.core.errors import UserError

    home = folder.home()
    trial = home / ".doctor"
    try:
        folder.write_atomic(trial, "")
        trial.unlink()
    except UserError as error:
        yield "home", error.what, error.hint
        return
    free = shutil.disk_usage(home).free
    yield (
        "home",
        f"{home}, {words.size(free)} free",
        "" if free > 2e9 else "free some room, or set HAOQI_HOME elsewhere",
    )


def _bases() -> Iterator[Fact]:
    from haoqi.core.folder import cache
    from haoqi.models.bases import available

    for one in available(cache()):
        hint = "" if one.installed else f"haoqi bases get {one.card.name}"
        yield f"base {one.card.name}", "here" if one.installed else "not here", hint


def _samples() -> Iterator[Fact]:
    from haoqi.data.samples import installed, samples

    for name in samples.names():
        here = installed(name)
        yield f"sample {name}", "here" if here else "not here", "" if here else f"haoqi samples get {name}"


def _releases() -> Iterator[Fact]:
    """Yield in which form each release is computed that was compiled, and why not in that where it is not."""
    from haoqi.core.errors import UserError
    from haoqi.models.compile import compiled
    from haoqi.models.releases import releases

    for name in releases.names():
        try:
            found = compiled.check(releases.current(name).folder)
        except UserError as error:
            yield f"release {name}", f"computed by {compiled.UNCOMPILED}: {error.what}", error.hint
            continue
        if found is not None:
            yield f"release {name}", found.words, ""


def _extras() -> Iterator[Fact]:
    """Yield the extras of this package with what each lacks."""
    from importlib.metadata import requires

    wanted: dict[str, list[str]] = {}
    for line in requires("haoqi") or ():
        found = _EXTRA.match(line)
        if found and found[1] != "haoqi":
            wanted.setdefault(found[2], []).append(found[1])
    for extra, names in wanted.items():
        missing = [name for name in names if not _version(name)]
        hint = f'pip install "haoqi[{extra}]"' if missing else ""
        yield f"extra {extra}", f"lacks {', '.join(missing)}" if missing else "here", hint


def _version(name: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return None
