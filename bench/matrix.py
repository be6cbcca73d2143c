"""Every method on every task it can learn, on public data: docs/matrix.md.

    python bench/matrix.py                          # the whole matrix in the background: less than two hours
    python bench/matrix.py --only sst2 --methods tfidf,probe --rows 500
    python bench/matrix.py --write                  # the page alone, from the cells that are there

A cell is one fit with the method's own default settings on the rows of a set, scored on its test rows by the metric
that decides there. Methods come from the registry and are tried wherever they say that they accept the answers, so a
new one has its cells with the next run. Each cell is written as it ends; a bench that was killed goes on where it was,
and what is there is not computed again unless `--again` asks for it. A fit that takes longer than `--seconds` is ended,
and the cell says so. What a method trains is counted where optimizers step; of one without, it is what its model keeps.
"""

import argparse
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import matrix_page
import matrix_sets
import table

sys.path.append(str(Path(__file__).resolve().parents[1]))

SECONDS, GRACE = 240.0, 60.0
"""What a fit may take, and how much longer a process is waited for that does not heed it."""
MARK, LATE = "CELL ", "not done within"


def wanted(asked: argparse.Namespace) -> Iterator[tuple[str, list[str]]]:
    """Yield each set with the methods whose cells are still to be computed."""
    from haoqi.methods.method import methods

    known = matrix_page.latest(table.recorded("matrix"))
    names = asked.methods.split(",") if asked.methods else methods.names()
    for name in asked.only or list(matrix_sets.SETS):
        rows = asked.rows or matrix_sets.SETS[name].rows
        open_ = [
            method
            for method in names
            if not matrix_sets.why_not(name, method)
            and (asked.again or not _done(known.get((name, method))) or known[name, method]["rows"] != rows)
        ]
        if open_:
            yield name, open_


def _done(cell: dict[str, Any] | None) -> bool:
    """Return whether a cell needs no further try: it has a score, or took too long."""
    return cell is not None and ("score" in cell or cell["reason"].startswith(LATE))


def run_set(name: str, methods: list[str], asked: argparse.Namespace) -> None:
    """Compute the cells of a set in a process of their own, and begin another one after a cell that did not end."""
    left = list(methods)
    while left:
        command = [sys.executable, __file__, "--worker", name, "--methods", ",".join(left)]
        command += ["--seconds", str(asked.seconds), *(["--rows", str(asked.rows)] if asked.rows else [])]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
            assert process.stdout is not None
            lines: queue.Queue[str | None] = queue.Queue()
            threading.Thread(target=_pass_on, args=(process.stdout, lines), daemon=True).start()
            while left:
                line = _next(lines, asked.seconds + GRACE)
                if line == "":  # nothing came in time
                    process.kill()
                    _keep(name, left.pop(0), asked, {"reason": f"{LATE} {asked.seconds:.0f} s"})
                    break
                if line is None:  # the process ended by itself
                    _keep(name, left.pop(0), asked, {"reason": f"its process ended with code {process.wait()}"})
                    break
                if line.startswith(MARK):
                    _keep(name, left.pop(0), asked, json.loads(line[len(MARK) :]))


def _pass_on(stream: Any, lines: "queue.Queue[str | None]") -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)


def _next(lines: "queue.Queue[str | None]", seconds: float) -> str | None:
    """Return the next line of a process, None at its end, "" where none came in time."""
    try:
        return lines.get(timeout=seconds)
    except queue.Empty:
        return ""


def _keep(name: str, method: str, asked: argparse.Namespace, found: dict[str, Any]) -> None:
    rows = asked.rows or matrix_sets.SETS[name].rows
    cell = {"set": name, "method": method, "rows": rows, "limit": asked.seconds, **found}
    if not asked.dry:
        table.record("matrix", **cell)
    said = f"{cell['score']:.3f} in {cell['seconds']:.0f} s" if "score" in cell else cell["reason"]
    print(f"{time.strftime('%H:%M:%S')} {name} {method}: {said}", flush=True)


def work(name: str, methods: Sequence[str], seconds: float, rows: int | None) -> None:
    """Print the cell of each method on a set, as one line of JSON each."""
    _import_all()
    try:
        case: matrix_sets.Loaded | str = matrix_sets.SETS[name].load(rows)
    except Exception as error:  # a set that cannot be read has no cell, and the others have theirs
        case = str(error)
    for method in methods:
        found = {"reason": case} if isinstance(case, str) else cell(method, case, seconds)
        print(MARK + json.dumps(found, ensure_ascii=False), flush=True)


def _import_all() -> None:
    """Import what methods import at first use, so that the first of them does not pay for it."""
    import pandas  # noqa: F401
    import scipy.optimize  # noqa: F401
    import sklearn.linear_model  # noqa: F401
    import torch  # noqa: F401
    import transformers.models.bert.modeling_bert  # noqa: F401


def cell(name: str, case: "matrix_sets.Loaded", seconds: float) -> dict[str, Any]:
    """Return what a method reaches, and what it takes, or the reason why there is nothing to tell."""
    from haoqi.core.errors import UserError
    from haoqi.methods.method import methods

    begun = time.perf_counter()
    try:
        if methods.get(name).uses_base and case.base is None:
            return {"reason": "its base is not installed"}
        return scored(name, case, seconds)
    except UserError as error:
        return {"reason": f"{error.what}; {error.hint}" if error.hint else error.what}
    except Exception as error:
        spent = time.perf_counter() - begun
        return {"reason": f"failed after {spent:.0f} s: {type(error).__name__}: {str(error)[:200]}"}


def scored(name: str, case: "matrix_sets.Loaded", seconds: float) -> dict[str, Any]:
    """Return the score on the test rows, its interval, the seconds of the fit, and the parameters that it trained."""
    import numpy as np

    from haoqi.evaluate.metric import total
    from haoqi.methods.method import Job, methods
    from haoqi.models.feature_store.store import FeatureStore

    told: list[str] = []
    with tempfile.TemporaryDirectory() as scratch, Stepped() as stepped:
        store, task = FeatureStore(Path(scratch) / "features"), case.task
        job = Job(task, case.train, case.valid, 0, store, case.base, seconds=seconds, note=told.append)
        begun = time.perf_counter()
        predictor = methods.build(name).fit(job)
        spent = time.perf_counter() - begun
        fitted = task.output.calibrate(predictor.scores(case.valid), case.valid, task.metric)
        answers = task.output.decode(predictor.scores(case.test), case.test, **fitted)
        statistics = task.metric.count(case.test, answers, task)
        if task.metric.score_rows is None:
            score = float(task.metric.score(total(statistics)))
        else:
            score = float(task.metric.score_rows(statistics.toarray()))
        low, high = task.metric.interval(statistics, rng=np.random.default_rng(0))
        trained = stepped.count
        if trained is None:
            folder = Path(scratch) / "model"
            folder.mkdir()
            predictor.save(folder, standalone=False)
            trained = kept_numbers(folder)
    facts = {"task": task.name, "metric": task.metric.name, "train": len(case.train), "test": len(case.test)}
    facts |= {"stepped": stepped.count is not None}
    facts |= {"base": None if case.base is None or not methods.get(name).uses_base else case.base.card.name}
    told = list(dict.fromkeys(map(str, told)))[:3]
    return {"score": score, "low": low, "high": high, "seconds": spent, "trained": trained, "notes": told, **facts}


class Stepped:
    """Counts the parameters that optimizers step, whoever makes them; solvers that start a head do not count."""

    def __init__(self) -> None:
        self._found: dict[int, Any] = {}

    def __enter__(self) -> "Stepped":
        from torch.optim.optimizer import register_optimizer_step_pre_hook

        self._hook = register_optimizer_step_pre_hook(self._step)
        return self

    def __exit__(self, *raised: object) -> None:
        self._hook.remove()

    def _step(self, optimizer: Any, *arguments: Any) -> None:
        if type(optimizer).__name__ != "LBFGS":
            self._found |= {id(one): one for group in optimizer.param_groups for one in group["params"]}

    @property
    def count(self) -> int | None:
        """Numbers that were stepped; None where no optimizer took a step."""
        return sum(one.numel() for one in self._found.values()) or None


def kept_numbers(folder: Path) -> int:
    """Return how many numbers a model keeps: those of its arrays, and an eighth of the bytes of other formats."""
    from safetensors import safe_open

    count = 0
    for path in folder.rglob("*"):
        if path.suffix == ".safetensors":
            with safe_open(path, "numpy") as file:
                for name in file.keys():  # noqa: SIM118 - no mapping
                    part = file.get_slice(name)
                    size = 1
                    for side in part.get_shape():
                        size *= side
                    count += size if part.get_dtype().startswith(("F", "BF")) else 0
        elif path.is_file() and path.suffix not in (".json", ".txt"):
            count += path.stat().st_size // 8
    return count


def main() -> None:
    """Compute the cells that are missing, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(matrix_sets.SETS), help="these sets alone")
    parser.add_argument("--methods", help="these methods alone, with commas between")
    parser.add_argument("--rows", type=int, help="training rows of each set, instead of its own number")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="what one fit may take")
    parser.add_argument("--again", action="store_true", help="compute cells that are there, too")
    parser.add_argument("--write", action="store_true", help="write the page and compute nothing")
    parser.add_argument("--dry", action="store_true", help="record nothing, and write no page")
    parser.add_argument("--worker", choices=list(matrix_sets.SETS), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.worker:
        work(asked.worker, asked.methods.split(","), asked.seconds, asked.rows)
        return
    if not asked.write:
        for name, methods in wanted(asked):
            run_set(name, methods, asked)
    if not asked.dry:
        print(matrix_page.write())


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    main()
