"""The folder of a run: locked by one process, and rid of what a killed one left half done."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from haoqi.core.folder import explained, locked


@contextmanager
def open_run_folder(place: Path, *, fresh: bool) -> Iterator[Path]:
    """Hold a run's folder while the block runs.

    Args:
        place: the folder; made if it is not there.
        fresh: put what is there aside, under another name, and begin with an empty folder.

    Raises:
        UserError: if another process holds it, or it cannot be written.
    """
    with explained(place), locked(place):
        if fresh:
            _put_aside(place)
        for left in [*place.glob(".*/"), *place.glob("*/.*/")]:
            shutil.rmtree(left, ignore_errors=True)
        try:
            yield place
        finally:
            _leave_nothing_empty(place)


def _leave_nothing_empty(place: Path) -> None:
    """Remove a folder in which nothing came to be, as when the data turned out to be unfit."""
    if {path.name for path in place.iterdir()} <= {".lock"}:
        shutil.rmtree(place, ignore_errors=True)
        for parent in (place.parent, place.parent.parent):
            with suppress(OSError):  # other runs are there
                parent.rmdir()


def _put_aside(place: Path) -> None:
    kept = [path for path in place.iterdir() if path.name != ".lock"]
    if kept:
        number = 1
        while (aside := place.with_name(f"{place.name}.before-{number}")).exists():
            number += 1
        aside.mkdir()
        for path in kept:
            path.replace(aside / path.name)
