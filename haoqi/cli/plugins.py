"""`haoqi tasks`, `methods`, `recipes`, `strategies`, `bases`, `samples`: what there is, and how to bring what isn't."""

import inspect
from typing import Annotated, Any

import typer

from haoqi.cli import words
from haoqi.cli.tables import show
from haoqi.cli.usage import Command, Group

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
One = Annotated[str | None, typer.Argument(metavar="NAME", help="Show all there is to know of this one.")]
Several = Annotated[list[str], typer.Argument(metavar="NAME", help="Names, as listed.")]

bases = typer.Typer(cls=Group, invoke_without_command=True, rich_markup_mode=None)
samples = typer.Typer(cls=Group, invoke_without_command=True, rich_markup_mode=None)


def tasks(name: One = None, json: Json = False) -> None:
    """List the tasks, or show one: what can be learnt."""
    from haoqi.tasks import tasks as registry

    _list_or_page(registry, name, json)


def methods(name: One = None, json: Json = False) -> None:
    """List the methods, or show one with its settings: how it can be learnt."""
    from haoqi.methods import methods as registry

    _list_or_page(registry, name, json)


def strategies(name: One = None, json: Json = False) -> None:
    """List the strategies, or show one with its settings: how the next plan is chosen."""
    from haoqi.explore.scheduling.strategies import strategies as registry

    _list_or_page(registry, name, json)


def recipes(name: One = None, json: Json = False) -> None:
    """List the recipes, or show one with its settings: what can be done to training examples first."""
    from haoqi.data.recipes import recipes as registry

    _list_or_page(registry, name, json)


def reflections(name: One = None, json: Json = False) -> None:
    """List the reflections, or show one with its thresholds: what is asked of a champion that fails."""
    from haoqi.explore.reflection.reflections import reflections as registry

    _list_or_page(registry, name, json)


@bases.callback()
def list_bases(ctx: typer.Context, json: Json = False) -> None:
    """List the bases; `haoqi bases get NAME` brings one onto this machine."""
    if ctx.invoked_subcommand is not None:
        return
    from haoqi.core.folder import cache
    from haoqi.models.bases import Availability, available, own_card, own_names

    own = [Availability(own_card(name, cache()), installed=True) for name in own_names(cache())]
    show([_base_row(one) for one in (*available(cache()), *own)], plain=json, right=("parameters", "download"))


@samples.callback()
def list_samples(ctx: typer.Context, json: Json = False) -> None:
    """List the samples; `haoqi samples get NAME` brings one onto this machine."""
    if ctx.invoked_subcommand is not None:
        return
    from haoqi.data.samples import installed
    from haoqi.data.samples import samples as registry

    rows = []
    for name in registry.names():
        sample = registry.build(name)
        here = "yes" if installed(name) else "no"
        facts = {"task": sample.task, "language": sample.language, "here": here}
        rows.append({"name": name, **facts, "what it is": registry.describe(name)})
    show(rows, plain=json)


@bases.command("get", cls=Command)
def get_bases(names: Several) -> None:
    """Bring bases onto this machine, pinned by version and checksum."""
    from haoqi.core.folder import cache
    from haoqi.models.bases import available, fetch

    for name in names:
        there = {one.card.name for one in available(cache()) if one.installed}
        with _transfer(name) as progress:
            found = fetch(name, cache(), progress)
        print(f"{name} {'is already here' if name in there else 'is here now'}: {found.folder}")


@samples.command("get", cls=Command)
def get_samples(names: Several) -> None:
    """Bring samples onto this machine, pinned by version and checksum."""
    from haoqi.data.samples import install, installed

    for name in names:
        there = installed(name)
        folder = install(name)
        print(f"{name} {'is already here' if there else 'is here now'}: {folder}")


def page(registry: Any, name: str) -> str:
    """Return all there is to know of a plug-in: its docstring, and its settings with their help."""
    from haoqi.cli.flags import described, takes
    from haoqi.core.config import settings_of

    maker = registry.get(name)
    text = inspect.getdoc(inspect.getmodule(maker)) or inspect.getdoc(maker) or ""
    found = [name, "", text]
    settings = settings_of(maker)
    if settings:
        found += ["", "Settings:"]
        spelt = {f"{one.name} {takes(one)}": described(one) for one in settings}
        width = max(map(len, spelt))
        found += [f"  {name.ljust(width)}  {help}".rstrip() for name, help in spelt.items()]
    return "\n".join(found)


def _list_or_page(registry: Any, name: str | None, json: bool) -> None:
    if name is None:
        show([{"name": one, "what it is": registry.describe(one)} for one in registry.names()], plain=json)
    elif json:
        show([{"name": name, "what it is": registry.describe(name), "page": page(registry, name)}], plain=True)
    else:
        print(page(registry, name))


def _base_row(one: Any) -> dict[str, Any]:
    card = one.card
    few = ", ".join(card.languages[:3]) + (f" and {len(card.languages) - 3} more" if len(card.languages) > 3 else "")
    return {
        "name": card.name,
        "kind": card.kind,
        "parameters": f"{card.parameters / 1e6:.0f}M",
        "download": words.size(card.download_bytes) if card.package else "",
        "here": "yes" if one.installed else "no",
        "languages": few,
        "what it is": card.description,
    }


def _transfer(name: str) -> Any:
    """Give a function that shows how many bytes have come, on a terminal."""
    import sys
    from contextlib import nullcontext

    if not sys.stderr.isatty():
        return nullcontext(None)
    from haoqi.cli.transfer import bar

    return bar(name)
