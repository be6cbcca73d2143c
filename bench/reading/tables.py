"""Texts with labels written as tables: delimiters, headers, encodings, columns, spellings of labels."""

import csv
import io
import random
import re
import uuid
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from reading.sets import Labelled
from reading.truth import Case, Truth

_MOJIBAKE = re.compile(
    "[\u0080-\u009f]|[\u00c2\u00c3\u00d6\u00e2\u00e4\u00ed\u00f4][\u00a0-\u00bf\u00f3\u00d6\u20ac\u2122]"
)
HEADERS = (
    ("text", "label"),
    ("Nachricht", "Kategorie"),
    ("TEXT", "INTENT"),
    ("review_body", "star class"),
    ("What did the customer say?", "Which team should look at it?"),
    ("原文", "分组"),
    ("said", "kind"),
    ("x", "y"),
)


def cases(data: Labelled, folder: Path) -> Iterator[Case]:
    """Yield the tables that a set is transcribed into, each written when it is asked for."""
    yield from delimiters(data, folder)
    yield from headers(data, folder)
    yield from encodings(data, folder)
    yield from columns(data, folder)
    yield from spellings(data, folder)
    yield from several(data, folder)
    yield from quotes(data, folder)


def write(
    path: Path,
    header: Sequence[str] | None,
    rows: Sequence[Sequence[Any]],
    *,
    encoding: str = "utf-8",
    line_end: str = "\n",
    before: str = "",
    **form: Any,
) -> Path:
    """Write rows by Python's csv, or with a delimiter of several signs, and return the path."""
    delimiter = form.pop("delimiter", ",")
    told = [*([header] if header else []), *rows]
    if len(delimiter) > 1:
        text = line_end.join(delimiter.join(map(str, row)) for row in told) + line_end
    else:
        buffer = io.StringIO()
        csv.writer(buffer, delimiter=delimiter, lineterminator=line_end, **form).writerows(told)
        text = buffer.getvalue()
    path.write_bytes((before + text).encode(encoding))
    return path


def one_line(rows: Sequence[tuple[str, Any]], *without: str) -> list[tuple[str, Any]]:
    """Return rows whose texts stand on one line and hold none of the given signs."""
    found = [(" ".join(text.split()), label) for text, label in rows]
    for sign in without:
        found = [(text.replace(sign, " ").rstrip(sign), label) for text, label in found]
    return [(" ".join(text.split()), label) for text, label in found]


def truth(rows: Sequence[tuple[str, Any]]) -> Truth:
    """Return rows as what is right."""
    return Truth([text for text, _ in rows], [label for _, label in rows])


def delimiters(data: Labelled, folder: Path) -> Iterator[Case]:
    for name, sign, ending in (
        ("comma", ",", "csv"),
        ("semicolon", ";", "csv"),
        ("tab", "\t", "tsv"),
        ("tab", "\t", "txt"),
        ("pipe", "|", "txt"),
        ("unit", "\x1f", "txt"),
        ("caret", "^", "dat"),
        ("signs", "_!_", "txt"),
        ("colons", "::", "txt"),
    ):
        rows = one_line(data.rows, sign.strip() or sign) if len(sign) > 1 else data.rows
        path = write(folder / f"{name}.{ending}", ("text", "label"), rows, delimiter=sign)
        yield Case(data.name, "delimiter", f"{name}.{ending}", path, [truth(rows)])
        if name in ("semicolon", "pipe", "signs"):
            path = write(folder / f"{name}-none.txt", None, [(label, text) for text, label in rows], delimiter=sign)
            yield Case(data.name, "delimiter", f"{name}, label first, no header", path, [truth(rows)])


def headers(data: Labelled, folder: Path) -> Iterator[Case]:
    right = [truth(data.rows)]
    for number, names in enumerate(HEADERS):
        path = write(folder / f"header{number}.csv", names, data.rows)
        yield Case(data.name, "header", " / ".join(names), path, right)
    swapped = [(label, text) for text, label in data.rows]
    yield Case(data.name, "header", "none", write(folder / "none.csv", None, data.rows), right)
    yield Case(data.name, "header", "none, label first", write(folder / "none2.csv", None, swapped), right)
    numbered = [(place, *row) for place, row in enumerate(swapped)]
    yield Case(
        data.name, "header", "none, with ids", write(folder / "none3.tsv", None, numbered, delimiter="\t"), right
    )
    path = write(folder / "sep.csv", ("text", "label"), data.rows, delimiter=";", before="sep=;\n")
    yield Case(data.name, "header", "sep= line", path, right)
    path = write(folder / "comment.csv", ("text", "label"), data.rows, before="# exported by desk\n# all rows\n")
    yield Case(data.name, "header", "comments before", path, right)
    path = write(folder / "title.csv", ("text", "label"), data.rows, before="All messages of May,\n,\n")
    yield Case(data.name, "header", "title before", path, right)


def encodings(data: Labelled, folder: Path) -> Iterator[Case]:
    wanted = ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"]
    wanted += ["gb18030", "gbk"] if data.chinese else ["cp1252", "latin-1", "mac-roman"]
    for encoding in wanted:
        rows = encodable(accented(data), encoding)
        before = "\ufeff" if encoding == "utf-16-le" else ""
        path = write(folder / f"{encoding}.csv", ("text", "label"), rows, encoding=encoding, before=before)
        yield Case(data.name, "encoding", encoding, path, [truth(rows)])
    for name, end in (("windows line ends", "\r\n"), ("old line ends", "\r")):
        rows = one_line(data.rows)
        path = write(folder / f"{len(end)}{ord(end[-1])}.csv", ("text", "label"), rows, line_end=end)
        yield Case(data.name, "encoding", name, path, [truth(rows)])


def accented(data: Labelled) -> list[tuple[str, Any]]:
    """Return rows, every seventh English one with letters and quotes beyond ASCII."""
    if data.chinese:
        return list(data.rows)
    found = []  # what was broken by a wrong encoding before is left out: nothing tells it from another
    rows = [row for row in data.rows if row[0].isascii() or not _MOJIBAKE.search(row[0])]
    for place, (text, label) in enumerate(rows):
        found.append((f"{text} – caf\u00e9 \u201cM\u00fcller\u201d" if place % 7 == 0 else text, label))
    return found


def encodable(rows: Sequence[tuple[str, Any]], encoding: str) -> list[tuple[str, Any]]:
    """Return the rows that an encoding can hold, the typewriter's signs in place of those that Latin-1 lacks."""
    if encoding == "latin-1":
        rows = [(t.replace("–", "-").replace("\u201c", '"').replace("\u201d", '"'), label) for t, label in rows]
    found = []
    for text, label in rows:
        try:
            text.encode(encoding)
        except UnicodeEncodeError:
            continue
        found.append((text, label))
    return found


def others(place: int, text: str, chance: random.Random) -> dict[str, Any]:
    """Return the cells that programs add to a row: what is neither text nor label."""
    day = f"2024-{1 + place % 12:02d}-{1 + place % 28:02d}"
    return {
        "id": place + 1,
        "uuid": str(uuid.UUID(int=chance.getrandbits(128))),
        "sha256": sha256(text.encode()).hexdigest(),
        "created_at": f"{day}T{place % 24:02d}:{place % 60:02d}:00Z",
        "url": f"https://example.org/posts/{place}/{chance.getrandbits(40):x}?from=mail&page={place % 7}",
        "file": f"/data/export/{day}/take one {place}.txt",
        "lang": "en",
        "user": f"user_{chance.randrange(90)}",
        "note": "checked" if place % 97 == 0 else "",
        "length": len(text),
        "score": round(chance.random(), 3),
        "split_seed": 42,
        "ip": f"10.0.{place % 200}.{place % 250}",
        "email": f"someone{place % 50}@example.org",
    }


def columns(data: Labelled, folder: Path) -> Iterator[Case]:
    chance = random.Random(3)
    added = [others(place, text, chance) for place, (text, _) in enumerate(data.rows)]
    plans = (
        ("ids before", ("text", "label"), ["id", "uuid"], []),
        ("times and urls", ("text", "label"), ["created_at", "url"], ["lang"]),
        ("all", ("text", "label"), [*list(added[0])[:7]], [*list(added[0])[7:]]),
        ("all, other names", ("Nachricht", "Thema der Nachricht"), [*list(added[0])[7:]], [*list(added[0])[:7]]),
        ("paths and hashes", ("content", "class"), ["file", "sha256"], ["ip", "email"]),
        ("almost empty, constant", ("message", "queue"), ["note", "lang"], ["split_seed"]),
        ("numbers", ("comment", "category"), ["length"], ["score", "user"]),
    )
    for name, (text, label), before, after in plans:
        head = [*before, text, *after[: len(after) // 2], label, *after[len(after) // 2 :]]
        body = [
            [{**more, text: row[0], label: row[1]}[n] for n in head] for row, more in zip(data.rows, added, strict=True)
        ]
        path = write(folder / f"{name.replace(' ', '-')}.csv", head, body)
        yield Case(data.name, "columns", name, path, [truth(data.rows)])
        nameless = write(folder / f"{name.replace(' ', '-')}-none.csv", None, body)
        if name in ("ids before", "times and urls", "paths and hashes"):
            yield Case(data.name, "columns", f"{name}, no header", nameless, [truth(data.rows)])
    first = [[row[1], row[0]] for row in data.rows]
    yield Case(
        data.name, "columns", "label first", write(folder / "first.csv", ("label", "text"), first), [truth(data.rows)]
    )


def spellings(data: Labelled, folder: Path) -> Iterator[Case]:
    names = sorted({label for _, label in data.rows})
    code = {name: number for number, name in enumerate(names)}
    texts = [text for text, _ in data.rows]
    numbers = [str(code[label]) for _, label in data.rows]
    as_numbers, as_names = Truth(texts, numbers), truth(data.rows)

    def case(name: str, head: Sequence[str], rows: Sequence[Sequence[Any]], *right: Truth) -> Case:
        path = write(folder / f"{name.replace(' ', '-')}.csv", head, rows)
        return Case(data.name, "labels", name, path, right)

    both = [(text, code[label], label) for text, label in data.rows]
    yield case("numbers", ("text", "label"), list(zip(texts, numbers, strict=True)), as_numbers)
    yield case("numbers with a point", ("text", "label"), [(t, f"{n}.0") for t, n, _ in both], as_numbers)
    yield case("numbers and names", ("text", "label", "label_name"), both, as_numbers, as_names)
    yield case(
        "names and numbers", ("label_id", "text", "label"), [(n, t, w) for t, n, w in both], as_numbers, as_names
    )
    upper = [(text, label.upper()) for text, label in data.rows]
    yield case("capitals", ("text", "label"), upper, truth(upper))
    spaced = [(text, f" {label} ") for text, label in data.rows]
    yield case("blanks around", ("text", "label"), spaced, truth(data.rows))
    half = [(text, code[label] % 2 == 0) for text, label in data.rows]
    for yes, no in (("True", "False"), ("TRUE", "FALSE"), ("yes", "no"), ("1", "0")):
        said = [(text, yes if flag else no) for text, flag in half]
        low = yes.lower() in ("true", "false")
        right = [(text, label.lower() if low else label) for text, label in said]
        yield case(f"{yes} and {no}", ("text", "label"), said, truth(right))
    gaps = [(text, "" if place % 150 == 7 else label) for place, (text, label) in enumerate(data.rows)]
    yield case("some empty", ("text", "label"), gaps, truth([(text, label or None) for text, label in gaps]))


def labels_of(data: Labelled) -> tuple[list[tuple[str, frozenset[str]]], list[str]]:
    """Return rows with one to three labels each, made of their own label and of more that depend on the text."""
    chance = random.Random(5)
    names = sorted({label.replace(",", " ").replace("/", " ") for _, label in data.rows})
    more = [*names[:6], "urgent", "repeat", "mobile"]
    found = []
    for text, label in data.rows:
        extra = chance.sample(more, chance.choice((0, 0, 1, 1, 2)))
        found.append((text, frozenset({label.replace(",", " ").replace("/", " "), *extra})))
    return found, sorted({name for _, few in found for name in few})


def several(data: Labelled, folder: Path) -> Iterator[Case]:
    rows, names = labels_of(data)
    right = [truth(rows)]
    forms = {
        "comma": ",".join,
        "comma and blank": ", ".join,
        "semicolon": ";".join,
        "pipe": "|".join,
        "hash": "#".join,
        "python list": lambda few: str(list(few)),
        "json list": lambda few: "[" + ", ".join(f'"{one}"' for one in few) + "]",
        "brackets": lambda few: "[" + ", ".join(few) + "]",
        "choices": lambda few: '{"choices": [' + ", ".join(f'"{one}"' for one in few) + "]}",
    }
    for name, join in forms.items():
        body = [(text, join(sorted(few))) for text, few in rows]
        path = write(folder / f"several-{name.replace(' ', '-')}.csv", ("text", "labels"), body)
        yield Case(data.name, "labels", f"several: {name}", path, right)
    hot = [[text, *(int(one in few) for one in names)] for text, few in rows]
    yield Case(data.name, "labels", "several: 0 and 1", write(folder / "hot.csv", ["text", *names], hot), right)
    most = max(len(few) for _, few in rows)
    beside = [[text, *sorted(few), *[""] * (most - len(few))] for text, few in rows]
    head = ["text", *(f"label_{place}" for place in range(1, most + 1))]
    yield Case(data.name, "labels", "several: side by side", write(folder / "beside.csv", head, beside), right)


def quotes(data: Labelled, folder: Path) -> Iterator[Case]:
    broken = [
        (text.replace(" ", "\n", 1) if place % 3 else text, label) for place, (text, label) in enumerate(data.rows)
    ]
    yield Case(
        data.name, "quotes", "line breaks", write(folder / "breaks.csv", ("text", "label"), broken), [truth(broken)]
    )
    said = [(f'He said "{text[:20]}" and {text}', label) for text, label in one_line(data.rows, '"')]
    right = [truth(said)]
    yield Case(data.name, "quotes", "doubled", write(folder / "doubled.csv", ("text", "label"), said), right)
    all_quoted = write(folder / "all.csv", ("text", "label"), said, quoting=csv.QUOTE_ALL)
    yield Case(data.name, "quotes", "all cells", all_quoted, right)
    escaped = [(text.replace("\\", "/"), label) for text, label in said]
    path = write(
        folder / "back.csv", ("text", "label"), escaped, quoting=csv.QUOTE_ALL, doublequote=False, escapechar="\\"
    )
    yield Case(data.name, "quotes", "backslashes", path, [truth(escaped)])
    lone = [
        (f'"{text}' if place % 40 == 3 else text, label) for place, (text, label) in enumerate(one_line(data.rows, '"'))
    ]
    path = folder / "lone.tsv"
    path.write_text("".join(f"{label}\t{text}\n" for text, label in lone), encoding="utf-8")
    yield Case(data.name, "quotes", "lone, by tabs", path, [truth(lone)])
    single = [(text.replace("'", "’"), label) for text, label in one_line(data.rows)]
    path = write(folder / "single.csv", ("text", "label"), single, quotechar="'", quoting=csv.QUOTE_ALL)
    yield Case(data.name, "quotes", "single quotes", path, [truth(single)])
