#!/usr/bin/env bash
# A field that only later rows have is dropped, without a word, by half of the ways from rows to a table.
#
# Versions: polars 2.1.0, pyarrow 26.0.1, datasets 5.2.0, pandas 3.1.1, Python 3.11.
# Input: 120 rows {"text": ...}; the last 20 also have "label", as when labelling began late.
# Seen (see EXPECTED below): polars looks at 100 rows, pyarrow.Table.from_pylist and
# datasets.Dataset.from_list at one, and what comes later is gone; none of them warns or raises,
# and the number of rows is right. pandas, pyarrow.json and load_dataset("json") keep the column.
# One guesses that a table of rows has the union of their fields, and that one library's two
# ways in (datasets: from_list and load_dataset) agree.
# What keeps it: infer_schema_length=None in polars, a schema in pyarrow and datasets.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet polars==2.1.0 pyarrow==26.0.1 datasets==5.2.0 pandas==3.1.1
cd "$folder"
export HF_HOME="$folder/hub" HF_HUB_OFFLINE=1
cat > look.py <<'PY'
import json
import warnings
from pathlib import Path

import datasets
import pandas
import polars
import pyarrow
import pyarrow.json

warnings.simplefilter("error")
datasets.disable_progress_bars()
rows = [{"text": f"row {i}"} | ({"label": "yes"} if i >= 100 else {}) for i in range(120)]
Path("rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
ways = {
    "polars.DataFrame": lambda: polars.DataFrame(rows).columns,
    "polars.from_dicts": lambda: polars.from_dicts(rows).columns,
    "polars.read_ndjson": lambda: polars.read_ndjson("rows.jsonl").columns,
    "polars.scan_ndjson": lambda: polars.scan_ndjson("rows.jsonl").collect().columns,
    "polars.DataFrame, infer_schema_length=None": lambda: (
        polars.DataFrame(rows, infer_schema_length=None).columns
    ),
    "pyarrow.Table.from_pylist": lambda: pyarrow.Table.from_pylist(rows).column_names,
    "pyarrow.json.read_json": lambda: pyarrow.json.read_json("rows.jsonl").column_names,
    "datasets.Dataset.from_list": lambda: datasets.Dataset.from_list(rows).column_names,
    'datasets.load_dataset("json")': lambda: datasets.load_dataset(
        "json", data_files="rows.jsonl", split="train"
    ).column_names,
    "pandas.DataFrame": lambda: list(pandas.DataFrame(rows)),
    "pandas.read_json(lines=True)": lambda: list(pandas.read_json("rows.jsonl", lines=True)),
}
for name, way in ways.items():
    print(f"{name}: {' '.join(way())}")
PY
"$folder/env/bin/python" look.py > seen
cat > EXPECTED <<'SEEN'
polars.DataFrame: text
polars.from_dicts: text
polars.read_ndjson: text
polars.scan_ndjson: text
polars.DataFrame, infer_schema_length=None: text label
pyarrow.Table.from_pylist: text
pyarrow.json.read_json: text label
datasets.Dataset.from_list: text
datasets.load_dataset("json"): text label
pandas.DataFrame: text label
pandas.read_json(lines=True): text label
SEEN
diff EXPECTED seen && echo "as described"
