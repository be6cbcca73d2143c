"""Make the prior that explorers start from, out of the plans that were run on many data sets.

    python bench/replay/gather.py     # runs the plans; hours, in any parts
    python bench/replay/ensembles.py  # asks the best of them together; half an hour
    python bench/prior.py             # writes haoqi/explore/beliefs/transfer_prior.json from bench/replay/table.jsonl
    python bench/prior.py --show      # prints what it would write, pooled for each of the data sets in turn

For each data set: how far each method's defaults are above the habit's in log-odds of the score, how far its variations
are on average, what e times as many examples add, how far an ensemble is above the best of its members, and how far it
is above an ensemble that a training has yet to join. Scores are the mean of the validation and the test score; those of
ensembles the test score alone, since the validation examples chose both the members and the best of them.
"""

import argparse
import json
import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from haoqi.core.folder import write_atomic
from haoqi.explore.beliefs.transfer_prior import TABLE, WITHIN, Features, load_prior, log_odds
from haoqi.explore.plans.method_roles import is_baseline
from haoqi.explore.plans.plan import Plan
from haoqi.methods import methods

BASELINE = Plan(next(name for name in methods.names() if is_baseline(name)))
ROWS = Path(__file__).parent / "replay" / "table.jsonl"
ENSEMBLES = Path(__file__).parent / "replay" / "ensembles.jsonl"

Row = Mapping[str, Any]


def read(path: Path = ROWS) -> list[Row]:
    """Return the lines of a table."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def table_of(rows: Iterable[Row], without: Sequence[str] = (), ensembles: Iterable[Row] = ()) -> dict[str, Any]:
    """Return the prior's table, data sets left out that are named."""
    together, wider = _together(ensembles)
    runs: dict[str, dict[int, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row["case"] not in without:
            runs[row["case"]][row["seed"]].append(row)
    cases, spreads = dict[str, dict[str, Any]](), list[float]()
    for name, draws in sorted(runs.items()):
        facts = next((row for found in draws.values() for row in found if row["key"] == "case"), None)
        seen = {seed: scores for seed, found in draws.items() if BASELINE in (scores := _scores(found))}
        if facts is None or not seen:
            continue
        offsets, slopes = defaultdict(list), defaultdict(list)
        for scores in seen.values():
            for arm, value in _offsets(scores):
                offsets[arm].append(value)
            for method, value in _slopes(scores):
                slopes[method].append(value)
            spreads += _spreads(scores)
        cases[name] = {"features": features(facts), "offsets": _means(offsets), "slopes": _means(slopes)}
        for fact, leads in (("together", together), ("wider", wider)):
            if name in leads:
                cases[name][fact] = leads[name]
    within = math.sqrt(statistics.fmean(spreads)) if spreads else WITHIN
    return {"within": round(within, 3), "cases": cases}


def _together(ensembles: Iterable[Row]) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return how far ensembles are above the best of their members, and above those without the last to join.

    In log-odds of the test score, by data set, with the standard error: the ensembles of a data set share its test
    rows, so more of them do not make it smaller.
    """
    pairs: dict[str, list[tuple[str, float, float, float]]] = {"together": [], "wider": []}
    for row in ensembles:
        best, reached = row["test"]
        pairs["together"].append((row["case"], best, reached, row["error"]))
        if "before" in row:
            pairs["wider"].append((row["case"], row["before"][0], reached, row["before"][1]))
    return _leads(pairs["together"]), _leads(pairs["wider"])


def _leads(pairs: Iterable[tuple[str, float, float, float]]) -> dict[str, list[float]]:
    """Return the mean lead of second scores over first ones, and the mean error, by data set."""
    leads, errors = defaultdict(list), defaultdict(list)
    for case, first, second, error in pairs:
        leads[case].append(log_odds(second) - log_odds(first))
        errors[case].append(error / (first * (1 - first)))
    means, spreads = _means(leads), _means(errors)
    return {name: [means[name], spreads[name]] for name in means}


def features(facts: Row) -> dict[str, Any]:
    """Return the features of a data set as the table has them."""
    return {
        "rows_per_label": round(facts["rows"] / facts["labels"], 2),
        "labels": facts["labels"],
        "tokens": round(facts["tokens"], 1),
        "unspaced": facts["unspaced"],
    }


def _scores(rows: Sequence[Row]) -> dict[Plan, float]:
    """Return the log-odds of the plans that scored, with whatever base."""
    found: dict[Plan, list[float]] = defaultdict(list)
    for row in rows:
        if row["key"] != "case" and row["score"] is not None:
            plan = Plan.from_plain(row["plan"])
            bare = Plan(plan.method, None, plan.settings, plan.share, 0, plan.recipe)
            found[bare].append(log_odds((row["score"] + row["test"]) / 2))
    return {plan: statistics.fmean(values) for plan, values in found.items()}


def _offsets(scores: Mapping[Plan, float]) -> Iterable[tuple[str, float]]:
    """Yield what each arm has above the habit, or a recipe above the same plan without it."""
    varied: dict[str, list[float]] = defaultdict(list)
    for plan, value in scores.items():
        if len(plan.recipe) == 1:
            bare = Plan(plan.method, None, plan.settings, plan.share)
            if bare in scores:
                yield f"+{plan.recipe[0][0]}", value - scores[bare]
        elif not plan.recipe and plan.share == 1.0:
            if plan.settings:
                varied[plan.method].append(value - scores[BASELINE])
            else:
                yield plan.method, value - scores[BASELINE]
    for method, values in varied.items():
        yield f"{method}*", statistics.fmean(values)


def _slopes(scores: Mapping[Plan, float]) -> Iterable[tuple[str, float]]:
    """Yield what e times as many examples add, once for each plan that was run on a share of them."""
    for plan, value in scores.items():
        whole = Plan(plan.method, None, plan.settings, 1.0, 0, plan.recipe)
        if plan.share < 1 and whole in scores:
            yield plan.method, (scores[whole] - value) / -math.log(plan.share)


def _spreads(scores: Mapping[Plan, float]) -> list[float]:
    """Return the variance of the variations of each method about their mean."""
    varied: dict[str, list[float]] = defaultdict(list)
    for plan, value in scores.items():
        if plan.settings and plan.share == 1.0 and not plan.recipe:
            varied[plan.method].append(value)
    return [statistics.variance(values) for values in varied.values() if len(values) > 1]


def _means(found: Mapping[str, Sequence[float]]) -> dict[str, float]:
    return {name: round(statistics.fmean(values), 3) for name, values in sorted(found.items())}


def show(table: Mapping[str, Any]) -> None:
    """Print what is believed on each data set when the others are known."""
    for name, case in table["cases"].items():
        known = load_prior(Features(**case["features"]), table, without=[name])
        print(f"\n{name}: {case['features']}")
        for arm, value in case["offsets"].items():
            believed = known.offsets.get(arm)
            told = f"believed {believed.mean:+.2f} ± {believed.doubt:.2f}" if believed else "not known from others"
            print(f"  {arm:16} {value:+.2f}   {told}")
        for fact, believed in (("together", known.together), ("wider", known.wider)):
            if fact in case:
                told = f"believed {believed.mean:+.2f} ± {believed.doubt:.2f}" if believed else "not known from others"
                print(f"  {fact:16} {case[fact][0]:+.2f}   {told}")
    print(f"\nvariations differ by {table['within']:.2f}")


def main() -> None:
    """Write the table, or show it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", action="store_true", help="print it and write nothing")
    asked = parser.parse_args()
    table = table_of(read(), ensembles=read(ENSEMBLES))
    if not table["cases"]:
        raise SystemExit("nothing was gathered yet: python bench/replay/gather.py")
    show(table)
    if not asked.show:
        write_atomic(TABLE, json.dumps(table, indent=1) + "\n")
        print(f"wrote {TABLE.name} from {len(table['cases'])} data sets")


if __name__ == "__main__":
    main()
