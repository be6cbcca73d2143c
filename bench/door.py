"""What Haoqi reads of people's files, beside the truth: real sets as they come, and transcribed in many ways.

    python bench/door.py [--data NAME ...] [--only KIND ...] [--peers] [--json]
    python bench/door.py --million
    python bench/door.py --fuzz 2000

Every reading is what `haoqi improve FILE` would learn from, with nothing said beside the name of the file. It is right
where every text has its label (blanks at the ends aside); asked where an error stops it or the schema says its
doubt: the role is among the unsure ones, or a warning names the flag that would put it right; else it is wrong. Where
nothing can be learnt from a file, an error is right. Peers guess less: `--peers` counts how many files pandas
(`read_csv(sep=None)`), datasets (`load_dataset("csv" or "json")`) and AutoGluon's loader cut into the same cells;
what the cells mean they leave to their caller.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import table
from reading import entities, fuzz, million, originals, peers, published, sets, structured, tables
from reading.truth import Case, read_case


def cases(wanted: list[str] | None, folder: Path) -> Iterator[Case]:
    """Yield every case, written into a folder right before it is read."""
    for name in sets.LABELLED:
        if wanted and name not in wanted:
            continue
        data = sets.labelled(name)
        for room in (tables, structured):
            if data.rows:
                yield from room.cases(data, _made(folder / f"{name}-{room.__name__}"))
    for name in sets.TAGGED:
        if wanted and name not in wanted:
            continue
        marked = sets.tagged(name)
        if marked.rows:
            yield from entities.cases(marked, _made(folder / name))
    if not wanted or "originals" in wanted:
        yield from originals.cases()
    if not wanted or "published" in wanted:
        yield from published.cases()


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def main() -> None:
    """Read every case, print the table by kind and what was not right, and end with the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", help="only these sets; originals and published are sets, too")
    parser.add_argument("--only", nargs="+", help="only these kinds of transcription")
    parser.add_argument("--peers", action="store_true", help="count what pandas, datasets and AutoGluon cut alike")
    parser.add_argument("--json", action="store_true", help="print each outcome as a line of JSON")
    parser.add_argument("--million", nargs="?", const=1_000_000, type=int, metavar="ROWS")
    parser.add_argument("--fuzz", type=int, metavar="COUNT", help="read so many damaged copies of the cases")
    said = parser.parse_args()
    if said.million or said.fuzz:
        sys.exit(million.run(said.million) if said.million else fuzz.run(said.fuzz, published.CASES))
    begun, outcomes = time.perf_counter(), []
    with tempfile.TemporaryDirectory() as home:
        for case in cases(said.data, Path(home)):
            if said.only and case.kind not in said.only:
                continue
            found = read_case(case)
            beside = peers.guesses(case) if said.peers else {}
            named = {"data": case.data, "kind": case.kind, "case": case.name}
            outcomes.append({**named, "outcome": found.kind, "seen": found.seen, **beside})
            if said.json:
                print(json.dumps(outcomes[-1], ensure_ascii=False), flush=True)
            elif found.kind != "right":
                print(f"{found.kind:6}{case.data:14}{case.kind}: {case.name}: {found.seen[:200]}", flush=True)
    told(outcomes, time.perf_counter() - begun, whole=not (said.data or said.only))


def told(outcomes: list[dict[str, Any]], seconds: float, *, whole: bool) -> None:
    """Print the counts by kind, keep those of a whole run, and exit with 1 where one is wrong."""
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for one in outcomes:
        beside = [name for name in peers.NAMES if name in one]
        counted = [one["outcome"], "files", *beside, *(f"{name} alike" for name in beside if one[name])]
        for kind in (one["kind"], "all"):
            rows[kind].update(counted)
    rows["all"] = rows.pop("all", Counter())
    read_by = [name for name in peers.NAMES if rows["all"][name]]
    shown = []
    for kind, count in rows.items():
        alike = {name: f"{count[f'{name} alike']} of {count[name]}" for name in read_by}
        shown.append({"kind": kind, **{name: count[name] for name in ("files", "right", "asked", "wrong")}, **alike})
    table.show(shown, ["kind", "files", "right", "asked", "wrong", *read_by])
    total = rows.pop("all")
    if whole:
        kinds = {kind: dict(count) for kind, count in rows.items()}
        table.record("door", seconds=round(seconds, 1), **dict(total), kinds=kinds)
    print(f"{seconds:.0f} s; right {100 * total['right'] / max(1, total['files']):.1f} %")
    print(f"wrong {total['wrong']} of {total['files']}, asked {total['asked']}")
    sys.exit(1 if total["wrong"] else 0)


if __name__ == "__main__":
    main()
