"""Damaged copies of small files: each is read, or refused with an error in plain words."""

import io
import json
import random
import signal
import tempfile
import traceback
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

LONGEST_SECONDS = 20


def run(count: int, folder: Path) -> int:
    """Read so many damaged copies of the files in a folder, print what crashed or hung, and return 1 if any did."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "README.md")
    files = [
        path for path in files if len(list(path.parent.iterdir())) < 30 or path.parent in (folder, folder / "published")
    ]
    found: Counter[str] = Counter()
    faults = []
    with tempfile.TemporaryDirectory() as home:
        for number in range(count):
            source = files[number % len(files)]
            content, how = damaged(source.read_bytes(), random.Random(number))
            path = Path(home) / f"{number}{source.suffix}"
            path.write_bytes(content)
            outcome = outcome_of(path)
            found[outcome.split(":")[0]] += 1
            if outcome not in ("answer", "UserError"):
                faults.append(outcome)
                print(f"--fuzz {number}: {source.name}, {how}: {outcome}", flush=True)
            path.unlink()
    print(dict(found))
    print(f"crashes {len(faults)} of {count}")
    return 1 if faults else 0


def outcome_of(path: Path) -> str:
    """Return "answer", "UserError", or what went wrong, with the line where it did."""
    from haoqi import tasks
    from haoqi.batch.row_files import open_rows
    from haoqi.core.errors import UserError
    from haoqi.data import DataSettings, read

    def late(*_: Any) -> None:
        raise TimeoutError(f"over {LONGEST_SECONDS} s")

    def predict() -> None:
        for _ in open_rows(path, DataSettings(str(path))):
            pass

    outcome = "answer"
    signal.signal(signal.SIGALRM, late)
    for act in (lambda: tasks.resolve(None, read(DataSettings(str(path)))), predict):
        signal.alarm(LONGEST_SECONDS)
        try:
            act()
        except UserError:
            outcome = "UserError"
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            return f"{type(error).__name__}: {error} ({Path(place.filename).name}:{place.lineno})"
        finally:
            signal.alarm(0)
    return outcome


def damaged(content: bytes, chance: random.Random) -> tuple[bytes, str]:
    """Return a file's content with one to three kinds of damage, and their names."""
    names = chance.sample(sorted(DAMAGES), chance.choice((1, 1, 1, 2, 3)))
    for name in names:
        within = content.startswith(b"PK") and chance.random() < 0.8
        content = in_archive(content, DAMAGES[name], chance) if within else DAMAGES[name](content, chance)
    return content, ", ".join(names)


def in_archive(content: bytes, damage: Callable[[bytes, random.Random], bytes], chance: random.Random) -> bytes:
    """Return an archive, such as a workbook, with one of its files damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError):
        return content
    if members:
        name = chance.choice(sorted(members))
        members[name] = damage(members[name], chance)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, inner in members.items():
            archive.writestr(name, inner)
    return buffer.getvalue()


def flip_bytes(content: bytes, chance: random.Random) -> bytes:
    found = bytearray(content)
    for _ in range(chance.randint(1, 20)):
        if found:
            found[chance.randrange(len(found))] = chance.randrange(256)
    return bytes(found)


def cut_rows(content: bytes, chance: random.Random) -> bytes:
    lines = content.split(b"\n")
    kept = [line for line in lines if chance.random() < 0.7]
    return b"\n".join(kept[: chance.randint(0, len(kept))] if chance.random() < 0.3 else kept)


def truncate(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randint(0, len(content))]


def swap_cells(content: bytes, chance: random.Random) -> bytes:
    sign = chance.choice((b",", b"\t", b";", b" "))
    lines = content.split(b"\n")
    for place in chance.sample(range(len(lines)), min(len(lines), chance.randint(1, 40))):
        cells = lines[place].split(sign)
        chance.shuffle(cells)
        lines[place] = sign.join(cells)
    return b"\n".join(lines)


def change_delimiter(content: bytes, chance: random.Random) -> bytes:
    return content.replace(chance.choice((b",", b"\t", b" ", b":")), chance.choice((b";", b"|", b"\t", b"\x00", b"")))


def insert_quotes(content: bytes, chance: random.Random) -> bytes:
    found = content
    for _ in range(chance.randint(1, 8)):
        at = chance.randint(0, len(found))
        found = (
            found[:at]
            + chance.choice((b'"', b"'", b"\\", b'""', b"{", b"[", b"]", b"\r", b"\x00", b"\xef\xbb\xbf"))
            + found[at:]
        )
    return found


def mix_encodings(content: bytes, chance: random.Random) -> bytes:
    half = chance.randint(0, len(content))
    other = content[half:].decode("utf-8", "replace")
    return content[:half] + other.encode(
        chance.choice(("utf-16", "gb18030", "latin-1", "cp1251", "utf-16-le")), "replace"
    )


def repeat_part(content: bytes, chance: random.Random) -> bytes:
    start = chance.randint(0, len(content))
    return content[: start + chance.randint(0, 400)] + content[start:]


def change_values(content: bytes, chance: random.Random) -> bytes:
    old = chance.choice((b'"text"', b"label", b"0", b"1", b"O", b"null", b"[", b"{", b"start", b'"'))
    new = chance.choice(
        (b"null", b"-1", b"1e999", b"NaN", b"[]", b"{}", b'""', b"true", b"99999999999999999999", b"\xff")
    )
    return content.replace(old, new, chance.randint(1, 30))


def change_nodes(content: bytes, chance: random.Random) -> bytes:
    """Return JSON with some of its values replaced by others; other content as it is."""
    text = content.decode("utf-8", "replace")
    lines = text.split("\n") if text.count("\n") > 3 and text.startswith("{") else [text]
    for place in chance.sample(range(len(lines)), min(len(lines), 12)):
        try:
            value = json.loads(lines[place])
        except ValueError:
            continue
        for _ in range(chance.randint(1, 6)):
            value = with_node(value, chance)
        lines[place] = json.dumps(value)
    return "\n".join(lines).encode()


def with_node(value: Any, chance: random.Random) -> Any:
    """Return a JSON value with one value within it replaced."""
    places = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    if not places or chance.random() < 0.15:
        return chance.choice(
            (None, -1, 10**25, 1.5, True, "", "x", [], {}, [[]], [None], {"a": {"b": []}}, [1, 2, "X"], ["a", "b"])
        )
    place = chance.choice(list(places))
    found = dict(value) if isinstance(value, dict) else list(value)
    if chance.random() < 0.1:
        del found[place]
    else:
        found[place] = with_node(found[place], chance)
    return found


DAMAGES = {
    act.__name__: act
    for act in (
        flip_bytes,
        cut_rows,
        truncate,
        swap_cells,
        change_delimiter,
        insert_quotes,
        mix_encodings,
        repeat_part,
        change_nodes,
        change_values,
    )
}
