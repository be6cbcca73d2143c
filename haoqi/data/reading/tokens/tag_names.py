"""What numbers of tags stand for: from a field of the records, or from a file beside the data."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from haoqi.core.errors import UserError
from haoqi.data.reading.decoding.decode import read_text
from haoqi.data.reading.tokens.tags import tagging_of
from haoqi.data.settings import DataSettings

_FILES = re.compile(
    r"(?i).*(label|tag|class|feature|id2|dataset_info|config|categor|schema|names).*\.(txt|json|csv|tsv|names|lst)"
)
_MOST_BYTES = 1 << 20
_PAIR = re.compile(r"(?:(\d+)[\s,:=]+(\S+)|(\S+)[\s,:=]+(\d+))")


def names_in_columns(columns: Mapping[str, Sequence[Any]], highest: int) -> tuple[str, list[str]] | None:
    """Return the column whose lists name the tags, such as names or label_list, and the names in it."""
    for column, cells in columns.items():
        first = next((cell for cell in cells if cell is not None), None)
        if (names := _whole(first, highest)) and all(cell in (None, first) for cell in cells[:1_000]):
            return column, names
    return None


def names_beside(settings: DataSettings, highest: int) -> tuple[str, list[str]] | None:
    """Return the file beside the source that names the tags in the order of their numbers, and the names in it."""
    source = Path(settings.train_file or settings.source)
    try:
        folder = source if source.is_dir() else source.parent
        files = sorted(path for path in folder.iterdir() if path.is_file() and path != source)
        near = [path for path in files if _FILES.fullmatch(path.name) and path.stat().st_size < _MOST_BYTES]
    except (OSError, ValueError):
        return None
    for path in near:
        if names := _of_file(path, highest):
            return path.name, names
    return None


def _of_file(path: Path, highest: int) -> list[str] | None:
    try:
        text, _ = read_text(path)
    except UserError:
        return None
    try:
        found = json.loads(text)
    except ValueError:
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        return _whole(_numbered(lines) or lines, highest)
    return next((names for one in _lists(found) if (names := _whole(one, highest))), None)


def _numbered(lines: Sequence[str]) -> list[str] | None:
    """Return names in the order of the numbers that stand beside them."""
    pairs = [match for line in lines if (match := _PAIR.fullmatch(line))]
    if not lines or len(pairs) < len(lines):
        return None
    numbers = {int(one[1] or one[4]): one[2] or one[3] for one in pairs}
    return [numbers[number] for number in range(len(numbers))] if set(numbers) == set(range(len(numbers))) else None


def _lists(value: Any) -> Iterator[Any]:
    """Yield each list of names within JSON, also where numbers stand beside names ({"O": 0}, {"0": "O"})."""
    if isinstance(value, list):
        yield value
        for one in value:
            yield from _lists(one)
    elif isinstance(value, Mapping):
        flat = [f"{name} {one}" for name, one in value.items() if isinstance(one, str | int)]
        if len(flat) == len(value):
            yield _numbered([one for one in flat if len(one.split()) == 2])
        for one in value.values():
            yield from _lists(one)


def _whole(names: Any, highest: int) -> list[str] | None:
    """Return names if they are tags of entities, one for each number."""
    if not isinstance(names, list | tuple) or len(names) <= highest or len(names) > 1_000:
        return None
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        return None
    tagging = tagging_of(Counter(names))
    named = tagging is not None and tagging.kinds and (tagging.sure or tagging.outside in ("O", "o"))
    return list(names) if named else None
