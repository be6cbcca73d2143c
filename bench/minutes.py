"""Whether minutes are kept: `haoqi improve` on real files, timed from outside as a person would.

    python bench/minutes.py                               # ten sets at one and three minutes: some 40 minutes
    python bench/minutes.py --data sst2,tnews-zh --minutes 1

Each run is a process of its own with an empty home but for the bases, beside whatever else the machine does. `used` is
from the first word of the run, which is about to read, to its last: the search, the last fit, the test split, the
release, its compiled form, next steps and the report. `all` has the start of Python and its end, too. A run is over
where it used more than 1.05 of its minutes, and under where it used less than 0.9 of them though an untried plan with
a promise would have fitted: it ended because the time was spent, and the shortest plan that was not tried takes less
than what was left in the end. The last line counts both.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cases
import table

OVER, UNDER = 1.05, 0.9
"""Shares of the minutes beyond which, and below which, a promise is broken."""


def _words(folder: Path, rows: int) -> Path:
    """Write the first sentences of conll2003 as they came."""
    text = (table.DATA / "conll2003" / "eng.train").read_text(encoding="utf-8")
    path = folder / "conll2003.conll"
    path.write_text("\n\n".join(text.split("\n\n")[:rows]) + "\n", encoding="utf-8")
    return path


def _characters(folder: Path, rows: int) -> Path:
    """Write the first texts of cluener, a line each."""
    text, at, decode = (table.DATA / "cluener" / "train.json").read_text(encoding="utf-8"), 0, json.JSONDecoder()
    lines: list[str] = []
    while len(lines) < rows:
        found, at = decode.raw_decode(text, at)
        lines.append(json.dumps(found, ensure_ascii=False))
        at += len(text[at:]) - len(text[at:].lstrip())
    path = folder / "cluener.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _case(name: str) -> Callable[[Path, int], Path]:
    return lambda folder, rows: cases.write(name, folder, rows=rows)


SETS: dict[str, tuple[Callable[[Path, int], Path], int]] = {
    "sst2": (_case("sst2"), 1200),
    "ag_news": (_case("ag_news"), 1000),
    "clinc150": (_case("clinc150"), 3000),
    "phrasebank": (_case("phrasebank"), 1600),
    "hotels-zh": (_case("hotels-zh"), 1600),
    "tnews-zh": (_case("tnews-zh"), 1500),
    "conll2003": (_words, 1000),
    "cluener": (_characters, 800),
    "few": (_case("sst2"), 60),
    "few-zh": (_case("tnews-zh"), 120),
}
"""Name to what writes its file, and how many rows that has."""


@dataclass
class Told:
    """What one run said, with the seconds since its process began."""

    begun: float
    first: float | None = None
    last: float = 0.0
    ended: str = ""
    needed: float | None = None
    stages: list[tuple[str, float]] = field(default_factory=list)
    tried: int = 0
    score: float | None = None

    def hear(self, event: dict[str, Any]) -> None:
        """Take one event."""
        self.last = time.perf_counter() - self.begun
        self.first = self.last if self.first is None else self.first
        kind = event["event"]
        if kind == "stage":
            self.stages.append((event["name"], round(self.last - self.first, 1)))
        elif kind == "ended":
            self.ended, self.needed = event["reason"], event["needed_seconds"]
        elif kind == "tried":
            self.tried += 1
        elif kind == "released":
            self.score = event["score"]


def run(name: str, minutes: float, folder: Path, flags: list[str]) -> dict[str, Any]:
    """Return what came of one run."""
    write, rows = SETS[name]
    home = Path(tempfile.mkdtemp(dir=folder))
    usual = Path(os.environ.get("HAOQI_HOME", Path.home() / ".haoqi")).absolute()
    if (usual / "cache").exists():
        (home / "cache").symlink_to(usual / "cache")
    command = [sys.executable, "-m", "haoqi", "improve", str(write(home, rows)), "--minutes", f"{minutes:g}", "--json"]
    told = Told(time.perf_counter())
    settings = {**os.environ, "HAOQI_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    log = folder / f"{name}-{minutes:g}.jsonl"
    with (
        log.open("w") as out,
        subprocess.Popen([*command, *flags], stdout=subprocess.PIPE, text=True, env=settings) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            told.hear(event)
            if event["event"] != "advanced":
                out.write(f"{told.last:8.2f} {line}")
    whole = time.perf_counter() - told.begun
    asked, used = 60 * minutes, told.last - (told.first or 0.0)
    return {
        "data": name,
        "minutes": minutes,
        "used": round(used, 1),
        "past": round(used - asked, 1),
        "share": round(used / asked, 3),
        "all": round(whole, 1),
        "ended": told.ended,
        "needed": told.needed,
        "tried": told.tried,
        "score": told.score,
        "stages": told.stages,
        "failed": process.returncode != 0,
    }


def kept(cell: dict[str, Any]) -> str:
    """Return what became of the promise: "over", "under", or "kept"; a run that failed kept none.

    Where all was tried, or what was left is not worth its time, nothing with a promise fitted.
    """
    if cell["failed"]:
        return "failed"
    if cell["share"] > OVER:
        return "over"
    fitted = cell["ended"] == "budget" and cell["needed"] is not None and cell["needed"] < -cell["past"]
    return "under" if cell["share"] < UNDER and fitted else "kept"


def main() -> None:
    """Run what was asked for and print a line for each, then the count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=",".join(SETS), help=f"some of {', '.join(SETS)}")
    parser.add_argument("--minutes", default="1,3", help="of each run")
    parser.add_argument("--flags", default="", help="further flags of haoqi improve")
    parser.add_argument("--logs", type=Path, help="keep what the runs said in this folder")
    asked = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.logs or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for minutes in map(float, asked.minutes.split(",")):
            for name in asked.data.split(","):
                cell = run(name, minutes, folder, asked.flags.split())
                cell = {**cell, "promise": kept(cell)}
                found.append(cell)
                print(json.dumps(cell, ensure_ascii=False), flush=True)
                table.record("minutes", **cell)
    table.show(
        found, ["data", "minutes", "used", "past", "share", "all", "ended", "needed", "tried", "score", "promise"]
    )
    count = len(found)
    over, under = (sum(cell["promise"] in word for cell in found) for word in (("over", "failed"), ("under",)))
    print(f"over {over} of {count}, under {under} of {count}")


if __name__ == "__main__":
    main()
