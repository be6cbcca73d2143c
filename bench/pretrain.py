"""What pretraining on plain text brings: the loss at hidden words, and a task with few labels, by a paired test.

    python bench/pretrain.py --case tnews            # 20,000 titles, multilingual: three minutes of a free core
    python bench/pretrain.py --case finance          # half of the sentences of financial_phrasebank, minilm
    python bench/pretrain.py --case scratch-en       # bits a character against a character trigram model
    python bench/pretrain.py --case scratch-zh
    python bench/pretrain.py --case tnews --made mine     # a base that `haoqi pretrain` made of these texts before

The task: sixteen texts a label drawn by the seed, the probe on the base as it was and on the pretrained one, the same
rows and test texts for both, no text of which was read before. A pretraining that was stopped goes on, and cells that
are there are not run again. The last line is the verdict.
"""

import argparse
import base64
from pathlib import Path
from typing import Any

import numpy as np
import semi_supervised
import table

EACH, SEEDS, TEST_ROWS, ALPHA = 16, 5, 2000, 0.05
CASES = {"tnews": "multilingual", "finance": "minilm", "scratch-en": "none", "scratch-zh": "none"}
"""Case to the base that it begins with."""


def finance() -> list[tuple[str, str]]:
    """Return the sentences of financial_phrasebank with their labels, each once, in an order of their own."""
    path = table.DATA / "financial_phrasebank" / "Sentences_50Agree.txt"
    lines = path.read_text(encoding="latin-1").splitlines()
    rows = {line.rpartition("@")[0]: line.rpartition("@")[2] for line in lines}
    order = np.random.default_rng(0).permutation(len(rows))
    every = [*rows.items()]
    return [every[at] for at in order.tolist()]


def texts_of(case: str) -> list[str]:
    """Return the texts that a case reads."""
    if case in ("tnews", "scratch-zh"):
        return [row["sentence"] for row in semi_supervised.read("unlabeled")]
    sentences = [text for text, _ in finance()]
    return sentences if case == "scratch-en" else sentences[: len(sentences) // 2]


def drawn(case: str, seed: int) -> tuple[Any, Any]:
    """Return labelled and test examples, none of which the pretraining has read."""
    from haoqi.data.examples import Examples

    if case == "tnews":
        few, _, test = semi_supervised.drawn(seed, 0)
        return few, test
    unread = finance()[len(texts_of(case)) :]
    pool, test = unread[:-TEST_ROWS], unread[-TEST_ROWS:]
    taken: dict[str, list[str]] = {}
    for at in np.random.default_rng(seed).permutation(len(pool)).tolist():
        text, label = pool[at]
        if len(taken.setdefault(label, [])) < EACH:
            taken[label].append(text)
    few_rows = [(text, label) for label, texts in taken.items() for text in texts]
    return Examples.of(*zip(*few_rows, strict=True)), Examples.of(*zip(*test, strict=True))


def probed(case: str, seed: int, base: Any, store: Any) -> dict[str, Any]:
    """Return how the probe on a base answers the test rows."""
    from haoqi import methods, tasks
    from haoqi.data.examples import Examples
    from haoqi.methods.method import Job

    few, test = drawn(case, seed)
    task = tasks.build("topic", tuple(sorted(set(few.labels))))
    predictor = methods.build("probe").fit(Job(task, few, Examples.of([]), seed, store, base))
    answers = np.asarray(predictor.scores(test)).argmax(axis=1)
    right = np.array([task.labels[at] == label for at, label in zip(answers, test.labels, strict=True)])
    packed = base64.b64encode(np.packbits(right).tobytes()).decode()
    return {"accuracy": float(right.mean()), "right": packed, "count": len(right)}


def main() -> None:
    """Pretrain, then run the cells that are missing, and print the verdict."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=[*CASES], default="tnews")
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--made", default=None, help="a base that was made of these texts already")
    parser.add_argument("--features", type=Path, default=None, help="where embeddings are kept; the cache if left out")
    asked = parser.parse_args()
    import haoqi
    from haoqi.core.folder import cache
    from haoqi.models.bases import made_of, own_folder, resolve
    from haoqi.models.feature_store.store import FeatureStore

    begins, name = CASES[asked.case], asked.made or f"bench-{asked.case}"
    if asked.made is None:
        given = {"base": begins, "name": name, "minutes": asked.minutes, "max_tokens": 64}
        haoqi.pretrain(texts_of(asked.case), **given)
    facts = made_of(own_folder(name, cache()))
    told = {key: facts[key] for key in ("loss", "loss_before", "fall", "bits", "trigram_bits", "saved") if key in facts}
    known, who = table.recorded("pretrain"), {"case": asked.case, "identity": facts["identity"]}
    if not any({**who, "what": "loss"}.items() <= row.items() for row in known):
        table.record("pretrain", **who, what="loss", texts=facts["texts"], seconds=facts["seconds"], **told)
    for key, value in told.items():
        print(f"{key}: {value[0]:.4f} ({value[1]:.4f} to {value[2]:.4f})")
    if begins == "none":
        better = facts["bits"][0] < facts["trigram_bits"][0]
        print(f"bits a character, model less trigram: {facts['bits'][0] - facts['trigram_bits'][0]:+.4f}: {better}")
        return
    store = FeatureStore(asked.features or cache() / "bench" / "pretrain")
    cells = []
    for seed in range(asked.seeds):
        for arm, base_name in (("probe", begins), ("pretrained", name)):
            key = {**who, "what": "task", "arm": arm, "seed": seed}
            cell = next((row for row in known if key.items() <= row.items()), None)
            if cell is None:
                cell = table.record("pretrain", **key, **probed(asked.case, seed, resolve(base_name, cache()), store))
            print({key: value for key, value in cell.items() if key != "right"}, flush=True)
            cells.append(cell)
    test = semi_supervised.compared(cells, "pretrained")
    verdict = "gain" if test.better(ALPHA) else "no gain"
    between = f"{test.low:+.4f} to {test.high:+.4f}, p {test.p_value:.4f}"
    print(f"pretrained against the base as it was: {test.difference:+.4f} ({between}): {verdict}")


if __name__ == "__main__":
    main()
