"""Tables of benchmark results: one JSON line per cell, written as it ends, so that a bench can run in parts."""

import json
import platform
import time
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"


def record(bench: str, **cell: Any) -> dict[str, Any]:
    """Append a cell to a bench's table and return it."""
    import torch

    row = {**cell, "torch": torch.__version__, "cores": torch.get_num_threads(), "machine": platform.processor()}
    row["at"] = time.strftime("%Y-%m-%d %H:%M")
    RESULTS.mkdir(parents=True, exist_ok=True)
    with (RESULTS / f"{bench}.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return row


def recorded(bench: str) -> list[dict[str, Any]]:
    """Return the cells of a bench's table, oldest first."""
    path = RESULTS / f"{bench}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def show(rows: list[dict[str, Any]], columns: list[str]) -> None:
    """Print rows as an aligned table."""
    cells = [columns, *([_spell(row.get(name, "")) for name in columns] for row in rows)]
    widths = [max(len(line[at]) for line in cells) for at in range(len(columns))]
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _spell(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)
