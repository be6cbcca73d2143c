"""Write the pages that follow from the code: one per kind of plug-in, and the command line.

In pages written by hand it fills what stands between two marks: `<!-- text of PATH -->` with a file, and
`<!-- files of FOLDER -->` with a list of what each file says it is, both up to `<!-- end -->`.

python docs/generate.py          writes docs/plugins/ and docs/commands.md
python docs/generate.py --check  changes nothing, and fails where a page is stale
"""

import argparse
import ast
import inspect
import re
import sys
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
        path = DOCS.parent / mark["path"]
        text = f"```python\n{path.read_text(encoding='utf-8')}```" if mark["what"] == "text" else file_list(path)
        return f"{mark['begin']}\n{text}\n<!-- end -->"

    pattern = r"(?P<begin><!-- (?P<what>text|files) of (?P<path>\S+) -->)\n.*?<!-- end -->"
    return re.sub(pattern, fill, page, flags=re.DOTALL)


def file_list(folder: Path) -> str:
    """Return what each file below a folder says it is in its first line, a folder's own words first."""
    lines = ["| file | what it is |", "|---|---|"]
    for path in sorted(folder.rglob("*.py"), key=lambda path: (path.parent, path.name)):
        words = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").strip().splitlines()
        if words:
            name = path.relative_to(folder).as_posix().removesuffix("__init__.py") or f"{folder.name}/"
            lines.append(f"| `{name}` | {cell(words[0])} |")
    return "\n".join(lines)


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
