"""Write the pages that follow from the code: one per kind of plug-in, and the command line.

In pages written by hand it fills what stands between a mark and `<!-- end -->`: after `<!-- text of PATH -->` a file,
after `<!-- files of FOLDER -->` what each file below it says it is, after `<!-- rooms of FOLDER -->` what each folder
in it says it is, after `<!-- layers of FOLDER -->` its layers as the contract in pyproject.toml has them.

python docs/generate.py          writes docs/plugins/ and docs/commands.md
python docs/generate.py --check  changes nothing, and fails where a page is stale
"""

import argparse
import ast
import inspect
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import MISSING
from importlib import import_module
from pathlib import Path
from typing import Any

from haoqi.core.config import Choices, Range, Setting, as_plain, settings_of, spell
from haoqi.core.registry import Registry

DOCS = Path(__file__).parent
PACKAGE = DOCS.parent / "haoqi"
NOTICE = "<!-- Written by docs/generate.py from the code; change the docstrings there. -->\n\n"


def registries() -> list[Registry[Any]]:
    """Return every registry that any module of the package holds, by the name of its folder."""
    found: dict[str, Registry[Any]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        if "Registry" not in path.read_text(encoding="utf-8"):
            continue
        dotted = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        for value in vars(import_module(dotted)).values():
            if isinstance(value, Registry):
                found[value.package] = value
    return sorted(found.values(), key=lambda registry: registry.package)


def plugin_page(registry: Registry[Any]) -> str:
    """Return the page of one kind of plug-in: what each is, why, and its settings."""
    names = registry.names()
    folder = registry.package.rpartition(".")[2]
    lines = [f"# {folder.capitalize()}\n", f"A file each in `{registry.package.replace('.', '/')}/`.\n"]
    lines += [f"- [{name}](#{name}): {registry.describe(name)}" for name in names]
    for name in names:
        maker = registry.get(name)
        module = inspect.getmodule(maker)
        own = inspect.getdoc(maker) or ""
        words = inspect.getdoc(module) or ""
        if not own.startswith((f"{maker.__name__}(", words.partition("\n")[0])):  # dataclasses make up a docstring
            words += f"\n\n{own}"
        lines += [f"\n## {name}\n", words, *settings_table(settings_of(maker))]
    return NOTICE + "\n".join(lines) + "\n"


def settings_table(settings: tuple[Setting, ...]) -> Iterator[str]:
    """Yield the lines of a table of settings, or nothing where there are none."""
    if not settings:
        return
    yield "\n| setting | default | may be | what it does |"
    yield "|---|---|---|---|"
    for one in settings:
        yield f"| `{one.name}` | {default(one)} | {cell(allowed(one))} | {cell(one.help)} |"


def allowed(setting: Setting) -> str:
    """Return the values that a setting may take, in words."""
    if isinstance(setting.limits, Range):
        return f"{setting.limits}{', by ratio' if setting.limits.log else ''}"
    return str(setting.limits) if isinstance(setting.limits, Choices) else spell(setting.kind)


def default(setting: Setting) -> str:
    """Return a setting's default as a person would type it; nothing where it is left out."""
    if setting.default is MISSING:
        return "required"
    value = as_plain(setting.default)
    if value in (None, []):
        return ""
    return f"`{', '.join(map(str, value)) if isinstance(value, list) else value}`"


def cell(text: str) -> str:
    """Return text that does not break a table."""
    return " ".join(text.split()).replace("|", "\\|")


def command_page() -> str:
    """Return the page of the command line: every command, its words, arguments and options."""
    from typer.main import get_command

    command = get_command(import_module("haoqi.cli.commands").app_for(""))
    return NOTICE + "# Commands\n" + "".join(command_sections(command, "haoqi"))


def command_sections(command: Any, path: str) -> Iterator[str]:
    """Yield a section for a command and, below it, for each of its own commands."""
    below = getattr(command, "commands", {})
    yield f"\n## {path}\n\n{inspect.cleandoc(command.help or '')}\n"
    rows = [one for one in command.params if not getattr(one, "hidden", False)]
    if rows:
        yield "\n| argument | what it does |\n|---|---|\n"
    for one in rows:
        yield f"| `{cell(typed(one))}` | {cell(one.help or '')} |\n"
    for name in sorted(below):
        if not below[name].hidden:
            yield from command_sections(below[name], f"{path} {name}")


def typed(parameter: Any) -> str:
    """Return an argument or option as it is typed, in brackets where an argument may be left out."""
    word = parameter.metavar or parameter.name.upper()
    if parameter.param_type_name == "argument":
        return word if parameter.required else f"[{word}]"
    names = ", ".join((*parameter.opts, *parameter.secondary_opts))
    return names if parameter.is_flag else f"{names} {word}"


def filled(page: str) -> str:
    """Return a page written by hand with what its marks ask for."""

    def fill(mark: re.Match[str]) -> str:
        return f"{mark['begin']}\n{FILLS[mark['what']](DOCS.parent / mark['path'])}\n<!-- end -->"

    pattern = rf"(?P<begin><!-- (?P<what>{'|'.join(FILLS)}) of (?P<path>\S+) -->)\n.*?<!-- end -->"
    return re.sub(pattern, fill, page, flags=re.DOTALL)


def file_text(path: Path) -> str:
    """Return a file as a block of code."""
    return f"```python\n{path.read_text(encoding='utf-8')}```"


def file_list(folder: Path) -> str:
    """Return what each file below a folder says it is in its first line, a folder's own words first."""
    lines = ["| file | what it is |", "|---|---|"]
    for path in sorted(folder.rglob("*.py"), key=lambda path: (path.parent, path.name)):
        name = path.relative_to(folder).as_posix().removesuffix("__init__.py") or f"{folder.name}/"
        if words := first_line(path):
            lines.append(f"| `{name}` | {words} |")
    return "\n".join(lines)


def room_list(folder: Path) -> str:
    """Return what each folder in a folder says it is in its first line."""
    lines = ["| folder | what it is |", "|---|---|"]
    for path in sorted(folder.glob("*/__init__.py")):
        lines.append(f"| `{path.parent.name}/` | {first_line(path)} |")
    return "\n".join(lines)


def layer_list(folder: Path) -> str:
    """Return the layers of a folder from the top down, those side by side in the same layer."""
    contracts = tomllib.loads((DOCS.parent / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    container = folder.relative_to(DOCS.parent).as_posix().replace("/", ".")
    [layers] = [one["layers"] for one in contracts["contracts"] if one["containers"] == [container]]
    built = [[name for name in map(str.strip, layer.split("|")) if not name.startswith("(")] for layer in layers]
    numbered = [names for names in built if names]
    lines = ["| layer | name | what it is |", "|---|---|---|"]
    for number, names in zip(range(len(numbered), 0, -1), numbered, strict=True):
        for name in names:
            file = folder / f"{name}.py"
            words = first_line(file if file.exists() else folder / name / "__init__.py")
            lines.append(f"| {number} | `{name}` | {words} |")
    return "\n".join(lines)


def first_line(path: Path) -> str:
    """Return what a file says it is, as the cell of a table; nothing where it does not say."""
    words = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").strip().splitlines()
    return cell(words[0]) if words else ""


FILLS = {"text": file_text, "files": file_list, "rooms": room_list, "layers": layer_list}
"""What fills the marks of pages that are written by hand, by their first word."""


def pages() -> dict[Path, str]:
    """Return every page that follows from the code, wholly or in part, by its path."""
    found = {DOCS / "plugins" / f"{one.package.rpartition('.')[2]}.md": plugin_page(one) for one in registries()}
    by_hand = [DOCS / "architecture.md", *sorted((DOCS / "rooms").glob("*.md"))]
    found |= {path: filled(path.read_text(encoding="utf-8")) for path in by_hand}
    return {**found, DOCS / "commands.md": command_page()}


def main() -> int:
    """Write the pages, or say which are stale; return the exit code."""
    parser = argparse.ArgumentParser(description="Write the generated pages of the documentation.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail where a page is stale")
    check = parser.parse_args().check
    wanted = pages()
    extra = sorted(set((DOCS / "plugins").glob("*.md")) - set(wanted))
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if check:
        for path in (*stale, *extra):
            print(f"{path.relative_to(DOCS.parent)} is stale: run `make docs`", file=sys.stderr)
        return 1 if stale or extra else 0
    (DOCS / "plugins").mkdir(exist_ok=True)
    for path in extra:
        path.unlink()
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
