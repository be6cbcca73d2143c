"""Extractive question answering on real data: what `haoqi improve` finds, scored by code of this file.

    python bench/answers.py --case tydi                 # answer F1 of the fifth that is held out; eight minutes
    python bench/answers.py --case planted              # a fifth of the contexts are wrong: F1 of no answer
    python bench/answers.py --case windows              # share of right answers that no window holds whole; seconds

The last line is the figure.
"""

import argparse
import collections
import json
import os
import random
import re
import string
import sys
import tempfile
from pathlib import Path
from typing import Any

import table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

EVERY = 5
"""One question of so many is held out."""

WRONG = 0.2
"""Share of the questions that are put to a wrong context."""

Row = tuple[str, str, str, int]
"""Question, context, answer and where it begins; -1 for none."""


def rows_of(case: str) -> list[Row]:
    """Return the questions of TyDi, of the planted case some with the context of another."""
    found: list[Row] = []
    for article in json.loads((table.DATA / "tydiqa_en" / "train.json").read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            for asked in paragraph["qas"]:
                first = asked["answers"][0]
                found.append((asked["question"], paragraph["context"], first["text"], first["answer_start"]))
    if case == "planted":
        rng = random.Random(0)
        chosen = rng.sample(range(len(found)), round(WRONG * len(found)))
        contexts = [found[row][1] for row in chosen]
        for row, other in zip(chosen, contexts[1:] + contexts[:1], strict=True):
            found[row] = (found[row][0], other, "", -1)
    return found


def plain(text: str) -> list[str]:
    """Return the words that count, as SQuAD's own scorer has them."""
    text = "".join(letter for letter in text.lower() if letter not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def f1(right: str, given: str) -> float:
    """Return the F1 of the words of an answer."""
    one, other = plain(right), plain(given)
    if not one or not other:
        return float(one == other)
    return 2 * sum((collections.Counter(one) & collections.Counter(other)).values()) / (len(one) + len(other))


def scores(held: list[Row], given: list[str]) -> dict[str, float]:
    """Return the mean F1, exact match, and F1 of no answer, in percent."""
    missing = [(not answer, not text) for (_, _, answer, _), text in zip(held, given, strict=True)]
    both, sides = sum(a and b for a, b in missing), sum(a + b for a, b in missing)
    pairs = [(answer, text) for (_, _, answer, _), text in zip(held, given, strict=True)]
    return {
        "f1": 100 * sum(f1(*pair) for pair in pairs) / len(held),
        "exact": 100 * sum(plain(a) == plain(b) for a, b in pairs) / len(held),
        "no_answer_f1": 100 * 2 * both / sides if sides else 100.0,
    }


def learnt(rows: list[Row], minutes: float, methods: list[str], folder: Path) -> Any:
    """Return the model released from questions in SQuAD's form."""
    import haoqi

    data = []
    for question, context, answer, start in rows:
        answers = [{"text": answer, "answer_start": start}] if start >= 0 else []
        asked = {"question": question, "id": str(len(data)), "answers": answers, "is_impossible": start < 0}
        data.append({"paragraphs": [{"context": context, "qas": [asked]}]})
    (folder / "train.json").write_text(json.dumps({"version": "2.0", "data": data}), encoding="utf-8")
    haoqi.improve(folder / "train.json", name="answers", minutes=minutes, compile=False, methods=methods)
    return haoqi.load("answers")


def lost(rows: list[Row], longest: int) -> float:
    """Return the share of right answers that lie whole in no window of minilm, in percent."""
    from haoqi.core import folder as folders
    from haoqi.data.examples import Examples, Span
    from haoqi.models.bases import load_tokenizer, resolve
    from haoqi.models.encoders.model_input import Reader
    from haoqi.tasks.outputs.context_span import ContextSpan

    labels = [(Span(start, start + len(answer), answer),) for _, _, answer, start in rows]
    columns = ([row[0] for row in rows], labels, list(range(len(rows))))
    examples = Examples(*columns, contexts=[row[1] for row in rows])
    reading = Reader(load_tokenizer(resolve("minilm", folders.cache())), longest, contexts=True).read(examples)
    assert reading.slots is not None
    return 100 * reading.slots.targets(ContextSpan().targets(examples))[1] / len(rows)


def main() -> None:
    """Learn, answer what was held out, and show the figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=["tydi", "planted", "windows"], default="tydi")
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--methods", nargs="*", default=[], help="only these; all when left out")
    parser.add_argument("--dry", action="store_true", help="record nothing")
    given = parser.parse_args()
    rows = rows_of(given.case)
    if given.case == "windows":
        found: dict[str, Any] = {f"lost_{longest}": lost(rows, longest) for longest in (128, 256, 384)}
        print(found, f"{found['lost_256']:.2f}", sep="\n")
        return
    held = rows[::EVERY]
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["HAOQI_HOME"] = str(Path(scratch) / "home")
        train = [row for at, row in enumerate(rows) if at % EVERY]
        model = learnt(train, given.minutes, given.methods, Path(scratch))
        answered = model.predict([(question, context) for question, context, _, _ in held]).labels
    for (_, context, _, _), label in zip(held, answered, strict=True):
        assert all(context[start:end] == text for start, end, text in label)
    found = {**scores(held, [label[0][2] if label else "" for label in answered]), "method": model.facts["method"]}
    if not given.dry:
        table.record("answers", case=given.case, minutes=given.minutes, **found)
    print(found, f"{found['no_answer_f1' if given.case == 'planted' else 'f1']:.1f}", sep="\n")


if __name__ == "__main__":
    main()
