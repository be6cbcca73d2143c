"""What other libraries make of the same files: whether they cut them into the same cells."""

import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from reading.truth import Case, plain_text

NAMES = ("pandas", "datasets", "autogluon")
# Bytes beyond which pandas' guess, which is written in Python, takes minutes.
LARGEST = 1 << 20
TABLES = (".csv", ".tsv", ".txt", ".dat")


def guesses(case: Case) -> dict[str, bool | None]:
    """Return, of each peer that reads files of this kind, whether a column of its table holds the texts of the case.

    None where the peer is not installed or reads no such files; it is never told a delimiter, a header or an encoding.
    """
    if not case.truths or not case.path.is_file() or case.path.stat().st_size > LARGEST:
        return {}
    found = {}
    for name, read in (("pandas", by_pandas), ("datasets", by_datasets), ("autogluon", by_autogluon)):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                columns = read(case.path)
        except ImportError:
            continue
        except Exception:
            columns = {}
        if columns is not None:
            found[name] = any(_same(case, cells) for cells in columns.values())
    return found


def _same(case: Case, cells: Sequence[Any]) -> bool:
    wanted = [sorted(map(plain_text, truth.texts)) for truth in case.truths]
    return sorted(plain_text(str(cell)) for cell in cells) in wanted


def by_pandas(path: Path) -> Mapping[str, Sequence[Any]] | None:
    """Return the columns that pandas' own guess gives."""
    import pandas

    if path.suffix in TABLES:
        read: Callable[[], Any] = lambda: pandas.read_csv(path, sep=None, engine="python")  # noqa: E731
    elif path.suffix in (".json", ".jsonl"):
        read = lambda: pandas.read_json(path, lines=path.suffix == ".jsonl")  # noqa: E731
    elif path.suffix == ".xlsx":
        read = lambda: pandas.read_excel(path)  # noqa: E731
    elif path.suffix == ".parquet":
        read = lambda: pandas.read_parquet(path)  # noqa: E731
    else:
        return None
    frame = read()
    return {str(column): list(frame[column]) for column in frame.columns}


def by_datasets(path: Path) -> Mapping[str, Sequence[Any]] | None:
    """Return the columns that datasets' loader of the kind that a file's ending tells gives."""
    import tempfile

    import datasets

    kinds = {**dict.fromkeys(TABLES, "csv"), ".json": "json", ".jsonl": "json", ".parquet": "parquet"}
    if path.suffix not in kinds:
        return None
    datasets.disable_progress_bars()
    datasets.logging.set_verbosity(logging.CRITICAL + 1)
    with tempfile.TemporaryDirectory() as cache:
        found = datasets.load_dataset(kinds[path.suffix], data_files=str(path), cache_dir=cache)["train"]
        return {column: list(found[column]) for column in found.column_names}


def by_autogluon(path: Path) -> Mapping[str, Sequence[Any]] | None:
    """Return the columns of AutoGluon's loader, by the path alone as `TabularDataset(path)` has it.

    Its package, autogluon.common, needs nothing more for that: `pip install --no-deps autogluon.common`.
    """
    from autogluon.common.loaders import load_pd

    if path.suffix not in (*TABLES, ".json", ".parquet"):
        return None
    frame = load_pd.load(str(path))
    return {str(column): list(frame[column]) for column in frame.columns}
