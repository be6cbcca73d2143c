"""Write constraints.txt: the exact versions, of what is installed here, that haoqi and its extras ask for.

Run it (`make pin`) in an environment whose tests pass, after a dependency was added or raised.
"""

import tomllib
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
HEADER = "# The versions that the tests were last run with. Written by scripts/pin.py; change pyproject.toml instead.\n"


def asked() -> list[Requirement]:
    """Return what pyproject.toml asks for, extras included, the project itself left out."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    return [found for line in lines if (found := Requirement(line)).name != project["name"]]


def closure(wanted: list[Requirement]) -> dict[str, str]:
    """Return the installed version of every requirement and of all that they require; absent ones are left out."""
    pins: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    queue = [(one, extra) for one in wanted for extra in ("", *one.extras)]
    while queue:
        requirement, extra = queue.pop()
        name = canonicalize_name(requirement.name)
        if (name, extra) in seen or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        seen.add((name, extra))
        try:
            # A build's own tag ("+cpu") would tie everyone to one build.
            pins[name] = version(name).partition("+")[0]
        except PackageNotFoundError:
            continue
        for line in requires(name) or []:
            below = Requirement(line)
            if below.marker is None or below.marker.evaluate({"extra": extra}):
                below.marker = None
                queue += [(below, inner) for inner in ("", *below.extras)]
    return pins


def main() -> None:
    """Write the file, sorted by name."""
    pins = closure(asked())
    lines = (f"{name}=={number}\n" for name, number in sorted(pins.items()))
    (ROOT / "constraints.txt").write_text(HEADER + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
