"""What 20,000 unlabelled texts are worth beside 240 labelled ones: GAN-BERT and self-training against the probe.

    python bench/semi_supervised.py                       # five seeds; minutes, most of them to read the texts once
    python bench/semi_supervised.py --seeds 1 --unlabelled 2000

FewCLUE's tnews: sixteen texts of each of fifteen topics, drawn by the seed; the public test part; the multilingual
base, frozen, its embeddings kept in a folder, so that a run that was stopped goes on. All arms learn the same rows and
what the labels are called. Each cell is written as it ends, and cells that are there are not run again. The last lines
are the paired tests over the test rows, the mean of all seeds for each arm: a gain, or no gain.
"""

import argparse
import base64
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import table

EACH, SEEDS, UNLABELLED, ALPHA = 16, 5, 20_000, 0.05
ARMS = ("probe", "self_train", "self_train_wide", "gan_bert", "gan_bert_labels")
"""The wide one takes more and less sure answers; gan_bert_labels plays without any unlabelled text."""


def read(name: str) -> list[dict[str, Any]]:
    """Return the rows of a file of the data set."""
    lines = (table.DATA / "fewclue_tnews" / f"{name}.json").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def drawn(seed: int, count: int) -> tuple[Any, Any, Any]:
    """Return labelled, unlabelled and test examples; no text is in two of them."""
    from haoqi.data.examples import Examples

    test = {row["sentence"]: row["label_desc"] for row in read("test_public")}
    pool = {row["sentence"]: row["label_desc"] for row in read("train_few_all") if row["sentence"] not in test}
    taken: dict[str, list[str]] = {}
    for at in np.random.default_rng(seed).permutation(len(pool)).tolist():
        text, label = [*pool.items()][at]
        if len(taken.setdefault(label, [])) < EACH:
            taken[label].append(text)
    few = [(text, label) for label, texts in taken.items() for text in texts]
    rest = [row["sentence"] for row in read("unlabeled") if row["sentence"] not in test and row["sentence"] not in pool]
    unlabelled = Examples.of(rest[:count])
    return Examples.of(*zip(*few, strict=True)), unlabelled, Examples.of(list(test), list(test.values()))


def run(arm: str, seed: int, asked: argparse.Namespace, store: Any, base: Any) -> dict[str, Any]:
    """Return how an arm answers the test rows."""
    from haoqi import methods, tasks
    from haoqi.data.examples import Examples
    from haoqi.methods.method import Job

    few, unlabelled, test = drawn(seed, asked.unlabelled)
    task = tasks.build("topic", tuple(sorted(set(few.labels))))
    begun = time.process_time()
    train = widened(few, unlabelled, arm, Job(task, few, Examples.of([]), seed, store, base))
    given = unlabelled if arm == "gan_bert" else None
    method = methods.build("gan_bert", most=asked.unlabelled) if arm.startswith("gan") else methods.build("probe")
    predictor = method.fit(Job(task, train, Examples.of([]), seed, store, base, unlabelled=given))
    answers = np.asarray(predictor.scores(test)).argmax(axis=1)
    right = np.array([task.labels[at] == label for at, label in zip(answers, test.labels, strict=True)])
    packed = base64.b64encode(np.packbits(right).tobytes()).decode()
    seconds = round(time.process_time() - begun, 1)
    facts = {"accuracy": float(right.mean()), "learnt": len(train), "cpu_seconds": seconds}
    return {**facts, "right": packed, "count": len(right)}


def widened(few: Any, unlabelled: Any, arm: str, job: Any) -> Any:
    """Return the labelled rows, with those that the probe itself is sure of where the arm trains itself."""
    from haoqi import methods
    from haoqi.data.recipes import RecipeTools, recipes

    if not arm.startswith("self_train"):
        return few

    def answers(examples: Any, texts: Any) -> Any:
        from dataclasses import replace

        from haoqi.data.examples import Examples

        logits = np.asarray(methods.build("probe").fit(replace(job, train=examples)).scores(Examples.of(list(texts))))
        chances = np.exp(logits - logits.max(axis=1, keepdims=True))
        return chances / chances.sum(axis=1, keepdims=True)

    wide = {"confidence": 0.7, "most": 10.0} if arm.endswith("wide") else {}
    tools = RecipeTools(
        kind=job.task.output.kind,
        labels=job.task.labels,
        seed=job.seed,
        words=lambda examples: [],
        held_out=lambda examples: answers(examples, examples.texts),
        answers=answers,
        unlabelled=unlabelled,
    )
    return recipes.build("self_train", **wide).apply(few, tools)


def compared(cells: list[dict[str, Any]], arm: str) -> Any:
    """Return the paired test of an arm against the probe."""
    from haoqi.evaluate.comparison import average, compare
    from haoqi.evaluate.metric import count_answers
    from haoqi.evaluate.metrics import metrics

    metric = metrics.build("accuracy")

    def counted(who: str) -> Any:
        tables = []
        for cell in cells:
            if cell["arm"] == who:
                right = np.unpackbits(np.frombuffer(base64.b64decode(cell["right"]), dtype=np.uint8))[: cell["count"]]
                tables.append(count_answers(metric, ["1"] * len(right), [str(bit) for bit in right], ("0", "1")))
        return average(tables)

    return compare(counted(arm), counted("probe"), metric.score, rng=np.random.default_rng(0))


def main() -> None:
    """Run the cells that are missing, then print the table and the verdicts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--unlabelled", type=int, default=UNLABELLED)
    parser.add_argument("--base", default="multilingual")
    parser.add_argument("--features", type=Path, default=None, help="where embeddings are kept; the cache if left out")
    asked = parser.parse_args()
    from haoqi.core.folder import cache
    from haoqi.models.bases import resolve
    from haoqi.models.feature_store.store import FeatureStore

    base = resolve(asked.base, cache())
    store = FeatureStore(asked.features or cache() / "bench" / "semi_supervised")
    known, cells = table.recorded("semi_supervised"), []
    for seed in range(asked.seeds):
        for arm in ARMS:
            facts = {"arm": arm, "seed": seed, "unlabelled": asked.unlabelled, "base": asked.base}
            cell = next((row for row in known if facts.items() <= row.items()), None)
            if cell is None:
                cell = table.record("semi_supervised", **facts, **run(arm, seed, asked, store, base))
            print({name: value for name, value in cell.items() if name != "right"}, flush=True)
            cells.append(cell)
    rows = []
    for arm in ARMS:
        mine = [cell for cell in cells if cell["arm"] == arm]
        scores = [cell["accuracy"] for cell in mine]
        means = {"learnt": float(np.mean([cell["learnt"] for cell in mine]))}
        rows.append({"arm": arm, "accuracy": float(np.mean(scores)), "spread": float(np.std(scores)), **means})
    table.show(rows, ["arm", "accuracy", "spread", "learnt"])
    for arm in ARMS[1:]:
        test = compared(cells, arm)
        verdict = "gain" if test.better(ALPHA) else "no gain"
        between = f"{test.low:+.4f} to {test.high:+.4f}, p {test.p_value:.4f}"
        print(f"{arm} against the probe: {test.difference:+.4f} ({between}): {verdict}")


if __name__ == "__main__":
    main()
