"""The page of the matrix: docs/matrix.md from the cells in bench/results/matrix.jsonl."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import matrix_sets
import table

PAGE = Path(__file__).resolve().parents[1] / "docs" / "matrix.md"
NOTHING = "majority"
YARDSTICKS = ("tfidf", "crf", "overlap", "probe")
"""What most people would run first: of these the first that learns such answers."""
Cells = Mapping[tuple[str, str], dict[str, Any]]

HEAD = """<!-- Written by bench/matrix.py from bench/results/matrix.jsonl; run it again instead of editing. -->

# Every method on every task

任务 × 方法：真实数据上的得分、区间、用时与训练的参数量。

One fit with the method's own default settings on the training rows named, a tenth of them held back for thresholds and
for stopping early; the score is that of the metric that decides there, on test rows that nothing looked at before, with
its 95 % interval. *over nothing* is the difference to the same answer to everything, *over words* that to the plain
yardstick of the set. Seconds are of the fit alone, on {cores} core{s}, nothing read before. *Trained* is how many
numbers optimizers stepped; of a method without an optimizer, in italics, how many numbers its model keeps. A search
over settings, as `haoqi improve` makes it, gets more out of most methods: this page compares methods as they come.
"""


def latest(rows: Sequence[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the last cell of each set and method."""
    return {(row["set"], row["method"]): row for row in rows}


def write() -> Path:
    """Write the page, and return where it lies."""
    from haoqi import tasks
    from haoqi.methods.method import methods

    cells, names = latest(table.recorded("matrix")), methods.names()
    cores = max((row.get("cores", 1) for row in cells.values()), default=1)
    lines = [HEAD.format(cores=cores, s="" if cores == 1 else "s"), *_overview(cells, names)]
    for name, one in matrix_sets.SETS.items():
        lines += _section(name, one, cells, names)
    bare = sorted(set(tasks.names()) - {one.task for one in matrix_sets.SETS.values()})
    if bare:
        lines += [
            "",
            f"No public data stands here for: {', '.join(bare)}. They are learnt as the tasks above that give",
        ]
        lines += ["the same kind of answer."]
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return PAGE


def _overview(cells: Cells, names: Sequence[str]) -> Iterator[str]:
    """Yield all scores in one table, and a word where there is none."""
    yield "## Scores\n"
    yield "| method | " + " | ".join(f"[{name}](#{name})" for name in matrix_sets.SETS) + " |"
    yield "|---" * (len(matrix_sets.SETS) + 1) + "|"
    best: dict[str, float] = {
        name: max(cells.get((name, m), {}).get("score", -9.0) for m in names) for name in matrix_sets.SETS
    }
    for method in names:
        told = [_told(name, method, cells.get((name, method)), best[name]) for name in matrix_sets.SETS]
        yield f"| {method} | " + " | ".join(told) + " |"
    yield "\nThe best of each set is bold. Where words stand instead of a score, the table of the set says more."


def _section(name: str, one: matrix_sets.Set, cells: Cells, names: Sequence[str]) -> Iterator[str]:
    """Yield the table of a set, the best method first, and after it why others have no score."""
    found = [(cells[name, method], method) for method in names if (name, method) in cells]
    scored = sorted(((cell, method) for cell, method in found if "score" in cell), key=lambda both: -both[0]["score"])
    yield f"\n## {name}\n"
    sizes = f"{scored[0][0]['train']:,} training and {scored[0][0]['test']:,} test rows" if scored else "not run yet"
    metric = f", by {scored[0][0]['metric']}" if scored else ""
    yield f"{one.about[0].upper()}{one.about[1:]}: task `{one.task}`{metric}, {sizes}.\n"
    if scored:
        nothing = cells.get((name, NOTHING), {}).get("score")
        plain = next((method for method in YARDSTICKS if "score" in cells.get((name, method), {})), None)
        words = None if plain is None else cells[name, plain]["score"]
        yield f"| method | score | interval | over nothing | over {plain or 'words'} | seconds | trained |"
        yield "|---|---|---|---|---|---|---|"
        for cell, method in scored:
            row = [method, _three(cell["score"]), f"{_three(cell['low'])} to {_three(cell['high'])}"]
            row += [_over(cell["score"], other) for other in (nothing, words)]
            row += [f"{cell['seconds']:.0f}", _trained(cell)]
            yield f"| {' | '.join(row)} |"
    reasons: dict[str, list[str]] = {}
    for method in names:
        cell = cells.get((name, method))
        if cell is None or "score" not in cell:
            reason = matrix_sets.why_not(name, method) or ("not run yet" if cell is None else cell["reason"])
            reasons.setdefault(reason, []).append(method)
    for reason, few in reasons.items():
        yield f"\nWithout a score, {reason.rstrip('.')}: {', '.join(few)}."
    for cell, method in scored:
        if cell.get("notes"):
            yield f"\n{method}: {'; '.join(cell['notes'])}."


def _told(name: str, method: str, cell: dict[str, Any] | None, best: float) -> str:
    """Return a score, bold where it is the best, or in a word or two why there is none."""
    if why := matrix_sets.why_not(name, method):
        return "no such task" if why.startswith("there is no task") else "other answers"
    if cell is None:
        return "not run"
    if "score" not in cell:
        return "too slow" if cell["reason"].startswith("not done within") else "failed"
    return f"**{_three(cell['score'])}**" if cell["score"] == best else _three(cell["score"])


def _three(number: float, sign: str = "") -> str:
    """Return a number with three digits, without the sign of a nothing."""
    return f"{round(number, 3) + 0.0:{sign}.3f}"


def _over(score: float, other: float | None) -> str:
    return "–" if other is None else _three(score - other, "+")


def _trained(cell: Mapping[str, Any]) -> str:
    count = cell["trained"]
    told = f"{count / 1e6:.1f} M" if count >= 1e6 else f"{count / 1e3:.0f} k" if count >= 1e4 else f"{count:,}"
    return told if cell["stepped"] else f"*{told}*"
