"""How often the right answer of a FAQ is found: by words, by meaning, by both, and after tuning and re-ranking.

    python bench/retrieval.py                    # the Chinese FAQ: 2,908 questions, each to its answer among all
    python bench/retrieval.py --case faq-en      # the English one of the samples
    python bench/retrieval.py --case tydi        # English questions, each to its passage among 3,429
    python bench/retrieval.py --tune 3           # and after three minutes of `haoqi improve --task ranking`

Yardstick of the Chinese one, measured apart: TF-IDF of single characters and pairs finds 5.2 % first, 17.1 % among ten,
mean reciprocal rank .091. For tuning a fifth of the questions is held out; what is learnt from are the others, each
with its answer, four answers drawn at random, and four that BM25 takes for the likeliest.
"""

import argparse
import csv
import io
import os
import random
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import haoqi

Pairs = tuple[list[str], list[str]]
DRAWN, LEXICAL = 4, 4


def faq_zh() -> Pairs:
    """Return the questions of a forum of technical support, and the answers that were accepted."""
    with zipfile.ZipFile(table.DATA / "egret_wenda_faq" / "egret-wenda-corpus.zip") as archive:
        name = next(one for one in archive.namelist() if one.endswith("egret_wenda_lines.txt"))
        text = io.TextIOWrapper(archive.open(name), "utf-8").read()
        conversations = next(one for one in archive.namelist() if one.endswith("egret_wenda_conversations.txt"))
        turns = io.TextIOWrapper(archive.open(conversations), "utf-8").read()
    said = {}
    for line in text.split("\n"):
        fields = line.split(" +++$+++ ")
        if len(fields) > 1:
            said[fields[0].strip()] = fields[-1].strip()
    pairs = []
    for line in turns.split("\n"):
        if "[" in line:
            both = [one.strip() for one in line[line.rindex("[") + 1 : line.rindex("]")].split(",")]
            if len(both) == 2 and all(said.get(one) for one in both):
                pairs.append((said[both[0]], said[both[1]]))
    return [question for question, _ in pairs], [answer for _, answer in pairs]


def faq_en() -> Pairs:
    """Return the questions of the English sample, and their answers."""
    from haoqi.data.samples import read_sample
    from haoqi.data.settings import DataSettings

    examples = read_sample("faq-en", DataSettings("faq-en", label="answer")).examples
    return examples.texts, [str(label) for label in examples.labels]


def tydi() -> Pairs:
    """Return English questions, and the passages of an encyclopedia that answer them."""
    import json

    found = json.loads((table.DATA / "tydiqa_en" / "train.json").read_text(encoding="utf-8"))
    paragraphs = [paragraph for article in found["data"] for paragraph in article["paragraphs"]]
    pairs = [(one["question"], paragraph["context"]) for paragraph in paragraphs for one in paragraph["qas"]]
    return [question for question, _ in pairs], [context for _, context in pairs]


CASES = {"faq-zh": (faq_zh, "multilingual"), "faq-en": (faq_en, "minilm"), "tydi": (tydi, "minilm")}


def judged(retriever: Any, questions: Sequence[str], right: Sequence[str], **how: Any) -> dict[str, float]:
    """Return how often the right text is found first and among ten, the mean reciprocal rank, and the time."""
    began, places = time.perf_counter(), []
    for hits, wanted in zip(retriever.search_all(questions, k=100, **how), right, strict=True):
        found = next((place for place, hit in enumerate(hits, 1) if hit.text == wanted), None)
        places.append(found or np.inf)
    array = np.array(places)
    return {
        "R@1": float((array <= 1).mean()),
        "R@10": float((array <= 10).mean()),
        "MRR": float((1 / array).mean()),
        "ms": 1000 * (time.perf_counter() - began) / len(questions),
    }


def with_wrong_answers(questions: Sequence[str], answers: Sequence[str], words: Any) -> list[tuple[str, str, int]]:
    """Return (question, answer, relevance) rows: the right one, some that BM25 takes for right, and some at random."""
    rng, rows = random.Random(0), []
    for (question, right), hits in zip(
        zip(questions, answers, strict=True), words.search_all(questions, k=LEXICAL + 1), strict=True
    ):
        wrong = [hit.text for hit in hits if hit.text != right][:LEXICAL]
        drawn = [one for one in rng.sample(answers, 3 * DRAWN) if one != right and one not in wrong][:DRAWN]
        rows += [(question, right, 1), *((question, one, 0) for one in dict.fromkeys([*wrong, *drawn]))]
    return rows


def tuned(case: str, pairs: Pairs, minutes: float, methods: str | None, folder: Path) -> list[dict[str, Any]]:
    """Return what a run of ranking on four fifths of the questions makes of the rest."""
    questions, answers = pairs
    base = CASES[case][1]
    held = [row for row in range(len(questions)) if row % 5 == 0]
    rest = [row for row in range(len(questions)) if row % 5]
    asked, right = [questions[row] for row in held], [answers[row] for row in held]
    words = haoqi.Retriever.of(answers, base=None)
    found = [{"way": "words, a fifth", **judged(words, asked, right)}]
    plain = haoqi.Retriever.of(answers, base=base)
    found.append({"way": f"words and {base}, a fifth", **judged(plain, asked, right)})
    with (folder / "ranking.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["query", "item", "relevance"])
        rows.writerows(with_wrong_answers([questions[r] for r in rest], [answers[r] for r in rest], words))
    chosen = {"methods": methods.split(",")} if methods else {}
    haoqi.improve(str(folder / "ranking.csv"), name="faq", task="ranking", minutes=minutes, compile=False, **chosen)
    model = haoqi.load("faq")
    method = model.facts.get("method")
    again = plain.with_reranker("faq")
    found.append({"way": f"re-ranked by {method}", **judged(again, asked, right, rerank=30)})
    if hasattr(model.predictor, "vectors"):
        indexed = haoqi.Retriever.of(answers, base="faq")
        found.append({"way": f"words and {method}", **judged(indexed, asked, right)})
    return found


def main() -> None:
    """Index, ask, tune and show."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=sorted(CASES), default="faq-zh")
    parser.add_argument("--rows", type=int, help="the first questions only")
    parser.add_argument("--tune", type=float, metavar="MINUTES", help="learn from four fifths of the questions, too")
    parser.add_argument("--methods", help="of the tuning, with commas between")
    parser.add_argument("--dry", action="store_true", help="record nothing")
    given = parser.parse_args()
    read, base = CASES[given.case]
    questions, answers = (column[: given.rows] for column in read())
    ways: list[tuple[str, dict[str, Any]]] = [
        ("words", {"base": None}),
        (base, {"base": base, "words": False}),
        (f"words and {base}", {"base": base}),
    ]
    found = []
    if not given.tune:
        for way, how in ways:
            found.append({"way": way, **judged(haoqi.Retriever.of(answers, **how), questions, answers)})
    else:
        with tempfile.TemporaryDirectory() as scratch:
            os.environ["HAOQI_HOME"] = str(Path(scratch) / "home")
            found += tuned(given.case, (questions, answers), given.tune, given.methods, Path(scratch))
    cells = [{"case": given.case, "questions": len(questions), **cell} for cell in found]
    if not given.dry:
        for cell in cells:
            table.record("retrieval", **cell)
    table.show(cells, ["case", "way", "R@1", "R@10", "MRR", "ms"])
    print(f"R@10 {cells[-1]['R@10']:.3f}")


if __name__ == "__main__":
    main()
